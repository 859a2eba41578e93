package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// tree is the repository as the rules see it: every text file, the Go files parsed.
type tree struct {
	root   string
	module string
	top    []fs.DirEntry
	files  []*file
	fset   *token.FileSet
}

// file is one text file.
type file struct {
	path string // from the root, with slashes
	data []byte
	ast  *ast.File // nil unless it is a Go file that the go command would build
	fset *token.FileSet
}

// products are what the Makefile leaves at the top; .gitignore names them, and they are not read.
var products = []string{"bin", "data"}

// ownFixtures hold broken rules on purpose.
const ownFixtures = "cmd/tidy/testdata"

func readTree(root string) (*tree, error) {
	t := &tree{root: root, fset: token.NewFileSet()}
	var err error
	if t.top, err = os.ReadDir(root); err != nil {
		return nil, err
	}
	module, err := t.goList("-m")
	if err != nil {
		return nil, err
	}
	t.module = strings.TrimSpace(string(module))
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return t.visit(name, filepath.ToSlash(rel), d)
	})
	return t, err
}

func (t *tree) visit(name, rel string, d fs.DirEntry) error {
	if d.IsDir() {
		if rel == ".git" || rel == ownFixtures || slices.Contains(products, rel) {
			return fs.SkipDir
		}
		return nil
	}
	// The hashes in go.sum may spell anything; where there are several work trees .git is a file.
	if !d.Type().IsRegular() || rel == "go.sum" || rel == ".git" {
		return nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil
	}
	f := &file{path: rel, data: data, fset: t.fset}
	if strings.HasSuffix(rel, ".go") && !strings.Contains("/"+rel, "/testdata/") {
		if f.ast, err = parser.ParseFile(t.fset, rel, data, parser.ParseComments|parser.SkipObjectResolution); err != nil {
			return err
		}
	}
	t.files = append(t.files, f)
	return nil
}

// goList runs `go list` with the arguments in the tree's root and returns what it prints.
func (t *tree) goList(args ...string) ([]byte, error) {
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = t.root
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return out, nil
}

// goFiles yields the Go files that the go command would build.
func (t *tree) goFiles(yield func(*file) bool) {
	for _, f := range t.files {
		if f.ast != nil && !yield(f) {
			return
		}
	}
}

// own is the import path without the module's name, and whether it is a package of the module.
func (t *tree) own(importPath string) (string, bool) {
	return strings.CutPrefix(importPath, t.module+"/")
}

// dir is the directory of the file from the root; it is also the package's path in the module.
func (f *file) dir() string { return path.Dir(f.path) }

// isTest reports whether the file is built for tests only.
func (f *file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// line is the line of a position in the file.
func (f *file) line(pos token.Pos) int { return f.fset.Position(pos).Line }

// imports yields the line and the path of every import.
func (f *file) imports(yield func(int, string) bool) {
	for _, s := range f.ast.Imports {
		p, err := strconv.Unquote(s.Path.Value)
		if err == nil && !yield(f.line(s.Pos()), p) {
			return
		}
	}
}

// within reports whether the package path is dir or lies below it.
func within(pkg, dir string) bool {
	return pkg == dir || strings.HasPrefix(pkg, dir+"/")
}

// lines yields the number and the text of every line.
func (f *file) lines(yield func(int, []byte) bool) {
	n := 0
	for text := range bytes.Lines(f.data) {
		n++
		if !yield(n, text) {
			return
		}
	}
}
