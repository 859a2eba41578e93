package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// history is a closed engine's disk, with checkpoints here and there, and the commands of its journal.
func history(t *testing.T, seed uint64) (*disk, []call, []entry) {
	t.Helper()
	calls := randomCalls(seed, streamCommands)
	var clock scriptedClock
	clock.set(calls[0].now)
	d := newDisk()
	e := openOn(t, d, engine.Options{Shards: 2, Clock: clock.read, CheckpointBytes: -1, CheckpointRate: -1, KeepWaiting: true})
	for i, c := range calls {
		clock.advance(t, e, c.now)
		ask(t, e, c.commands...)
		if i == len(calls)/3 || i == len(calls)*2/3 {
			checkpoint(t, e)
		}
	}
	closeEngine(t, e)
	entries, groups := journaled(t, d)
	if groups >= len(entries) {
		t.Fatal("every group has one command")
	}
	return d, calls, entries
}

// restored is the disk of a backup of a closed disk.
func restored(t *testing.T, d *disk) *disk {
	t.Helper()
	var b bytes.Buffer
	if _, err := wal.WriteBackupOf(context.Background(), &b, "data", d); err != nil {
		t.Fatal(err)
	}
	to := newDisk()
	if _, err := wal.ReadBackup(&b, "data", to); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestRewind gives a backup of a journal an earlier end, at random commands and at every kind of place around checkpoints
// and groups. State, events, documents and keys must be those of an engine that never got further, and the state in
// memory, of OpenPast, the same.
func TestRewind(t *testing.T) {
	leavesNothing(t)
	for _, seed := range seeds()[:2] {
		d, calls, entries := history(t, seed)
		random := rand.New(rand.NewPCG(seed, 5))
		points := []int{1, 2, len(entries) - 1, len(entries)}
		withJournal(t, d, func(j *wal.Journal) error {
			all, err := j.Checkpoints()
			for _, at := range all {
				points = append(points, int(at)-1, int(at), int(at)+1)
			}
			return err
		})
		for range 4 {
			points = append(points, 1+random.IntN(len(entries)))
		}
		for _, point := range points {
			t.Run(fmt.Sprintf("seed=%d/point=%d", seed, point), func(t *testing.T) {
				want := replay(t, entries[:point], calls, func() int { return 1 }, 1, point/2)
				checkRewound(t, restored(t, d), engine.Point{Sequence: core.Sequence(point)}, calls, entries, want)
			})
		}
	}
}

func checkRewound(t *testing.T, d *disk, p engine.Point, calls []call, entries []entry, want outcome) {
	t.Helper()
	past, err := engine.OpenPast(d.on(engine.Options{}), p)
	if err != nil {
		t.Fatal(err)
	}
	// In two steps, as the second begins in the middle of a group.
	err = errors.Join(past.Advance(max(1, past.Point()-1)), past.Advance(past.Point()))
	if digest := past.Machine().Digest(); digest != want.digest || past.Sequence() != want.sequence {
		t.Errorf("in memory: digest %x at %d, want %x at %d", digest, past.Sequence(), want.digest, want.sequence)
	}
	if err := errors.Join(err, past.Close()); err != nil {
		t.Fatal(err)
	}
	last := entries[want.sequence-1].time
	o := d.on(engine.Options{Clock: func() int64 { return last }, CheckpointBytes: -1, KeepWaiting: true})
	sequence, err := engine.Rewind(o, p)
	if err != nil || sequence != want.sequence {
		t.Fatalf("rewound to %d, want %d: %v", sequence, want.sequence, err)
	}
	withJournal(t, d, func(j *wal.Journal) error {
		if j.Epoch() != 2 || j.Last() != uint64(want.sequence) {
			t.Errorf("the journal ends with %d and goes on in epoch %d", j.Last(), j.Epoch())
		}
		for i := int(want.sequence); i < len(entries); i++ {
			if _, err := j.Document(uint64(i + 1)); !errors.Is(err, wal.ErrNotFound) {
				t.Errorf("the document of command %d is still there: %v", i+1, err)
			}
		}
		if all, err := j.Checkpoints(); err != nil || len(all) > 0 && all[0] > j.Last() {
			t.Errorf("checkpoints %v, %v", all, err)
		}
		return j.Replay(0, func(wal.Group) error { return nil })
	})
	e := openOn(t, d, o)
	defer closeEngine(t, e)
	sameOutcome(t, observe(t, e, calls), want)
	// It goes on from here.
	before := e.Sequence()
	ask(t, e, core.Command{Kind: core.CommandDefineSKU, Name: []byte("afterwards")})
	if e.Sequence() <= before {
		t.Error("the rewound journal does not go on")
	}
}

// TestRewindToTime finds the last group that is stamped no later.
func TestRewindToTime(t *testing.T) {
	leavesNothing(t)
	d, _, entries := history(t, 1)
	for _, i := range []int{0, len(entries) / 2, len(entries) - 1} {
		at := entries[i].time
		last := i
		for last+1 < len(entries) && entries[last+1].time == at {
			last++
		}
		for _, later := range []int64{0, 1} {
			if last+1 < len(entries) && entries[last+1].time <= at+later {
				continue
			}
			past, err := engine.OpenPast(d.on(engine.Options{}), engine.Point{Time: core.Millis(at + later)})
			if err != nil {
				t.Fatal(err)
			}
			if past.Point() != core.Sequence(last+1) {
				t.Errorf("%d ms after command %d: the point is %d, want %d", later, i+1, past.Point(), last+1)
			}
			if err := past.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOutOfReach asks for points that the journal does not have.
func TestOutOfReach(t *testing.T) {
	leavesNothing(t)
	d := newDisk()
	var clock scriptedClock
	clock.set(1000)
	o := engine.Options{CheckpointBytes: -1, CheckpointRate: -1, JournalHistory: 1, Clock: clock.read, KeepWaiting: true}
	o.Journal.MinFreeBytes, o.Journal.MemTableBytes = -1, 256<<10
	e := openOn(t, d, o)
	skus := stock(t, e, 1, 1_000_000)
	for range 4 {
		for range 40 {
			clock.set(clock.read() + 1)
			done(t, e, order("c", skus[0], 1))
		}
		closeEngine(t, e) // brings into tables what can be cut
		e = openOn(t, d, o)
		checkpoint(t, e)
		retain(t, e)
	}
	done(t, e, order("c", skus[0], 1))
	closeEngine(t, e)
	var begin, first, last uint64
	withJournal(t, d, func(j *wal.Journal) (err error) {
		last = j.Last()
		if begin, err = j.First(); err != nil {
			return err
		}
		all, err := j.Checkpoints()
		first = max(all[len(all)-1], begin)
		return err
	})
	if begin <= 1 {
		t.Fatalf("nothing was cut: the journal begins with %d", begin)
	}
	for _, test := range []struct {
		point engine.Point
		says  string
	}{
		{engine.Point{Sequence: core.Sequence(first - 1)}, fmt.Sprintf("that of sequence %d,", first)},
		{engine.Point{Sequence: 1}, fmt.Sprintf("that of sequence %d,", first)},
		{engine.Point{Time: 1}, fmt.Sprintf("that of sequence %d,", first)},
		{engine.Point{Sequence: core.Sequence(last + 1)}, fmt.Sprintf("ends with sequence %d,", last)},
	} {
		_, err := engine.Rewind(d.on(o), test.point)
		if !errors.Is(err, engine.ErrOutOfReach) || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%v: %v", test.point, err)
		}
		if _, err := engine.OpenPast(d.on(o), test.point); !errors.Is(err, engine.ErrOutOfReach) {
			t.Errorf("%v in memory: %v", test.point, err)
		}
	}
	for _, within := range []core.Sequence{core.Sequence(first), core.Sequence(last)} {
		copied := restored(t, d)
		if got, err := engine.Rewind(copied.on(o), engine.Point{Sequence: within}); err != nil || got != within {
			t.Errorf("%d can be reached: %d, %v", within, got, err)
		}
	}
}
