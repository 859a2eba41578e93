package wal

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// take verifies groups of another journal and writes them by one sync.
func take(j *Journal, f *Follower, values ...[]byte) error {
	c := &Copy{}
	for _, value := range values {
		g, repeated, err := f.Next(value)
		if err != nil {
			return err
		}
		if !repeated {
			c.Add(f, g, value)
		}
	}
	p, err := j.BeginCopy(c)
	if err != nil {
		return err
	}
	if err := errors.Join(p.Commit(), p.Wait()); err != nil {
		return err
	}
	p.Release()
	return nil
}

// TestCopyIsVerified offers groups to a replica's journal that do not belong behind what it holds. It is asked twice: by who
// verifies what comes in, and when a copy begins, whatever was verified before. Nothing changes, and the right group is
// taken afterwards.
func TestCopyIsVerified(t *testing.T) {
	leavesNothing(t)
	one := testGroup(1, 3, 10, 2, Hash{})
	next := testGroup(4, 2, 11, 2, HashGroup(one))
	changed := testGroup(4, 2, 11, 2, HashGroup(one))
	changed[len(changed)-10] ^= 1
	for name, test := range map[string]struct {
		value []byte
		cause error // of both
	}{
		"changed":          {changed, nil},
		"gap":              {testGroup(5, 2, 11, 2, HashGroup(one)), nil},
		"overlap":          {testGroup(3, 2, 11, 2, HashGroup(one)), nil},
		"another history":  {testGroup(4, 2, 11, 2, Hash{1}), ErrOtherHistory},
		"older":            {testGroup(4, 2, 9, 2, HashGroup(one)), nil},
		"old epoch":        {testGroup(4, 2, 11, 1, HashGroup(one)), nil},
		"epoch that ended": {next, ErrOldEpoch},
	} {
		t.Run(name, func(t *testing.T) {
			j := mustOpen(t, small, "data", Options{FS: vfs.NewMem()})
			if err := take(j, NewFollower(j.Head()), one, one); err != nil || j.Role() != RoleReplica || j.Durable() != 3 {
				t.Fatalf("the first group: %v", err)
			}
			good := next
			if name == "epoch that ended" {
				if err := j.Assume(RoleReplica, 3, 3); err != nil {
					t.Fatal(err)
				}
				good = testGroup(4, 2, 11, 3, HashGroup(one))
			} else if _, _, err := NewFollower(j.Head()).Next(test.value); err == nil || !errors.Is(err, test.cause) && test.cause != nil {
				t.Errorf("who verifies it says: %v", err)
			}
			if g, err := DecodeGroup(test.value); err == nil {
				before := Group{First: g.First - 1, Count: 1, Time: g.Time, Epoch: g.Epoch}
				credulous := &Follower{verifier{prior: before, hash: g.Previous}}
				if err := take(j, credulous, test.value); err == nil || !errors.Is(err, test.cause) && test.cause != nil {
					t.Errorf("the journal says: %v", err)
				}
			}
			if j.Last() != 3 || j.Head().Chain != HashGroup(one) {
				t.Errorf("the journal ends with %d", j.Last())
			}
			if err := take(j, NewFollower(j.Head()), good); err != nil || j.Durable() != 5 {
				t.Errorf("the right group: %v", err)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestRoleSurvivesPowerCut: who was promoted, or has heard of a higher epoch, knows it after a power cut.
func TestRoleSurvivesPowerCut(t *testing.T) {
	leavesNothing(t)
	disk := vfs.NewCrashableMem()
	j := mustOpen(t, small, "data", Options{FS: disk})
	if err := newLoad(j, 1).groups(3); err != nil {
		t.Fatal(err)
	}
	for i, role := range []Role{RoleReplica, RolePrimary} {
		epoch := uint64(2 + i)
		if err := j.Assume(role, epoch, j.Last()); err != nil {
			t.Fatal(err)
		}
		image := mustOpen(t, small, "data", Options{FS: disk.CrashClone(vfs.CrashCloneCfg{})})
		if image.Role() != role || image.Epoch() != epoch || image.Head().EpochAfter != j.Last() {
			t.Errorf("after a power cut: %v of epoch %d, want %v of %d", image.Role(), image.Epoch(), role, epoch)
		}
		if err := image.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
