//go:build !linux

package bench

import (
	"os"
	"os/exec"
	"time"
)

func preciseSleep(d time.Duration) { time.Sleep(d) }

func allocated(info os.FileInfo) int64 { return info.Size() }

func syncData(f *os.File) error { return f.Sync() }

func dieWithParent(*exec.Cmd) {}

func fileSystem(string) string { return "unknown" }
