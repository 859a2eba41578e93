package wal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// TestOtherVersion: what a newer or an older program has written is refused as such, and untouched.
func TestOtherVersion(t *testing.T) {
	leavesNothing(t)
	reseal := func(b []byte) []byte {
		end := len(b) - 4
		binary.LittleEndian.PutUint32(b[end:], crc32.Checksum(b[:end], castagnoli))
		return b
	}
	set := func(key []byte, change func([]byte) []byte) func(*testing.T, *Journal) {
		return func(t *testing.T, j *Journal) {
			value, closer, err := j.db.Get(key)
			if err != nil {
				t.Fatal(err)
			}
			newer := reseal(change(append([]byte(nil), value...)))
			if err := errors.Join(closer.Close(), j.db.Set(key, newer, pebble.Sync)); err != nil {
				t.Fatal(err)
			}
		}
	}
	first := func(b []byte) []byte { b[0]++; return b }
	const older = "older identity"
	tests := map[string]func(t *testing.T, j *Journal){
		"identity":   set(identityKey, first),
		"checkpoint": set(sequenceKey(familyCheckpoint, 3), first),
		"group": func(t *testing.T, j *Journal) {
			g := first(testGroup(4, 1, 10, 1, j.Head().Chain))
			if err := j.db.Set(sequenceKey(familyJournal, 4), reseal(g), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		},
		"role": func(t *testing.T, j *Journal) {
			if err := j.db.Set(roleKey, reseal(first(standing{epoch: 2, after: 3}.encode())), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		},
		"divergence": func(t *testing.T, j *Journal) {
			if err := j.db.Set(divergenceKey, reseal(first((&Divergence{Sequence: 3}).encode())), pebble.Sync); err != nil {
				t.Fatal(err)
			}
		},
		"database": nil,
		older:      set(identityKey, func(b []byte) []byte { b[0]--; return b }),
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := mustOpen(t, small, dir, Options{BallastBytes: -1})
			p, err := j.Begin(1, 3, 1, 4)
			if err == nil {
				err = errors.Join(p.Commit(), p.Wait())
			}
			if err != nil {
				t.Fatal(err)
			}
			p.Release()
			w, err := j.BeginCheckpoint(3)
			if err == nil {
				err = w.Finish([]byte("manifest"))
			}
			if err != nil {
				t.Fatal(err)
			}
			if change != nil {
				change(t, j)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			if change == nil { // Pebble says in a file's name which format it has
				marker := filesIn(t, dir, "marker.format-version.*")[0]
				dot := strings.LastIndexByte(marker, '.')
				if err := os.Rename(marker, marker[:dot]+".999"); err != nil {
					t.Fatal(err)
				}
			}
			want := ErrNewerVersion
			if name == older {
				want = ErrOlderVersion
			}
			before := hashes(t, dir)
			for _, o := range []Options{{BallastBytes: -1}, {ReadOnly: true}} {
				_, err := small.open(dir, o)
				if damage := (*DamageError)(nil); !errors.Is(err, want) || errors.As(err, &damage) {
					t.Errorf("%+v: %v", o, err)
				}
			}
			if after := hashes(t, dir); !mapsEqual(after, before) {
				t.Errorf("the directory was changed: %v, before %v", names(after), names(before))
			}
		})
	}
}

func names(hashes map[string]Hash) (all []string) {
	for file := range hashes {
		all = append(all, filepath.Base(file))
	}
	return all
}
