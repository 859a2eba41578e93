package main

import (
	"fmt"
	"slices"
	"strings"
)

// emptyNames are package names that do not say what is inside.
var emptyNames = []string{"base", "common", "helper", "helpers", "misc", "shared", "types", "util", "utils"}

func checkPackageName(t *tree, report reporter) error {
	for f := range t.goFiles {
		if name := strings.TrimSuffix(f.ast.Name.Name, "_test"); slices.Contains(emptyNames, name) {
			report(f.path, f.line(f.ast.Name.Pos()), fmt.Sprintf("package %s", name))
		}
	}
	return nil
}
