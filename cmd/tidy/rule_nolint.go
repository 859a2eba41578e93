package main

import "strings"

func checkNolint(t *tree, report reporter) error {
	for f := range t.goFiles {
		for _, group := range f.ast.Comments {
			for _, c := range group.List {
				if text := strings.TrimLeft(strings.TrimPrefix(c.Text, "//"), " "); strings.HasPrefix(text, "nolint") {
					report(f.path, f.line(c.Pos()), "a linter is told to look away")
				}
			}
		}
	}
	return nil
}
