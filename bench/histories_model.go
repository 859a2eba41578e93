package bench

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// The model of a history: one SKU, or a few that are bought together, as anybody who has read the contract would
// keep them in a notebook. It shares nothing with the engine, which it is there to disagree with.
//
// It is stricter than linearizability alone: answers that tell a sequence must be explained in the order of their sequences.
// This also makes long histories quick to check, since there is mostly one operation that can come next.
//
// Time is a choice of the server's that the model cannot see: for every operation it tries all instants between the
// call and the return at which some hold ends, and keeps every state that explains the answer.

// clockMargin is how far the server's stamps may lie outside the interval in which the client saw the operation, in
// milliseconds: both read the same machine's clock, at a millisecond's precision.
const clockMargin = 20

// refusalLag is how old, in milliseconds, the time may be in a refusal for want of stock. Admission refuses by what was
// released last, and time passes there when the next group does: a hold that ended since counts as it was.
const refusalLag = 5_000

// historyState is what the model knows between two operations. States are never changed, only replaced.
type historyState struct {
	sequence uint64 // the highest that an operation up to here was answered with
	ranked   int    // how many operations up to here were answered with one
	clock    int64  // no stamp before it is possible any more; milliseconds since 1970
	stock    [historySKUs]historyStock
	orders   []historyOrder // by number
}

// historyStock is a SKU's units.
type historyStock struct{ onHand, reserved, allocated int64 }

func (s historyStock) String() string {
	return fmt.Sprintf("%d on hand, %d reserved, %d allocated", s.onHand, s.reserved, s.allocated)
}

func (s historyStock) available() int64 { return s.onHand - s.reserved - s.allocated }

// historyOrder is a hold or an order.
type historyOrder struct {
	number   int
	status   string
	version  uint32
	deadline int64 // of a hold, milliseconds since 1970; neverEnds when holds outlive the history
	lines    [historySKUs]int64
}

const neverEnds = int64(1) << 62

// model is the history's for the checker.
func (h *history) model() porcupine.Model {
	nondeterministic := porcupine.NondeterministicModel{
		Init: func() []any { return []any{h.initial} },
		Step: func(state, input, _ any) []any { return state.(*historyState).step(input.(*operation)) },
		Equal: func(a, b any) bool {
			x, y := a.(*historyState), b.(*historyState)
			return x.sequence == y.sequence && x.ranked == y.ranked && x.clock == y.clock && x.stock == y.stock && slices.Equal(x.orders, y.orders)
		},
		Hash: func(state any) uint64 {
			s := state.(*historyState)
			return mix(s.sequence ^ uint64(s.clock)<<20 ^ uint64(s.stock[0].available())<<12 ^ uint64(len(s.orders)))
		},
		DescribeOperation: func(input, _ any) string { return input.(*operation).String() },
		DescribeState:     func(state any) string { return state.(*historyState).String() },
	}
	return nondeterministic.ToModel()
}

// step gives every state that can follow when the operation takes effect, or has its answer, now.
func (s *historyState) step(op *operation) (next []any) {
	if s.ranked < op.rank {
		return nil
	}
	for _, now := range s.instants(op) {
		before := s.expire(now)
		if op.unknown {
			next = append(next, before) // it was never carried out
			after := before.clone()
			if after.carryOut(op) {
				next = append(next, after)
			}
			continue
		}
		after := before.clone()
		if after.explains(op, before) {
			next = append(next, after)
		}
	}
	return next
}

// instants gives the stamps to try: those of different consequences.
func (s *historyState) instants(op *operation) []int64 {
	first, last := op.sent-clockMargin, op.answered+clockMargin
	if op.code == refusedStock {
		first -= refusalLag
	}
	first = max(first, s.clock)
	if op.stamp != 0 {
		if op.stamp < first || op.stamp > last {
			return nil
		}
		return []int64{op.stamp}
	}
	if first > last {
		return nil
	}
	all := []int64{first}
	for i := range s.orders {
		if o := &s.orders[i]; o.status == statusHeld && o.deadline > first && o.deadline <= last {
			all = append(all, o.deadline)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// expire lets time pass.
func (s *historyState) expire(now int64) *historyState {
	after := s
	for i := range s.orders {
		if o := &s.orders[i]; o.status == statusHeld && o.deadline <= now {
			if after == s {
				after = s.clone()
			}
			after.end(&after.orders[i], statusExpired)
		}
	}
	if after.clock == now {
		return after
	}
	moved := *after
	moved.clock = now
	return &moved
}

func (s *historyState) clone() *historyState {
	c := *s
	c.orders = slices.Clone(s.orders)
	return &c
}

// end closes an order and gives its units back.
func (s *historyState) end(o *historyOrder, status string) {
	for i, units := range o.lines {
		if o.status == statusHeld {
			s.stock[i].reserved -= units
		} else {
			s.stock[i].allocated -= units
		}
	}
	o.status = status
	o.version++
}

// order finds an order; nil when nobody placed it yet.
func (s *historyState) order(number int) *historyOrder {
	place, found := slices.BinarySearchFunc(s.orders, number, func(o historyOrder, number int) int { return o.number - number })
	if !found {
		return nil
	}
	return &s.orders[place]
}

// carryOut changes the state as the contract says; false when the contract refuses or nothing changes.
func (s *historyState) carryOut(op *operation) bool {
	switch op.kind {
	case opPlace, opHold:
		return s.place(op)
	case opAdjust, opSet:
		return s.adjust(op)
	}
	o := s.order(op.order)
	if o == nil || o.status != statusHeld && (op.kind != opCancel || o.status != statusPlaced) {
		return false
	}
	switch op.kind {
	case opConfirm:
		for i, units := range o.lines {
			s.stock[i].reserved -= units
			s.stock[i].allocated += units
		}
		o.status = statusPlaced
		o.version++
	case opRelease:
		s.end(o, statusReleased)
	case opCancel:
		s.end(o, statusCancelled)
	default:
		return false // reads
	}
	return true
}

func (s *historyState) place(op *operation) bool {
	o := historyOrder{number: op.order, status: statusPlaced, version: 1, lines: op.lines}
	if op.kind == opHold {
		o.status, o.deadline = statusHeld, op.deadline
	}
	for i, units := range op.lines {
		if units > 0 && s.stock[i].available() < units {
			return false
		}
	}
	for i, units := range op.lines {
		if op.kind == opHold {
			s.stock[i].reserved += units
		} else {
			s.stock[i].allocated += units
		}
	}
	place, _ := slices.BinarySearchFunc(s.orders, op.order, func(o historyOrder, number int) int { return o.number - number })
	s.orders = slices.Insert(s.orders, place, o)
	return true
}

func (s *historyState) adjust(op *operation) bool {
	level := &s.stock[op.sku]
	if op.kind == opAdjust {
		if level.onHand+op.units < 0 {
			return false
		}
		level.onHand += op.units
		return true
	}
	if op.expected >= 0 && level.onHand != op.expected {
		return false
	}
	level.onHand = op.units
	return true
}

// explains reports whether the operation's answer is right, and makes s the state after it.
func (s *historyState) explains(op *operation, before *historyState) bool {
	if op.code != "" {
		return before.refuses(op)
	}
	switch changed := s.carryOut(op); {
	case changed:
		if op.sequence != 0 && op.sequence <= before.sequence {
			return false // two commands have not the same place
		}
	case !op.reads() && !s.already(op):
		return false
	case op.sequence != 0 && op.sequence < before.sequence:
		return false // the past was shown
	}
	if op.sequence != 0 {
		s.sequence = max(s.sequence, op.sequence)
		s.ranked++
	}
	return s.shows(op)
}

// already reports whether an operation finds its work done, which is no refusal.
func (s *historyState) already(op *operation) bool {
	o := s.order(op.order)
	if o == nil {
		return false
	}
	switch op.kind {
	case opConfirm:
		// The answer is the order as it stands, which somebody may have cancelled in the meantime.
		return o.status == statusPlaced || o.status == statusCancelled && op.status == statusCancelled
	case opRelease:
		return o.status != statusHeld && o.status != statusPlaced
	case opCancel:
		return o.status == statusCancelled
	}
	return false
}

// shows compares what the answer says with the state after it.
func (s *historyState) shows(op *operation) bool {
	for i := range op.levels {
		if op.levels[i].known && op.levels[i].historyStock != s.stock[i] {
			return false
		}
	}
	if op.status == "" {
		return true
	}
	o := s.order(op.order)
	return o != nil && o.status == op.status && o.version == op.version && (op.kind != opRead || o.lines == op.seen)
}

// refuses reports whether the state gives the reason for a refusal.
func (s *historyState) refuses(op *operation) bool {
	if op.makes() {
		return op.code == refusedStock && s.tooShort(op)
	}
	if op.adjusts() {
		return s.forbids(op)
	}
	o := s.order(op.order)
	if o == nil {
		return false
	}
	switch op.code {
	case refusedExpired:
		return o.status == statusExpired && op.kind != opRelease
	case refusedReleased:
		return o.status == statusReleased && op.kind != opRelease
	case refusedConfirmed:
		return o.status == statusPlaced && op.kind == opRelease
	case refusedCancelled:
		return o.status == statusCancelled && op.kind == opConfirm
	}
	return false
}

// forbids reports whether an adjustment cannot be, for the reason that its answer gives.
func (s *historyState) forbids(op *operation) bool {
	onHand := s.stock[op.sku].onHand
	if op.onHand >= 0 && op.onHand != onHand {
		return false
	}
	if op.kind == opAdjust {
		return op.code == refusedNegative && onHand+op.units < 0
	}
	return op.code == refusedChanged && op.expected >= 0 && onHand != op.expected
}

// tooShort reports whether one of the lines that a refusal names cannot be served, by the very number that it tells. One
// is enough, since admission looks at one SKU after another.
func (s *historyState) tooShort(op *operation) bool {
	for i, units := range op.lines {
		available := s.stock[i].available()
		if units > 0 && units > available && (!op.named || op.short[i] == max(0, available)) {
			return true
		}
	}
	return false
}

// String tells a state for the page of a history that cannot be explained.
func (s *historyState) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sequence %d", s.sequence)
	for i, level := range s.stock {
		if level != (historyStock{}) {
			fmt.Fprintf(&b, "; SKU %d: %s", i, level)
		}
	}
	for _, o := range s.orders {
		if o.status == statusHeld || o.status == statusPlaced {
			fmt.Fprintf(&b, "; #%d %s v%d %v", o.number, o.status, o.version, o.lines)
		}
	}
	return b.String()
}
