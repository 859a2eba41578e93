package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/cockroachdb/pebble/v2"
)

// Divergence says that the state which a replica's directory leads to was found to differ from its primary's.
type Divergence struct {
	Sequence uint64 // of the checkpoint at which both were compared
	Where    string // the first difference, or why it is not known; "" while nobody has looked
}

// The layout of a divergence's value; it must not change. It is there only in a directory that has diverged, and stays there.
//
//	 0    1 byte    format version, 1
//	 1    7 bytes   zero
//	 8    8 bytes   the sequence
//	16    n bytes   where
//	16+n  4 bytes   CRC-32C of everything before
const (
	divergenceFormat = 1
	divergenceHeader = 16
)

var divergenceKey = []byte("mdiverged")

func (d *Divergence) encode() []byte {
	b := make([]byte, divergenceHeader, divergenceHeader+len(d.Where)+4)
	b[0] = divergenceFormat
	binary.LittleEndian.PutUint64(b[8:], d.Sequence)
	b = append(b, d.Where...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeDivergence(b []byte) (*Divergence, error) {
	end := len(b) - 4
	switch {
	case end < divergenceHeader:
		return nil, fmt.Errorf("what is kept of the directory's divergence has %d bytes, and at least %d are needed", len(b), divergenceHeader+4)
	case crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]):
		return nil, errors.New("the checksum of what is kept of the directory's divergence does not match")
	case b[0] > divergenceFormat:
		return nil, fmt.Errorf("%w: its divergence has format version %d, this program knows %d", ErrNewerVersion, b[0], divergenceFormat)
	case b[0] != divergenceFormat:
		return nil, fmt.Errorf("the directory's divergence has format version %d, and this program knows only %d", b[0], divergenceFormat)
	}
	return &Divergence{Sequence: binary.LittleEndian.Uint64(b[8:]), Where: string(b[divergenceHeader:end])}, nil
}

// loadDivergence comes with the role.
func (j *Journal) loadDivergence() error {
	value, closer, err := j.db.Get(divergenceKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return j.readError(err)
	}
	d, err := decodeDivergence(value)
	if err := errors.Join(err, closer.Close()); errors.Is(err, ErrNewerVersion) {
		return err
	} else if err != nil {
		return &DamageError{Reason: err.Error()}
	}
	j.diverged.Store(d)
	return nil
}

// Diverged is what MarkDiverged has kept last, nil when the directory has not diverged as far as anybody knows.
func (j *Journal) Diverged() *Divergence { return j.diverged.Load() }

// MarkDiverged keeps for good that the directory has diverged. It is durable when this returns.
func (j *Journal) MarkDiverged(d Divergence) error {
	if err := j.once(func() error { return j.db.Set(divergenceKey, d.encode(), pebble.Sync) }); err != nil {
		return err
	}
	j.diverged.Store(&d)
	return nil
}
