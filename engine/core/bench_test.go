package core_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"

	"holdfast/engine/core"
)

// discard is a sink that reads nothing.
type discard struct{ events int }

func (d *discard) Event(*core.Event)       { d.events++ }
func (d *discard) Archived(*core.Archived) {}

// hugePages is an allocator like the engine's: memory from the system, in huge pages where there are any. The
// engine has them populated in the background; here the clock stands still meanwhile.
func hugePages(b *testing.B) core.Allocator {
	var rest []byte
	return func(size int) []byte {
		if size = (size + 63) &^ 63; size > len(rest) {
			b.StopTimer()
			defer b.StartTimer()
			chunk, err := syscall.Mmap(-1, 0, max(size, 512<<20), syscall.PROT_READ|syscall.PROT_WRITE,
				syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
			if err != nil {
				b.Fatal(err)
			}
			_ = syscall.Madvise(chunk, 14) // MADV_HUGEPAGE
			_ = syscall.Madvise(chunk, 23) // MADV_POPULATE_WRITE
			b.Cleanup(func() { _ = syscall.Munmap(chunk) })
			rest = chunk
		}
		memory := rest[:size:size]
		rest = rest[size:]
		return memory
	}
}

// shop is a machine with SKUs and stock, ready for orders.
func shop(tb testing.TB, allocate core.Allocator, skus int, stock core.Quantity) (*core.Machine, []core.SKUID) {
	tb.Helper()
	m, st, sink := core.New(core.Options{Allocate: allocate}), &core.Step{}, &discard{}
	ids := make([]core.SKUID, skus)
	seq := core.Sequence(0)
	run := func(c core.Command) *core.Outcome {
		seq++
		c.Mask, _ = core.SlotsOf(&c)
		out := m.Execute(st, &c, seq, 1, sink)
		if out.Reason != core.ReasonNone {
			tb.Fatalf("command %d refused: %d", c.Kind, out.Reason)
		}
		return out
	}
	next := [core.SlotCount]uint32{}
	for i := range ids {
		name := fmt.Appendf(nil, "sku-%d", i)
		slot := core.NameSlot(name)
		run(core.Command{Kind: core.CommandDefineSKU, Name: name})
		ids[i] = core.MakeSKUID(slot, next[slot])
		next[slot]++
		run(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: ids[i], Value: stock}}})
	}
	return m, ids
}

func BenchmarkPlaceOrder(b *testing.B) {
	for _, skus := range []int{1, 10_000} {
		b.Run(fmt.Sprintf("skus=%d", skus), func(b *testing.B) {
			m, ids := shop(b, hugePages(b), skus, core.MaxOnHand)
			zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(skus-1))
			draws := make([]core.SKUID, 1<<16)
			for i := range draws {
				if draws[i] = ids[0]; skus > 1 {
					draws[i] = ids[zipf.Uint64()]
				}
			}
			st, sink := &core.Step{}, &discard{}
			var commands [2]core.Command // one is executed while the next is announced, as the engine does
			for i := range commands {
				commands[i] = core.Command{
					Kind: core.CommandPlaceOrder, Customer: []byte("customer0001"), Lines: make([]core.Line, 1),
				}
			}
			draw := func(i int) *core.Command {
				c := &commands[i&1]
				c.Lines[0] = core.Line{SKU: draws[i&(len(draws)-1)], Quantity: 1}
				c.Mask = c.Lines[0].SKU.Slot().Mask()
				return c
			}
			next := draw(0)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				c := next
				m.PrefetchLevels(c)
				next = draw(i + 1)
				m.Prefetch(next)
				m.Execute(st, c, core.Sequence(i), 1, sink)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
		})
	}
}
