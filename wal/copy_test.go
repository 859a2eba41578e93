package wal

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// values gives the groups of a journal as they are stored.
func values(t testing.TB, j *Journal) (all [][]byte) {
	t.Helper()
	err := j.Replay(0, func(g Group) error {
		all = append(all, AppendGroup(nil, &g))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// copyOf verifies groups and makes a copy of them, with a document for each as in a load.
func copyOf(t testing.TB, j *Journal, from *Journal, groups [][]byte) *Copy {
	t.Helper()
	c := &Copy{}
	f := NewFollower(j.Head())
	for _, value := range groups {
		g, repeated, err := f.Next(value)
		if err != nil || repeated {
			t.Fatal(repeated, err)
		}
		c.Add(f, g, value)
		if doc, err := from.Document(g.First); err == nil {
			c.AddDocument(g.First, doc)
		}
	}
	return c
}

// writeCopy writes a copy and waits for it.
func writeCopy(j *Journal, c *Copy) error {
	p, err := j.BeginCopy(c)
	if err != nil {
		return err
	}
	if err := p.Commit(); err != nil {
		return err
	}
	if err := p.Wait(); err != nil {
		return err
	}
	p.Release()
	return nil
}

// TestCopyIsByteForByte copies a journal in pieces of random size, cuts the power after each, and compares what is there: groups,
// documents, head, and that groups of its own go on behind.
func TestCopyIsByteForByte(t *testing.T) {
	leavesNothing(t)
	origin := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	l := newLoad(origin, 3)
	l.feed, l.maximum = false, 20<<10
	if err := l.groups(60); err != nil {
		t.Fatal(err)
	}
	if err := l.drain(len(l.flight)); err != nil {
		t.Fatal(err)
	}
	want := values(t, origin)
	random := rand.New(rand.NewPCG(4, 4))
	fs := vfs.NewCrashableMem()
	for left := want; len(left) > 0; {
		j := mustOpen(t, small, "data", Options{FS: fs})
		if len(left) < len(want) && j.Role() != RoleReplica {
			t.Fatal("the directory is no replica's any more")
		}
		n := min(1+random.IntN(9), len(left))
		if err := writeCopy(j, copyOf(t, j, origin, left[:n])); err != nil {
			t.Fatal(err)
		}
		left = left[n:]
		image := fs.CrashClone(vfs.CrashCloneCfg{})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		fs = image
	}
	j := mustOpen(t, small, "data", Options{FS: fs})
	got := values(t, j)
	if len(got) != len(want) {
		t.Fatalf("%d groups of %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("group %d is not what it was", i)
		}
	}
	for sequence := range origin.Last() {
		a, errA := origin.Document(sequence + 1)
		b, errB := j.Document(sequence + 1)
		if !bytes.Equal(a, b) || !errors.Is(errB, errA) {
			t.Errorf("the document of %d is %q %v, and was %q %v", sequence+1, b, errB, a, errA)
		}
	}
	if a, b := origin.Head(), j.Head(); a != b {
		t.Errorf("the head is %+v, and was %+v", b, a)
	}
	if err := j.Assume(RolePrimary, 2, j.Last()); err != nil {
		t.Fatal(err)
	}
	own := newLoad(j, 5)
	own.feed = false
	if err := errors.Join(own.groups(3), own.drain(len(own.flight)), j.Close(), origin.Close()); err != nil {
		t.Fatal(err)
	}
	if err := checkContentOfFS(fs); err != nil {
		t.Error(err)
	}
}

func checkContentOfFS(fs vfs.FS) error {
	j, err := small.open("data", Options{FS: fs})
	if err != nil {
		return err
	}
	return errors.Join(checkContent(j), j.Close())
}

// TestRoleAndEpochLast: what was assumed is there after a power cut, before any group carries it, and groups carry it then.
func TestRoleAndEpochLast(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewCrashableMem()
	j := mustOpen(t, small, "data", Options{FS: fs})
	if j.Role() != RolePrimary || j.Epoch() != 1 {
		t.Errorf("a new directory is a %v of epoch %d", j.Role(), j.Epoch())
	}
	l := newLoad(j, 1)
	if err := errors.Join(l.groups(3), l.drain(len(l.flight))); err != nil {
		t.Fatal(err)
	}
	last := j.Last()
	for _, step := range []struct {
		role  Role
		epoch uint64
	}{{RoleReplica, 1}, {RolePrimary, 2}, {RoleReplica, 7}, {RolePrimary, 8}} {
		if err := j.Assume(step.role, step.epoch, last); err != nil {
			t.Fatal(err)
		}
		image := fs.CrashClone(vfs.CrashCloneCfg{})
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		fs = image
		j = mustOpen(t, small, "data", Options{FS: fs})
		if h := j.Head(); j.Role() != step.role || h.Epoch != step.epoch || h.GroupEpoch != 1 || h.Last != last || step.epoch > 1 && h.EpochAfter != last {
			t.Errorf("after a power cut: %v, %+v, want %+v", j.Role(), h, step)
		}
	}
	l = newLoad(j, 2)
	if err := errors.Join(l.groups(1), l.drain(len(l.flight))); err != nil {
		t.Fatal(err)
	}
	if h := j.Head(); h.GroupEpoch != 8 {
		t.Errorf("%+v", h)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestCopyIsRefused: what does not belong behind the journal's end changes nothing, its role included.
func TestCopyIsRefused(t *testing.T) {
	leavesNothing(t)
	origin := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	defer origin.Close()
	other := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	defer other.Close()
	for seed, j := range []*Journal{origin, other} {
		l := newLoad(j, uint64(seed))
		l.feed = false
		if err := errors.Join(l.groups(4), l.drain(len(l.flight))); err != nil {
			t.Fatal(err)
		}
	}
	j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
	defer j.Close()
	groups := values(t, origin)
	stale := copyOf(t, j, origin, groups[:1])
	for _, c := range []struct {
		name string
		copy *Copy
		is   error
	}{
		{"another history", copyOf(t, other, origin, nil), ErrOtherHistory},
	} {
		first, err := DecodeGroup(groups[len(groups)-1])
		if err != nil {
			t.Fatal(err)
		}
		first.First, first.Time = other.Last()+1, other.LastTime()
		f := NewFollower(other.Head())
		if _, _, err := f.Next(AppendGroup(nil, &first)); !errors.Is(err, c.is) {
			t.Errorf("%s: %v", c.name, err)
		}
		c.copy.Add(f, first, AppendGroup(nil, &first))
		before := other.Head()
		if _, err := other.BeginCopy(c.copy); !errors.Is(err, c.is) || other.Head() != before || other.Role() != RolePrimary {
			t.Errorf("%s: %v, %+v", c.name, err, other.Head())
		}
	}
	if err := writeCopy(j, stale); err != nil {
		t.Fatal(err)
	}
	if _, err := j.BeginCopy(stale); err == nil {
		t.Error("a group was taken twice")
	}
	if err := j.Assume(RoleReplica, 5, j.Last()); err != nil {
		t.Fatal(err)
	}
	before := j.Head()
	if _, err := j.BeginCopy(copyOf(t, j, origin, groups[1:])); !errors.Is(err, ErrOldEpoch) || j.Head() != before {
		t.Errorf("groups of an old epoch: %v", err)
	}
}

func TestRoleGolden(t *testing.T) {
	s := standing{role: RoleReplica, epoch: 3, after: 0x0102030405060708}
	golden := readHex(t, "role.hex")
	if got := s.encode(); !bytes.Equal(got, golden) {
		t.Errorf("the encoding of the role has changed:\n%s", hex.Dump(got))
	}
	if got, err := decodeStanding(golden); err != nil || got != s {
		t.Errorf("decoded %+v, %v", got, err)
	}
	for _, at := range []int{0, 1, 9, 27} {
		bad := bytes.Clone(golden)
		bad[at] ^= 2
		if _, err := decodeStanding(bad); err == nil {
			t.Errorf("byte %d may be anything", at)
		}
	}
	if _, err := decodeStanding(golden[:27]); err == nil {
		t.Error("it may be cut off")
	}
}
