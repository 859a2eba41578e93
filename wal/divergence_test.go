package wal

import (
	"encoding/hex"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestDivergenceFormat holds the bytes in which a divergence is kept against those of released programs.
func TestDivergenceFormat(t *testing.T) {
	d := Divergence{Sequence: 0x0102030405060708, Where: "slot 3"}
	const golden = "01000000000000000807060504030201736c6f742033d7537380"
	if got := hex.EncodeToString(d.encode()); got != golden {
		t.Errorf("got %s", got)
	}
	bytes, _ := hex.DecodeString(golden)
	if got, err := decodeDivergence(bytes); err != nil || *got != d {
		t.Errorf("%+v %v", got, err)
	}
	for i := range bytes {
		bytes[i] ^= 1
		if _, err := decodeDivergence(bytes); err == nil {
			t.Errorf("byte %d is changed and nobody notices", i)
		}
		bytes[i] ^= 1
	}
	for n := range bytes {
		if _, err := decodeDivergence(bytes[:n]); err == nil {
			t.Errorf("%d of %d bytes are taken", n, len(bytes))
		}
	}
}

// TestDivergenceIsKept until the directory is opened again, and a later one in its place.
func TestDivergenceIsKept(t *testing.T) {
	leavesNothing(t)
	fs := vfs.NewMem()
	for _, want := range []*Divergence{nil, {Sequence: 7}, {Sequence: 7, Where: "there"}} {
		j := mustOpen(t, small, "data", Options{FS: fs})
		if want != nil {
			if err := j.MarkDiverged(*want); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if got := j.Diverged(); (got == nil) != (want == nil) || got != nil && *got != *want {
				t.Errorf("got %+v, want %+v", got, want)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			j = mustOpen(t, small, "data", Options{FS: fs, ReadOnly: true})
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
