package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// fullDisk has room for so many looks at it, and then too little for another table file of a checkpoint, but enough for the
// journal.
type fullDisk struct {
	*disk
	looks atomic.Int64
}

const fullDiskFloor = 100 << 20

func (d *fullDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	if d.looks.Add(-1) < 0 {
		return vfs.DiskUsage{AvailBytes: fullDiskFloor}, nil
	}
	return vfs.DiskUsage{AvailBytes: 1 << 40}, nil
}

func (d *fullDisk) on(o engine.Options) engine.Options {
	o = d.disk.on(o)
	o.Journal.FS, o.Journal.MinFreeBytes, o.Journal.BallastBytes = d, fullDiskFloor, -1
	return o
}

func (d *fullDisk) open(t *testing.T, o engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.Open(d.on(o))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestCheckpointOnAFullDisk fills the disk at every place of a checkpoint at which it is looked for room, while orders go on.
// Nothing of it is left, and when there is room again the next one is whole: a restart from it has the same state and keys.
func TestCheckpointOnAFullDisk(t *testing.T) {
	leavesNothing(t)
	var w watched
	o := engine.Options{Shards: 2, CheckpointBytes: -1, CheckpointRate: -1, Hooks: w.hooks()}
	d := &fullDisk{disk: newDisk()}
	plenty := func() { d.looks.Store(1 << 40) }
	plenty()
	e := d.open(t, o)
	skus := stock(t, e, 100, core.MaxOnHand)
	keyed := func(n int) core.Command { return numbered(skus[n%len(skus)], n) }
	next := 0
	some := func(n int) {
		for range n {
			done(t, e, keyed(next))
			next++
		}
	}
	some(300)
	failed := 0
	for looks := int64(1); ; looks += 1 + looks/2 {
		var l ledger
		stop := make(chan struct{})
		clients := l.load(e, skus, 2, stop)
		at := e.Sequence()
		eventually(t, "the load", func() bool { return e.Sequence() > at+20 })
		d.looks.Store(looks)
		_, err := e.Checkpoint()
		plenty()
		close(stop)
		clients.Wait()
		if err == nil {
			break
		}
		if failed++; !errors.Is(err, wal.ErrDiskFull) || errors.Is(err, wal.ErrFailed) {
			t.Fatalf("after %d looks: %v", looks, err)
		}
		mustHaveNothingLeft(t, d, e, w.recovery.Checkpoint)
		if info := retain(t, e); info.Err != nil {
			t.Error(info.Err)
		}
		some(10)
		if failed%2 == 0 { // once more, in vain, before it succeeds
			d.looks.Store(1)
			if _, err := e.Checkpoint(); !errors.Is(err, wal.ErrDiskFull) {
				t.Errorf("again: %v", err)
			}
			plenty()
			some(1)
		}
		whole := checkpoint(t, e)
		want, sequence, err := e.Digest()
		if err != nil || whole.Sequence != sequence || whole.Digest != want {
			t.Fatalf("the checkpoint %+v, the state %v at %d: %v", whole, want, sequence, err)
		}
		closeEngine(t, e)
		e = d.open(t, o)
		if got, _, err := e.Digest(); err != nil || got != want || w.recovery.Checkpoint != whole.Sequence || len(w.recovery.Damaged) > 0 {
			t.Fatalf("after %d looks the digest was %v and is %v: %v %+v", looks, want, got, err, w.recovery)
		}
		for n := 0; n < next; n += 40 {
			var again []core.Command
			for k := n; k < min(n+40, next); k++ {
				again = append(again, keyed(k))
			}
			for i, a := range ask(t, e, again...) {
				if a.status != engine.ResultReplayed {
					t.Fatalf("after %d looks the key of order %d is not known: %+v", looks, n+i, a)
				}
			}
		}
		audited(t, e)
	}
	if failed == 0 {
		t.Error("the disk was never full")
	}
	closeEngine(t, e)
}

// mustHaveNothingLeft looks for what a checkpoint left behind that was to come after another one.
func mustHaveNothingLeft(t *testing.T, d *fullDisk, e *engine.Engine, last core.Sequence) {
	t.Helper()
	sets, err := e.Journal().ValueSets()
	names, err2 := d.List("data")
	unfinished := slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, "checkpoint-") })
	if err != nil || err2 != nil || unfinished || len(sets) > 0 && core.Sequence(slices.Max(sets)) > last {
		t.Fatalf("values of %v (the last checkpoint is of %d) and the files %v are left: %v %v", sets, last, names, err, err2)
	}
}

// TestRetentionTellsThatCheckpointsEnded: when no more checkpoints are written nothing can be cut, and whoever looks after
// the disk is told why.
func TestRetentionTellsThatCheckpointsEnded(t *testing.T) {
	leavesNothing(t)
	o, _ := tiny()
	o.JournalHistory, o.FeedHistory = 1, 1
	var w watched
	o.Hooks = w.hooks()
	e := openOn(t, newDisk(), o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	newest := busy(t, e, sku)
	retain(t, e) // after which the writer of checkpoints does nothing by itself
	dropValues(t, e, newest)
	var damage *wal.DamageError
	if err := e.DropOlderCheckpoints(); !errors.As(err, &damage) {
		t.Fatal(err)
	}
	for range 2 {
		if info, err := e.Retain(); !errors.As(err, &damage) || !strings.Contains(fmt.Sprint(info.Err), "until a restart") {
			t.Errorf("%+v", info)
		}
	}
	if told := w.retentions(); len(told) == 0 || told[len(told)-1].Err == nil {
		t.Errorf("nobody was told: %+v", told)
	}
	closeEngine(t, e)
}
