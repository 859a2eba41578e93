package engine_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// retain has an engine cut what it may.
func retain(tb testing.TB, e *engine.Engine) engine.RetentionInfo {
	tb.Helper()
	info, err := e.Retain()
	if err != nil {
		tb.Fatal(err)
	}
	return info
}

// tiny are options under which little is kept, in small tables, so that a few commands make something to cut.
func tiny() (o engine.Options, clock *scriptedClock) {
	clock = &scriptedClock{}
	clock.set(1_700_000_000_000)
	o = engine.Options{Shards: 1, CheckpointBytes: -1, CheckpointRate: -1, Clock: clock.read}
	o.Journal.MemTableBytes = 256 << 10
	return o, clock
}

// busy places orders with documents, about a megabyte of them, and takes a checkpoint.
func busy(tb testing.TB, e *engine.Engine, sku core.SKUID) core.Sequence {
	tb.Helper()
	c := order(strings.Repeat("ann", 40), sku, 1)
	c.Document = bytes.Repeat([]byte("x"), 2<<10)
	for range 16 {
		done(tb, e, repeat(c, 32)...)
	}
	return checkpoint(tb, e).Sequence
}

// numbered is an order with a key that is a number.
func numbered(sku core.SKUID, n int) core.Command {
	c := order("ann", sku, 1)
	c.HasKey, c.Key[15] = true, 1
	binary.LittleEndian.PutUint64(c.Key[:], uint64(n))
	return c
}

func journalFirst(tb testing.TB, e *engine.Engine) core.Sequence {
	tb.Helper()
	first, err := e.JournalFirst()
	if err != nil {
		tb.Fatal(err)
	}
	return first
}

// TestCutByAge: what is younger than the age stays, what is older goes, and both by the engine's own clock.
func TestCutByAge(t *testing.T) {
	leavesNothing(t)
	o, clock := tiny()
	o.JournalAge, o.FeedAge = time.Hour, 2*time.Hour
	d := newDisk()
	e := openOn(t, d, o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	var ends []core.Sequence
	for range 6 {
		ends = append(ends, busy(t, e, sku))
		clock.set(clock.now.Load() + 30*time.Minute.Milliseconds())
	}
	// It is now half an hour after the last of them, and an hour after the one before.
	retain(t, e)
	if first := journalFirst(t, e); first <= ends[2] || first > ends[3]+1 {
		t.Errorf("the journal begins with %d, and the hour after %d", first, ends[3])
	}
	if oldest := e.Feed().Oldest(); oldest <= ends[0] || oldest > ends[1] {
		t.Errorf("the feed begins after %d, and the two hours after %d", oldest, ends[1])
	}
	if stats := e.Stats(); stats.JournalCuts == 0 || stats.FeedCuts == 0 || stats.FeedFloor != uint64(e.Feed().Oldest()) {
		t.Errorf("%+v", stats)
	}
	want, _, err := e.Digest()
	if err != nil {
		t.Fatal(err)
	}
	closeEngine(t, e)
	e = openOn(t, d, o)
	if got, _, err := e.Digest(); err != nil || got != want {
		t.Errorf("the digest was %v and is %v: %v", want, got, err)
	}
	closeEngine(t, e)
}

// TestReadersHoldCuts: what a reader has not read stays, in journal and feed, over restarts, until it says so, or is too far
// behind; then it is told.
func TestReadersHoldCuts(t *testing.T) {
	leavesNothing(t)
	for _, kind := range []engine.ReaderKind{engine.ReaderOfJournal, engine.ReaderOfFeed} {
		for _, limit := range []string{"none", "bytes", "age"} {
			t.Run(fmt.Sprintf("kind=%d/limit=%s", kind, limit), func(t *testing.T) {
				o, clock := tiny()
				o.JournalHistory, o.FeedHistory = 1, 1
				readersHold(t, o, clock, kind, limit)
			})
		}
	}
}

func readersHold(t *testing.T, o engine.Options, clock *scriptedClock, kind engine.ReaderKind, limit string) {
	limited := limit != "none"
	first := func(e *engine.Engine) core.Sequence {
		if kind == engine.ReaderOfFeed {
			return e.Feed().Oldest() + 1
		}
		return journalFirst(t, e)
	}
	d := newDisk()
	e := openOn(t, d, o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	busy(t, e, sku)
	stands := busy(t, e, sku)
	if _, err := e.RegisterReader("slow", kind, stands); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RegisterReader("other", 3-kind, stands); err != nil { // of the other kind: it holds nothing here
		t.Fatal(err)
	}
	clock.set(clock.now.Load() + 30*time.Minute.Milliseconds())
	busy(t, e, sku)
	closeEngine(t, e)
	switch limit {
	case "bytes": // a little more than two rounds
		withJournal(t, d, func(j *wal.Journal) error {
			bytes, err := j.BytesFrom(kind.Kept(), uint64(stands)+1)
			o.ReaderMaxLag = 5 * int64(bytes) / 2
			return err
		})
	case "age":
		o.ReaderMaxAge = time.Hour
	}
	e = openOn(t, d, o)
	at := busy(t, e, sku)
	if got := first(e); got > stands+1 {
		t.Errorf("begins with %d, and somebody has read only to %d", got, stands)
	}
	clock.set(clock.now.Load() + 70*time.Minute.Milliseconds())
	for range 3 {
		busy(t, e, sku)
		retain(t, e)
	}
	slow, ok := e.Reader("slow")
	if !ok || slow.Position != stands || slow.Kind != kind || slow.Overrun != limited {
		t.Errorf("%+v", slow)
	}
	if begins := first(e); !limited && begins != stands+1 || limited && begins <= stands+1 {
		t.Errorf("begins with %d, the reader stands at %d", begins, stands)
	}
	if stats := e.Stats(); stats.Readers != 2 || limited != (stats.ReadersOverrun > 0) {
		t.Errorf("%+v", stats)
	}
	if _, err := e.RegisterReader("slow", kind, stands); limited != errors.Is(err, engine.ErrCut) {
		t.Errorf("it comes back: %v", err)
	}
	// It begins again further on, and is safe again.
	stands = e.Sequence()
	if slow, err := e.RegisterReader("slow", kind, stands); err != nil || slow.Overrun {
		t.Errorf("%+v %v", slow, err)
	}
	if err := e.DropReader("other"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		busy(t, e, sku)
	}
	retain(t, e)
	if got := first(e); got <= at || got > stands+1 {
		t.Errorf("begins with %d, the reader stands at %d", got, stands)
	}
	closeEngine(t, e)
}

// TestReaderMistakes: each is told, and changes nothing.
func TestReaderMistakes(t *testing.T) {
	leavesNothing(t)
	o, _ := tiny()
	e := openOn(t, newDisk(), o)
	stock(t, e, 1, 1)
	at := e.Sequence()
	if _, err := e.RegisterReader("a", engine.ReaderOfFeed, at); err != nil {
		t.Fatal(err)
	}
	if _, err := e.RegisterReader("a", engine.ReaderOfFeed, at+1); !errors.Is(err, engine.ErrAhead) {
		t.Error(err)
	}
	if _, err := e.RegisterReader("a", engine.ReaderOfJournal, at); !errors.Is(err, engine.ErrReaderKind) {
		t.Error(err)
	}
	if err := e.DropReader("b"); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
	for n := range engine.MaxReaders - 1 {
		if _, err := e.RegisterReader(fmt.Sprint(n), engine.ReaderOfJournal, 0); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.RegisterReader("one more", engine.ReaderOfFeed, at); !errors.Is(err, engine.ErrTooManyReaders) {
		t.Error(err)
	}
	if a, ok := e.Reader("a"); !ok || a.Position != at || len(e.Readers()) != engine.MaxReaders {
		t.Errorf("%+v", e.Readers())
	}
	closeEngine(t, e)
	if _, err := e.RegisterReader("a", engine.ReaderOfFeed, at); !errors.Is(err, engine.ErrClosed) {
		t.Error(err)
	}
	if _, err := e.Retain(); !errors.Is(err, engine.ErrClosed) {
		t.Error(err)
	}
}

// TestCutUnderReader: who is overtaken by a cut is told so, and nothing is left out in silence.
func TestCutUnderReader(t *testing.T) {
	leavesNothing(t)
	o, _ := tiny()
	o.JournalHistory, o.FeedHistory = 1, 1
	e := openOn(t, newDisk(), o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	reader := e.Feed().Read(0)
	if _, _, _, err := reader.Next(); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		busy(t, e, sku)
	}
	retain(t, e)
	var err error
	for err == nil {
		_, _, _, err = reader.Next()
	}
	if !errors.Is(err, engine.ErrCut) {
		t.Errorf("the feed: %v", err)
	}
	if err := e.ReadJournal(2, func([]byte, core.Sequence) bool { return true }); !errors.Is(err, engine.ErrCut) {
		t.Errorf("the journal: %v", err)
	}
	seen := 0
	for reader := e.Feed().Read(e.Feed().Oldest()); ; seen++ {
		if _, h, _, err := reader.Next(); err != nil {
			break
		} else if seen == 0 && h.Sequence != e.Feed().Oldest()+1 {
			t.Errorf("the first event is of %d, the floor is %d", h.Sequence, e.Feed().Oldest())
		}
	}
	if want := int(e.Sequence() - e.Feed().Oldest()); seen != want {
		t.Errorf("%d events are left, want %d", seen, want)
	}
	closeEngine(t, e)
}

// TestFeedIsKeptForKeys: a repeated key is answered with the first bytes however little of the feed is to be kept.
func TestFeedIsKeptForKeys(t *testing.T) {
	leavesNothing(t)
	o, clock := tiny()
	o.JournalHistory, o.FeedHistory, o.KeysWindow = 1, 1, time.Hour
	d := newDisk()
	e := openOn(t, d, o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	busy(t, e, sku)
	first := done(t, e, numbered(sku, 1))[0]
	for range 3 {
		busy(t, e, sku)
		retain(t, e)
		replayed(t, ask(t, e, numbered(sku, 1))[0], first)
	}
	if floor := e.Feed().Oldest(); floor == 0 || floor >= first.sequence {
		t.Errorf("the feed begins after %d, the key is of %d", floor, first.sequence)
	}
	closeEngine(t, e)
	e = openOn(t, d, o)
	replayed(t, ask(t, e, numbered(sku, 1))[0], first)
	clock.set(clock.now.Load() + time.Hour.Milliseconds() + time.Minute.Milliseconds())
	busy(t, e, sku)
	eventually(t, "the key is forgotten", func() bool { return e.Stats().Keys == 0 })
	busy(t, e, sku)
	retain(t, e)
	if floor := e.Feed().Oldest(); floor < first.sequence {
		t.Errorf("the feed begins after %d, the key was of %d", floor, first.sequence)
	}
	closeEngine(t, e)
}

// rot changes a byte of every value that was kept with a checkpoint.
func rot(t *testing.T, e *engine.Engine, at core.Sequence) {
	t.Helper()
	j := e.Journal()
	var values [][]byte
	err := j.Values(uint64(at), func(_ uint32, value []byte) error {
		values = append(values, bytes.Clone(value))
		return nil
	})
	if err == nil {
		err = j.DropValues(uint64(at))
	}
	if err != nil {
		t.Fatal(err)
	}
	w, err := j.BeginCheckpoint(uint64(at))
	if err != nil {
		t.Fatal(err)
	}
	for _, value := range values[:len(values)-1] {
		value[len(value)/2] ^= 1
		if _, err := w.Add(value); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(values[len(values)-1]); err != nil {
		t.Fatal(err)
	}
}

// TestRottenPagesStopCuts: pages are read back before anything is cut. While one of them is not what was written nothing
// goes, somebody is told, and the next checkpoints replace it from memory; then cuts go on, and a restart finds all whole.
func TestRottenPagesStopCuts(t *testing.T) {
	leavesNothing(t)
	for name, harm := range map[string]func(t *testing.T, e *engine.Engine, at core.Sequence, flip func()){
		"changed":    func(t *testing.T, e *engine.Engine, at core.Sequence, _ func()) { rot(t, e, at) },
		"missing":    func(t *testing.T, e *engine.Engine, at core.Sequence, _ func()) { dropValues(t, e, at) },
		"unreadable": func(_ *testing.T, _ *engine.Engine, _ core.Sequence, flip func()) { flip() },
	} {
		for _, verified := range []bool{false, true} { // and long ago
			t.Run(fmt.Sprintf("%s/verified=%t", name, verified), func(t *testing.T) {
				o, clock := tiny()
				o.JournalHistory, o.FeedHistory = 1, 1
				var w watched
				o.Hooks = w.hooks()
				d := newDisk()
				e := openOn(t, d, o)
				skus := stock(t, e, 3000, core.MaxOnHand)
				done(t, e, numbered(skus[1], 1))
				at := checkpoint(t, e).Sequence // most of the state is only here
				table := d.largestTable(t)
				if verified {
					for range 4 {
						busy(t, e, skus[0])
					}
					retain(t, e)
					clock.set(clock.now.Load() + 25*time.Hour.Milliseconds())
				}
				harm(t, e, at, func() { d.flip(t, table) })
				first := journalFirst(t, e)
				busy(t, e, skus[0])
				busy(t, e, skus[0])
				info := retain(t, e)
				if journalFirst(t, e) != first || e.Stats().PagesRotten == 0 {
					t.Errorf("%+v, and the journal begins with %d, before with %d: %+v", info, journalFirst(t, e), first, e.Stats())
				}
				if !slices.ContainsFunc(w.retentions(), func(i engine.RetentionInfo) bool { return i.Rotten > 0 }) {
					t.Errorf("nobody was told: %+v", w.retentions())
				}
				for range 3 {
					busy(t, e, skus[0])
					retain(t, e)
				}
				if journalFirst(t, e) == first || e.Stats().PagesRotten != 0 {
					t.Errorf("it does not heal: the journal begins with %d, %+v", journalFirst(t, e), e.Stats())
				}
				want, _, err := e.Digest()
				if err != nil {
					t.Fatal(err)
				}
				closeEngine(t, e)
				e = openOn(t, d, o)
				if got, _, err := e.Digest(); err != nil || got != want || len(w.recovery.Damaged) > 0 || w.recovery.Checkpoint == 0 {
					t.Errorf("the digest was %v and is %v: %v %+v", want, got, err, w.recovery)
				}
				closeEngine(t, e)
			})
		}
	}
}

func dropValues(t *testing.T, e *engine.Engine, at core.Sequence) {
	t.Helper()
	if err := e.Journal().DropValues(uint64(at)); err != nil {
		t.Fatal(err)
	}
}

// largestTable is the name of the largest table on the disk.
func (d *disk) largestTable(t *testing.T) (largest string) {
	t.Helper()
	names, err := d.memory.List("data")
	if err != nil {
		t.Fatal(err)
	}
	size := int64(0)
	for _, name := range names {
		if info, err := d.memory.Stat("data/" + name); err == nil && strings.HasSuffix(name, ".sst") && info.Size() > size {
			largest, size = "data/"+name, info.Size()
		}
	}
	return largest
}

// flip changes bytes of a file all over its first half.
func (d *disk) flip(t *testing.T, name string) {
	t.Helper()
	f, err := d.memory.OpenReadWrite(name, "")
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(100); at < info.Size()/2; at += 1 << 10 {
		if _, err := f.WriteAt([]byte{0xee, 0xee}, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestRetentionOptionsAreValidated names each option that is wrong.
func TestRetentionOptionsAreValidated(t *testing.T) {
	o := engine.Options{
		Dir: "x", JournalHistory: -1, FeedHistory: -1, ReaderMaxLag: -1, KeysMax: -1,
		JournalAge: -1, ReaderMaxAge: 1, KeysWindow: 2 * time.Hour, FeedAge: time.Hour,
	}
	err := o.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"JournalHistory", "FeedHistory", "ReaderMaxLag", "KeysMax", "JournalAge", "ReaderMaxAge", "FeedAge"} {
		if !strings.Contains(err.Error(), "option "+field+":") {
			t.Errorf("nothing is said of %s: %v", field, err)
		}
	}
	if o = (engine.Options{Dir: "x", KeysWindow: time.Hour, FeedAge: time.Hour}); o.Validate() != nil {
		t.Error(o.Validate())
	}
}

// TestCutsAreFew: nothing is cut for a little, since every cut rewrites the list of tables.
func TestCutsAreFew(t *testing.T) {
	leavesNothing(t)
	o, _ := tiny()
	o.JournalHistory = 4 << 20
	e := openOn(t, newDisk(), o)
	sku := stock(t, e, 1, core.MaxOnHand)[0]
	for range 6 {
		busy(t, e, sku)
	}
	retain(t, e)
	before := e.Stats().JournalCuts
	c := order("ann", sku, 1)
	c.Document = bytes.Repeat([]byte("x"), 2<<10)
	const steps = 32 // of an eighth of a megabyte
	for range steps {
		done(t, e, repeat(c, 64)...)
		checkpoint(t, e)
		retain(t, e)
	}
	if cuts := e.Stats().JournalCuts - before; cuts < 4 || cuts > steps/3 {
		t.Errorf("%d cuts", cuts)
	}
	closeEngine(t, e)
}
