//go:build !linux

package wal

import "github.com/cockroachdb/pebble/v2/vfs"

// newDirectFile leaves the file as it is: only Linux lets an open file change its mode.
func newDirectFile(f vfs.File) vfs.File { return f }
