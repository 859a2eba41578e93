package engine_test

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/engine/replica"
)

// BenchmarkSingle submits single orders with keys from 256 goroutines, as many connections do.
func BenchmarkSingle(b *testing.B) {
	e := open(b, engine.Options{})
	ids := stock(b, e, 10_000, core.MaxOnHand)
	var next atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var wait sync.WaitGroup
	for w := range 256 {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(uint64(w), 2))
			zipf := rand.NewZipf(random, 1.1, 1, uint64(len(ids)-1))
			c := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("customer0001"), Lines: make([]core.Line, 1), HasKey: true}
			for next.Add(1) <= int64(b.N) {
				r := engine.AcquireRequest()
				r.WantImages = true
				binary.BigEndian.PutUint64(c.Key[:], random.Uint64())
				c.Key[15] = 1
				c.Lines[0] = core.Line{SKU: ids[zipf.Uint64()], Quantity: 1}
				r.Add(&c)
				if err := e.Submit(r); err != nil {
					b.Error(err)
				}
				engine.ReleaseRequest(r)
			}
		})
	}
	wait.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
}

// BenchmarkSoldOut refuses at admission.
func BenchmarkSoldOut(b *testing.B) {
	e := open(b, engine.Options{})
	sku := stock(b, e, 1, 1)[0]
	done(b, e, order("ann", sku, 1))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		c := withKey(order("bob", sku, 1), 1)
		r := engine.AcquireRequest()
		for pb.Next() {
			r.Reset()
			r.WantImages = true
			r.Add(&c)
			if err := e.Submit(r); err != nil {
				b.Error(err)
			}
		}
		engine.ReleaseRequest(r)
	})
}

// BenchmarkReplayedKey answers a key again: the stored event is looked up in the feed.
func BenchmarkReplayedKey(b *testing.B) {
	e := open(b, engine.Options{})
	ids := stock(b, e, 100, core.MaxOnHand)
	batch := make([]core.Command, 8192)
	for i := range batch {
		batch[i] = order("customer0001", ids[i%len(ids)], 1)
		batch[i].HasKey = true
		binary.BigEndian.PutUint64(batch[i].Key[:], uint64(i+1))
	}
	done(b, e, batch...)
	b.ReportAllocs()
	b.ResetTimer()
	r := engine.AcquireRequest()
	for i := range b.N {
		r.Reset()
		r.Add(&batch[i%len(batch)])
		if err := e.Submit(r); err != nil || r.Results()[0].Status != engine.ResultReplayed {
			b.Fatal(err, r.Results()[0])
		}
	}
	engine.ReleaseRequest(r)
}

// placeBatches places batches of orders with keys and distinct customers, over ten thousand SKUs.
func placeBatches(b *testing.B, e *engine.Engine, batches int) {
	b.Helper()
	ids := stock(b, e, 10_000, core.MaxOnHand)
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.1, 1, uint64(len(ids)-1))
	c := core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("customer0001"), Lines: make([]core.Line, 1), HasKey: true}
	for range batches {
		r := engine.AcquireRequest()
		for range engine.MaxRequestCommands {
			binary.BigEndian.PutUint64(c.Key[:], random.Uint64())
			for i := range c.Customer {
				c.Customer[i] = 'a' + byte(random.Uint32()%26)
			}
			c.Lines[0] = core.Line{SKU: ids[zipf.Uint64()], Quantity: 1}
			r.Add(&c)
		}
		if err := e.Submit(r); err != nil {
			b.Fatal(err)
		}
		engine.ReleaseRequest(r)
	}
}

// BenchmarkRecovery opens a directory with a journal of orders with keys and distinct customers.
func BenchmarkRecovery(b *testing.B) {
	const batches = 61 // half a million orders
	dir := b.TempDir()
	e, err := engine.Open(engine.Options{Dir: dir, CheckpointBytes: -1})
	if err != nil {
		b.Fatal(err)
	}
	placeBatches(b, e, batches)
	closeEngine(b, e)
	var commands, seconds float64
	b.ResetTimer()
	for range b.N {
		o := engine.Options{Dir: dir, CheckpointBytes: -1, Hooks: engine.Hooks{Recovered: func(i engine.RecoveryInfo) {
			commands += float64(i.Commands)
			seconds += i.Took.Seconds()
		}}}
		e, err := engine.Open(o)
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		closeEngine(b, e)
		b.StartTimer()
	}
	b.ReportMetric(commands/seconds, "commands/s")
}

// BenchmarkCatchUp has an empty replica follow a journal of orders with keys and distinct customers, on the real disk.
func BenchmarkCatchUp(b *testing.B) {
	const batches = 122 // a million orders
	o := engine.Options{Dir: b.TempDir(), CheckpointBytes: -1}
	o.Journal.Identity = cell
	e, err := engine.Open(o)
	if err != nil {
		b.Fatal(err)
	}
	defer closeEngine(b, e)
	placeBatches(b, e, batches)
	b.ResetTimer()
	for range b.N {
		b.StopTimer()
		o.Dir, o.Follow = b.TempDir(), true
		follower, err := engine.Open(o)
		if err != nil {
			b.Fatal(err)
		}
		f, err := replica.New(replica.Options{Engine: follower, Source: &replica.Local{Engine: e}, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		b.StartTimer()
		ended := background(func() error { return f.Run(ctx) })
		if err := follower.WaitFor(e.Sequence(), patience); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		cancel()
		if err := <-ended; err != nil {
			b.Fatal(err)
		}
		closeEngine(b, follower)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*float64(e.Sequence())/b.Elapsed().Seconds(), "commands/s")
}
