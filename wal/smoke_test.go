package wal

import (
	"bytes"
	"testing"
)

func TestSmoke(t *testing.T) {
	dir := t.TempDir()
	j, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	seq := uint64(1)
	for i := range 10 {
		p, err := j.Begin(seq, 3, int64(i), 1000)
		if err != nil {
			t.Fatal(err)
		}
		for k := range p.Payload() {
			p.Payload()[k] = byte(i)
		}
		p.AddDocument(seq+1, bytes.Repeat([]byte{7}, 2<<20))
		if err := p.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			t.Fatal(err)
		}
		p.Release()
		seq += 3
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, err = Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := j.Replay(1, func(g Group) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	if n != 10 || j.Last() != 30 {
		t.Fatal(n, j.Last())
	}
	if d, err := j.Document(5); err != nil || len(d) != 2<<20 {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
