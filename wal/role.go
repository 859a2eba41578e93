package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/cockroachdb/pebble/v2"

	"holdfast/engine/invariant"
)

// Role says where the groups of a directory come from.
type Role uint8

const (
	// RolePrimary: its own engine makes them. A new directory is a primary's.
	RolePrimary Role = iota
	// RoleReplica: they are copies of another directory's.
	RoleReplica
)

// String is the role's name in logs and answers.
func (r Role) String() string {
	if r == RoleReplica {
		return "replica"
	}
	return "primary"
}

// The layout of the role's value; it must not change. It is there once a directory has been anything but a primary of
// epoch 1.
//
//	 0   1 byte    format version, 1
//	 1   1 byte    role: 0 primary, 1 replica
//	 2   6 bytes   zero
//	 8   8 bytes   epoch
//	16   8 bytes   the last sequence before that epoch: every group behind it carries this epoch or a later one
//	24   4 bytes   CRC-32C of everything before
const (
	roleFormat = 1
	roleLength = 28
)

var roleKey = []byte("mrole")

// standing is what the value of the role says.
type standing struct {
	role  Role
	epoch uint64
	after uint64 // the last sequence before the epoch
}

func (s standing) encode() []byte {
	b := make([]byte, roleLength)
	b[0], b[1] = roleFormat, byte(s.role)
	binary.LittleEndian.PutUint64(b[8:], s.epoch)
	binary.LittleEndian.PutUint64(b[16:], s.after)
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	return b
}

func decodeStanding(b []byte) (standing, error) {
	switch {
	case len(b) != roleLength:
		return standing{}, fmt.Errorf("the directory's role has %d bytes and should have %d", len(b), roleLength)
	case crc32.Checksum(b[:24], castagnoli) != binary.LittleEndian.Uint32(b[24:]):
		return standing{}, errors.New("the checksum of the directory's role does not match")
	case b[0] > roleFormat:
		return standing{}, fmt.Errorf("%w: its role has format version %d, this program knows %d", ErrNewerVersion, b[0], roleFormat)
	case b[0] != roleFormat:
		return standing{}, fmt.Errorf("the directory's role has format version %d, and this program knows only %d", b[0], roleFormat)
	case b[1] > byte(RoleReplica):
		return standing{}, fmt.Errorf("the directory has role %d, which this program does not know", b[1])
	}
	return standing{
		role: Role(b[1]), epoch: binary.LittleEndian.Uint64(b[8:]), after: binary.LittleEndian.Uint64(b[16:]),
	}, nil
}

// loadRole comes after findEnds, which has learned the epoch of the last group.
func (j *Journal) loadRole() error {
	value, closer, err := j.db.Get(roleKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return j.readError(err)
	}
	s, err := decodeStanding(value)
	if err := errors.Join(err, closer.Close()); errors.Is(err, ErrNewerVersion) {
		return err
	} else if err != nil {
		return &DamageError{Reason: err.Error()}
	}
	j.writer.role = s.role
	if s.epoch >= j.writer.epoch {
		j.writer.epoch, j.writer.after = s.epoch, s.after
	}
	return nil
}

// Role tells whose groups the directory takes.
func (j *Journal) Role() Role {
	j.writer.mu.Lock()
	defer j.writer.mu.Unlock()
	return j.writer.role
}

// Assume gives the directory a role, and with it an epoch that is not lower than its own: every group behind a sequence
// carries it, or a later one. It is durable when this returns. It is for the goroutine that begins and commits groups, while
// none is between Begin and Release.
func (j *Journal) Assume(role Role, epoch, after uint64) error {
	if err := j.err(); err != nil {
		return err
	}
	w := &j.writer
	w.mu.Lock()
	idle, s := w.inFlight == 0, standing{role, w.epoch, w.after}
	if epoch > w.epoch {
		s.epoch, s.after = epoch, after
	}
	w.mu.Unlock()
	invariant.Check(!j.options.ReadOnly && idle, "a role changes between groups")
	invariant.Check(epoch >= s.epoch, "epochs never go back")
	if err := j.once(func() error { return j.db.Set(roleKey, s.encode(), pebble.Sync) }); err != nil {
		return err
	}
	w.mu.Lock()
	w.role, w.epoch, w.after = s.role, s.epoch, s.after
	w.mu.Unlock()
	return nil
}
