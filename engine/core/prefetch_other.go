//go:build !amd64 && !arm64

package core

import "unsafe"

func prefetchRead(unsafe.Pointer)  {}
func prefetchWrite(unsafe.Pointer) {}
