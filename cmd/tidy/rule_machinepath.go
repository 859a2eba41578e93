package main

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	// machinePath is a path that exists on one machine: somebody's checkout or home.
	machinePath = regexp.MustCompile(`(?:^|[^A-Za-z0-9._)}-])(/(?:work|root|home)/)`)
	// tempPath is a path that all users of a machine share. It is put together from halves, or this
	// file would break its own rule.
	tempPath = regexp.MustCompile(`(?:^|[^A-Za-z0-9._)}-])(/t` + `mp/)`)
)

func checkMachinePaths(t *tree, report reporter) error {
	for _, f := range t.files {
		inTest := f.isTest() || strings.Contains("/"+f.path, "/testdata/")
		for line, text := range f.lines {
			m := machinePath.FindSubmatch(text)
			if m == nil && !inTest {
				m = tempPath.FindSubmatch(text)
			}
			if m != nil {
				report(f.path, line, fmt.Sprintf("path below %s", m[1]))
			}
		}
	}
	return nil
}
