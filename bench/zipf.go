package bench

import "math"

// aliasTable draws from a fixed distribution over n outcomes with one multiplication, one comparison
// and one memory access, whatever n is: Vose's form of Walker's alias method (M. D. Vose, "A linear
// algorithm for generating random numbers with a given distribution", 1991).
type aliasTable struct {
	cells []aliasCell
}

// aliasCell is one column: the column's own outcome below the threshold, the alias from it on.
type aliasCell struct {
	threshold uint32
	alias     uint32
}

// newZipf makes a table where outcome i has a weight of 1/(i+1)^s.
func newZipf(n int, s float64) *aliasTable {
	weights := make([]float64, n)
	for i := range weights {
		weights[i] = math.Pow(float64(i+1), -s)
	}
	return newAliasTable(weights)
}

func newAliasTable(weights []float64) *aliasTable {
	n := len(weights)
	var sum float64
	for _, w := range weights {
		sum += w
	}
	scaled := make([]float64, n)
	var small, large []int
	for i, w := range weights {
		scaled[i] = w * float64(n) / sum
		if scaled[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	t := &aliasTable{cells: make([]aliasCell, n)}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		t.cells[s] = aliasCell{threshold: uint32(scaled[s] * math.MaxUint32), alias: uint32(l)}
		scaled[l] -= 1 - scaled[s]
		if scaled[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	// What is left has a weight of one but for rounding, so it needs no alias.
	for _, i := range append(small, large...) {
		t.cells[i] = aliasCell{threshold: math.MaxUint32, alias: uint32(i)}
	}
	return t
}

// draw turns 64 random bits into an outcome: the low half chooses the column, the high half decides.
func (t *aliasTable) draw(random uint64) int {
	column := random & math.MaxUint32 * uint64(len(t.cells)) >> 32
	cell := t.cells[column]
	if uint32(random>>32) < cell.threshold {
		return int(column)
	}
	return int(cell.alias)
}
