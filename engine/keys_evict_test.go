package engine_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// keyNew and keyBound are states of a key that Engine.Key tells.
const (
	keyNew   = 1
	keyBound = 2
)

// knows tells whether an engine remembers the key of a command.
func knows(tb testing.TB, e *engine.Engine, c core.Command) bool {
	tb.Helper()
	switch answer := e.Key(&c); answer.State {
	case keyNew:
		return false
	case keyBound:
		return true
	default:
		tb.Fatalf("%+v", answer)
		return false
	}
}

// TestKeysWindow: a key is answered as long as its command is not older than the window, and forgotten soon after; then its
// command is a new one.
func TestKeysWindow(t *testing.T) {
	leavesNothing(t)
	o, clock := tiny()
	o.KeysWindow = time.Hour
	d := newDisk()
	e := openOn(t, d, o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	begin := clock.now.Load()
	old := done(t, e, numbered(sku, 1))[0]
	clock.set(begin + 1)
	edge := done(t, e, numbered(sku, 2))[0]
	clock.set(begin + time.Hour.Milliseconds())
	if e.Stats().Keys != 2 || !knows(t, e, numbered(sku, 1)) {
		t.Errorf("%d keys", e.Stats().Keys)
	}
	replayed(t, ask(t, e, numbered(sku, 1))[0], old)
	// A start looks at once. The second key is now exactly as old as the window.
	clock.set(begin + 1 + time.Hour.Milliseconds())
	closeEngine(t, e)
	e = openOn(t, d, o)
	if e.Stats().Keys != 1 {
		t.Errorf("%d keys", e.Stats().Keys)
	}
	replayed(t, ask(t, e, numbered(sku, 2))[0], edge)
	if again := ask(t, e, numbered(sku, 1))[0]; again.status != engine.ResultDone || again.order == old.order {
		t.Errorf("the command of a forgotten key: %+v", again)
	}
	clock.set(begin + 2*time.Hour.Milliseconds())
	eventually(t, "the second key is forgotten", func() bool { return e.Stats().Keys == 1 && e.Stats().KeysExpired > 0 })
	if again := ask(t, e, numbered(sku, 1))[0]; again.status != engine.ResultReplayed {
		t.Errorf("the key that was used again: %+v", again)
	}
	closeEngine(t, e)
}

// TestKeysMax: under load there are never many more keys than allowed, the oldest go, and the newest stay; also when the
// whole journal is replayed.
func TestKeysMax(t *testing.T) {
	leavesNothing(t)
	const most, clients, each, batch = 2000, 4, 3000, 50
	o, _ := tiny()
	o.KeysMax = most
	d := newDisk()
	e := openOn(t, d, o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	early := done(t, e, numbered(sku, 1_000_000))[0]
	var wait sync.WaitGroup
	for client := range clients {
		wait.Go(func() {
			for n := range each / batch {
				var commands []core.Command
				for k := range batch {
					commands = append(commands, numbered(sku, client*each+n*batch+k))
				}
				done(t, e, commands...)
			}
		})
	}
	wait.Wait()
	eventually(t, "few keys", func() bool { return e.Stats().Keys <= most })
	check := func() {
		t.Helper()
		if n := e.Stats().Keys; n > most || n < most-most/8 {
			t.Errorf("%d keys", n)
		}
		if knows(t, e, numbered(sku, 1_000_000)) {
			t.Error("the oldest key is remembered")
		}
		// A client binds the keys of a batch after its answer. Meanwhile they are passed over, so each may leave those of one batch behind.
		late, last := 0, e.Sequence()
		for n := range clients * each {
			c := numbered(sku, n)
			if answer := e.Key(&c); answer.State == keyBound && answer.Sequence+most+most/16 < last {
				late++
			}
		}
		if late > clients*batch {
			t.Fatalf("%d keys are remembered that are older than others which are not, the last command is %d", late, last)
		}
	}
	check()
	if stats := e.Stats(); stats.KeysCrowded < clients*each-most {
		t.Errorf("%+v", stats)
	}
	for range 2 {
		closeEngine(t, e)
		e = openOn(t, d, o)
		check()
	}
	if again := ask(t, e, numbered(sku, 1_000_000))[0]; again.status != engine.ResultDone || again.order == early.order {
		t.Errorf("%+v", again)
	}
	closeEngine(t, e)
	// It has been used a second time, and that is what counts.
	e = openOn(t, d, o)
	if c := numbered(sku, 1_000_000); e.Key(&c).Sequence != e.Sequence() {
		t.Errorf("the key is of command %d, want %d", e.Key(&c).Sequence, e.Sequence())
	}
	closeEngine(t, e)
}

// TestKeysOverRestarts sends orders with keys, takes checkpoints, cuts the feed, lets time pass and cuts the power, at
// random. After each restart exactly the keys within the window are known, and are answered as the first time.
func TestKeysOverRestarts(t *testing.T) {
	leavesNothing(t)
	const window = time.Hour
	for _, seed := range seeds() {
		for _, shards := range []int{1, 3} {
			t.Run(fmt.Sprintf("seed=%d/shards=%d", seed, shards), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 21))
				o, clock := tiny()
				o.Shards, o.KeysWindow, o.JournalHistory, o.FeedHistory = shards, window, 1, 1
				d := newDisk()
				e := openOn(t, d, o)
				sku := stock(t, e, 1, core.MaxOnHand)[0]
				type used struct {
					first answer
					at    int64
				}
				var all []used
				for range 25 {
					for range random.IntN(30) {
						all = append(all, used{done(t, e, numbered(sku, len(all)))[0], clock.now.Load()})
						clock.now.Add(random.Int64N(int64(window/time.Millisecond) / 20))
					}
					switch random.IntN(4) {
					case 0:
						busy(t, e, sku)
						retain(t, e)
					case 1:
						checkpoint(t, e)
					}
					image := d.powerCut(random.IntN(3)*50, random.Uint64())
					closeEngine(t, e)
					d = image
					e = openOn(t, d, o)
					for n := range all {
						young := clock.now.Load()-all[n].at <= window.Milliseconds()
						if known := knows(t, e, numbered(sku, n)); known != young {
							t.Fatalf("key %d of command %d, %d ms old, is known: %t", n, all[n].first.sequence, clock.now.Load()-all[n].at, known)
						}
						if young {
							replayed(t, ask(t, e, numbered(sku, n))[0], all[n].first)
						}
					}
				}
				if e.Stats().FeedFloor == 0 {
					t.Error("the feed was never cut")
				}
				closeEngine(t, e)
			})
		}
	}
}
