package simulation

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/wal"
)

// tryDamage damages a file of a copy of what the node started from, and starts another one on it. It has to be refused, or to be
// the same in everything. sealed says that the node was closed in good order; when it was not, the end of the newest log
// may be gone, as nobody can tell its loss from a torn write.
//
// Which files there are depends on how far Pebble came in the background, so this has dice of its own, and the run goes on
// in the same way whatever comes of it: in another bubble, since a journal that dies while it is opened leaves goroutines.
func (w *world) tryDamage(d *disk, sealed bool) {
	if !w.plan.damage || w.healed || w.chance(50) {
		return
	}
	dice := rand.New(rand.NewPCG(w.random.Uint64(), 0xda))
	o := w.options(d)
	w.cut()
	at := w.now()
	o.Clock = func() int64 { return 0 } // time stands still, so that the node adds no expiry of its own
	if names := damageable(d); len(names) > 0 {
		w.startOnDamage(o, d, names[dice.IntN(len(names))], sealed, dice)
	}
	w.offset += at - w.now()
	w.leaveBehind(w.left())
}

// startOnDamage damages a file and starts a node.
func (w *world) startOnDamage(o engine.Options, d *disk, name string, sealed bool, dice *rand.Rand) {
	cutOff := w.damage(d, name, dice)
	mayEnd := !sealed && name == newestLog(d)
	w.say("%s is damaged, sealed %v", name, sealed)
	var info engine.RecoveryInfo
	o.Hooks.Recovered = func(i engine.RecoveryInfo) { info = i }
	e, err := engine.Open(o)
	if err == nil {
		w.settle()
		err = w.sameAsEver(e, mayEnd, cutOff)
		closing := make(chan error, 1)
		go func() { closing <- e.Close() }()
		select {
		case closed := <-closing:
			err = errors.Join(err, closed)
		case <-w.broken:
		}
	}
	if len(info.Damaged) > 0 {
		w.stats.fallbacks++
	}
	switch {
	case w.isBroken(): // Pebble met the damage in the background
		w.stats.refused++
	case err != nil:
		w.mustBeDamage(err, name)
		w.stats.refused++
	default:
		w.stats.unharmed++
	}
}

func (w *world) mustBeDamage(err error, name string) {
	var damage *wal.DamageError
	if !errors.As(err, &damage) {
		w.fail("damage to %s is told as %v", name, err)
	}
}

// damageable lists the files of the journal, the checkpoints and the MANIFEST that hold something.
func damageable(d *disk) (names []string) {
	all, _ := d.List("data")
	for _, name := range all {
		if n, err := d.find("data/" + name); err == nil && len(n.data) > 0 && classOf(name) != classOther {
			names = append(names, name)
		}
	}
	return names
}

// A table from largeTable bytes on may have blocks of many kilobytes; tableEnd is behind them.
const (
	largeTable = 8 << 10
	tableEnd   = 768
)

// damage changes a file of a disk. cutOff says that the end of a log that was not closed may be gone without a trace.
func (w *world) damage(d *disk, name string, dice *rand.Rand) (cutOff bool) {
	n, err := d.find("data/" + name)
	w.must(err, "finding the file")
	at := dice.IntN(len(n.data))
	if classOf(name) == classTable && len(n.data) > largeTable {
		// Where Pebble finds a damaged block it tries out which bit might have flipped. That takes time with the square
		// of the block's size, seconds with a group of turnMemtable.
		at = len(n.data) - 1 - dice.IntN(tableEnd)
	}
	switch dice.IntN(4) {
	case 0:
		n.data, cutOff = n.data[:at], true
		w.stats.truncations++
	case 1:
		clear(n.data[at/sector*sector : min(at/sector*sector+sector, len(n.data))])
		cutOff = true // a sector may hold the last few groups, and what would tell of their loss
		w.stats.holes++
	default:
		n.data[at] ^= 1 << dice.IntN(8)
		w.stats.flips++
	}
	return cutOff
}

func newestLog(d *disk) (newest string) {
	names, _ := d.List("data")
	for _, name := range names {
		if strings.HasSuffix(name, ".log") && name > newest {
			newest = name
		}
	}
	return path.Base(newest)
}

// sameAsEver compares an engine on damaged data with the history. An error is one that the engine told; what is silently
// different ends the run.
func (w *world) sameAsEver(e *engine.Engine, mayEnd, cutOff bool) error {
	h := w.history
	// What the other node did when it started, to let holds expire, is in the history, but was not on the disk.
	at, last := e.Sequence(), *w.found
	switch {
	case at > last:
		w.fail("damage has made commands up to %d out of %d", at, last)
	case at < last && !mayEnd:
		w.fail("damage has taken the commands from %d to %d, and nobody says so", at+1, last)
	case at < last && !cutOff && at+1 < h.groupBegins(last):
		w.fail("damage has taken more than the last group, the commands from %d to %d, and nobody says so", at+1, last)
	case at < last:
		w.stats.shortened++
	}
	if err := h.sameJournal(e, at); err != nil {
		return err
	}
	if err := h.sameFeed(e, at); err != nil {
		return err
	}
	if at != h.last() {
		return nil
	}
	digest, _, err := e.Digest()
	if err != nil {
		return err
	}
	if want := h.machine.Digest(); digest != want {
		w.fail("damage has changed the state: %x instead of %x", digest, want)
	}
	return nil
}

// groupBegins is the first sequence of the group that ends with last, or of the one that holds it.
func (h *history) groupBegins(last core.Sequence) core.Sequence {
	for _, g := range slices.Backward(h.groups) {
		if g.first <= uint64(last) {
			return core.Sequence(g.first)
		}
	}
	return 0
}

// sameJournal compares a journal up to a sequence with the history.
func (h *history) sameJournal(e *engine.Engine, last core.Sequence) error {
	first, err := e.JournalFirst()
	if err != nil || first == 0 {
		return err
	}
	at := slices.IndexFunc(h.groups, func(g groupPlace) bool { return g.first == uint64(first) })
	return e.ReadJournal(first, func(group []byte, to core.Sequence) bool {
		if at < 0 || h.groups[at].last != uint64(to) || h.groups[at].hash != wal.HashGroup(group) {
			h.w.fail("the group that ends with %d is another one", to)
		}
		at++
		return true
	})
}

// sameFeed compares a feed up to a sequence with the history.
func (h *history) sameFeed(e *engine.Engine, last core.Sequence) error {
	reader := e.Feed().Read(0)
	for i := 0; ; i++ {
		event, header, _, err := reader.Next()
		if errors.Is(err, feed.ErrEnd) {
			if i < len(h.events) && h.events[i].sequence <= last {
				h.w.fail("the feed lacks an event of command %d", h.events[i].sequence)
			}
			return nil
		}
		if err != nil {
			return codecDamage(err)
		}
		if i >= len(h.events) || !bytes.Equal(h.events[i].bytes, event) {
			h.w.fail("event %d of the feed, of command %d, is another one", i, header.Sequence)
		}
	}
}

// codecDamage is for errors of the codec, which say that a stored value is not what was written: they count as told.
func codecDamage(err error) error {
	var malformed *codec.FormatError
	if errors.As(err, &malformed) {
		return &wal.DamageError{Reason: err.Error()}
	}
	return err
}
