package core

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDueHeap pushes and pops at random and compares the heap with a sorted list: (deadline, order) ascending.
func TestDueHeap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var h dueHeap
	h.entries.allocate = heapAllocator
	var model []dueRecord
	compare := func(a, b dueRecord) int {
		return cmp.Or(cmp.Compare(a.deadline, b.deadline), cmp.Compare(a.order, b.order))
	}
	pop := func() {
		t.Helper()
		got := h.pop()
		least := slices.MinFunc(model, compare)
		if compare(got, least) != 0 {
			t.Fatalf("%+v comes first, want %+v", got, least)
		}
		at := slices.Index(model, got)
		if at < 0 {
			t.Fatalf("%+v was never pushed, or popped before", got)
		}
		model = slices.Delete(model, at, at+1)
	}
	for step := range 3000 {
		if random.IntN(5) < 3 || len(model) == 0 {
			// Few deadlines, so that many are equal; a hold that was extended has several entries.
			r := dueRecord{deadline: Millis(random.IntN(200)), order: OrderID(random.IntN(500)), place: uint32(step)}
			h.push(r)
			model = append(model, r)
		} else {
			pop()
		}
		if int(h.entries.length) != len(model) {
			t.Fatalf("%d entries, want %d", h.entries.length, len(model))
		}
	}
	for len(model) > 0 {
		pop()
	}
	for i := range h.entries.length {
		if *h.entries.at(i) != (dueRecord{}) {
			t.Errorf("an empty heap holds %+v", *h.entries.at(i))
		}
	}
}
