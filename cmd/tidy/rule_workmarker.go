package main

import (
	"fmt"
	"regexp"
)

// workMarker is put together from halves, or this file would break its own rule.
var workMarker = regexp.MustCompile(`\b(` + "TO" + "DO|FIX" + "ME|X" + "XX|HA" + "CK" + `)\b`)

func checkWorkMarkers(t *tree, report reporter) error {
	for _, f := range t.files {
		for line, text := range f.lines {
			if m := workMarker.Find(text); m != nil {
				report(f.path, line, fmt.Sprintf("%q", m))
			}
		}
	}
	return nil
}
