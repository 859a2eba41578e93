package main

import (
	"fmt"
	"strings"
)

// owners tells which packages may import a library. Tests may also use what is listed for them.
var owners = []struct {
	library  string
	packages []string
	tests    []string // packages of the library that any test may import
}{
	// A test that lets a disk fail needs Pebble's idea of a disk, and nothing more of it.
	{"github.com/cockroachdb/pebble", []string{"wal"}, []string{"vfs", "vfs/errorfs"}},
	{"github.com/valyala/fasthttp", []string{"server", "bench"}, nil},
}

func checkOwners(t *tree, report reporter) error {
	for f := range t.goFiles {
		for line, imported := range f.imports {
			for _, o := range owners {
				if !within(imported, o.library) || withinAny(f.dir(), o.packages) {
					continue
				}
				if f.isTest() && hasSuffixOf(imported, o.tests) {
					continue
				}
				report(f.path, line, fmt.Sprintf("only %s may import %s", strings.Join(o.packages, " and "), o.library))
			}
		}
	}
	return nil
}

func withinAny(pkg string, dirs []string) bool {
	for _, d := range dirs {
		if within(pkg, d) {
			return true
		}
	}
	return false
}

func hasSuffixOf(imported string, packages []string) bool {
	for _, p := range packages {
		if strings.HasSuffix(imported, "/"+p) {
			return true
		}
	}
	return false
}
