package waltest

import (
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// LoseEnd takes the groups of a closed journal away that begin with sequence from or later, and everything beside the
// database that would tell. It is damage that no disk does: a journal that has lost its end, and nothing else.
func LoseEnd(fs vfs.FS, dir string, from uint64) (err error) {
	db, err := pebble.Open(dir, &pebble.Options{FS: fs, FormatMajorVersion: pebble.FormatNewest})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	begin := binary.BigEndian.AppendUint64([]byte{'j'}, from)
	if err := db.DeleteRange(begin, []byte{'j' + 1}, pebble.Sync); err != nil {
		return err
	}
	return errors.Join(db.Flush(), fs.Remove(fs.PathJoin(dir, "SEAL")))
}
