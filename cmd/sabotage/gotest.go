package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// testEvent is a line of `go test -json`.
type testEvent struct {
	Action      string
	Package     string
	Test        string
	Output      string
	FailedBuild string // of the package that did not compile
}

// verdict is what became of a run of tests.
type verdict struct {
	failed   []string // tests, without their parts
	compiles bool
	output   []byte // of what failed, and of the go command
}

// runTests runs tests in the copy; of a set without names, all of the package. It is an error only when the go command
// itself fails in some other way than by a test or by code that does not compile.
func (s *scratch) runTests(ctx context.Context, timeout time.Duration, set testSet) (verdict, error) {
	// Without -trimpath the directory's name would be in everything that is compiled, and nothing be taken from the cache.
	args := []string{"test", "-json", "-short", "-trimpath", "-vet=off", "-tags=" + set.tags, "-timeout", timeout.String()}
	if len(set.names) > 0 {
		args = append(args, "-run", "^("+strings.Join(set.names, "|")+")$")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, set.pkg)...)
	cmd.Dir = s.dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		return verdict{}, errors.Join(err, ctx.Err())
	}
	v, readErr := readEvents(out)
	if readErr != nil {
		return verdict{}, fmt.Errorf("go %s: %w\n%s%s", strings.Join(args, " "), readErr, out, errs.Bytes())
	}
	if err != nil && len(v.failed) == 0 && v.compiles {
		return verdict{}, fmt.Errorf("go %s: %w\n%s%s", strings.Join(args, " "), err, v.output, errs.Bytes())
	}
	return v, nil
}

// readEvents finds out from the events which tests failed. A test that had not ended when its package failed was under way
// in a process that died or was stopped, and counts as well.
func readEvents(events []byte) (v verdict, err error) {
	v.compiles = true
	running := map[string][]string{} // by package
	outputs := map[string][]byte{}   // by test
	hung := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(events))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var e testEvent
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return v, err
		}
		test, _, part := strings.Cut(e.Test, "/")
		outputs[test] = append(outputs[test], e.Output...)
		switch {
		case e.Action == "build-fail" || e.FailedBuild != "":
			v.compiles = false
		case part:
		case e.Action == "output":
			hung[e.Package] = hung[e.Package] || strings.HasPrefix(e.Output, "panic: test timed out")
		case e.Action == "run":
			running[e.Package] = append(running[e.Package], test)
		case e.Action == "fail" && test == "":
			v.failed = append(v.failed, diedIn(e.Package, running[e.Package], hung[e.Package], len(v.failed) == 0)...)
		case e.Action == "pass" || e.Action == "skip" || e.Action == "fail":
			if e.Action == "fail" {
				v.failed = append(v.failed, test)
			}
			running[e.Package] = slices.DeleteFunc(running[e.Package], func(name string) bool { return name == test })
		}
	}
	for _, test := range v.failed {
		v.output = append(v.output, outputs[strings.TrimSuffix(strings.TrimSuffix(test, crashed), timedOut)]...)
	}
	v.output = append(v.output, outputs[""]...)
	return v, lines.Err()
}

// How a test ended that did not end by itself.
const (
	crashed  = " (crash)"
	timedOut = " (timeout)"
)

// diedIn names what was under way when a package failed, or the package if nothing else can be blamed.
func diedIn(pkg string, running []string, hung, blameless bool) (names []string) {
	how := crashed
	if hung {
		how = timedOut
	}
	for _, test := range running {
		names = append(names, test+how)
	}
	if len(names) == 0 && blameless {
		names = append(names, pkg)
	}
	return names
}
