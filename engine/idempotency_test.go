package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
)

// replayed checks that an answer is the first one again.
func replayed(tb testing.TB, again, first answer) {
	tb.Helper()
	if again.status != engine.ResultReplayed || again.sequence != first.sequence || again.order != first.order ||
		!again.changed || !bytes.Equal(again.image, first.image) {
		tb.Errorf("the answer is %+v, and was %+v", again, first)
	}
}

// TestKeyGetsTheFirstAnswer sends every kind of command that may have a key a second time: later, and after restarts.
func TestKeyGetsTheFirstAnswer(t *testing.T) {
	leavesNothing(t)
	d, commands, first := newDisk(), []core.Command{}, []answer{}
	e := openOn(t, d, engine.Options{Shards: 2})
	skus := stock(t, e, 3, 100)
	send := func(c core.Command) answer {
		c.HasKey, c.Key = true, core.IdempotencyKey{byte(len(commands) + 1)}
		commands = append(commands, c)
		first = append(first, done(t, e, c)[0])
		return first[len(first)-1]
	}
	spread := order("ann", skus[0], 2)
	spread.Lines = append(spread.Lines, core.Line{SKU: skus[1], Quantity: 1}, core.Line{SKU: skus[2], Quantity: 7})
	spread.ExternalID, spread.Document = []byte("A-1"), []byte("leave it at the door")
	send(core.Command{Kind: core.CommandDefineSKU, Name: []byte("new")})
	send(core.Command{Kind: core.CommandDefineLocation, Name: []byte("store")})
	send(core.Command{Kind: core.CommandDefineChannel, Name: []byte("app")})
	send(restock(skus[0], 5))
	placed := send(spread)
	kept := send(hold("bob", skus[0], 1, core.MaxTTL))
	spreadHold := spread
	spreadHold.Kind, spreadHold.TTL, spreadHold.ExternalID = core.CommandPlaceHold, core.MinTTL*60, nil
	longer := follow(core.CommandExtendHold, send(spreadHold).order)
	longer.TTL = core.MaxTTL
	send(longer)
	send(follow(core.CommandConfirmHold, longer.Order))
	send(follow(core.CommandReleaseHold, kept.order))
	send(follow(core.CommandCancelOrder, placed.order))
	for round := range 3 {
		sequence := e.Sequence()
		for i, again := range ask(t, e, commands...) {
			replayed(t, again, first[i])
		}
		for i := range commands {
			replayed(t, ask(t, e, commands[i])[0], first[i])
		}
		if e.Sequence() != sequence {
			t.Errorf("replays took the sequence from %d to %d", sequence, e.Sequence())
		}
		closeEngine(t, e)
		e = openOn(t, d, engine.Options{Shards: 1 + round*3})
	}
	closeEngine(t, e)
}

func TestKeyOfAnotherCommandIsRefused(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{})
	sku := stock(t, e, 1, 10)[0]
	first := done(t, e, withKey(order("ann", sku, 1), 1))[0]
	for range 2 {
		for _, other := range []core.Command{order("ann", sku, 2), order("bob", sku, 1), hold("ann", sku, 1, core.MinTTL), restock(sku, 1)} {
			got := ask(t, e, withKey(other, 1))[0]
			if got.status != engine.ResultKeyReused || got.order != 0 || len(got.image) != 0 {
				t.Errorf("%+v", got)
			}
		}
		replayed(t, ask(t, e, withKey(order("ann", sku, 1), 1))[0], first)
		closeEngine(t, e)
		e = openOn(t, d, engine.Options{})
	}
	if got := orderable(t, e, sku); got != 9 {
		t.Errorf("%d units are left", got)
	}
	closeEngine(t, e)
}

// TestKeyInProgress asks again while the first command waits for the disk.
func TestKeyInProgress(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{})
	sku := stock(t, e, 1, 10)[0]
	_, release := d.hold()
	defer release()
	first := background(func() []answer { return ask(t, e, withKey(order("ann", sku, 1), 1)) })
	within(t, "the sync", d.waiting)
	if got := ask(t, e, withKey(order("ann", sku, 1), 1))[0]; got.status != engine.ResultInProgress {
		t.Errorf("%+v", got)
	}
	if got := ask(t, e, withKey(order("ann", sku, 2), 1))[0]; got.status != engine.ResultKeyReused {
		t.Errorf("%+v", got)
	}
	release()
	placed := within(t, "the order", first)[0]
	replayed(t, ask(t, e, withKey(order("ann", sku, 1), 1))[0], placed)
	closeEngine(t, e)
}

// TestKeyIsClaimedOnce sends the same commands from many goroutines at once: each is done once.
func TestKeyIsClaimedOnce(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	const rounds, clients = 50, 8
	sku := stock(t, e, 1, rounds*clients)[0]
	for round := range rounds {
		var wait sync.WaitGroup
		answers := make([]answer, clients)
		for i := range clients {
			wait.Go(func() { answers[i] = ask(t, e, withKey(order("ann", sku, 1), byte(round+1)))[0] })
		}
		wait.Wait()
		done := 0
		for i := range answers {
			switch answers[i].status {
			case engine.ResultDone:
				done++
			case engine.ResultInProgress, engine.ResultReplayed:
			default:
				t.Errorf("%+v", answers[i])
			}
		}
		if done != 1 {
			t.Fatalf("%d of %d were done", done, clients)
		}
	}
	if report := audited(t, e); report.Placed != rounds {
		t.Errorf("%d orders", report.Placed)
	}
	closeEngine(t, e)
}

// TestRefusalBindsNoKey sends a refused command again after the reason has gone.
func TestRefusalBindsNoKey(t *testing.T) {
	leavesNothing(t)
	for name, restart := range restarts {
		t.Run(name, func(t *testing.T) {
			d := newDisk()
			e := openOn(t, d, engine.Options{CheckpointBytes: -1})
			skus := stock(t, e, 2, 1)
			wanted := withKey(order("ann", skus[0], 3), 1)
			external := withKey(order("ann", skus[0], 3), 2) // refused by the machine, not at admission
			external.ExternalID = []byte("A-1")
			done(t, e, order("bob", skus[1], 1)) // something is sold out
			for range 2 {
				for _, got := range ask(t, e, wanted, external) {
					if got.status != engine.ResultRefused || got.reason != core.ReasonInsufficientStock {
						t.Errorf("%+v", got)
					}
				}
			}
			e = restart(t, d, e)
			if keys := e.Stats().Keys; keys != 0 {
				t.Errorf("%d keys are remembered", keys)
			}
			done(t, e, restock(skus[0], 10))
			first := done(t, e, wanted, external)
			for i, again := range ask(t, e, wanted, external) {
				replayed(t, again, first[i])
			}
			closeEngine(t, e)
		})
	}
}

// restarts are the ways to go on with the same data.
var restarts = map[string]func(t *testing.T, d *disk, e *engine.Engine) *engine.Engine{
	"none": func(_ *testing.T, _ *disk, e *engine.Engine) *engine.Engine { return e },
	"replay": func(t *testing.T, d *disk, e *engine.Engine) *engine.Engine {
		closeEngine(t, e)
		return openOn(t, d, engine.Options{CheckpointBytes: -1})
	},
	"checkpoint": func(t *testing.T, d *disk, e *engine.Engine) *engine.Engine {
		checkpoint(t, e)
		closeEngine(t, e)
		return openOn(t, d, engine.Options{CheckpointBytes: -1})
	},
}

// TestUnchangedBindsNoKey sends a command whose work was done already: it is executed again each time.
func TestUnchangedBindsNoKey(t *testing.T) {
	leavesNothing(t)
	for name, restart := range restarts {
		t.Run(name, func(t *testing.T) {
			d := newDisk()
			e := openOn(t, d, engine.Options{CheckpointBytes: -1})
			sku := stock(t, e, 1, 5)[0]
			id := done(t, e, order("ann", sku, 1))[0].order
			done(t, e, follow(core.CommandCancelOrder, id))
			for range 2 {
				got := done(t, e, withKey(follow(core.CommandCancelOrder, id), 1))[0]
				if got.changed || len(got.image) != 0 || got.order != id {
					t.Errorf("%+v", got)
				}
				e = restart(t, d, e)
			}
			closeEngine(t, e)
		})
	}
}

// TestKeyTwiceInOneRequest: the first command has the key; those after it in the same request are told so.
func TestKeyTwiceInOneRequest(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	sku := stock(t, e, 1, 10)[0]
	batch := []core.Command{
		withKey(order("ann", sku, 1), 1), order("bob", sku, 1), withKey(order("ann", sku, 1), 1),
		withKey(order("ann", sku, 2), 1), withKey(order("ann", sku, 1), 2),
	}
	wanted := []engine.ResultStatus{
		engine.ResultDone, engine.ResultDone, engine.ResultInProgress, engine.ResultKeyReused, engine.ResultDone,
	}
	first := ask(t, e, batch...)
	for i := range first {
		if first[i].status != wanted[i] {
			t.Errorf("command %d: %+v", i, first[i])
		}
	}
	again := ask(t, e, batch...)
	for i, of := range map[int]int{0: 0, 2: 0, 4: 4} {
		replayed(t, again[i], first[of])
	}
	if report := audited(t, e); report.Placed != 4 { // the order without a key was placed twice
		t.Errorf("%d orders", report.Placed)
	}
	closeEngine(t, e)
}

// TestKeysInAnyOrder asks again for the commands of many groups at once, in their order, backwards and shuffled, with
// commands between them that make no event.
func TestKeysInAnyOrder(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{Shards: 2})
	sku := stock(t, e, 1, 10_000)[0]
	random := rand.New(rand.NewPCG(7, 7))
	var commands []core.Command
	var first []answer
	for range 20 {
		batch := []core.Command{}
		for range 1 + random.IntN(60) {
			c := order(fmt.Sprintf("customer-%d", len(commands)+len(batch)), sku, 1)
			c.HasKey, c.Key = true, core.IdempotencyKey{byte(len(commands) + len(batch)), byte((len(commands) + len(batch)) >> 8), 1}
			batch = append(batch, c)
		}
		answers := done(t, e, batch...)
		commands, first = append(commands, batch...), append(first, answers...)
		ask(t, e, order("greedy", sku, 20_000), order("greedy", sku, 20_000))
	}
	places := make([]int, len(commands))
	for i := range places {
		places[i] = i
	}
	for range 4 {
		var batch []core.Command
		for _, i := range places {
			batch = append(batch, commands[i], commands[i])
		}
		for k, again := range ask(t, e, batch...) {
			replayed(t, again, first[places[k/2]])
		}
		slices.Reverse(places)
		random.Shuffle(len(places)/2, func(i, j int) { places[i], places[j] = places[j], places[i] })
	}
	closeEngine(t, e)
}
