package engine

import (
	"sync"
	"syscall"
)

// arenaChunk is how much is taken from the system at a time. Only what is touched becomes resident.
const arenaChunk = 64 << 20

// arena gives memory outside the garbage collector's heap: records hold no pointers, and a heap of
// gigabytes would only raise the point at which the collector starts. It asks for huge pages, since orders and keys
// are looked up at random.
type arena struct {
	mu     sync.Mutex
	chunks [][]byte
	rest   []byte
}

// allocate is a core.Allocator.
func (a *arena) allocate(size int) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	size = (size + 63) &^ 63
	if size > len(a.rest) {
		a.grow(max(size, arenaChunk))
	}
	memory := a.rest[:size:size]
	a.rest = a.rest[size:]
	return memory
}

func (a *arena) grow(size int) {
	chunk, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil { // the same as for make: there is no way to go on
		panic("engine: out of memory: " + err.Error())
	}
	// A kernel that knows no huge pages refuses, and everything works without.
	_ = syscall.Madvise(chunk, syscall.MADV_HUGEPAGE)
	a.chunks = append(a.chunks, chunk)
	a.rest = chunk
}

// free gives everything back; nothing taken from the arena may be touched any more.
func (a *arena) free() error {
	var first error
	for _, chunk := range a.chunks {
		if err := syscall.Munmap(chunk); err != nil && first == nil {
			first = err
		}
	}
	a.chunks, a.rest = nil, nil
	return first
}
