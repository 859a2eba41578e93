package main

import (
	"bytes"
	"context"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// repository is the root, seen from here.
const repository = "../.."

// TestListFits keeps the list from rotting: every sabotage still fits the code and gives something that reads as Go, and
// the tests named for it exist.
func TestListFits(t *testing.T) {
	list, err := readList(repository)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{} // sources, by package
	changes := map[string]string{}
	for _, s := range list {
		source, err := os.ReadFile(filepath.Join(repository, s.file))
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		broken, err := s.apply(source)
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), s.file, broken, parser.SkipObjectResolution); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
		if twin := changes[string(broken)]; twin != "" {
			t.Errorf("%s is the same as %s", s.name, twin)
		}
		changes[string(broken)] = s.name
		for _, set := range s.tests {
			if _, read := tests[set.pkg]; !read {
				tests[set.pkg] = testSources(t, set.pkg)
			}
			for _, name := range set.names {
				if !strings.Contains(tests[set.pkg], "\nfunc "+name+"(") {
					t.Errorf("%s: %s has no %s", s.name, set.pkg, name)
				}
			}
		}
	}
}

// testSources gives all test files of a package, one behind the other.
func testSources(t *testing.T, pkg string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return string(all)
}

// shop is a repository so small that its tests take no time.
var shop = map[string]string{
	"go.mod": "module shop\n\ngo 1.26\n",
	"till/till.go": `package till

func Left(stock, sold int) int {
	if sold > stock {
		return 0
	}
	return stock - sold
}

func Wait(done chan int) int {
	return <-done
}
`,
	"till/till_test.go": `package till

import "testing"

func TestLeft(t *testing.T) {
	if Left(3, 1) != 2 {
		t.Error("wrong")
	}
}

func TestSum(t *testing.T) {
	t.Run("part", func(t *testing.T) {
		if Left(3, 3) != 0 {
			t.Error("wrong")
		}
	})
}

func TestWait(t *testing.T) {
	done := make(chan int, 1)
	done <- 1
	Wait(done)
}
`,
	"till/rare_test.go": `//go:build rare

package till

import "testing"

func TestRare(t *testing.T) {
	if Left(1, 2) != 0 {
		t.Error("wrong")
	}
}
`,
	"cmd/sabotage/list/rare.txtar":     entry("-tags=rare TestRare", "\tif sold > stock {\n", "\tif stock < 0 {\n"),
	"cmd/sabotage/list/adds.txtar":     entry("TestWait TestLeft TestSum", "\treturn stock - sold\n", "\treturn stock + sold\n"),
	"cmd/sabotage/list/dies.txtar":     entry("TestLeft TestWait", "\treturn <-done\n", "\tgo panic(len(done))\n\tselect {}\n"),
	"cmd/sabotage/list/hangs.txtar":    entry("TestWait", "\treturn <-done\n", "\t<-done\n\treturn <-done\n"),
	"cmd/sabotage/list/unseen.txtar":   entry("TestLeft", "\t\treturn 0\n", "\t\treturn stock - sold\n"),
	"cmd/sabotage/list/gone.txtar":     entry("TestLeft", "\treturn sold - stock\n", ""),
	"cmd/sabotage/list/twice.txtar":    entry("TestLeft", "}\n", ""),
	"cmd/sabotage/list/nonsense.txtar": entry("TestLeft", "\treturn stock - sold\n", "\treturn stock - old\n"),
}

func entry(tests, find, replace string) string {
	return "promise: sums are right\nfile: till/till.go\ntests: ./till " + tests + "\n\nA mistake.\n\n" +
		"-- find --\n" + find + "-- replace --\n" + replace
}

// open makes the repository of some files.
func open(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "."}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	return dir
}

// TestOutcomes tries sabotages of every kind of fate, and looks whether the repository is as it was.
func TestOutcomes(t *testing.T) {
	dir := open(t, shop)
	t.Setenv("TMPDIR", t.TempDir())
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"--workers", "2", "--timeout", "2s", dir}, &out, &errs); code != 1 {
		t.Errorf("exit code %d\n%s", code, &errs)
	}
	for _, row := range []string{
		`adds +sums are right +till/till.go +TestLeft, TestSum +\d`,
		`dies +sums are right +till/till.go +TestWait \(crash\) +\d`,
		`hangs .*TestWait \(timeout\) +\d`,
		`unseen .*SURVIVED +\d`, `rare .*TestRare +\d`,
		`gone .*STALE +\d`, `twice .*STALE +\d`, `nonsense .*STALE +\d`,
		`gone is stale: its lines are not in till/till.go exactly once`,
		`nonsense is stale: it does not compile:[^$]*undefined: old`,
		`8 sabotages: 4 caught, 1 survived, 3 stale`,
	} {
		if !regexp.MustCompile(`(?m)^` + row).MatchString(out.String()) {
			t.Errorf("no line %q in\n%s", row, &out)
		}
	}
	for name, text := range shop {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(data) != text {
			t.Errorf("%s was changed: %v", name, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "sabotage-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestAllOfTheSuite: what its own tests miss may be known to others.
func TestAllOfTheSuite(t *testing.T) {
	files := map[string]string{
		"cmd/sabotage/list/adds.txtar": entry("TestSum", "\treturn stock - sold\n", "\treturn stock - sold*sold/max(1, stock)\n"),
	}
	for _, name := range []string{"go.mod", "till/till.go", "till/till_test.go"} {
		files[name] = shop[name]
	}
	files["till/till_test.go"] = strings.ReplaceAll(files["till/till_test.go"], "Left(3, 1) != 2", "Left(4, 2) != 2")
	dir := open(t, files)
	for _, test := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"--only", "adds", dir}, 1, "SURVIVED"},
		{[]string{"--only", "adds", "--all", dir}, 0, "TestLeft"},
	} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), test.args, &out, &errs); code != test.code || !strings.Contains(out.String(), test.says) {
			t.Errorf("%v: exit code %d, want %d and %q\n%s%s", test.args, code, test.code, test.says, &out, &errs)
		}
	}
}

// TestCannotTry: without sound tests, a list, or a proper command line there is no table.
func TestCannotTry(t *testing.T) {
	failing, foreign := map[string]string{}, map[string]string{}
	for name, text := range shop {
		failing[name], foreign[name] = text, text
	}
	failing["till/till.go"] = strings.Replace(failing["till/till.go"], "stock - sold", "sold - stock", 1)
	for name := range failing {
		if strings.HasSuffix(name, ".txtar") && !strings.HasSuffix(name, "hangs.txtar") && !strings.HasSuffix(name, "unseen.txtar") {
			delete(failing, name)
		}
	}
	foreign["cmd/sabotage/list/adds.txtar"] = "promise: a\nfile: b\n\nNo tests.\n-- find --\nc\n-- replace --\nd\n"
	for _, test := range []struct {
		args []string
		says string
	}{
		{[]string{open(t, failing)}, "fail without any sabotage: TestLeft"},
		{[]string{open(t, foreign)}, "adds.txtar: promise, file, tests"},
		{[]string{open(t, map[string]string{"go.mod": "module shop\n"})}, "there is no sabotage"},
		{[]string{"--only", "unheard-of", open(t, shop)}, `there is no sabotage "unheard-of"`},
		{[]string{"--workers", "0"}, "usage"},
		{[]string{"a", "b"}, "usage"},
		{[]string{"--unknown"}, "not defined"},
	} {
		var out, errs bytes.Buffer
		if code := run(context.Background(), test.args, &out, &errs); code != 2 || !strings.Contains(errs.String(), test.says) || out.Len() > 0 {
			t.Errorf("%v: exit code %d, want 2 and %q\n%s%s", test.args, code, test.says, &out, &errs)
		}
	}
}

// TestParseRefuses changes one thing after the other in a sabotage that is right.
func TestParseRefuses(t *testing.T) {
	sound := entry("TestA", "a\n", "b\n")
	if s, err := parse([]byte(sound)); err != nil || s.promise != "sums are right" || len(s.edits) != 1 ||
		!slices.Equal(s.tests[0].names, []string{"TestA"}) {
		t.Errorf("%+v %v", s, err)
	}
	for _, change := range [][2]string{
		{"promise: ", "promises: "}, {"file: till/till.go\n", ""}, {" TestA", ""}, {" TestA", " -tags=a"}, {"A mistake.", ""},
		{"file: ", "promise: twice\nfile: "}, {"-- replace --\n", "-- replaced --\n"}, {"-- replace --\nb\n", ""},
		{"-- find --\na\n-- replace --\nb\n", ""}, {"\na\n", "\nb\n"}, {"\na\n", "\n"},
	} {
		text := strings.Replace(sound, change[0], change[1], 1)
		if s, err := parse([]byte(text)); err == nil {
			t.Errorf("%q for %q is taken: %+v", change[1], change[0], s)
		}
	}
}

// TestFindLines: only whole lines are found, and only those that are there once.
func TestFindLines(t *testing.T) {
	for _, test := range []struct {
		source, lines string
		at            int
		ok            bool
	}{
		{"a\nb\nc\n", "b\n", 2, true},
		{"a\nb\nc\n", "a\nb\n", 0, true},
		{"a\nab\n", "b\n", -1, false},
		{"a\nab\nb\n", "b\n", 5, true},
		{"a\nb\nb\n", "b\n", 0, false},
		{"a\nb\n", "c\n", -1, false},
		{"a\nb", "b\n", -1, false},
		{"", "a\n", -1, false},
	} {
		if at, ok := findLines([]byte(test.source), []byte(test.lines)); at != test.at || ok != test.ok {
			t.Errorf("%q in %q: %d %v, want %d %v", test.lines, test.source, at, ok, test.at, test.ok)
		}
	}
}
