package main

import (
	"cmp"
	"fmt"
	"slices"
)

// A rule is one promise about the repository.
type rule struct {
	name  string
	why   string // ends every finding, so that nobody has to look the rule up
	check func(*tree, reporter) error
}

// reporter takes one finding of a rule: where it is, and what is wrong there.
type reporter func(path string, line int, what string)

// rules lists every rule, in the order in which `tidy -rules` shows them.
func rules() []rule {
	return []rule{
		{"top-level", "the first listing of the repository shows its parts and nothing else", checkTopLevel},
		{"imports", "imports run downward only: cmd, server, engine, core; see importTable", checkImports},
		{"owners", "a library that shapes its user is known to one package", checkOwners},
		{"core-deps", "the core decides from the journal alone, so it can reach nothing that knows more", checkCoreDeps},
		{"core-syntax", "the core gives the same result on every machine", checkCoreSyntax},
		{"length", "a reader sees a function on two screens and a file in one sitting", checkLength},
		{"doc", "doc.go tells what a package is for", checkDoc},
		{"package-name", "a name that says nothing collects everything", checkPackageName},
		{"work-marker", "nothing half-done stays", checkWorkMarkers},
		{"skip", "a test that is skipped unseen protects nothing", checkSkip},
		{"machine-path", "the repository works on every machine", checkMachinePaths},
		{"nolint", "a warning is mended, not silenced", checkNolint},
	}
}

// finding is one place that breaks a rule.
type finding struct {
	path string
	line int
	rule string
	what string
	why  string
}

func (f finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s; %s", f.path, f.line, f.rule, f.what, f.why)
}

// check applies every rule and returns the findings in order of place.
func check(t *tree) ([]finding, error) {
	var all []finding
	for _, r := range rules() {
		err := r.check(t, func(path string, line int, what string) {
			all = append(all, finding{path, line, r.name, what, r.why})
		})
		if err != nil {
			return nil, fmt.Errorf("rule %s: %w", r.name, err)
		}
	}
	slices.SortStableFunc(all, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.line, b.line), cmp.Compare(a.what, b.what))
	})
	return all, nil
}
