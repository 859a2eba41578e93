package wal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"
)

// Why there are marks.
//
// Pebble ends the recovery of its newest log, silently, at the first record that does not read well: a crash
// may have torn it. Its format has a guard against taking damage in the middle for such a torn end (each
// chunk says up to where the log was synced when it was written), but in v2.1.7 that number counts only the
// last, partial block of every sync and not the full blocks of 32 KB before it, and the first log of a new
// database lacks it altogether. With groups of half a megabyte it lags so far behind that a flipped bit in
// the middle of the newest log makes everything after it disappear without a word.
//
// So every batch of ours begins with a mark: a record that Pebble writes to its log and nowhere else. It says
// up to which sequence commands were durable when the batch was made. When the directory is opened, and before
// Pebble may change anything in it, the newest log is searched for marks, also beyond places that cannot be
// read. If a mark promises more than the database holds, durable commands are lost, and the directory is refused.
//
// What cannot be told from a torn end is damage to the very last group, behind which no mark was written.
//
//	0   4 bytes   "HFm1"
//	4   8 bytes   the sequence up to which everything was durable
const (
	markMagic  = "HFm1"
	markLength = len(markMagic) + 8
	// markOffset is where the mark lies in a batch: behind the batch's header, a byte of kind and one of length.
	markOffset = batchrepr.HeaderLen + 2
)

// putMark makes a mark the first record of a batch.
func putMark(b *pebble.Batch) {
	var mark [markLength]byte
	copy(mark[:], markMagic)
	_ = b.LogData(mark[:], nil) // It fails only on indexed batches, which ours are not.
}

// setMark fills in the promise of a batch that putMark has begun.
func setMark(b *pebble.Batch, durable uint64) {
	binary.LittleEndian.PutUint64(b.Repr()[markOffset+len(markMagic):], durable)
}

// parseMark finds the promise in the first bytes of a batch.
func parseMark(batch []byte) (promise uint64, ok bool) {
	if len(batch) < markOffset+markLength {
		return 0, false
	}
	mark := batch[markOffset:]
	if batch[batchrepr.HeaderLen] != byte(pebble.InternalKeyKindLogData) || string(mark[:len(markMagic)]) != markMagic {
		return 0, false
	}
	return binary.LittleEndian.Uint64(mark[len(markMagic):]), true
}

// promise is the highest mark in the newest log, and the file that was searched.
type promise struct {
	durable uint64
	file    string
}

// findPromise searches the newest log of the directory.
func (j *Journal) findPromise() (promise, error) {
	name, number, err := j.newestLog()
	if err != nil || name == "" {
		return promise{}, err
	}
	f, err := j.fs.Open(j.fs.PathJoin(j.dir, name))
	if err != nil {
		return promise{}, err
	}
	defer f.Close()
	p := promise{file: name}
	block := make([]byte, logBlock)
	for at := int64(0); ; at += logBlock {
		n, err := f.ReadAt(block, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return promise{}, fmt.Errorf("reading %s: %w", name, err)
		}
		if n == 0 {
			return p, nil
		}
		p.durable = max(p.durable, promiseIn(block[:n], uint32(number)))
	}
}

// promiseIn is the highest mark in a block, which may be damaged anywhere: where no chunk reads well, the
// next one is searched byte by byte.
func promiseIn(block []byte, number uint32) (highest uint64) {
	if !bytes.Contains(block, []byte(markMagic)) {
		return 0
	}
	for len(block) > logHeader {
		c, ok := logChunk(block, number)
		if !ok {
			block = block[1:]
			continue
		}
		if promise, ok := parseMark(c.payload); ok && c.begins {
			highest = max(highest, promise)
		}
		block = block[c.size:]
	}
	return highest
}

// newestLog is the log file with the highest number, or "" when there is none.
func (j *Journal) newestLog() (name string, number uint64, err error) {
	names, err := j.fs.List(j.dir)
	if err != nil {
		return "", 0, err
	}
	for _, n := range names {
		digits, isLog := strings.CutSuffix(n, ".log")
		if x, err := strconv.ParseUint(digits, 10, 64); isLog && err == nil && x >= number {
			name, number = n, x
		}
	}
	return name, number, nil
}
