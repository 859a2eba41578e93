package main

import (
	"fmt"
	"path"
	"strings"
)

func checkDoc(t *tree, report reporter) error {
	first := map[string]*file{} // of each package, without its tests
	docs := map[string]*file{}
	for f := range t.goFiles {
		if f.isTest() {
			continue
		}
		if first[f.dir()] == nil {
			first[f.dir()] = f
		}
		if path.Base(f.path) == "doc.go" {
			docs[f.dir()] = f
		} else if f.ast.Doc != nil {
			report(f.path, f.line(f.ast.Doc.Pos()), "the package comment belongs in doc.go")
		}
	}
	for dir, f := range first {
		doc := docs[dir]
		if doc == nil {
			report(f.path, 1, fmt.Sprintf("package %s has no doc.go", dir))
			continue
		}
		want := "Package " + doc.ast.Name.Name + " "
		if doc.ast.Name.Name == "main" {
			want = "Command " + path.Base(dir) + " "
		}
		if !strings.HasPrefix(doc.ast.Doc.Text(), want) {
			report(doc.path, 1, fmt.Sprintf("doc.go has no comment that begins with %q", want))
		}
	}
	return nil
}
