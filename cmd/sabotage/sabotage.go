package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// listDir holds the list, from the root of the repository.
const listDir = "cmd/sabotage/list"

// sabotage is one small way to break the product.
type sabotage struct {
	name    string
	promise string // what nobody may rely on any more
	file    string // where, from the root
	edits   []edit
	tests   []testSet // who should notice, the quickest first
}

// edit replaces whole lines.
type edit struct{ find, replace []byte }

// testSet is some tests of one package.
type testSet struct {
	pkg   string // as the go command takes it: ./wal
	tags  string // with which it is built, "" for none
	names []string
}

// errStale says that a sabotage does not fit the code any more.
var errStale = errors.New("stale")

// readList reads the sabotages of the repository at root, in the order of their names.
func readList(root string) ([]sabotage, error) {
	names, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(listDir), "*.txtar"))
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no sabotage in %s", listDir)
	}
	var list []sabotage
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		s, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", listDir, filepath.Base(name), err)
		}
		s.name = strings.TrimSuffix(filepath.Base(name), ".txtar")
		list = append(list, s)
	}
	return list, nil
}

// parse reads a sabotage, whose name is that of its file.
func parse(data []byte) (s sabotage, err error) {
	archive := txtar.Parse(data)
	head, words, _ := bytes.Cut(archive.Comment, []byte("\n\n"))
	for line := range strings.Lines(string(head)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch fields := strings.Fields(value); {
		case key == "promise" && s.promise == "":
			s.promise = value
		case key == "file" && s.file == "":
			s.file = path.Clean(value)
		case key == "tests" && len(fields) > 1:
			s.tests = append(s.tests, newTestSet(fields))
		default:
			return s, fmt.Errorf("a line is not what the head has: %q", line)
		}
	}
	nameless := slices.ContainsFunc(s.tests, func(set testSet) bool { return len(set.names) == 0 })
	if s.promise == "" || s.file == "" || len(s.tests) == 0 || nameless || len(bytes.TrimSpace(words)) == 0 {
		return s, errors.New("promise, file, tests or the words behind them are missing")
	}
	if s.edits, err = parseEdits(archive.Files); err != nil {
		return s, err
	}
	return s, nil
}

// newTestSet takes a package, perhaps -tags=…, and the names of tests.
func newTestSet(fields []string) (set testSet) {
	set.pkg, set.names = fields[0], fields[1:]
	if tags, ok := strings.CutPrefix(fields[1], "-tags="); ok {
		set.tags, set.names = tags, fields[2:]
	}
	return set
}

// parseEdits takes the parts of the archive two by two.
func parseEdits(files []txtar.File) (edits []edit, err error) {
	if len(files) == 0 {
		return nil, errors.New("there is nothing to find")
	}
	for pair := range slices.Chunk(files, 2) {
		if len(pair) != 2 || pair[0].Name != "find" || pair[1].Name != "replace" {
			return nil, errors.New("its parts are not find and replace by turns")
		}
		if len(pair[0].Data) == 0 || bytes.Equal(pair[0].Data, pair[1].Data) {
			return nil, errors.New("it changes nothing")
		}
		edits = append(edits, edit{find: pair[0].Data, replace: pair[1].Data})
	}
	return edits, nil
}

// apply gives the source with the sabotage in it.
func (s *sabotage) apply(source []byte) ([]byte, error) {
	for _, e := range s.edits {
		at, ok := findLines(source, e.find)
		if !ok {
			return nil, fmt.Errorf("%w: its lines are not in %s exactly once:\n%s", errStale, s.file, e.find)
		}
		source = slices.Concat(source[:at], e.replace, source[at+len(e.find):])
	}
	return source, nil
}

// findLines finds whole lines that occur once.
func findLines(source, lines []byte) (at int, ok bool) {
	at = -1
	for start := 0; start < len(source); {
		if bytes.HasPrefix(source[start:], lines) {
			if at >= 0 {
				return 0, false
			}
			at = start
		}
		end := bytes.IndexByte(source[start:], '\n')
		if end < 0 {
			break
		}
		start += end + 1
	}
	return at, at >= 0
}

// choose gives the sabotages of the names, or all when there are none.
func choose(list []sabotage, names []string) ([]sabotage, error) {
	if len(names) == 0 {
		return list, nil
	}
	var chosen []sabotage
	for _, name := range names {
		i := slices.IndexFunc(list, func(s sabotage) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no sabotage %q in %s", name, listDir)
		}
		chosen = append(chosen, list[i])
	}
	return chosen, nil
}
