package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The seal is a small file beside the database, written when the journal is closed. It says where the
// journal ended, so that files which disappear altogether are missed.
//
//	0   4 bytes   "HFs1"
//	4   8 bytes   the last sequence
//	12  4 bytes   CRC-32C of everything before
const (
	sealName   = "SEAL"
	sealMagic  = "HFs1"
	sealLength = len(sealMagic) + 8 + 4
)

func encodeSeal(last uint64) []byte {
	b := append(make([]byte, 0, sealLength), sealMagic...)
	b = binary.LittleEndian.AppendUint64(b, last)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// writeSeal replaces the seal as a whole: under another name first, then renamed.
func (j *Journal) writeSeal(last uint64) error {
	path := j.fs.PathJoin(j.dir, sealName)
	err := writeFile(j.fs, path+".new", encodeSeal(last))
	if err == nil {
		err = j.fs.Rename(path+".new", path)
	}
	if err == nil {
		err = syncDir(j.fs, j.dir)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", sealName, err)
	}
	return nil
}

// readSeal gives the sequence that the seal names, 0 when there is no seal.
func (j *Journal) readSeal() (last uint64, err error) {
	f, err := j.fs.Open(j.fs.PathJoin(j.dir, sealName))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		return 0, fmt.Errorf("reading %s: %w", sealName, err)
	}
	body := sealLength - 4
	if len(b) != sealLength || string(b[:len(sealMagic)]) != sealMagic ||
		crc32.Checksum(b[:body], castagnoli) != binary.LittleEndian.Uint32(b[body:]) {
		return 0, &DamageError{File: sealName, Reason: "the file does not hold what was written to it"}
	}
	return binary.LittleEndian.Uint64(b[len(sealMagic):]), nil
}

func writeFile(fs vfs.FS, path string, data []byte) error {
	f, err := fs.Create(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

func syncDir(fs vfs.FS, dir string) error {
	d, err := fs.OpenDir(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
