package engine

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"syscall"
)

const (
	// hugePage is what the reserved memory is rounded up to.
	hugePage = 2 << 20
	// madvPopulateWrite is MADV_POPULATE_WRITE (Linux 5.14), which package syscall does not name.
	madvPopulateWrite = 23
)

// arena gives memory outside the garbage collector's heap: records hold no pointers, and a heap of
// gigabytes would only raise the point at which the collector starts. It asks for huge pages, since orders and keys
// are looked up at random, and lets the system prepare the next pages in the background: on a virtual machine the first
// touch of a page can take longer than a thousand orders, and it would hit the one goroutine that executes them.
type arena struct {
	mu         sync.Mutex
	chunks     [][]byte
	chunk      []byte // the newest
	used       int    // of it
	populated  int    // of it, or about to be
	populating sync.WaitGroup
}

// allocate is a core.Allocator.
func (a *arena) allocate(size int) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	size = (size + 63) &^ 63
	if a.used+size > len(a.chunk) {
		if err := a.grow(max(size, arenaChunk)); err != nil { // the same as for make: there is no way to go on
			panic("engine: out of memory: " + err.Error())
		}
	}
	memory := a.chunk[a.used : a.used+size : a.used+size]
	a.used += size
	if a.used+populateStep/2 > a.populated && a.populated < len(a.chunk) {
		a.populate()
	}
	return memory
}

// reserve takes memory before it is needed and has all of it made resident, by all processors at once. It is called
// before anything is allocated.
func (a *arena) reserve(bytes int64) error {
	if bytes == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.grow(int(bytes+hugePage-1) &^ (hugePage - 1)); err != nil {
		return fmt.Errorf("reserving %d bytes of memory: %w", bytes, err)
	}
	pages := len(a.chunk) / hugePage
	workers := min(runtime.GOMAXPROCS(0), pages)
	results := make(chan error, workers)
	for i := range workers {
		part := a.chunk[pages*i/workers*hugePage : pages*(i+1)/workers*hugePage]
		go func() { results <- syscall.Madvise(part, madvPopulateWrite) }()
	}
	var failed error
	for range workers {
		if err := <-results; err != nil && !errors.Is(err, syscall.EINVAL) { // EINVAL: a kernel before Linux 5.14
			failed = fmt.Errorf("reserving %d bytes of memory: %w", bytes, err)
		}
	}
	a.populated = len(a.chunk)
	return failed
}

// machineMemory is the memory of the machine in bytes; a container may have less.
func machineMemory() int64 {
	var machine syscall.Sysinfo_t
	if syscall.Sysinfo(&machine) != nil {
		return math.MaxInt64
	}
	return int64(machine.Totalram) * int64(machine.Unit)
}

// populate has the next step of the chunk made resident.
func (a *arena) populate() {
	step := a.chunk[a.populated:min(a.populated+populateStep, len(a.chunk))]
	a.populated += len(step)
	a.populating.Go(func() {
		// An older kernel refuses, and pages come when they are touched.
		_ = syscall.Madvise(step, madvPopulateWrite)
	})
}

func (a *arena) grow(size int) error {
	chunk, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		return err
	}
	// A kernel that knows no huge pages refuses, and everything works without.
	_ = syscall.Madvise(chunk, syscall.MADV_HUGEPAGE)
	a.chunks = append(a.chunks, chunk)
	a.chunk, a.used, a.populated = chunk, 0, 0
	return nil
}

// free gives everything back; nothing taken from the arena may be touched any more.
func (a *arena) free() error {
	a.populating.Wait()
	var first error
	for _, chunk := range a.chunks {
		if err := syscall.Munmap(chunk); err != nil && first == nil {
			first = err
		}
	}
	a.chunks, a.chunk, a.used, a.populated = nil, nil, 0, 0
	return first
}
