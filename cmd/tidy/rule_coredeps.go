package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// coreDir is the package that decides.
const coreDir = "engine/core"

// corePure are the standard packages that the core may import: they compute, and know nothing of
// clock, disk, scheduler or chance.
var corePure = []string{"cmp", "iter", "math", "math/bits", "slices", "unicode/utf8", "unsafe"}

// coreOurs are the packages of ours that the core may import.
var coreOurs = []string{coreDir, "engine/invariant"}

// listedPackage is what the rule needs of `go list -json`.
type listedPackage struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

// checkCoreDeps follows the core's imports as the build does, with and without the costly audits, and
// reports each step from an allowed package to one that is not; what lies behind is not followed.
func checkCoreDeps(t *tree, report reporter) error {
	type step struct{ from, to string }
	reported := map[step]bool{}
	for _, tags := range []string{"", "invariants"} {
		deps, err := t.listDeps(tags)
		if err != nil {
			return err
		}
		reached := []string{t.module + "/" + coreDir}
		for i := 0; i < len(reached); i++ {
			from := deps[reached[i]]
			for _, to := range from.Imports {
				if t.coreAllows(from, deps[to]) {
					if !slices.Contains(reached, to) {
						reached = append(reached, to)
					}
				} else if s := (step{from.ImportPath, to}); !reported[s] {
					reported[s] = true
					path, line := t.importPlace(s.from, s.to)
					report(path, line, s.from+" imports "+s.to)
				}
			}
		}
	}
	return nil
}

func (t *tree) listDeps(tags string) (map[string]listedPackage, error) {
	out, err := t.goList("-deps", "-tags="+tags, "-json=ImportPath,Standard,Imports", "./"+coreDir)
	if err != nil {
		return nil, err
	}
	deps := map[string]listedPackage{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p listedPackage
		if err := d.Decode(&p); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		deps[p.ImportPath] = p
	}
	return deps, nil
}

// coreAllows reports whether one package on the core's way may import another. The runtime and the
// standard library's internals are part of every program, but ours may not name them: they tell the
// time, the processors and the memory.
func (t *tree) coreAllows(from, to listedPackage) bool {
	if own, ok := t.own(to.ImportPath); ok {
		return slices.Contains(coreOurs, own)
	}
	_, fromOurs := t.own(from.ImportPath)
	return slices.Contains(corePure, to.ImportPath) || to.Standard && isRuntime(to.ImportPath) && !fromOurs
}

func isRuntime(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return first == "runtime" || first == "internal"
}

// importPlace finds the import in our sources; for a step inside somebody else's package it answers
// with the core's doc.go, where a reader looks for the rule.
func (t *tree) importPlace(from, imported string) (string, int) {
	own, _ := t.own(from)
	for f := range t.goFiles {
		if f.dir() != own || f.isTest() {
			continue
		}
		for line, p := range f.imports {
			if p == imported {
				return f.path, line
			}
		}
	}
	return coreDir + "/doc.go", 1
}
