//go:build !linux

package bench

import (
	"os"
	"os/exec"
	"time"
)

func preciseSleep(d time.Duration) { time.Sleep(d) }

func syncData(f *os.File) error { return f.Sync() }

func dieWithParent(*exec.Cmd) {}

func fileSystem(string) string { return "unknown" }
