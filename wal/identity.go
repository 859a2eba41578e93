package wal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"

	"github.com/cockroachdb/pebble/v2"
)

// Identity is made once, with the directory, and never changes.
type Identity struct {
	// OrderKey keys the permutation between the numbers of orders inside and those that the outside sees.
	OrderKey [16]byte
	// Instance tells this directory from every other.
	Instance [16]byte
	// Created is when the directory was made, in milliseconds since 1970; 0 when not known.
	Created int64
}

// The layout of the identity's value; it must not change. The format version is that of all that lies in the directory: it
// rises when something there gets another meaning, such as the commands and records of the engine.
//
//	 0   1 byte    format version: 2 since SKUs have a low stock and can be stopped
//	 1   7 bytes   zero
//	 8  16 bytes   order key
//	24  16 bytes   instance
//	40   8 bytes   time of creation
//	48   4 bytes   CRC-32C of everything before
const (
	identityFormat = 2
	identityLength = 52
)

func (id Identity) encode() []byte {
	b := make([]byte, identityLength)
	b[0] = identityFormat
	copy(b[8:24], id.OrderKey[:])
	copy(b[24:40], id.Instance[:])
	binary.LittleEndian.PutUint64(b[40:], uint64(id.Created))
	binary.LittleEndian.PutUint32(b[48:], crc32.Checksum(b[:48], castagnoli))
	return b
}

func decodeIdentity(b []byte) (Identity, error) {
	if len(b) != identityLength {
		return Identity{}, fmt.Errorf("the directory's identity has %d bytes and should have %d", len(b), identityLength)
	}
	if crc32.Checksum(b[:48], castagnoli) != binary.LittleEndian.Uint32(b[48:]) {
		return Identity{}, errors.New("the checksum of the directory's identity does not match")
	}
	if b[0] > identityFormat {
		return Identity{}, fmt.Errorf("%w: its identity has format version %d, this program knows %d", ErrNewerVersion, b[0], identityFormat)
	}
	if b[0] != identityFormat {
		return Identity{}, fmt.Errorf("%w: its identity has format version %d, this program knows %d", ErrOlderVersion, b[0], identityFormat)
	}
	return Identity{
		OrderKey: [16]byte(b[8:24]),
		Instance: [16]byte(b[24:40]),
		Created:  int64(binary.LittleEndian.Uint64(b[40:])),
	}, nil
}

// withRandom fills what is zero.
func (id Identity) withRandom() Identity {
	if id.OrderKey == [16]byte{} {
		rand.Read(id.OrderKey[:])
	}
	if id.Instance == [16]byte{} {
		rand.Read(id.Instance[:])
	}
	return id
}

// loadIdentity reads the identity, or makes it when the directory is new: it is the first thing ever
// written, with a sync, so a directory with groups and without identity has lost something.
func (j *Journal) loadIdentity() error {
	if err := j.readIdentity(); !errors.Is(err, pebble.ErrNotFound) {
		return err
	}
	if j.Last() != 0 {
		return &DamageError{Reason: "there are journal groups but the directory has no identity"}
	}
	if j.options.ReadOnly {
		return fmt.Errorf("the journal in %s was never completely made: %w", j.dir, fs.ErrNotExist)
	}
	j.identity = j.options.Identity.withRandom()
	return j.once(func() error { return j.db.Set(identityKey, j.identity.encode(), pebble.Sync) })
}

// readIdentity gives pebble.ErrNotFound when there is none.
func (j *Journal) readIdentity() error {
	value, closer, err := j.db.Get(identityKey)
	if err != nil {
		return j.readError(err)
	}
	defer closer.Close()
	id, err := decodeIdentity(value)
	switch {
	case IsOtherVersion(err):
		return err
	case err != nil:
		return &DamageError{Key: identityKey, Reason: err.Error()}
	}
	j.identity = id
	return nil
}
