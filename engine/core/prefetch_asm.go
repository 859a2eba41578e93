//go:build amd64 || arm64

package core

import "unsafe"

// prefetchRead fetches the cache line at an address. Any address will do, even one that is not there.
//
//go:noescape
func prefetchRead(at unsafe.Pointer)

// prefetchWrite fetches the cache line at an address to be written.
//
//go:noescape
func prefetchWrite(at unsafe.Pointer)
