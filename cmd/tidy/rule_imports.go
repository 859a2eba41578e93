package main

import (
	"fmt"
	"slices"
)

// anything stands in importTable for every package of ours.
const anything = "*"

// importTable tells for each package of ours which others of ours it may import. A package below a
// listed one has a row of its own: a new package begins with the decision what it may know. Tests may
// import what they need.
var importTable = map[string][]string{
	"engine/invariant": {},
	"engine/core":      {"engine/invariant"},
	"engine/codec":     {"engine/core", "engine/invariant"},
	"engine/feed":      {"engine/core", "engine/codec", "engine/invariant", "wal"},
	"engine/reference": {"engine/core", "engine/invariant"},
	"engine":           {"engine/core", "engine/codec", "engine/feed", "engine/invariant", "wal"},
	"engine/replica":   {"engine", "engine/core", "engine/codec", "engine/feed", "engine/invariant", "wal"},
	// Search reads the feed and keeps what it learns beside it: it stands above the engine, as nothing of it is on the way of a command.
	"engine/search":     {"engine", "engine/core", "engine/codec", "engine/feed", "engine/invariant", "wal"},
	"engine/simulation": {"engine", "engine/core", "engine/codec", "engine/feed", "engine/invariant", "engine/reference", "engine/replica", "wal"},

	"wal":         {"engine/invariant"},
	"wal/waltest": {"wal", "engine/invariant"},

	"server":                 {"engine", "engine/core", "engine/codec", "engine/feed", "engine/invariant", "engine/replica", "engine/search", "server/console", "server/webhook", "server/queue", "server/paper", "server/report", "server/connect"},
	"server/client":          {"engine/core", "engine/codec", "engine/invariant"},
	"server/console":         {},
	"server/paper":           {},
	"server/queue":           {},
	"server/provider":        {"engine", "engine/core", "engine/codec", "engine/feed", "engine/invariant", "wal"},
	"server/queue/rehearsal": {"engine/core", "engine/invariant", "server/queue"},
	"server/webhook":         {"engine/core", "engine/codec", "engine/feed", "engine/invariant"},
	"server/report":          {"engine/core", "engine/codec", "engine/feed", "engine/invariant"},
	"server/connect":         {"engine/core", "engine/codec", "engine/feed", "engine/invariant"},

	// The bench sees what a client sees, or its figures would not be a client's.
	"bench": {"engine/core", "engine/codec", "engine/invariant", "server/client"},

	"cmd/holdfast": {anything},
	"cmd/tidy":     {},
	"cmd/sabotage": {}, // It breaks the product as text, and must work whatever is broken.
}

func checkImports(t *tree, report reporter) error {
	for f := range t.goFiles {
		pkg := f.dir()
		allowed, known := importTable[pkg]
		if !known {
			report(f.path, f.line(f.ast.Name.Pos()), fmt.Sprintf("package %s has no row in importTable", pkg))
			continue
		}
		if f.isTest() || slices.Contains(allowed, anything) {
			continue
		}
		for line, p := range f.imports {
			if own, ok := t.own(p); ok && own != pkg && !slices.Contains(allowed, own) {
				report(f.path, line, fmt.Sprintf("%s may not import %s", pkg, own))
			}
		}
	}
	return nil
}
