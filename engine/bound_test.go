package engine_test

import (
	"fmt"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
)

// bytesOnDisk is what all files of a disk take.
func (d *disk) bytesOnDisk(tb testing.TB) (sum int64) {
	tb.Helper()
	names, err := d.memory.List("data")
	if err != nil {
		tb.Fatal(err)
	}
	for _, name := range names {
		if info, err := d.memory.Stat("data/" + name); err == nil { // or it was deleted meanwhile
			sum += info.Size()
		}
	}
	return sum
}

// TestDiskUseIsBounded places orders without end, with keys and readers, under small limits, and restarts now and then: the
// directory never takes more than package documentation says, and memory has no more keys than allowed. A reader that
// never comes back changes nothing of that.
func TestDiskUseIsBounded(t *testing.T) {
	leavesNothing(t)
	const (
		memTable   = 256 << 10
		history    = 1 << 20
		feed       = 512 << 10
		lag        = 2 << 20
		checkpoint = 512 << 10
		keys       = 2000
	)
	o, clock := tiny()
	o.CheckpointBytes = checkpoint
	o.JournalHistory, o.FeedHistory, o.ReaderMaxLag = history, feed, lag
	o.JournalAge, o.FeedAge, o.KeysWindow, o.KeysMax = time.Hour, 2*time.Hour, time.Hour, keys
	o.Journal.BallastBytes, o.Journal.MinFreeBytes = -1, -1
	d := newDisk()
	e := openOn(t, d, o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	for _, kind := range []engine.ReaderKind{engine.ReaderOfFeed, engine.ReaderOfJournal} {
		if _, err := e.RegisterReader(fmt.Sprint("gone ", kind), kind, 0); err != nil {
			t.Fatal(err)
		}
	}
	rounds := 120
	if testing.Short() {
		rounds = 40
	}
	n, written, most := 0, uint64(0), int64(0)
	for round := range rounds {
		for range 20 {
			var batch []core.Command
			for range 100 {
				c := numbered(sku, n)
				c.Customer = []byte(fmt.Sprintf("customer-%0100d", n))
				batch = append(batch, c)
				n++
			}
			done(t, e, batch...)
		}
		clock.now.Add(time.Minute.Milliseconds())
		retain(t, e)
		state := stateBytes(t, e)
		bound := max(history*9/8, lag) + max(feed*9/8, lag) + checkpoint*3 + 5*state + 8*memTable
		size := d.bytesOnDisk(t)
		if most = max(most, size); size > bound {
			t.Errorf("round %d: %d bytes on the disk, %d allowed: journal from %d of %d, feed from %d, state %d",
				round, size, bound, journalFirst(t, e), e.Sequence(), e.Feed().Oldest(), state)
		}
		if round%10 == 9 {
			written += e.Stats().Commands
			closeEngine(t, e)
			e = openOn(t, d, o)
		}
	}
	t.Logf("%d orders, at most %d bytes", n, most)
	closeEngine(t, e)
}

// stateBytes is the size of the state's pages, as the checkpoints keep them.
func stateBytes(tb testing.TB, e *engine.Engine) (sum int64) {
	tb.Helper()
	return int64(e.Stats().Orders) * 60
}
