package engine_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// pair is a primary, and a replica that is fed by hand.
type pair struct {
	tb      testing.TB
	clock   scriptedClock
	disk    *disk
	primary *engine.Engine
	replica *engine.Engine
	o       engine.Options
}

func openPair(tb testing.TB) *pair {
	p := &pair{tb: tb, disk: newDisk()}
	p.clock.set(1_700_000_000_000)
	p.o = engine.Options{CheckpointBytes: -1, CheckpointRate: -1, Clock: p.clock.read}
	p.primary = openPrimary(tb, newDisk(), p.o)
	p.openReplica()
	return p
}

func (p *pair) openReplica() {
	p.tb.Helper()
	o := p.o
	o.Follow, o.Journal.Identity = true, cell
	p.replica = openOn(p.tb, p.disk, o)
}

func (p *pair) close() {
	p.tb.Helper()
	closeEngine(p.tb, p.primary)
	closeEngine(p.tb, p.replica)
}

// groupsOf gives the released groups of an engine from a sequence on.
func groupsOf(tb testing.TB, e *engine.Engine, from core.Sequence) (groups [][]byte) {
	tb.Helper()
	err := e.ReadJournal(from, func(group []byte, _ core.Sequence) bool {
		groups = append(groups, bytes.Clone(group))
		return true
	})
	if err != nil {
		tb.Fatal(err)
	}
	return groups
}

// apply hands groups to an engine, all at once.
func apply(e *engine.Engine, groups ...[]byte) error {
	check, batch := e.CheckGroups(), engine.NewGroupBatch()
	for _, g := range groups {
		if _, err := check.Add(batch, g); err != nil {
			return err
		}
	}
	return e.Apply(batch)
}

// catchUp applies what the replica has not got yet.
func (p *pair) catchUp() {
	p.tb.Helper()
	if err := apply(p.replica, groupsOf(p.tb, p.primary, p.replica.Sequence()+1)...); err != nil {
		p.tb.Fatal(err)
	}
}

// resealed gives a group with another header or payload, and with the checksum that it should have.
func resealed(group []byte, change func(g *wal.Group)) []byte {
	g, err := wal.DecodeGroup(bytes.Clone(group))
	if err != nil {
		panic(err)
	}
	change(&g)
	return wal.AppendGroup(nil, &g)
}

// TestBadGroupsChangeNothing offers a replica every kind of group that it must not take, before and behind a good one.
func TestBadGroupsChangeNothing(t *testing.T) {
	leavesNothing(t)
	p := openPair(t)
	defer p.close()
	skus := stock(t, p.primary, 1, 100)
	p.catchUp()
	p.clock.set(p.clock.read() + 1000)
	done(t, p.primary, order("ann", skus[0], 1))
	done(t, p.primary, order("bob", skus[0], 1), order("cem", skus[0], 1))
	groups := groupsOf(t, p.primary, p.replica.Sequence()+1)
	good := groups[0]
	first := groupsOf(t, p.primary, 1)[0]
	for name, bad := range map[string]struct {
		group []byte
		says  string
	}{
		"cut off":             {good[:len(good)-1], "checksum"},
		"empty":               {nil, "cut off"},
		"a flipped bit":       {flipped(good, len(good)/2), "checksum"},
		"the next one":        {groups[1], "missing"},
		"an old one":          {first, "holds already"},
		"another history":     {resealed(good, func(g *wal.Group) { g.Previous[3] ^= 1 }), "another history"},
		"older":               {resealed(good, func(g *wal.Group) { g.Time -= 100_000 }), "older"},
		"a lower epoch":       {resealed(good, func(g *wal.Group) { g.Epoch = 0 }), "epoch"},
		"a newer format":      {newerFormat(good), "format"},
		"no commands":         {resealed(good, func(g *wal.Group) { g.Payload = []byte("sixteen bytes...") }), "no command"},
		"one command more":    {resealed(good, func(g *wal.Group) { g.Count++ }), "no command"},
		"one command less":    {resealed(groups[0], func(g *wal.Group) { g.Payload = append(bytes.Clone(g.Payload), g.Payload...) }), "more than its commands"},
		"sequence overflowed": {resealed(good, func(g *wal.Group) { g.First = 1<<64 - 1; g.Count = 2 }), "no sequence number"},
	} {
		before := observe(t, p.replica, nil)
		err := apply(p.replica, bad.group)
		if err == nil || !strings.Contains(err.Error(), bad.says) {
			t.Errorf("%s: %v", name, err)
		}
		sameOutcome(t, observe(t, p.replica, nil), before)
	}
	// What was verified against an earlier end is compared with the journal once more.
	check, stale := p.replica.CheckGroups(), engine.NewGroupBatch()
	if _, err := check.Add(stale, good); err != nil {
		t.Fatal(err)
	}
	p.catchUp()
	before := observe(t, p.replica, nil)
	if err := p.replica.Apply(stale); err == nil || !strings.Contains(err.Error(), "goes on with") {
		t.Errorf("a stale batch: %v", err)
	}
	sameOutcome(t, observe(t, p.replica, nil), before)
	// The very group before is passed over, wherever it comes.
	if err := apply(p.replica, groups[1], groups[1]); err != nil {
		t.Errorf("a doubled group: %v", err)
	}
	sameOutcome(t, observe(t, p.replica, nil), before)
	sameOutcome(t, observe(t, p.primary, nil), before)
}

func flipped(group []byte, at int) []byte {
	group = bytes.Clone(group)
	group[at] ^= 4
	return group
}

func newerFormat(group []byte) []byte {
	group = bytes.Clone(group)
	group[0]++
	body := len(group) - 4
	binary.LittleEndian.PutUint32(group[body:], crc32.Checksum(group[:body], crc32.MakeTable(crc32.Castagnoli)))
	return group
}

// TestReplicaActsNotByItself: a replica takes no commands, and lets no hold expire before its primary does.
func TestReplicaActsNotByItself(t *testing.T) {
	leavesNothing(t)
	p := openPair(t)
	defer p.close()
	skus := stock(t, p.primary, 1, 2)
	held := done(t, p.primary, hold("ann", skus[0], 2, 60_000))[0]
	p.catchUp()
	if _, err := tryAsk(p.replica, order("bob", skus[0], 1)); !errors.Is(err, engine.ErrNotPrimary) {
		t.Errorf("an order: %v", err)
	}
	p.clock.set(p.clock.read() + 120_000)
	if o := readOrder(t, p.replica, held.order); o.Status != core.StatusHeld || len(expiries(t, p.replica)) > 0 {
		t.Errorf("the replica has let time pass: %+v", o)
	}
	readOrder(t, p.primary, held.order) // which lets the primary look at the clock
	p.catchUp()
	if o := readOrder(t, p.replica, held.order); o.Status != core.StatusExpired || len(expiries(t, p.replica)) != 1 {
		t.Errorf("the replica has missed that time passes: %+v", o)
	}
	if err := apply(p.primary, groupsOf(t, p.replica, 1)...); err == nil {
		t.Error("a primary has taken groups")
	}
	if err := p.primary.Apply(batchOf(t, p)); !errors.Is(err, engine.ErrPrimary) {
		t.Errorf("a primary offered groups: %v", err)
	}
	if _, _, err := p.primary.Promote(); !errors.Is(err, engine.ErrPrimary) {
		t.Errorf("a primary promoted: %v", err)
	}
}

// batchOf makes a batch that would fit an empty journal.
func batchOf(tb testing.TB, p *pair) *engine.GroupBatch {
	tb.Helper()
	o := p.o
	o.Follow, o.Journal.Identity = true, cell
	empty := openOn(tb, newDisk(), o)
	defer closeEngine(tb, empty)
	check, b := empty.CheckGroups(), engine.NewGroupBatch()
	if _, err := check.Add(b, groupsOf(tb, p.replica, 1)[0]); err != nil {
		tb.Fatal(err)
	}
	return b
}

// TestPromotionLasts: the power is cut right after a promotion, before and after the first group. It takes commands, under the
// higher epoch, at times that do not go back though its clock does; holds expire again; keys answer as before; groups of
// the old primary are refused.
func TestPromotionLasts(t *testing.T) {
	leavesNothing(t)
	p := openPair(t)
	skus := stock(t, p.primary, 1, 10)
	held := done(t, p.primary, hold("ann", skus[0], 2, 60_000))[0]
	keyed := withKey(order("bob", skus[0], 1), 7)
	first := done(t, p.primary, keyed)[0]
	p.catchUp()
	at := p.clock.read()
	p.clock.set(at - 50_000)
	epoch, last, err := p.replica.Promote()
	if err != nil || epoch != 2 || last != p.primary.Sequence() {
		t.Fatalf("promoted: %d %d %v", epoch, last, err)
	}
	p.cutPower(1)
	if p.replica.Following() || p.replica.Epoch() != 2 {
		t.Fatalf("after a power cut: following %v, epoch %d", p.replica.Following(), p.replica.Epoch())
	}
	if _, _, err := p.replica.Promote(); !errors.Is(err, engine.ErrPrimary) {
		t.Errorf("promoted twice: %v", err)
	}
	replayed(t, ask(t, p.replica, keyed)[0], first)
	done(t, p.replica, order("cem", skus[0], 1))
	p.cutPower(2)
	groups := groupsOf(t, p.replica, last+1)
	g, err := wal.DecodeGroup(groups[0])
	if err != nil || g.Epoch != 2 || g.Time < at {
		t.Errorf("the first group of the new primary has epoch %d and time %d, the last of the old one %d: %v", g.Epoch, g.Time, at, err)
	}
	p.clock.set(at + 60_000)
	if o := readOrder(t, p.replica, held.order); o.Status != core.StatusExpired {
		t.Errorf("the hold does not expire: %+v", o)
	}
	done(t, p.primary, order("dee", skus[0], 1))
	if err := apply(p.replica, groupsOf(t, p.primary, last+1)...); err == nil {
		t.Error("the new primary takes groups of the old one")
	}
	p.close()
}

// cutPower starts the replica again as a power cut leaves it.
func (p *pair) cutPower(seed uint64) {
	p.tb.Helper()
	image := p.disk.powerCut(0, seed)
	closeEngine(p.tb, p.replica)
	o := p.o
	p.disk = image
	p.replica = openOn(p.tb, image, o)
}

// TestOldEpochIsRefused: a replica that has heard of a promotion takes no groups any more that the old primary makes behind
// it, also after a power cut, but those from before; and who holds such groups is told that it has another history.
func TestOldEpochIsRefused(t *testing.T) {
	leavesNothing(t)
	p := openPair(t)
	defer p.close()
	skus := stock(t, p.primary, 1, 10)
	promotedAt := p.primary.Sequence()
	done(t, p.primary, order("ann", skus[0], 1))
	groups := groupsOf(t, p.primary, 1)
	if err := p.replica.RaiseEpoch(2, promotedAt); err != nil {
		t.Fatal(err)
	}
	p.cutPower(3)
	if !p.replica.Following() {
		t.Fatal("it is no replica any more")
	}
	if err := apply(p.replica, groups[:len(groups)-1]...); err != nil {
		t.Fatalf("groups from before the promotion: %v", err)
	}
	before := observe(t, p.replica, nil)
	if err := apply(p.replica, groups[len(groups)-1]); !errors.Is(err, wal.ErrOldEpoch) || !strings.Contains(err.Error(), "epoch 1") {
		t.Errorf("a group of the old epoch: %v", err)
	}
	sameOutcome(t, observe(t, p.replica, nil), before)
	if err := p.replica.RaiseEpoch(3, promotedAt-1); !errors.Is(err, engine.ErrOtherHistory) {
		t.Errorf("an epoch that began before our end: %v", err)
	}
	if got := p.replica.Epoch(); got != 2 {
		t.Errorf("the epoch is %d", got)
	}
}

// TestReplicaStopsWhenItDiffers changes the replica's state behind its journal: at the next checkpoint it finds out, names the
// page, follows no more and is not promoted.
func TestReplicaStopsWhenItDiffers(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 3} {
		source := &relay{}
		e := openPrimary(t, newDisk(), engine.Options{CheckpointBytes: -1})
		source.primary.Store(e)
		n := openReplica(t, newDisk(), source, engine.Options{CheckpointBytes: -1, Shards: shards})
		skus := stock(t, e, 3, 10)
		n.reaches(e)
		equal := checkpoint(t, e)
		eventually(t, "the digests are compared", func() bool { return n.follow.Status().Compared == equal.Sequence })
		if err := n.engine.Tamper(restock(skus[1], 1)); err != nil {
			t.Fatal(err)
		}
		done(t, e, order("ann", skus[0], 1))
		n.reaches(e)
		at := checkpoint(t, e)
		err := within(t, "the end of following", n.ended)
		var diverged *engine.DivergedError
		want := fmt.Sprintf("replica differs from its primary at checkpoint %d: slot %d, slab %d, page 0", at.Sequence, skus[1].Slot(), core.SlabSKUs)
		if !errors.As(err, &diverged) || err.Error() != want {
			t.Errorf("following ended with %v, want %s", err, want)
		}
		if _, _, err := n.follow.Promote(); !errors.As(err, &diverged) {
			t.Errorf("promoted: %v", err)
		}
		if s := n.follow.Status(); s.Diverged == nil || s.Connected || s.Compared != equal.Sequence {
			t.Errorf("%+v", s)
		}
		closeEngine(t, n.engine)
		closeEngine(t, e)
	}
}

// TestReplicaShowsOnlyWhatIsDurable holds back the syncs of the primary's disk, and then of the replica's: nothing of a group
// that a power cut could take from either is on the replica, and then all of it.
func TestReplicaShowsOnlyWhatIsDurable(t *testing.T) {
	leavesNothing(t)
	d, copied, source := newDisk(), newDisk(), &relay{}
	e := openPrimary(t, d, engine.Options{CheckpointBytes: -1})
	source.primary.Store(e)
	n := openReplica(t, copied, source, engine.Options{CheckpointBytes: -1})
	sku := stock(t, e, 1, 10)[0]
	n.reaches(e)
	before := n.engine.Sequence()
	sees := func() bool {
		return n.engine.Sequence() > before || n.engine.Feed().Last() > before || orderable(t, n.engine, sku) != 10
	}
	allow, release := d.hold()
	ordered := background(func() error { _, err := tryAsk(e, order("ann", sku, 1)); return err })
	within(t, "the primary's sync", d.waiting)
	time.Sleep(20 * time.Millisecond)
	if sees() {
		t.Error("the replica shows what its primary could lose")
	}
	allowToo, releaseToo := copied.hold()
	allow()
	if err := within(t, "the order", ordered); err != nil {
		t.Fatal(err)
	}
	within(t, "the replica's sync", copied.waiting)
	time.Sleep(20 * time.Millisecond)
	if sees() {
		t.Error("the replica shows what it could lose")
	}
	allowToo()
	n.reaches(e)
	if !sees() {
		t.Error("the replica does not show the order")
	}
	release()
	releaseToo()
	n.close()
	closeEngine(t, e)
}
