package main

import (
	"bytes"
	"fmt"
	"go/ast"
)

const (
	maxFunctionLines = 100
	maxFileLines     = 800
)

func checkLength(t *tree, report reporter) error {
	for f := range t.goFiles {
		if n := bytes.Count(f.data, []byte("\n")); n > maxFileLines {
			report(f.path, 1, fmt.Sprintf("the file has %d lines of at most %d", n, maxFileLines))
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			name := ""
			switch n := n.(type) {
			case *ast.FuncDecl:
				name = n.Name.Name
			case *ast.FuncLit:
				name = "a function literal"
			default:
				return true
			}
			lines := f.line(n.End()) - f.line(n.Pos()) + 1
			if lines > maxFunctionLines {
				report(f.path, f.line(n.Pos()), fmt.Sprintf("%s has %d lines of at most %d", name, lines, maxFunctionLines))
			}
			return false // what lies inside is shorter
		})
	}
	return nil
}
