package engine

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine/core"
	"holdfast/wal"
)

// TestCheckpointWaitsForKeys: a checkpoint is not finished before the handlers have bound the keys of all commands that it
// covers, and does not wait for those of later ones.
func TestCheckpointWaitsForKeys(t *testing.T) {
	e, err := Open(Options{Dir: t.TempDir(), CheckpointBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.EnsureChannel([]byte("a")); err != nil {
		t.Fatal(err)
	}
	covered, later := &Request{keys: []keyHandle{noKey}}, &Request{keys: []keyHandle{noKey}}
	e.checkpoints.count([]*Request{covered})
	finished := make(chan error, 1)
	go func() {
		_, err := e.Checkpoint()
		finished <- err
	}()
	side := func() uint8 {
		e.checkpoints.mu.Lock()
		defer e.checkpoints.mu.Unlock()
		if !e.checkpoints.all {
			return covered.side
		}
		return e.checkpoints.side
	}
	for deadline := time.Now().Add(10 * time.Second); side() == covered.side; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the sides were never changed")
		}
	}
	e.checkpoints.count([]*Request{later})
	select {
	case err := <-finished:
		t.Fatalf("finished while a key was not bound: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	e.checkpoints.settled(covered)
	select {
	case err := <-finished:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the checkpoint waits for a key of a later command")
	}
	e.checkpoints.settled(later)
}

// fillsUp is a disk that has room when it is looked at for the first time, and none for a checkpoint from then on.
type fillsUp struct {
	vfs.FS
	looks *atomic.Int64
}

func (d fillsUp) GetDiskUsage(string) (vfs.DiskUsage, error) {
	if d.looks.Add(1) == 1 {
		return vfs.DiskUsage{AvailBytes: 1 << 40}, nil
	}
	return vfs.DiskUsage{AvailBytes: 1 << 20}, nil
}

// TestGivenUpCheckpointWaitsForKeys: the next checkpoint waits for the keys of commands since this one, so those before must be bound
// when it is given up.
func TestGivenUpCheckpointWaitsForKeys(t *testing.T) {
	d := fillsUp{vfs.NewMem(), new(atomic.Int64)}
	e, err := Open(Options{Dir: "data", CheckpointBytes: -1, Journal: wal.Options{FS: d, MinFreeBytes: 1 << 20, BallastBytes: -1}})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	r := AcquireRequest()
	defer ReleaseRequest(r)
	r.Add(&core.Command{Kind: core.CommandDefineSKU, Name: []byte("a")}) // so that there is a page to write
	if err := e.Submit(r); err != nil {
		t.Fatal(err)
	}
	covered := &Request{keys: []keyHandle{noKey}}
	e.checkpoints.count([]*Request{covered})
	finished := make(chan error, 1)
	d.looks.Store(0)
	go func() {
		_, err := e.Checkpoint()
		finished <- err
	}()
	select {
	case err := <-finished:
		t.Fatalf("given up while a key was not bound: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	e.checkpoints.settled(covered)
	select {
	case err := <-finished:
		if !errors.Is(err, ErrDiskFull) {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the checkpoint does not end")
	}
}

// TestKeyPageThatChangesWhileItIsSaved binds a key while its page is being written: the next checkpoint has the page again.
func TestKeyPageThatChangesWhileItIsSaved(t *testing.T) {
	table := newKeyTable(heap, [2]uint64{1, 2})
	key := core.IdempotencyKey{1}
	handle, _, _ := table.claim(&key, 7)
	stripe := int(handle % keyStripes)
	scratch := make([]byte, keyPageBytes)
	for _, want := range []int{1, 1, 0} {
		saved := 0
		_, _, err := table.savePages(stripe, scratch, func(int, []byte) error {
			if saved++; want == 1 && handle != noKey {
				table.bind(handle, 5)
				handle = noKey
			}
			return nil
		})
		if err != nil || saved != want {
			t.Errorf("%d pages were saved, want %d: %v", saved, want, err)
		}
	}
}

// TestKeyUnderWayIsForgotten restores a table that was kept while a key's command was under way, which it is no more.
func TestKeyUnderWayIsForgotten(t *testing.T) {
	table := newKeyTable(heap, [2]uint64{1, 2})
	bound, claimed := core.IdempotencyKey{1}, core.IdempotencyKey{2}
	handle, _, _ := table.claim(&bound, 7)
	table.bind(handle, 5)
	table.claim(&claimed, 7)
	restored := newKeyTable(heap, table.seed)
	scratch := make([]byte, keyPageBytes)
	for stripe := range keyStripes {
		var saved [][]byte
		length, pages, err := table.savePages(stripe, scratch, func(_ int, page []byte) error {
			saved = append(saved, bytes.Clone(page))
			return nil
		})
		if err != nil || pages != len(saved) || !restored.restorePages(stripe, pages, length) {
			t.Fatalf("stripe %d with %d pages: %v", stripe, pages, err)
		}
		for page := range saved {
			restored.restorePage(stripe, page, saved[page])
		}
		restored.restoreIndex(stripe, 0, 100)
	}
	if state, sequence := restored.lookup(&bound, 7); state != claimBound || sequence != 5 {
		t.Errorf("the key that was bound: %d %d", state, sequence)
	}
	if state, _ := restored.lookup(&claimed, 7); state != claimNew {
		t.Errorf("the key that was under way: %d", state)
	}
}

// TestKeyUnderWayIsNotEvicted: whatever goes, a key whose command has no outcome yet stays, or it would be carried out twice.
func TestKeyUnderWayIsNotEvicted(t *testing.T) {
	table := newKeyTable(heap, [2]uint64{1, 2})
	bound, claimed := core.IdempotencyKey{1}, core.IdempotencyKey{2}
	handle, _, _ := table.claim(&bound, 7)
	table.bind(handle, 5)
	table.claim(&claimed, 7)
	if evicted := table.evict(9, 9); evicted != 1 {
		t.Errorf("%d keys went", evicted)
	}
	if state, _ := table.lookup(&bound, 7); state != claimNew {
		t.Errorf("the old key: %d", state)
	}
	if state, _ := table.lookup(&claimed, 7); state != claimInFlight {
		t.Errorf("the key that is under way: %d", state)
	}
}

// TestReaderComesWhileACutIsPlanned: a reader that is registered between the plan and the cut finds what it has asked for.
func TestReaderComesWhileACutIsPlanned(t *testing.T) {
	e, err := Open(Options{Dir: t.TempDir(), CheckpointBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		if _, err := e.EnsureChannel([]byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	p := &cutPlan{kept: wal.KeptGroups, at: e.Sequence()}
	if _, err := e.RegisterReader("late", ReaderOfJournal, 1); err != nil {
		t.Fatal(err)
	}
	var info RetentionInfo
	first, err := e.checkpoints.carryOut(p, e.journal.CutGroups, &info)
	if err != nil || first != 2 || len(info.Overrun) > 0 {
		t.Errorf("the journal begins with %d, and %v have been passed: %v", first, info.Overrun, err)
	}
}

// TestLookedUpTooEarlyIsSentBack: an order whose external id was looked up before the archive grew does not get its place in
// the journal, and others of its group do.
func TestLookedUpTooEarlyIsSentBack(t *testing.T) {
	e, err := Open(Options{Dir: t.TempDir(), CheckpointBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	request := func(externals bool, turn uint64) *Request {
		r := AcquireRequest()
		r.Add(&core.Command{Kind: core.CommandDefineChannel, Name: []byte("a")})
		r.count, r.externals, r.archiveTurn = 1, externals, turn
		return r
	}
	early, late, plain := request(true, 0), request(true, 1), request(false, 0)
	g := newGroup(1)
	for _, r := range []*Request{early, late, plain} {
		g.requests = append(g.requests, r)
		g.commands++
		g.bytes += len(r.frames)
	}
	e.archive.turns.Store(1)
	e.sendBack(g)
	if len(g.requests) != 2 || g.requests[0] != late || g.requests[1] != plain || g.commands != 2 || g.bytes != len(late.frames)+len(plain.frames) {
		t.Errorf("%d requests of %d commands and %d bytes are left", len(g.requests), g.commands, g.bytes)
	}
	if early.err != errLookUpAgain {
		t.Errorf("the early one: %v", early.err)
	}
}

// TestSentBackUntilItHasPassed: a request counts as sent back from the moment at which its external ids have to be looked up
// again until it has passed, and the second time it passes.
func TestSentBackUntilItHasPassed(t *testing.T) {
	released, goOn := make(chan struct{}), make(chan struct{})
	o := Options{Dir: t.TempDir(), CheckpointBytes: -1}
	o.Hooks.GroupReleased = func(GroupInfo) {
		released <- struct{}{}
		<-goOn
	}
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	submit := func(c core.Command) <-chan error {
		done := make(chan error, 1)
		go func() {
			r := AcquireRequest()
			defer ReleaseRequest(r)
			r.Add(&c)
			done <- e.Submit(r)
		}()
		return done
	}
	first := submit(core.Command{Kind: core.CommandDefineChannel, Name: []byte("a")})
	<-released // the sequencer stands here
	second := submit(core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), ExternalID: []byte("x"), Lines: []core.Line{{Quantity: 1}}})
	for deadline := time.Now().Add(10 * time.Second); e.queue.length() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the order does not come")
		}
	}
	e.archive.turns.Add(1) // as if the first group had archived something
	if n := e.archive.sentBack.Load(); n != 0 {
		t.Errorf("%d were sent back before", n)
	}
	goOn <- struct{}{}
	<-released // of the group with the order
	if n := e.archive.sentBack.Load(); n != 1 {
		t.Errorf("%d were sent back, want the order", n)
	}
	goOn <- struct{}{}
	if err := errors.Join(<-first, <-second); err != nil {
		t.Error(err)
	}
	if n := e.archive.sentBack.Load(); n != 0 {
		t.Errorf("%d are still to pass", n)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestKeyWhoseEventWasCut: between the look at a key and that at its event the key may be forgotten and the event cut off. Who
// is told that it is still under way asks again, and finds a new key.
func TestKeyWhoseEventWasCut(t *testing.T) {
	e, err := Open(Options{Dir: t.TempDir(), CheckpointBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	submit := func(c core.Command) Result {
		t.Helper()
		r := AcquireRequest()
		defer ReleaseRequest(r)
		r.Add(&c)
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
		return r.Results()[0]
	}
	define := func(name string) core.Command {
		return core.Command{Kind: core.CommandDefineSKU, Name: []byte(name), HasKey: true, Key: core.IdempotencyKey{name[0]}}
	}
	first := submit(define("a"))
	submit(define("b"))
	if got := submit(define("a")); got.Status != ResultReplayed {
		t.Fatalf("%+v", got)
	}
	if _, err := e.journal.CutFeed(uint64(first.Sequence) + 1); err != nil {
		t.Fatal(err)
	}
	if got := submit(define("a")); got.Status != ResultInProgress {
		t.Errorf("%+v", got)
	}
	if got := submit(define("b")); got.Status != ResultReplayed {
		t.Errorf("%+v", got)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestArchiveBufferIsGivenBack: what a large page took is not kept for the groups to come.
func TestArchiveBufferIsGivenBack(t *testing.T) {
	for size, kept := range map[int]bool{archiveKept: true, archiveKept + 1: false} {
		o := shardOutput{archive: make([]byte, 10, size), archiving: time.Second}
		o.reset()
		if len(o.archive) != 0 || o.archiving != 0 || (cap(o.archive) > 0) != kept {
			t.Errorf("of %d bytes %d are kept", size, cap(o.archive))
		}
	}
}
