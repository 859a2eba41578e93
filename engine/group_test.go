package engine_test

import (
	"bytes"
	"fmt"
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// TestManyRequestsInOneGroup holds the disk back until many requests wait, so that they become one group, behind a
// tick: everybody gets the answers to his own commands, and every command keeps its own document.
func TestManyRequestsInOneGroup(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 3} {
		var clock scriptedClock
		clock.set(1_700_000_000_000)
		d := newDisk()
		e := openOn(t, d, engine.Options{Shards: shards, Clock: clock.read})
		skus := stock(t, e, 5, 1000)
		done(t, e, spreadHold(skus, core.MinTTL))
		allow, release := d.hold()
		first := background(func() []answer { return ask(t, e, restock(skus[0], 1)) })
		within(t, "the sync", d.waiting)
		clock.set(clock.read() + int64(core.MinTTL))
		before, requests, commands := e.Sequence(), make([]<-chan []answer, 20), 0
		for i := range requests {
			n := 1 + i*7%5
			commands += n
			requests[i] = background(func() []answer {
				var batch []core.Command
				for k := range n {
					batch = append(batch, customersOrder(skus, i, k))
				}
				return ask(t, e, batch...)
			})
		}
		eventually(t, "all are in the queue", func() bool { return e.Stats().Queued == commands })
		allow()
		release()
		within(t, "the first", first)
		seen := map[core.Sequence]bool{}
		for i := range requests {
			for k, got := range within(t, "the answers", requests[i]) {
				want := customersOrder(skus, i, k)
				o := readOrder(t, e, got.order)
				if !bytes.Equal(o.Customer, want.Customer) || o.Created != got.sequence || seen[got.sequence] {
					t.Errorf("%s got %+v, which is %+v", want.Customer, got, o)
				}
				seen[got.sequence] = true
				if document, err := e.Document(got.sequence); err != nil || !bytes.Equal(document, want.Document) {
					t.Errorf("%s has the document %q: %v", want.Customer, document, err)
				}
			}
		}
		if e.Sequence() != before+core.Sequence(1+1+commands) {
			t.Errorf("the sequence went from %d to %d", before, e.Sequence())
		}
		closeEngine(t, e)
		if size := lastGroup(t, d); size != commands+1 {
			t.Errorf("the last group has %d commands, want %d and a tick", size, commands)
		}
	}
}

// customersOrder is the k-th order of customer i.
func customersOrder(skus []core.SKUID, i, k int) core.Command {
	c := order(fmt.Sprintf("customer-%d-%d", i, k), skus[(i+k)%len(skus)], 1)
	c.Document = fmt.Appendf(nil, "document %d of %d", k, i)
	if k%2 == 1 {
		c.Lines = append(c.Lines, core.Line{SKU: skus[(i+k+1)%len(skus)], Quantity: 2})
	}
	return c
}

// lastGroup is the number of commands of the journal's last group.
func lastGroup(tb testing.TB, d *disk) (size int) {
	tb.Helper()
	j, err := wal.Open("data", wal.Options{FS: d, ReadOnly: true})
	if err != nil {
		tb.Fatal(err)
	}
	if err := j.Replay(1, func(g wal.Group) error { size = int(g.Count); return nil }); err != nil {
		tb.Fatal(err)
	}
	if err := j.Close(); err != nil {
		tb.Fatal(err)
	}
	return size
}
