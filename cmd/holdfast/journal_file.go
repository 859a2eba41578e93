package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"os"

	"holdfast/wal"
)

// exportFile is an exported journal as a [journalSource].
type exportFile struct {
	file *os.File
	in   io.Reader // the file through a buffer and the sum
	sum  hash.Hash
}

func openExport(name string) (*exportFile, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return &exportFile{file: f}, nil
}

func (e *exportFile) Close() error { return e.file.Close() }

// Replay calls fn with every group from the one that holds sequence from. The sum over the file is checked
// at its end, after fn has seen everything.
func (e *exportFile) Replay(from uint64, fn func(wal.Group) error) error {
	if err := e.readHeader(); err != nil {
		return err
	}
	var last uint64
	var chain wal.Hash
	for {
		value, err := e.readGroup(last + 1)
		if err != nil {
			return err
		}
		if value == nil {
			return e.readEnd(last)
		}
		g, err := wal.DecodeGroup(value)
		switch {
		case err != nil:
			return &wal.DamageError{Sequence: last + 1, File: e.file.Name(), Reason: err.Error()}
		case last != 0 && g.First != last+1:
			return &wal.DamageError{Sequence: last + 1, File: e.file.Name(), Reason: fmt.Sprintf("a group that begins with sequence %d follows", g.First)}
		case last != 0 && g.Previous != chain:
			return &wal.DamageError{Sequence: g.First, File: e.file.Name(), Reason: "the group does not follow from the one before it"}
		}
		last, chain = g.Last(), wal.HashGroup(value)
		if last >= from {
			if err := fn(g); err != nil {
				return err
			}
		}
	}
}

func (e *exportFile) readHeader() error {
	if _, err := e.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	e.sum = sha256.New()
	e.in = io.TeeReader(bufio.NewReaderSize(e.file, 1<<20), e.sum)
	var header [exportHeaderLength]byte
	if _, err := io.ReadFull(e.in, header[:]); err != nil || string(header[:8]) != exportMagic {
		return &wal.DamageError{File: e.file.Name(), Reason: "the file is not an exported journal", Cause: err}
	}
	if format := binary.LittleEndian.Uint32(header[8:]); format != exportFormat {
		return &wal.DamageError{File: e.file.Name(), Reason: fmt.Sprintf("the file has format version %d, and this program knows only %d", format, exportFormat)}
	}
	return nil
}

// readGroup reads the next group's value; nil at the end.
func (e *exportFile) readGroup(sequence uint64) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(e.in, length[:]); err != nil {
		return nil, e.cutOff(sequence, err)
	}
	n := binary.LittleEndian.Uint32(length[:])
	if n == 0 {
		return nil, nil
	}
	if n > exportMaxGroup {
		return nil, &wal.DamageError{Sequence: sequence, File: e.file.Name(), Reason: fmt.Sprintf("the group's length is %d", n)}
	}
	value := make([]byte, n)
	if _, err := io.ReadFull(e.in, value); err != nil {
		return nil, e.cutOff(sequence, err)
	}
	return value, nil
}

func (e *exportFile) cutOff(sequence uint64, cause error) error {
	return &wal.DamageError{Sequence: sequence, File: e.file.Name(), Reason: "the file ends too early", Cause: cause}
}

func (e *exportFile) readEnd(last uint64) error {
	computed := [sha256.Size]byte(e.sum.Sum(nil))
	var stored [sha256.Size]byte
	if _, err := io.ReadFull(e.in, stored[:]); err != nil {
		return e.cutOff(last+1, err)
	}
	if stored != computed {
		return &wal.DamageError{File: e.file.Name(), Reason: "the checksum of the file does not match"}
	}
	return nil
}
