package waltest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// LoseEnd takes the groups of a closed journal away that begin with sequence from or later, and the seal, which would tell.
func LoseEnd(fs vfs.FS, dir string, from uint64) error {
	lose := func(db *pebble.DB) error {
		return db.DeleteRange(binary.BigEndian.AppendUint64([]byte{'j'}, from), []byte{'j' + 1}, pebble.Sync)
	}
	return errors.Join(change(fs, dir, lose), fs.Remove(fs.PathJoin(dir, "SEAL")))
}

// LoseValue takes a value of a checkpoint away, and leaves those around it.
func LoseValue(fs vfs.FS, dir string, checkpoint uint64, number uint32) error {
	key := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64([]byte{'p'}, checkpoint), number)
	return change(fs, dir, func(db *pebble.DB) error { return db.Delete(key, pebble.Sync) })
}

// change does something to the database of a closed journal behind its back.
func change(fs vfs.FS, dir string, do func(db *pebble.DB) error) error {
	o := &pebble.Options{FS: fs, FormatMajorVersion: pebble.FormatNewest, Logger: silent{}, DisableAutomaticCompactions: true}
	db, err := pebble.Open(dir, o)
	if err != nil {
		return err
	}
	// In the end no table has what is gone: a journal would know what that means.
	return errors.Join(do(db), db.Flush(), db.Compact(context.Background(), []byte{0}, []byte{0xff}, false), db.Close())
}

// silent is Pebble's logger for those who look at errors.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}

func (silent) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
