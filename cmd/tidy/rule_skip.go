package main

import (
	"go/ast"
	"go/token"
	"slices"
)

// checkSkip allows two skips: what testing.Short leaves out, which the full run has, and a helper
// that fails instead where the environment says CI, so that what a machine lacks is noticed there.
func checkSkip(t *tree, report reporter) error {
	for f := range t.goFiles {
		if !f.importsTesting() {
			continue
		}
		for _, d := range f.ast.Decls {
			ast.Inspect(d, func(n ast.Node) bool {
				if guard, ok := n.(*ast.IfStmt); ok && onlyIfShort(guard.Cond) {
					return false
				}
				if isSkip(n) && !failsInCI(d) {
					report(f.path, f.line(n.Pos()), "skips a test, neither under testing.Short nor failing when CI is set")
				}
				return true
			})
		}
	}
	return nil
}

func (f *file) importsTesting() bool {
	for _, p := range f.imports {
		if p == "testing" {
			return true
		}
	}
	return false
}

// onlyIfShort reports whether a condition holds only under testing.Short, alone or with more.
func onlyIfShort(e ast.Expr) bool {
	if both, ok := e.(*ast.BinaryExpr); ok && both.Op == token.LAND {
		return onlyIfShort(both.X) || onlyIfShort(both.Y)
	}
	return isCall(e, "testing", "Short")
}

// isSkip reports whether n calls Skip, Skipf or SkipNow of what is commonly a test's handle.
func isSkip(n ast.Node) bool {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, sel.Sel.Name) {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && slices.Contains([]string{"t", "b", "f", "tb"}, x.Name)
}

// failsInCI reports whether a declaration asks for the variable CI and can fail the test.
func failsInCI(d ast.Decl) bool {
	asks, fails := false, false
	ast.Inspect(d, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if isCall(call, "os", "Getenv") {
			lit, ok := call.Args[0].(*ast.BasicLit)
			asks = asks || ok && lit.Value == `"CI"`
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			fails = fails || sel.Sel.Name == "Fatal" || sel.Sel.Name == "Fatalf"
		}
		return true
	})
	return asks && fails
}

// isCall reports whether e calls the function of the package.
func isCall(e ast.Expr, pkg, function string) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != function {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && x.Name == pkg
}
