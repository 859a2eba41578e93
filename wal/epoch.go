package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/cockroachdb/pebble/v2"
)

// The epoch of a directory whose right to write has changed hands since its last group was written. New groups carry it;
// without the value they carry that of the last group.
//
//	 0   1 byte    format version, 1
//	 1   7 bytes   zero
//	 8   8 bytes   epoch
//	16   8 bytes   the last sequence before that epoch: every group behind it carries this epoch or a later one
//	24   4 bytes   CRC-32C of everything before
const (
	roleFormat = 1
	roleLength = 28
)

var roleKey = []byte("mrole")

func encodeEpoch(epoch, after uint64) []byte {
	b := make([]byte, roleLength)
	b[0] = roleFormat
	binary.LittleEndian.PutUint64(b[8:], epoch)
	binary.LittleEndian.PutUint64(b[16:], after)
	binary.LittleEndian.PutUint32(b[24:], crc32.Checksum(b[:24], castagnoli))
	return b
}

// loadEpoch comes after findEnds, which has learned the epoch of the last group.
func (j *Journal) loadEpoch() error {
	value, closer, err := j.db.Get(roleKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil
	}
	if err != nil {
		return j.readError(err)
	}
	defer closer.Close()
	switch {
	case len(value) != roleLength || crc32.Checksum(value[:24], castagnoli) != binary.LittleEndian.Uint32(value[24:]):
		return &DamageError{Reason: "the directory's epoch is not what was written"}
	case value[0] != roleFormat:
		return &DamageError{Reason: fmt.Sprintf("the directory's epoch has format version %d, this program knows %d", value[0], roleFormat)}
	}
	j.writer.epoch = max(j.writer.epoch, binary.LittleEndian.Uint64(value[8:]))
	return nil
}
