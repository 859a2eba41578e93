package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// resident is the process's resident memory in bytes.
func resident(t *testing.T) (bytes int64) {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	if _, err := fmt.Sscan(string(statm), &size, &bytes); err != nil {
		t.Fatal(err)
	}
	return bytes * int64(os.Getpagesize())
}

// TestReservedMemory: it is there before it is needed, and what is allocated comes from it.
func TestReservedMemory(t *testing.T) {
	const reserved = 96 << 20
	memory := &arena{}
	before := resident(t)
	if err := memory.reserve(reserved); err != nil {
		t.Fatal(err)
	}
	after := resident(t)
	if grown := after - before; grown < reserved*9/10 {
		t.Errorf("reserving %d bytes made %d resident", reserved, grown)
	}
	for n := 0; n < reserved; n += 1 << 20 {
		memory.allocate(1 << 20)[0] = 1
	}
	if len(memory.chunks) != 1 {
		t.Errorf("what was reserved is spread over %d chunks", len(memory.chunks))
	}
	if err := memory.free(); err != nil {
		t.Fatal(err)
	}
	if left := resident(t) - before; left > reserved/2 {
		t.Errorf("%d bytes are resident after free", left)
	}
}

func TestReserveMoreThanThereIs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	_, err := Open(Options{Dir: dir, ReserveBytes: 1 << 50})
	if _, missing := os.Stat(dir); missing == nil {
		t.Error("the directory was made all the same")
	}
	if err == nil || !strings.Contains(err.Error(), "option ReserveBytes: 1125899906842624 is not within 0..") {
		t.Fatalf("got %v", err)
	}
}
