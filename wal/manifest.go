package wal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// inspectManifest looks for damage that Pebble would pass over, and would make final by deleting the tables that
// it no longer knows of: it takes a database without a MANIFEST for a new one, and a flipped bit in the
// MANIFEST for its end. It tells whether there is a database.
func (j *Journal) inspectManifest() (exists bool, err error) {
	desc, err := pebble.Peek(j.dir, j.fs)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, j.openError(err)
	}
	if !desc.Exists {
		return false, j.mustBeNew()
	}
	name := j.fs.PathBase(desc.ManifestFilename)
	f, err := j.fs.Open(j.fs.PathJoin(j.dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, &DamageError{File: name, Reason: "the file that lists all others is missing"}
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", name, err)
	}
	records := 2
	if name == firstManifest {
		records = 1
	}
	if !beginsWhole(data, records) {
		return false, &DamageError{File: name, Reason: "the beginning of the file that lists all others cannot be read"}
	}
	if at, damaged := damagedInside(data); damaged {
		return false, &DamageError{File: name, Reason: fmt.Sprintf(
			"the file that lists all others cannot be read at byte %d, and goes on behind it", at)}
	}
	return true, nil
}

// mustBeNew refuses a directory that has files of a database but not the one that points to the MANIFEST.
// A crash while the database is first made leaves none of those named here.
func (j *Journal) mustBeNew() error {
	names, err := j.fs.List(j.dir)
	if err != nil {
		return err
	}
	for _, n := range names {
		if strings.HasSuffix(n, ".sst") || strings.HasSuffix(n, ".log") || n == sealName {
			return &DamageError{File: n, Reason: "the file exists, but the one that lists all others (marker.manifest) is missing"}
		}
	}
	return nil
}

// firstManifest is made with the database, with a single record. Any other begins with two: what there was, and the change
// for which it was made.
const firstManifest = "MANIFEST-000001"

// beginsWhole tells whether the first records of a MANIFEST can be read. They were synced before anything pointed to the file, so
// they cannot be torn. Without them Pebble would silently go on with what there was long before, or with nothing, and delete
// all later tables; that may be all there is, as Pebble makes a MANIFEST for what it brings from its logs when it starts.
func beginsWhole(data []byte, records int) bool {
	inside := false
	for start := 0; start < len(data); start += logBlock {
		block := data[start:min(start+logBlock, len(data))]
		for pos := 0; pos+manifestHeader <= len(block); {
			c, ok := manifestChunk(block[pos:])
			if !ok || c.begins == inside {
				return false
			}
			if inside = !c.ends; c.ends {
				records--
			}
			if records == 0 {
				return true
			}
			pos += c.size
		}
	}
	return false
}

// damagedInside tells whether a MANIFEST has a place that does not read well and a record that begins behind
// it. Records are written one after the other and each is synced before the next, so only the last one can
// be torn.
func damagedInside(data []byte) (at int, damaged bool) {
	at = -1
	for start := 0; start < len(data); start += logBlock {
		block := data[start:min(start+logBlock, len(data))]
		used := len(bytes.TrimRight(block, "\x00")) // A block is filled up with zeros, but a chunk may end with some, too.
		for pos := 0; pos < used && pos+manifestHeader <= len(block); {
			c, ok := manifestChunk(block[pos:])
			switch {
			case ok && c.begins && at >= 0:
				return at, true
			case ok:
				pos += c.size
				continue
			case at < 0:
				at = start + pos
			}
			pos++
		}
	}
	return 0, false
}
