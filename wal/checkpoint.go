package wal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/objstorage/objstorageprovider"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine/invariant"
)

// A checkpoint is kept as values that are only ever added: pages, and behind them a manifest, which says what the
// pages are, those of earlier checkpoints included. This package knows neither.
//
// The values go straight into table files that Pebble takes in as they are, so they touch neither its log, whose syncs
// orders wait for, nor its memtables. It takes them in all at once, at the end, since every commit waits meanwhile. The head, a small entry that goes through the log with a sync, is what makes a
// checkpoint: without it the values of an interrupted one are waste, which is dropped with the next. As the feed goes
// through the same log, it is safe up to the checkpoint's sequence when the head is.
//
//	head   0   4 bytes   format version, 1
//	       4   4 bytes   number of the first value that the manifest is in
//	       8   4 bytes   and how many values it takes
//	      12   8 bytes   the manifest's length
//	      20   4 bytes   CRC-32C of the manifest
//	      24   4 bytes   CRC-32C of everything before
const (
	headVersion = 1
	headLength  = 28
	// checkpointFilePrefix begins the names of table files before Pebble has taken them in.
	checkpointFilePrefix = "checkpoint-"
)

// CheckpointWriter adds a checkpoint. It belongs to one goroutine.
type CheckpointWriter struct {
	j        *Journal
	sequence uint64
	next     uint32 // number of the next value
	bytes    uint64
	table    *sstable.Writer // the one being written, nil for none
	inTable  int             // bytes
	asked    int             // bytes in the table when room was asked for last
	tables   []string        // paths, that of the one being written included
	key      [checkpointKeyLength]byte
}

// BeginCheckpoint begins to keep the checkpoint of the state after a sequence, which must be durable. One is
// written at a time. Values that an interrupted checkpoint of the same sequence left behind must be dropped before.
func (j *Journal) BeginCheckpoint(sequence uint64) (*CheckpointWriter, error) {
	if err := j.err(); err != nil {
		return nil, err
	}
	invariant.Check(sequence <= j.durable.Load(), "a checkpoint is of what is durable")
	return &CheckpointWriter{j: j, sequence: sequence}, nil
}

// RoomForCheckpoint is [ErrDiskFull] when another table file could bring the disk below its floor, at which the journal itself
// has to end.
func (j *Journal) RoomForCheckpoint() error {
	s := &j.writer.space
	if s.floor == 0 {
		return nil
	}
	if free, ok := s.free(); ok && free < s.floor+tableBytes {
		return fmt.Errorf("%w: a checkpoint needs %d bytes, %d are free", ErrDiskFull, s.floor+tableBytes, free)
	}
	return nil
}

// roomEvery is how many bytes are added until it is asked again whether there is room, since the journal takes of it, too.
const roomEvery = 1 << 20

// Add keeps a value and gives its number. Numbers count from 0. It is [ErrDiskFull] when there is no room for another table
// file: the checkpoint is then none, to be ended with Abandon, and the journal goes on.
func (w *CheckpointWriter) Add(value []byte) (uint32, error) {
	number := w.next
	if w.table == nil || w.inTable-w.asked >= roomEvery {
		if err := w.j.RoomForCheckpoint(); err != nil {
			return 0, err
		}
		w.asked = w.inTable
	}
	err := w.j.once(func() error {
		if err := w.openTable(); err != nil {
			return err
		}
		putCheckpointKey(w.key[:], w.sequence, number)
		return w.table.Set(w.key[:], value)
	})
	if err != nil {
		return 0, err
	}
	w.next++
	w.bytes += uint64(len(value))
	if w.inTable += len(value); w.inTable >= tableBytes {
		return number, w.closeTable()
	}
	return number, nil
}

// Bytes is what was added so far.
func (w *CheckpointWriter) Bytes() uint64 { return w.bytes }

// Finish adds the manifest and makes the checkpoint durable.
func (w *CheckpointWriter) Finish(manifest []byte) error {
	head := make([]byte, headLength)
	binary.LittleEndian.PutUint32(head, headVersion)
	binary.LittleEndian.PutUint32(head[4:], w.next)
	binary.LittleEndian.PutUint64(head[12:], uint64(len(manifest)))
	binary.LittleEndian.PutUint32(head[20:], crc32.Checksum(manifest, castagnoli))
	for pieces, rest := uint32(1), manifest; ; pieces++ {
		n := min(len(rest), manifestPiece)
		if _, err := w.Add(rest[:n]); err != nil {
			return err
		}
		if rest = rest[n:]; len(rest) == 0 {
			binary.LittleEndian.PutUint32(head[8:], pieces)
			break
		}
	}
	if err := w.takeIn(); err != nil {
		return err
	}
	binary.LittleEndian.PutUint32(head[24:], crc32.Checksum(head[:24], castagnoli))
	return w.j.once(func() error {
		batch := w.j.db.NewBatch()
		putMark(batch)
		setMark(batch, w.j.durable.Load())
		if err := batch.Set(sequenceKey(familyCheckpoint, w.sequence), head, nil); err != nil {
			return err
		}
		return batch.Commit(pebble.Sync)
	})
}

// Abandon ends a checkpoint that comes to nothing before Finish has returned: what it took of the disk is given back.
func (w *CheckpointWriter) Abandon() error {
	if err := w.closeTable(); err != nil {
		return err
	}
	return w.j.once(func() error {
		for _, path := range w.tables {
			if err := w.j.fs.Remove(path); err != nil {
				return err
			}
		}
		w.tables = nil
		return nil
	})
}

// openTable begins a table file if none is open.
func (w *CheckpointWriter) openTable() error {
	if w.table != nil {
		return nil
	}
	fs := guardedFS{w.j.fs, &w.j.fatal}
	path := fs.PathJoin(w.j.dir, fmt.Sprintf("%s%d-%d.sst", checkpointFilePrefix, w.sequence, w.next))
	file, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	w.tables = append(w.tables, path)
	options := w.j.tuning.pebbleOptions(fs, false)
	options.EnsureDefaults()
	tables := options.MakeWriterOptions(0, w.j.db.TableFormat())
	tables.Compression = sstable.SnappyCompression // pages are half zeros, and reading them is what a restart waits for
	w.table = sstable.NewWriter(objstorageprovider.NewFileWritable(file), tables)
	w.inTable, w.asked = 0, 0
	return nil
}

// closeTable closes the table file, if one is open; it is then on the disk.
func (w *CheckpointWriter) closeTable() error {
	if w.table == nil {
		return nil
	}
	return w.j.once(func() error {
		err := w.table.Close()
		w.table = nil
		return err
	})
}

// takeIn hands the table files to Pebble.
func (w *CheckpointWriter) takeIn() error {
	if err := w.closeTable(); err != nil {
		return err
	}
	return w.j.once(func() error {
		w.j.taking.Lock()
		defer w.j.taking.Unlock()
		return w.j.db.Ingest(context.Background(), w.tables)
	})
}

// Checkpoints gives the sequences of the checkpoints, the newest first.
func (j *Journal) Checkpoints() (sequences []uint64, err error) {
	it, err := j.iterate([]byte{familyCheckpoint}, []byte{familyCheckpoint + 1})
	if err != nil {
		return nil, err
	}
	for ok := it.Last(); ok; ok = it.Prev() {
		sequence, err := parseSequenceKey(it.Key())
		if err != nil {
			return nil, errors.Join(err, it.Close())
		}
		sequences = append(sequences, sequence)
	}
	return sequences, j.readError(it.Close())
}

// Manifest gives the manifest of a checkpoint. It is a [*DamageError] when it is not what was written.
func (j *Journal) Manifest(sequence uint64) ([]byte, error) {
	if err := j.err(); err != nil {
		return nil, err
	}
	damage := func(reason string) error {
		return &DamageError{Sequence: sequence, Reason: "the checkpoint's " + reason}
	}
	value, closer, err := j.db.Get(sequenceKey(familyCheckpoint, sequence))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, j.readError(err)
	}
	head := bytes.Clone(value)
	if err := closer.Close(); err != nil {
		return nil, err
	}
	if len(head) != headLength || crc32.Checksum(head[:24], castagnoli) != binary.LittleEndian.Uint32(head[24:]) {
		return nil, damage("head is not what was written")
	}
	if err := knowsHead(head); err != nil {
		return nil, err
	}
	if v := binary.LittleEndian.Uint32(head); v != headVersion {
		return nil, damage(fmt.Sprintf("head has format version %d, this program knows %d", v, headVersion))
	}
	first, count := binary.LittleEndian.Uint32(head[4:]), binary.LittleEndian.Uint32(head[8:])
	var manifest []byte
	err = j.values(sequence, first, func(number uint32, value []byte) error {
		if number-first < count {
			manifest = append(manifest, value...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if uint64(len(manifest)) != binary.LittleEndian.Uint64(head[12:]) ||
		crc32.Checksum(manifest, castagnoli) != binary.LittleEndian.Uint32(head[20:]) {
		return nil, damage("manifest is not what was written")
	}
	return manifest, nil
}

// knowsHead refuses a head that is whole and that a newer program has written.
func knowsHead(head []byte) error {
	if len(head) != headLength || crc32.Checksum(head[:24], castagnoli) != binary.LittleEndian.Uint32(head[24:]) {
		return nil // damaged, if not merely longer: Manifest tells
	}
	if v := binary.LittleEndian.Uint32(head); v > headVersion {
		return fmt.Errorf("%w: a checkpoint has format version %d, this program knows %d", ErrNewerVersion, v, headVersion)
	}
	return nil
}

// Values calls fn with every value that was kept with a checkpoint, in the order of their numbers, the manifest's pieces
// included. The value is valid during the call.
func (j *Journal) Values(sequence uint64, fn func(number uint32, value []byte) error) error {
	return j.values(sequence, 0, fn)
}

func (j *Journal) values(sequence uint64, first uint32, fn func(number uint32, value []byte) error) error {
	var from [checkpointKeyLength]byte
	putCheckpointKey(from[:], sequence, first)
	it, err := j.iterate(from[:], sequenceKey(familyPage, sequence+1))
	if err != nil {
		return err
	}
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err == nil {
			if len(it.Key()) != checkpointKeyLength {
				err = &DamageError{Sequence: sequence, Reason: "a key of the checkpoint has the wrong length"}
			} else {
				err = fn(binary.BigEndian.Uint32(it.Key()[9:]), value)
			}
		}
		if err != nil {
			return errors.Join(j.readError(err), it.Close())
		}
	}
	return errors.Join(j.readError(it.Error()), j.readError(it.Close()))
}

// DropCheckpoint forgets a checkpoint, but not its values, of which later ones may consist. It is forgotten for good when
// this returns, so that its values can be dropped.
func (j *Journal) DropCheckpoint(sequence uint64) error {
	return j.once(func() error { return j.db.Delete(sequenceKey(familyCheckpoint, sequence), pebble.Sync) })
}

// DropValues forgets all values that were kept with a checkpoint.
func (j *Journal) DropValues(sequence uint64) error {
	return j.excise(sequenceKey(familyPage, sequence), sequenceKey(familyPage, sequence+1))
}

// ValueSets gives the sequences of all checkpoints of which values are kept, the oldest first.
func (j *Journal) ValueSets() (sequences []uint64, err error) {
	it, err := j.iterate([]byte{familyPage}, []byte{familyPage + 1})
	if err != nil {
		return nil, err
	}
	for ok := it.First(); ok; {
		if len(it.Key()) != checkpointKeyLength {
			err := &DamageError{Reason: "a key of a checkpoint has the wrong length"}
			return nil, errors.Join(err, it.Close())
		}
		sequence := binary.BigEndian.Uint64(it.Key()[1:])
		sequences = append(sequences, sequence)
		ok = it.SeekGE(sequenceKey(familyPage, sequence+1))
	}
	return sequences, errors.Join(j.readError(it.Error()), j.readError(it.Close()))
}

// removeUnfinished removes table files that Pebble had not taken in when the process ended.
func (j *Journal) removeUnfinished() error {
	names, err := j.fs.List(j.dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if strings.HasPrefix(name, checkpointFilePrefix) {
			err = errors.Join(err, j.fs.Remove(j.fs.PathJoin(j.dir, name)))
		}
	}
	return err
}
