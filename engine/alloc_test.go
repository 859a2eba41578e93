//go:build !race

package engine_test

import (
	"encoding/binary"
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
)

// TestSubmitAllocatesNothing bounds what a batch allocates, on all goroutines together, for each of its commands. What is
// left is of the group, not of the command: Pebble's write, and pages when tables grow.
func TestSubmitAllocatesNothing(t *testing.T) {
	for name, document := range map[string][]byte{"orders": nil, "documents": []byte("a document")} {
		e := openOn(t, newDisk(), engine.Options{Shards: 1})
		skus := stock(t, e, 64, core.MaxOnHand)
		const batch = min(2048, engine.MaxRequestCommands)
		c := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("customer0001"), Lines: make([]core.Line, 1), HasKey: true, Document: document}
		r := engine.AcquireRequest()
		r.WantImages = true
		n := uint64(0)
		submit := func() {
			images := r.WantImages
			r.Reset()
			r.WantImages = images
			for i := range batch {
				n++
				binary.LittleEndian.PutUint64(c.Key[:], n*0x9e3779b97f4a7c15)
				c.Lines[0] = core.Line{SKU: skus[i%len(skus)], Quantity: 1}
				r.Add(&c)
			}
			if err := e.Submit(r); err != nil {
				t.Fatal(err)
			}
		}
		for range 20 {
			submit()
		}
		if per := testing.AllocsPerRun(20, submit) / batch; per > 0.1 {
			t.Errorf("%s: %.3f allocations per command", name, per)
		} else {
			t.Logf("%s: %.3f allocations per command", name, per)
		}
		engine.ReleaseRequest(r)
		closeEngine(t, e)
	}
}

// TestSoldOutAllocatesNothing is for the buyers who come too late.
func TestSoldOutAllocatesNothing(t *testing.T) {
	e := openOn(t, newDisk(), engine.Options{Shards: 1})
	sku := stock(t, e, 1, 1)[0]
	done(t, e, order("ann", sku, 1))
	r := engine.AcquireRequest()
	c := withKey(order("bob", sku, 1), 1)
	if n := testing.AllocsPerRun(1000, func() {
		r.Reset()
		r.WantImages = true
		r.Add(&c)
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	engine.ReleaseRequest(r)
	closeEngine(t, e)
}
