package engine_test

import (
	"encoding/binary"
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

// TestDiskUseIsBounded sends commands without end, some of them with keys, under small limits, and restarts now and then: the
// directory never takes more than doc.go says, and memory has no more keys than allowed. Readers that never come back
// change nothing of that. The commands leave the state as large as it is, so that the bound is a number.
func TestDiskUseIsBounded(t *testing.T) {
	leavesNothing(t)
	const (
		memTable = 256 << 10
		history  = 2 << 20
		feed     = 1 << 20
		lag      = 3 << 20
		keys     = 2000
		batch    = 4096 // and a checkpoint after each
		command  = 100  // bytes at most that one takes in the journal, and its event in the feed
		every    = 8    // which has a key
	)
	o, clock := tiny()
	o.JournalHistory, o.FeedHistory, o.ReaderMaxLag = history, feed, lag
	o.JournalAge, o.FeedAge, o.KeysWindow, o.KeysMax = time.Hour, 2*time.Hour, time.Hour, keys
	o.Journal.BallastBytes, o.Journal.MinFreeBytes = -1, -1
	d := newDisk()
	e := openOn(t, d, o)
	skus := stock(t, e, 100, 1000)
	for _, kind := range []engine.ReaderKind{engine.ReaderOfFeed, engine.ReaderOfJournal} {
		if _, err := e.RegisterReader(fmt.Sprint("gone-", kind), kind, 0); err != nil {
			t.Fatal(err)
		}
	}
	rounds := 150
	if testing.Short() {
		rounds = 40
	}
	n, most := 0, int64(0)
	for round := range rounds {
		var commands []core.Command
		for range batch {
			c := restock(skus[n%len(skus)], 1)
			c.Rows[0].Reason = []byte(fmt.Sprintf("delivery %050d", n))
			if n%every == 0 {
				c.HasKey, c.Key[15] = true, 1
				binary.LittleEndian.PutUint64(c.Key[:], uint64(n))
			}
			commands = append(commands, c)
			n++
		}
		done(t, e, commands...)
		clock.now.Add(time.Minute.Milliseconds())
		eventually(t, "few keys", func() bool { return e.Stats().Keys <= keys })
		checkpoint(t, e)
		retain(t, e)
		pages, err := e.Journal().BytesFrom('p', 0)
		if err != nil {
			t.Fatal(err)
		}
		journal, events := int64(history*9/8), int64(max(feed*9/8, keys*every*command))
		if e.Stats().ReadersOverrun < 2 && round < 10 { // they may lag so far
			journal, events = max(journal, lag*9/8), max(events, lag*9/8)
		}
		bound := journal + events + 3*batch*command + int64(pages) + 16*memTable
		eventually(t, "less on the disk", func() bool {
			size := d.bytesOnDisk(t)
			most = max(most, size)
			if size > bound {
				t.Logf("round %d: %d bytes on the disk, %d allowed: %d of pages, journal from %d, feed from %d, of %d",
					round, size, bound, pages, journalFirst(t, e), e.Feed().Oldest(), e.Sequence())
			}
			return size <= bound
		})
		if round%10 == 9 {
			closeEngine(t, e)
			e = openOn(t, d, o)
		}
	}
	t.Logf("%d commands, at most %d bytes", n, most)
	closeEngine(t, e)
}
