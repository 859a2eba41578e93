package waltest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"

	"holdfast/wal"
)

// Journal is what the suite needs of a journal.
type Journal interface {
	Begin(first uint64, count uint32, time int64, payload int) (Pending, error)
	Last() uint64
	Durable() uint64
	LastTime() int64
	Epoch() uint64
	Identity() wal.Identity
	First() (uint64, error)
	Replay(from uint64, fn func(wal.Group) error) error
	Document(seq uint64) ([]byte, error)
	Close() error
}

// Pending is a group between Begin and Release.
type Pending interface {
	Payload() []byte
	AddDocument(seq uint64, doc []byte)
	Commit() error
	Wait() error
	Release()
}

// Open opens the journal that lies in dir, or makes it.
type Open func(t *testing.T, dir string) Journal

// Run runs the suite.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		test func(t *testing.T, s *session)
	}{
		{"a new journal is empty", testEmpty},
		{"what is written is read", testRoundTrip},
		{"it goes on after a restart", testRestart},
		{"replay begins anywhere", testReplayFrom},
		{"replay ends with the caller's error", testReplayError},
		{"groups form a chain", testChain},
		{"several groups are in flight", testInFlight},
		{"the latest group may be waited for first", testWaitReversed},
		{"buffers are used again", testReuse},
		{"sizes", testSizes},
		{"documents ride along", testDocuments},
		{"readers see what is durable, while it grows", testConcurrentReplay},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := &session{t: t, open: open, dir: t.TempDir()}
			s.start()
			test.test(t, s)
			s.stop()
		})
	}
}

// session is one directory and the journal open on it.
type session struct {
	t    *testing.T
	open Open
	dir  string
	j    Journal
}

func (s *session) start() { s.j = s.open(s.t, s.dir) }

func (s *session) stop() {
	s.t.Helper()
	s.no(s.j.Close())
}

func (s *session) restart() {
	s.t.Helper()
	s.stop()
	s.start()
}

func (s *session) no(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// payload is what the suite writes into the group that begins with first.
func payload(first uint64, length int) []byte {
	return bytes.Repeat(fmt.Appendf(nil, "<%d>", first), length)[:length]
}

// begin opens the next group with a payload of a length, filled.
func (s *session) begin(count uint32, length int) Pending {
	s.t.Helper()
	first := s.next()
	p, err := s.j.Begin(first, count, int64(first)*10, length)
	s.no(err)
	if len(p.Payload()) != length {
		s.t.Fatalf("asked for %d bytes, got %d", length, len(p.Payload()))
	}
	copy(p.Payload(), payload(first, length))
	return p
}

// next is the sequence that the next group begins with, when all groups begun are committed.
func (s *session) next() uint64 { return s.j.Last() + 1 }

// write writes a group and waits for it.
func (s *session) write(count uint32, length int) {
	s.t.Helper()
	p := s.begin(count, length)
	s.no(p.Commit())
	s.no(p.Wait())
	p.Release()
}

// replay gives the groups from a sequence on; the payloads are copies.
func (s *session) replay(from uint64) (groups []wal.Group) {
	s.t.Helper()
	s.no(s.j.Replay(from, func(g wal.Group) error {
		g.Payload = bytes.Clone(g.Payload)
		groups = append(groups, g)
		return nil
	}))
	return groups
}

// check compares the firsts of groups, and each content.
func (s *session) check(groups []wal.Group, firsts ...uint64) {
	s.t.Helper()
	if len(groups) != len(firsts) {
		s.t.Fatalf("got %d groups, want %d", len(groups), len(firsts))
	}
	for i, g := range groups {
		if g.First != firsts[i] || g.Time != int64(g.First)*10 || !bytes.Equal(g.Payload, payload(g.First, len(g.Payload))) {
			s.t.Errorf("group %d begins with %d and has time %d, want %d; or its payload is wrong", i, g.First, g.Time, firsts[i])
		}
	}
}

func testEmpty(t *testing.T, s *session) {
	first, err := s.j.First()
	s.no(err)
	if first != 0 || s.j.Last() != 0 || s.j.Durable() != 0 || s.j.LastTime() != 0 {
		t.Errorf("first %d, last %d, durable %d, time %d", first, s.j.Last(), s.j.Durable(), s.j.LastTime())
	}
	s.check(s.replay(0))
	if _, err := s.j.Document(1); !errors.Is(err, wal.ErrNotFound) {
		t.Errorf("document: %v", err)
	}
}

func testRoundTrip(t *testing.T, s *session) {
	s.write(1, 10)
	s.write(5, 1000)
	s.write(2, 0)
	s.check(s.replay(1), 1, 2, 7)
	first, err := s.j.First()
	s.no(err)
	if first != 1 || s.j.Last() != 8 || s.j.Durable() != 8 || s.j.LastTime() != 70 {
		t.Errorf("first %d, last %d, durable %d, time %d", first, s.j.Last(), s.j.Durable(), s.j.LastTime())
	}
}

func testRestart(t *testing.T, s *session) {
	id, epoch := s.j.Identity(), s.j.Epoch()
	if id.OrderKey == ([16]byte{}) || id.Instance == ([16]byte{}) {
		t.Error("the identity is zero")
	}
	var firsts []uint64
	for range 3 {
		for range 4 {
			firsts = append(firsts, s.next())
			s.write(3, 100)
		}
		last, time := s.j.Last(), s.j.LastTime()
		s.restart()
		if s.j.Last() != last || s.j.Durable() != last || s.j.LastTime() != time || s.j.Epoch() != epoch || s.j.Identity() != id {
			t.Errorf("after the restart: last %d, durable %d, time %d, epoch %d", s.j.Last(), s.j.Durable(), s.j.LastTime(), s.j.Epoch())
		}
		s.check(s.replay(1), firsts...)
	}
}

func testReplayFrom(t *testing.T, s *session) {
	for range 3 {
		s.write(10, 50)
	}
	for from, firsts := range map[uint64][]uint64{
		0: {1, 11, 21}, 1: {1, 11, 21}, 10: {1, 11, 21}, 11: {11, 21}, 15: {11, 21}, 20: {11, 21}, 21: {21}, 30: {21}, 31: {}, 99: {},
	} {
		s.check(s.replay(from), firsts...)
	}
}

func testReplayError(t *testing.T, s *session) {
	s.write(1, 10)
	s.write(1, 10)
	stop, calls := errors.New("stop"), 0
	err := s.j.Replay(1, func(wal.Group) error { calls++; return stop })
	if !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func testChain(t *testing.T, s *session) {
	for i := range 5 {
		s.write(2, i*100)
	}
	var previous wal.Hash
	for _, g := range s.replay(1) {
		if g.Previous != previous {
			t.Errorf("group %d does not follow from the one before", g.First)
		}
		previous = wal.HashGroup(wal.AppendGroup(nil, &g))
	}
}

func testInFlight(t *testing.T, s *session) {
	a := s.begin(2, 100)
	s.no(a.Commit())
	b := s.begin(3, 200)
	s.no(b.Commit())
	if s.j.Last() != 5 {
		t.Errorf("last is %d with two groups committed", s.j.Last())
	}
	s.no(a.Wait())
	if d := s.j.Durable(); d < 2 {
		t.Errorf("durable up to %d after the first was", d)
	}
	if !bytes.Equal(a.Payload(), payload(1, 100)) || !bytes.Equal(b.Payload(), payload(3, 200)) {
		t.Error("a payload cannot be read before the release")
	}
	a.Release()
	s.no(b.Wait())
	b.Release()
	s.check(s.replay(1), 1, 3)
}

func testWaitReversed(t *testing.T, s *session) {
	a := s.begin(1, 10)
	s.no(a.Commit())
	b := s.begin(1, 10)
	s.no(b.Commit())
	s.no(b.Wait())
	if s.j.Durable() != 2 {
		t.Errorf("durable up to %d", s.j.Durable())
	}
	s.check(s.replay(1), 1, 2)
	s.no(a.Wait())
	if s.j.Durable() != 2 {
		t.Errorf("durable up to %d", s.j.Durable())
	}
	a.Release()
	b.Release()
}

func testReuse(_ *testing.T, s *session) {
	var firsts []uint64
	for i := range 50 {
		firsts = append(firsts, s.next())
		s.write(1, (i%7)*1000)
	}
	s.check(s.replay(1), firsts...)
	s.restart()
	s.check(s.replay(1), firsts...)
}

func testSizes(_ *testing.T, s *session) {
	var firsts []uint64
	for _, length := range []int{0, 1, 32<<10 - 100, 32 << 10, 1 << 20, 3 << 19, 4 << 20, 1} {
		firsts = append(firsts, s.next())
		s.write(1, length)
	}
	s.restart()
	s.check(s.replay(1), firsts...)
}

func testDocuments(t *testing.T, s *session) {
	large := bytes.Repeat([]byte("large "), 1<<18)
	p := s.begin(4, 1000)
	p.AddDocument(2, []byte("small"))
	p.AddDocument(3, large)
	p.AddDocument(4, nil)
	s.no(p.Commit())
	s.no(p.Wait())
	p.Release()
	s.restart()
	s.check(s.replay(1), 1)
	for seq, want := range map[uint64][]byte{2: []byte("small"), 3: large, 4: {}} {
		if doc, err := s.j.Document(seq); err != nil || !bytes.Equal(doc, want) {
			t.Errorf("document %d has %d bytes, %v", seq, len(doc), err)
		}
	}
	if _, err := s.j.Document(1); !errors.Is(err, wal.ErrNotFound) {
		t.Errorf("document of a command without one: %v", err)
	}
}

func testConcurrentReplay(t *testing.T, s *session) {
	const groups = 60
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() { readUntil(t, s.j, done) })
	}
	for range groups {
		s.write(2, 500)
	}
	close(done)
	readers.Wait()
}

// readUntil replays again and again: everything that was durable before is there, in order.
func readUntil(t *testing.T, j Journal, done <-chan struct{}) {
	for {
		last, durable := uint64(0), j.Durable()
		err := j.Replay(1, func(g wal.Group) error {
			if g.First != last+1 {
				return fmt.Errorf("group %d follows %d", g.First, last)
			}
			last = g.Last()
			return nil
		})
		if err != nil || last < durable {
			t.Errorf("%d was durable, replay came to %d: %v", durable, last, err)
			return
		}
		select {
		case <-done:
			return
		default:
		}
	}
}
