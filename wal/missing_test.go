package wal

import (
	"os"
	"testing"
)

// missing skips a test for which the machine lacks something. Where everything has to be there, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}
