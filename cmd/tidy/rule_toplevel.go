package main

import (
	"slices"
	"strings"
)

// topLevel are the entries that may stand at the top. Hidden ones are settings of tools, and .ci.
var topLevel = []string{
	"engine", "wal", "server", "bench", "cmd", "docs",
	"go.mod", "go.sum", "Makefile", "README.md", "LICENSE",
}

func checkTopLevel(t *tree, report reporter) error {
	for _, e := range t.top {
		name := e.Name()
		if strings.HasPrefix(name, ".") || slices.Contains(topLevel, name) || slices.Contains(products, name) {
			continue
		}
		report(name, 1, "may not stand at the top")
	}
	return nil
}
