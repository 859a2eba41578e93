package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// repeat is a fixture's way to write many lines: `REPEAT 3 x++`.
var repeat = regexp.MustCompile(`(?m)^\s*REPEAT (\d+) (.*\n)`)

// lay writes the files of a fixture below dir, over those that are there.
func lay(t *testing.T, dir, fixture string) (expected string) {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", fixture))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		data := repeat.ReplaceAllFunc(f.Data, func(m []byte) []byte {
			parts := repeat.FindSubmatch(m)
			n, err := strconv.Atoi(string(parts[1]))
			if err != nil {
				t.Fatal(err)
			}
			return bytes.Repeat(parts[2], n)
		})
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return string(a.Comment)
}

func TestCleanTreeHasNoFindings(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "clean.txtar")
	var out, errs bytes.Buffer
	if code := run([]string{dir}, &out, &errs); code != 0 || out.Len()+errs.Len() > 0 {
		t.Errorf("exit code %d, output:\n%s%s", code, &out, &errs)
	}
}

// TestRules lays each broken fixture over the clean tree and compares the findings with the
// fixture's comment. Every rule has the fixture of its name.
func TestRules(t *testing.T) {
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			dir := t.TempDir()
			lay(t, dir, "clean.txtar")
			want := lay(t, dir, r.name+".txtar")

			tree, err := readTree(dir)
			if err != nil {
				t.Fatal(err)
			}
			findings, err := check(tree)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for _, f := range findings {
				if f.rule != r.name {
					t.Errorf("finding of another rule: %v", f)
				}
				fmt.Fprintf(&got, "%s:%d: %s\n", f.path, f.line, f.what)
			}
			if got.Len() == 0 || got.String() != want {
				t.Errorf("findings:\n%swant:\n%s", got.String(), want)
			}
		})
	}
}

func TestFindingsAreExitCodeOne(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, "clean.txtar")
	lay(t, dir, "nolint.txtar")
	var out, errs bytes.Buffer
	if code := run([]string{dir}, &out, &errs); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	want := "server/serve.go:5: nolint: a linter is told to look away; a warning is mended, not silenced\n"
	if !strings.HasPrefix(out.String(), want) {
		t.Errorf("output:\n%swant it to begin with:\n%s", &out, want)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-unknown"}, {"a", "b"}, {filepath.Join(t.TempDir(), "missing")}} {
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 2 || errs.Len() == 0 {
			t.Errorf("%q: exit code %d, errors %q; want 2 and a message", args, code, &errs)
		}
	}
	var out, errs bytes.Buffer
	if code := run([]string{"-rules"}, &out, &errs); code != 0 || strings.Count(out.String(), "\n") != len(rules()) {
		t.Errorf("-rules: exit code %d, output:\n%s", code, &out)
	}
}
