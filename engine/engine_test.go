package engine_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

func open(tb testing.TB, o engine.Options) *engine.Engine {
	tb.Helper()
	if o.Dir == "" {
		o.Dir = tb.TempDir()
	}
	e, err := engine.Open(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(); err != nil {
			tb.Error(err)
		}
	})
	return e
}

// submit runs commands as one request and gives their results.
func submit(tb testing.TB, e *engine.Engine, commands ...core.Command) []engine.Result {
	tb.Helper()
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	for i := range commands {
		r.Add(&commands[i])
	}
	if err := e.Submit(r); err != nil {
		tb.Fatal(err)
	}
	return append([]engine.Result(nil), r.Results()...)
}

// stock defines SKUs and puts units of each on hand at main.
func stock(tb testing.TB, e *engine.Engine, skus int, units core.Quantity) []core.SKUID {
	tb.Helper()
	commands := make([]core.Command, skus)
	for i := range commands {
		commands[i] = core.Command{Kind: core.CommandDefineSKU, Name: fmt.Appendf(nil, "sku-%d", i)}
	}
	for part := range slices.Chunk(commands, engine.MaxRequestCommands) {
		submit(tb, e, part...)
	}
	ids := make([]core.SKUID, skus)
	for i := range ids {
		entry, ok := e.SKU(commands[i].Name)
		if !ok {
			tb.Fatalf("%s is not in the directory", commands[i].Name)
		}
		ids[i] = entry.ID
	}
	for at := 0; at < skus; at += core.MaxRows {
		var rows []core.AdjustmentRow
		for _, id := range ids[at:min(at+core.MaxRows, skus)] {
			rows = append(rows, core.AdjustmentRow{SKU: id, Value: units})
		}
		submit(tb, e, core.Command{Kind: core.CommandAdjustStock, Rows: rows})
	}
	return ids
}

func TestOrderSurvivesRestart(t *testing.T) {
	dir := t.TempDir()
	e, err := engine.Open(engine.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	id := stock(t, e, 1, 3)[0]
	order := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("ann"), Lines: []core.Line{{SKU: id, Quantity: 2}},
		HasKey: true, Key: core.IdempotencyKey{1}}
	first := submit(t, e, order)[0]
	if first.Status != engine.ResultDone {
		t.Fatalf("%+v", first)
	}
	if got := submit(t, e, core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("bob"), Lines: []core.Line{{SKU: id, Quantity: 2}}})[0]; got.Reason != core.ReasonInsufficientStock {
		t.Fatalf("%+v", got)
	}
	digest, _, _ := e.Digest()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, engine.Options{Dir: dir, Shards: 3})
	if again, _, _ := e.Digest(); again != digest {
		t.Fatalf("digest %v became %v", digest, again)
	}
	if again := submit(t, e, order)[0]; again.Status != engine.ResultReplayed || again.Order != first.Order || again.Sequence != first.Sequence {
		t.Fatalf("%+v, want %+v", again, first)
	}
	if report, _, err := e.Audit(); err != nil || report.Found != 0 || report.Placed != 1 {
		t.Fatalf("%+v %v", report, err)
	}
}

func BenchmarkBatch(b *testing.B) {
	for _, connections := range []int{1, 2, 4} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) { benchmarkBatch(b, connections) })
	}
}

// benchmarkBatch submits batches of 8,192 orders with keys and distinct customers over 10,000 SKUs.
func benchmarkBatch(b *testing.B, connections int) {
	e := open(b, engine.Options{})
	ids := stock(b, e, 10_000, core.MaxOnHand)
	const batch = engine.MaxRequestCommands
	b.ReportAllocs()
	b.ResetTimer()
	var wait sync.WaitGroup
	for w := range connections {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 2))
			zipf := rand.NewZipf(random, 1.1, 1, uint64(len(ids)-1))
			c := core.Command{Kind: core.CommandPlaceOrder, Customer: make([]byte, 12), Lines: make([]core.Line, 1), HasKey: true}
			for n := w; n < b.N/batch+1; n += connections {
				r := engine.AcquireRequest()
				for i := range batch {
					binary.BigEndian.PutUint32(c.Key[:], uint32(n))
					binary.BigEndian.PutUint64(c.Key[8:], random.Uint64())
					copy(c.Customer, "c00000000000")
					for k, v := 11, n*batch+i; v > 0; k, v = k-1, v/10 {
						c.Customer[k] = byte('0' + v%10)
					}
					c.Lines[0] = core.Line{SKU: ids[zipf.Uint64()], Quantity: 1}
					r.Add(&c)
				}
				if err := e.Submit(r); err != nil {
					b.Error(err)
				}
				for i := range r.Results() {
					if r.Results()[i].Status != engine.ResultDone {
						b.Errorf("%+v", r.Results()[i])
					}
				}
				engine.ReleaseRequest(r)
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64((b.N/batch+1)*batch)/b.Elapsed().Seconds(), "orders/s")
	_ = codec.AnswerSize
}
