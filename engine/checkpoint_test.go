package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
	"holdfast/wal/waltest"
)

// watched collects what an engine tells of checkpoints and recoveries.
type watched struct {
	mu          sync.Mutex
	checkpoints []engine.CheckpointInfo
	recovery    engine.RecoveryInfo
	cuts        []engine.RetentionInfo
}

func (w *watched) hooks() engine.Hooks {
	return engine.Hooks{
		CheckpointTaken: func(i engine.CheckpointInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.checkpoints = append(w.checkpoints, i)
		},
		Recovered: func(i engine.RecoveryInfo) { w.recovery = i },
		Retained: func(i engine.RetentionInfo) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.cuts = append(w.cuts, i)
		},
	}
}

func (w *watched) retentions() []engine.RetentionInfo {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.cuts)
}

func checkpoint(tb testing.TB, e *engine.Engine) engine.CheckpointInfo {
	tb.Helper()
	info, err := e.Checkpoint()
	if err != nil {
		tb.Fatal(err)
	}
	return info
}

// withJournal opens the journal of a disk whose engine is closed.
func withJournal(tb testing.TB, d *disk, fn func(j *wal.Journal) error) {
	tb.Helper()
	j, err := wal.Open("data", d.on(engine.Options{}).Journal)
	if err != nil {
		tb.Fatal(err)
	}
	if err := errors.Join(fn(j), j.Close()); err != nil {
		tb.Fatal(err)
	}
}

// TestCheckpointsChangeNothing sends the requests of the master test, takes checkpoints between and beside them, and
// cuts the power at random: answers, events, keys and state are those of a run without any of that.
func TestCheckpointsChangeNothing(t *testing.T) {
	leavesNothing(t)
	for _, seed := range seeds() {
		calls := randomCalls(seed, streamCommands)
		want := runCalls(t, newDisk(), calls, 1, 0)
		for _, shards := range []int{1, 3} {
			t.Run(fmt.Sprintf("seed=%d/shards=%d", seed, shards), func(t *testing.T) {
				sameOutcome(t, runWithCheckpoints(t, calls, shards, seed), want)
			})
		}
	}
}

func runWithCheckpoints(t *testing.T, calls []call, shards int, seed uint64) outcome {
	random := rand.New(rand.NewPCG(seed, 11))
	var clock scriptedClock
	clock.set(calls[0].now)
	var w watched
	o := engine.Options{Shards: shards, Clock: clock.read, CheckpointBytes: -1, CheckpointRate: -1, KeepWaiting: true, Hooks: w.hooks()}
	d := newDisk()
	e := openOn(t, d, o)
	var answers []answer
	restored := 0
	var beside sync.WaitGroup
	for i, c := range calls {
		switch {
		case random.IntN(60) == 0:
			checkpoint(t, e)
		case i > 0 && random.IntN(50) == 0:
			// The power is cut while a checkpoint is written. It must not outlast that: its turns of the sequencer would let
			// time pass before the next request, whose answer may tell.
			beside.Go(func() { _, _ = e.Checkpoint() })
			time.Sleep(time.Duration(random.IntN(4000)) * time.Microsecond)
			image := d.powerCut(random.IntN(3)*50, uint64(i))
			beside.Wait()
			closeEngine(t, e)
			d = image
			e = openOn(t, d, o)
			if w.recovery.Checkpoint > 0 {
				restored++
			}
			if len(w.recovery.Damaged) > 0 {
				t.Fatal(w.recovery.Damaged)
			}
		}
		clock.advance(t, e, c.now)
		answers = append(answers, ask(t, e, c.commands...)...)
	}
	if restored < 2 {
		t.Errorf("only %d restarts began with a checkpoint", restored)
	}
	audited(t, e)
	result := observe(t, e, calls)
	result.answers = answers
	closeEngine(t, e)
	return result
}

// TestCheckpointUnderLoad takes checkpoints while many clients order, and cuts the power: what they were told is there,
// and their keys answer as before.
func TestCheckpointUnderLoad(t *testing.T) {
	leavesNothing(t)
	for round := range 4 {
		d := newDisk()
		var w watched
		o := engine.Options{Shards: 1 + round%3, CheckpointBytes: -1, CheckpointRate: -1, Hooks: w.hooks()}
		e := openOn(t, d, o)
		skus := stock(t, e, 4, core.MaxOnHand)
		stop := make(chan struct{})
		var l ledger
		clients := l.load(e, skus, 6, stop)
		for n := range 3 {
			eventually(t, "the load", func() bool { return e.Sequence() > core.Sequence(150*(n+1)) })
			checkpoint(t, e)
		}
		newest := e.Sequence()
		eventually(t, "an order behind the checkpoint", func() bool { return e.Sequence() > newest })
		told := l.copy()
		image := d.powerCut(50*(round%3), uint64(round))
		close(stop)
		clients.Wait()
		after := openOn(t, image, o)
		if w.recovery.Checkpoint == 0 || w.recovery.Commands == 0 {
			t.Errorf("round %d: %+v", round, w.recovery)
		}
		check(t, after, told, skus)
		closeEngine(t, e)
		closeEngine(t, after)
	}
}

// TestCheckpointWritesWhatChanged: an order changes a handful of pages, and only those are written.
func TestCheckpointWritesWhatChanged(t *testing.T) {
	leavesNothing(t)
	var w watched
	e := openOn(t, newDisk(), engine.Options{Hooks: w.hooks()})
	skus := stock(t, e, 200, 1000)
	first := checkpoint(t, e)
	if again := checkpoint(t, e); again.Sequence != first.Sequence || again.Pages > 0 {
		t.Errorf("nothing changed, and a checkpoint was written: %+v", again)
	}
	done(t, e, order("c", skus[0], 1))
	if second := checkpoint(t, e); second.Pages != 5 {
		t.Errorf("after one order %d pages of %d were written, want SKU, level, order, line and text", second.Pages, first.Pages)
	}
	done(t, e, withKey(order("c", skus[0], 1), 1))
	if third := checkpoint(t, e); third.Pages != 6 {
		t.Errorf("after an order with a key %d pages were written", third.Pages)
	}
	closeEngine(t, e)
}

// TestScatteredPagesAreWrittenAgain takes many checkpoints of changes that hit one page after the other: what is kept
// stays in proportion to the state.
func TestScatteredPagesAreWrittenAgain(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	e := openOn(t, d, engine.Options{CheckpointBytes: -1, CheckpointRate: -1})
	skus := stock(t, e, 300, 1000)
	whole := checkpoint(t, e).Pages
	for n := range 60 {
		for k := range 5 {
			done(t, e, order("c", skus[(5*n+k)%len(skus)], 1))
		}
		checkpoint(t, e)
	}
	closeEngine(t, e)
	kept := 0
	withJournal(t, d, func(j *wal.Journal) error {
		sets, err := j.ValueSets()
		for _, set := range sets {
			err = errors.Join(err, j.Values(set, func(uint32, []byte) error { kept++; return nil }))
		}
		if all, err := j.Checkpoints(); err != nil || len(all) != 2 {
			t.Errorf("checkpoints %v %v", all, err)
		}
		return err
	})
	if kept > 3*whole {
		t.Errorf("%d values are kept, and the state is of %d pages", kept, whole)
	}
}

// TestDamagedCheckpoint: the one before serves, what is wrong is told, and the next checkpoint is whole again.
func TestDamagedCheckpoint(t *testing.T) {
	leavesNothing(t)
	for name, harm := range map[string]func(j *wal.Journal, newest uint64) error{
		"pages missing":    func(j *wal.Journal, newest uint64) error { return j.DropValues(newest) },
		"manifest missing": func(j *wal.Journal, newest uint64) error { return j.DropCheckpoint(newest) },
		"another's pages": func(j *wal.Journal, newest uint64) error {
			var values [][]byte
			err := j.Values(newest, func(_ uint32, value []byte) error {
				values = append(values, append([]byte(nil), value...))
				return nil
			})
			if err != nil {
				return err
			}
			w, err := j.BeginCheckpoint(newest)
			if err != nil {
				return err
			}
			manifest := values[len(values)-1]
			for _, value := range values[:len(values)-1] {
				value[len(value)/2] ^= 1
				if _, err := w.Add(value); err != nil {
					return err
				}
			}
			return w.Finish(manifest)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk()
			var w watched
			o := engine.Options{CheckpointBytes: -1, Hooks: w.hooks()}
			e := openOn(t, d, o)
			skus := stock(t, e, 4, 1000)
			older := checkpoint(t, e).Sequence
			done(t, e, withKey(order("c", skus[0], 1), 7))
			newest := checkpoint(t, e).Sequence
			done(t, e, order("c", skus[1], 1))
			want, _, err := e.Digest()
			if err != nil {
				t.Fatal(err)
			}
			closeEngine(t, e)
			withJournal(t, d, func(j *wal.Journal) error { return harm(j, uint64(newest)) })

			e = openOn(t, d, o)
			if w.recovery.Checkpoint != older || name != "manifest missing" && len(w.recovery.Damaged) != 1 {
				t.Errorf("%+v", w.recovery)
			}
			for _, err := range w.recovery.Damaged {
				if !strings.Contains(err.Error(), fmt.Sprint(newest)) {
					t.Errorf("the damage does not name its place: %v", err)
				}
			}
			if got, _, err := e.Digest(); err != nil || got != want {
				t.Errorf("digest %v %v, want %v", got, err, want)
			}
			if again := submit(t, e, withKey(order("c", skus[0], 1), 7)); again[0].Status != engine.ResultReplayed {
				t.Errorf("%+v", again)
			}
			done(t, e, order("c", skus[2], 1))
			last := checkpoint(t, e).Sequence
			closeEngine(t, e)
			e = openOn(t, d, o)
			if w.recovery.Checkpoint != last || len(w.recovery.Damaged) > 0 {
				t.Errorf("afterwards: %+v", w.recovery)
			}
			audited(t, e)
			closeEngine(t, e)
		})
	}
}

// TestCheckpointOfAnotherJournal: one that has found its way into a directory where the same sequence numbers mean
// something else is not taken over.
func TestCheckpointOfAnotherJournal(t *testing.T) {
	leavesNothing(t)
	for _, more := range []bool{false, true} {
		o := engine.Options{CheckpointBytes: -1}
		var disks [2]*disk
		var at core.Sequence
		for i := range disks {
			disks[i] = newDisk()
			e := openOn(t, disks[i], o)
			skus := stock(t, e, 2, 100)
			done(t, e, order("c", skus[0], core.Quantity(1+i)))
			at = e.Sequence()
			if i == 0 {
				checkpoint(t, e)
			} else if more {
				done(t, e, order("c", skus[1], 1))
			}
			closeEngine(t, e)
		}
		var values [][]byte // the pieces of the manifest too, which do no harm
		var manifest []byte
		withJournal(t, disks[0], func(j *wal.Journal) (err error) {
			err = j.Values(uint64(at), func(_ uint32, value []byte) error {
				values = append(values, append([]byte(nil), value...))
				return nil
			})
			if err == nil {
				manifest, err = j.Manifest(uint64(at))
			}
			return err
		})
		withJournal(t, disks[1], func(j *wal.Journal) error {
			w, err := j.BeginCheckpoint(uint64(at))
			for _, value := range values {
				if err == nil {
					_, err = w.Add(value)
				}
			}
			if err != nil {
				return err
			}
			return w.Finish(manifest)
		})
		says := "is not of this journal"
		if more {
			says = "does not follow from the checkpoint"
		}
		var damage *wal.DamageError
		if _, err := engine.Open(disks[1].on(o)); !errors.As(err, &damage) || !strings.Contains(err.Error(), says) {
			t.Errorf("%v", err)
		}
	}
}

// TestDiskFailsUnderCheckpoint breaks the disk while a checkpoint is written, under load and without: whoever waits for it
// is told, and so is who asks afterwards; nothing of it stands in the way of Close or of the next start.
func TestDiskFailsUnderCheckpoint(t *testing.T) {
	for writes := range 12 {
		d := newDisk()
		var w watched
		o := engine.Options{CheckpointRate: -1, Hooks: w.hooks()}
		o.Journal.OnFatal = func(error) {}
		e := openOn(t, d, o)
		skus := stock(t, e, 40, core.MaxOnHand)
		stop := make(chan struct{})
		var l ledger
		clients := l.load(e, skus, 6, stop)
		eventually(t, "the load", func() bool { return e.Sequence() > 100 })
		if writes%2 == 0 {
			close(stop)
			clients.Wait()
		}
		d.breakAfter(writes / 2)
		for range 2 {
			err := within(t, "the checkpoint", background(func() error {
				for {
					if _, err := e.Checkpoint(); err != nil || writes%2 == 0 {
						return err
					}
				}
			}))
			if err == nil && writes%2 != 0 || err != nil && !errors.Is(err, engine.ErrJournal) && !errors.Is(err, wal.ErrFailed) {
				t.Errorf("after %d writes: %v", writes/2, err)
			}
		}
		clients.Wait()
		told := l.copy()
		image := d.powerCut(50, uint64(writes))
		broken := e.Err() != nil
		if err := within(t, "Close", background(e.Close)); broken && err == nil {
			t.Error("Close says nothing of the journal's failure")
		}
		if n := len(w.checkpoints); writes == 0 && (n == 0 || w.checkpoints[n-1].Err == nil || e.Stats().CheckpointFailures == 0) {
			t.Errorf("nobody was told: %+v", w.checkpoints)
		}
		after := openOn(t, image, engine.Options{CheckpointBytes: -1})
		check(t, after, told, skus)
		closeEngine(t, after)
	}
}

// TestJournalEndsBeforeCheckpoint takes the end of the journal away that a checkpoint covers. An older checkpoint would hide
// the loss, so the directory is refused.
func TestJournalEndsBeforeCheckpoint(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	o := engine.Options{CheckpointBytes: -1}
	e := openOn(t, d, o)
	skus := stock(t, e, 2, 100)
	checkpoint(t, e)
	last := done(t, e, order("c", skus[0], 1))[0].sequence
	checkpoint(t, e)
	closeEngine(t, e)
	if err := waltest.LoseEnd(d.memory, "data", uint64(last)); err != nil {
		t.Fatal(err)
	}
	var damage *wal.DamageError
	_, err := engine.Open(d.on(o))
	if !errors.As(err, &damage) || damage.Sequence != uint64(last) || !strings.Contains(err.Error(), "the journal ends before") {
		t.Errorf("%v", err)
	}
}

// TestCheckpointWithoutAKeyPage takes a page of keys away, which no digest of the state would miss.
func TestCheckpointWithoutAKeyPage(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	var w watched
	o := engine.Options{CheckpointBytes: -1, Hooks: w.hooks()}
	e := openOn(t, d, o)
	skus := stock(t, e, 2, 100)
	older := checkpoint(t, e).Sequence
	first := done(t, e, withKey(order("c", skus[0], 1), 1))[0]
	newest := checkpoint(t, e)
	closeEngine(t, e)
	if err := waltest.LoseValue(d.memory, "data", uint64(newest.Sequence), uint32(newest.Pages-1)); err != nil {
		t.Fatal(err)
	}
	e = openOn(t, d, o)
	if r := w.recovery; r.Checkpoint != older || len(r.Damaged) != 1 || !strings.Contains(r.Damaged[0].Error(), "is missing") {
		t.Errorf("%+v", r)
	}
	replayed(t, ask(t, e, withKey(order("c", skus[0], 1), 1))[0], first)
	closeEngine(t, e)
}

// TestCheckpointOfSeveralPages: where a slab has more pages than one, each comes back to its place, also when only one of
// them was written again.
func TestCheckpointOfSeveralPages(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	var w watched
	o := engine.Options{CheckpointBytes: -1, Hooks: w.hooks()}
	e := openOn(t, d, o)
	sku := stock(t, e, 1, 100_000)[0]
	orders := make([]core.Command, 2500) // a page has room for 1024
	for i := range orders {
		orders[i] = order(fmt.Sprint("c", i), sku, 1)
	}
	var answers []answer
	for part := range slices.Chunk(orders, engine.MaxRequestCommands) {
		answers = append(answers, done(t, e, part...)...)
	}
	for _, change := range []core.OrderID{answers[2499].order, answers[1200].order, answers[0].order} {
		checkpoint(t, e)
		done(t, e, follow(core.CommandCancelOrder, change))
		at := checkpoint(t, e).Sequence
		want, _, err := e.Digest()
		if err != nil {
			t.Fatal(err)
		}
		closeEngine(t, e)
		e = openOn(t, d, o)
		if o := readOrder(t, e, change); o.Status != core.StatusCancelled { // the first question of all
			t.Errorf("%+v", o)
		}
		if got, _, err := e.Digest(); err != nil || got != want || w.recovery.Checkpoint != at {
			t.Errorf("digest %v %v, want %v; %+v", got, err, want, w.recovery)
		}
	}
	closeEngine(t, e)
}

// TestCheckpointThatCannotBeReadBack harms the newest checkpoint before older ones are given up for it: they stay, and no
// more are written, since they would build on it.
func TestCheckpointThatCannotBeReadBack(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	var w watched
	o := engine.Options{CheckpointBytes: -1, Hooks: w.hooks()}
	e := openOn(t, d, o)
	skus := stock(t, e, 4, 100)
	checkpoint(t, e)
	done(t, e, order("c", skus[0], 1))
	older := checkpoint(t, e).Sequence
	done(t, e, order("c", skus[1], 1))
	newest := checkpoint(t, e).Sequence
	if err := e.Journal().DropValues(uint64(newest)); err != nil {
		t.Fatal(err)
	}
	var damage *wal.DamageError
	if err := e.DropOlderCheckpoints(); !errors.As(err, &damage) || damage.Sequence != uint64(newest) {
		t.Errorf("giving up older ones: %v", err)
	}
	for n := range 2 {
		done(t, e, order("c", skus[2+n], 1))
		if info, err := e.Checkpoint(); !errors.As(err, &damage) || damage.Sequence != uint64(newest) || info.Pages > 0 {
			t.Errorf("another checkpoint: %+v %v", info, err)
		}
	}
	want, _, err := e.Digest()
	if err != nil {
		t.Fatal(err)
	}
	closeEngine(t, e)
	e = openOn(t, d, o)
	if w.recovery.Checkpoint != older || len(w.recovery.Damaged) != 1 {
		t.Errorf("%+v", w.recovery)
	}
	if got, _, err := e.Digest(); err != nil || got != want {
		t.Errorf("digest %v %v, want %v", got, err, want)
	}
	closeEngine(t, e)
}

// TestSingleCheckpointKeepsTheJournal: as long as there is no second checkpoint to fall back to, the journal stays whole.
func TestSingleCheckpointKeepsTheJournal(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	o := engine.Options{CheckpointBytes: -1, JournalHistory: 1}
	e := openOn(t, d, o)
	skus := stock(t, e, 4, 100_000)
	for n := range 100 {
		done(t, e, order("c", skus[n%4], 1))
	}
	closeEngine(t, e) // which brings the journal into tables, where it could be cut
	e = openOn(t, d, o)
	for n, whole := range []bool{true, false} {
		done(t, e, order("c", skus[0], 1))
		checkpoint(t, e)
		retain(t, e)
		if first, err := e.JournalFirst(); err != nil || (first == 1) != whole {
			t.Errorf("with %d checkpoints the journal begins with %d: %v", n+1, first, err)
		}
	}
	closeEngine(t, e)
}

// TestJournalIsCut: with two checkpoints, what is older than the first of them goes, and restarts do without it. When
// then no checkpoint is whole any more, the directory is refused: part of the state is lost.
func TestJournalIsCut(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	var w watched
	o := engine.Options{CheckpointBytes: -1, JournalHistory: 1, Hooks: w.hooks()}
	e := openOn(t, d, o)
	skus := stock(t, e, 4, 100_000)
	for n := range 100 {
		done(t, e, withKey(order("c", skus[n%4], 1), byte(n+1)))
	}
	checkpoint(t, e)
	// What Close brings into tables can be cut: also what was ordered after the older of two checkpoints, which needs it.
	closeEngine(t, e)
	e = openOn(t, d, o)
	done(t, e, order("c", skus[0], 1))
	older := checkpoint(t, e).Sequence
	retain(t, e)
	for range 50 {
		done(t, e, order("c", skus[1], 1))
	}
	closeEngine(t, e)
	e = openOn(t, d, o)
	done(t, e, order("c", skus[2], 1))
	newest := checkpoint(t, e).Sequence
	retain(t, e)
	done(t, e, order("c", skus[3], 1))
	want, _, err := e.Digest()
	if err != nil {
		t.Fatal(err)
	}
	closeEngine(t, e)

	withJournal(t, d, func(j *wal.Journal) error {
		if first, err := j.First(); err != nil || first <= 1 || first > uint64(older)+1 {
			t.Errorf("the journal begins with %d, and the older checkpoint is of %d: %v", first, older, err)
		}
		return j.DropValues(uint64(newest))
	})
	e = openOn(t, d, o)
	if w.recovery.Checkpoint != older || len(w.recovery.Damaged) != 1 {
		t.Errorf("%+v", w.recovery)
	}
	if got, _, err := e.Digest(); err != nil || got != want {
		t.Errorf("digest %v %v, want %v", got, err, want)
	}
	closeEngine(t, e)
	withJournal(t, d, func(j *wal.Journal) error { return j.DropValues(uint64(older)) })
	var damage *wal.DamageError
	if _, err := engine.Open(d.on(o)); !errors.As(err, &damage) {
		t.Errorf("without a checkpoint and without the beginning of the journal: %v", err)
	}
}

// TestCheckpointInPlaceOfADamagedOne: after a fallback the next checkpoint may be of the very sequence of the damaged one.
// It is a checkpoint like any other, and later ones build on it.
func TestCheckpointInPlaceOfADamagedOne(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	var w watched
	o := engine.Options{CheckpointBytes: -1, Hooks: w.hooks()}
	e := openOn(t, d, o)
	skus := stock(t, e, 4, 1000)
	checkpoint(t, e)
	done(t, e, order("c", skus[0], 1))
	newest := checkpoint(t, e).Sequence
	closeEngine(t, e)
	withJournal(t, d, func(j *wal.Journal) error { return j.DropValues(uint64(newest)) })
	e = openOn(t, d, o)
	if len(w.recovery.Damaged) != 1 {
		t.Fatalf("%+v", w.recovery)
	}
	for n := range 3 { // the first of the damaged one's sequence, the others on top of it
		if n > 0 {
			done(t, e, order("c", skus[n], 1))
		}
		checkpoint(t, e)
	}
	at := e.Sequence()
	closeEngine(t, e)
	e = openOn(t, d, o)
	if w.recovery.Checkpoint != at || len(w.recovery.Damaged) > 0 {
		t.Errorf("%+v", w.recovery)
	}
	audited(t, e)
	closeEngine(t, e)
}

// TestCheckpointsComeByThemselves: by the journal's growth, by time, and at the end.
func TestCheckpointsComeByThemselves(t *testing.T) {
	leavesNothing(t)
	for name, o := range map[string]engine.Options{
		"growth": {CheckpointBytes: 1},
		"time":   {CheckpointEvery: time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			var w watched
			o.Hooks = w.hooks()
			d := newDisk()
			e := openOn(t, d, o)
			skus := stock(t, e, 1, 10)
			eventually(t, "a checkpoint", func() bool {
				w.mu.Lock()
				defer w.mu.Unlock()
				return len(w.checkpoints) > 0
			})
			done(t, e, order("c", skus[0], 1))
			at := e.Sequence()
			closeEngine(t, e)
			e = openOn(t, d, o)
			if w.recovery.Checkpoint != at || w.recovery.Commands != 0 {
				t.Errorf("Close did not leave a checkpoint of %d: %+v", at, w.recovery)
			}
			if _, err := e.Checkpoint(); err != nil {
				t.Error(err)
			}
			closeEngine(t, e)
			if _, err := e.Checkpoint(); err != engine.ErrClosed {
				t.Errorf("after Close: %v", err)
			}
		})
	}
}

// TestLeftoversAreDropped: values that an interrupted checkpoint left are dropped at the next start, those in use are not, and
// none as long as a checkpoint is damaged.
func TestLeftoversAreDropped(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	o := engine.Options{CheckpointBytes: -1}
	e := openOn(t, d, o)
	skus := stock(t, e, 1, 100)
	kept := uint64(checkpoint(t, e).Sequence)
	done(t, e, order("c", skus[0], 1))
	closeEngine(t, e)
	leave := func(j *wal.Journal) error {
		w, err := j.BeginCheckpoint(j.Last())
		if err == nil {
			err = errors.Join(w.Finish(make([]byte, 100)), j.DropCheckpoint(j.Last())) // as if the head had not come to the disk
		}
		return err
	}
	sets := func() (all []uint64) {
		withJournal(t, d, func(j *wal.Journal) (err error) {
			all, err = j.ValueSets()
			return err
		})
		return all
	}
	withJournal(t, d, leave)
	if got := sets(); len(got) != 2 {
		t.Fatalf("values of %v", got)
	}
	closeEngine(t, openOn(t, d, o))
	if got := sets(); !slices.Equal(got, []uint64{kept}) {
		t.Errorf("values of %v, the checkpoint is of %d", got, kept)
	}
	withJournal(t, d, func(j *wal.Journal) error { return errors.Join(leave(j), j.DropValues(kept)) }) // which damages it
	closeEngine(t, openOn(t, d, o))
	if got := sets(); len(got) != 1 {
		t.Errorf("with a damaged checkpoint, values of %v", got)
	}
}
