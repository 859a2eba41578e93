package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command without the process around it; it returns the exit code.
func run(args []string, out, errs io.Writer) int {
	root := "."
	switch {
	case len(args) == 1 && args[0] == "-rules":
		listRules(out)
		return 0
	case len(args) == 1 && args[0][0] != '-':
		root = args[0]
	case len(args) > 0:
		fmt.Fprintln(errs, "usage: tidy [-rules | DIR]")
		return 2
	}
	t, err := readTree(root)
	if err != nil {
		fmt.Fprintf(errs, "tidy: %v\n", err)
		return 2
	}
	findings, err := check(t)
	if err != nil {
		fmt.Fprintf(errs, "tidy: %v\n", err)
		return 2
	}
	for _, f := range findings {
		fmt.Fprintln(out, f)
	}
	if len(findings) > 0 {
		fmt.Fprintf(errs, "tidy: %d findings\n", len(findings))
		return 1
	}
	return 0
}

func listRules(out io.Writer) {
	for _, r := range rules() {
		fmt.Fprintf(out, "%-16s %s\n", r.name, r.why)
	}
}
