package main

import (
	"go/ast"
	"go/token"
	"regexp"
)

// integerLimit matches what of package math is not floating point.
var integerLimit = regexp.MustCompile(`^(Max|Min)U?[iI]nt\d*$`)

func checkCoreSyntax(t *tree, report reporter) error {
	for f := range t.goFiles {
		if f.dir() != coreDir || f.isTest() {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if what := undetermined(n); what != "" {
				report(f.path, f.line(n.Pos()), what)
			}
			return true
		})
	}
	return nil
}

// undetermined tells why the result of a piece of syntax may differ from one machine, or one run, to
// the next; empty for syntax that is safe. Maps are refused as types, because whoever has one will
// range over it.
func undetermined(n ast.Node) string {
	switch n := n.(type) {
	case *ast.MapType:
		return "map type: iteration has no order"
	case *ast.ChanType:
		return "channel type: whoever is scheduled first wins"
	case *ast.SelectStmt:
		return "select statement: it chooses by chance"
	case *ast.GoStmt:
		return "go statement: the scheduler decides what runs first"
	case *ast.BasicLit:
		if n.Kind == token.FLOAT || n.Kind == token.IMAG {
			return "floating-point number " + n.Value + ": rounding differs between processors"
		}
	case *ast.SelectorExpr:
		if x, ok := n.X.(*ast.Ident); ok && x.Name == "math" && !integerLimit.MatchString(n.Sel.Name) {
			return "math." + n.Sel.Name + ": floating point; rounding differs between processors"
		}
	case *ast.Ident:
		switch n.Name {
		case "float32", "float64", "complex64", "complex128":
			return "floating-point type " + n.Name + ": rounding differs between processors"
		}
	}
	return ""
}
