package bench

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestParseStat(t *testing.T) {
	for _, tc := range []struct {
		stat string
		want time.Duration
	}{
		{"123 (holdfast) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0", 3 * time.Second},
		{"123 (a ) b (c)) S 1 2 3 4 5 6 7 8 9 10 1 2 0 0 20 0", 30 * time.Millisecond},
		{"", 0},
		{"123 (short) S 1", 0},
	} {
		if got := parseStat([]byte(tc.stat)); got != tc.want {
			t.Errorf("%q: %v, not %v", tc.stat, got, tc.want)
		}
	}
}

func TestParseStatus(t *testing.T) {
	resident, peak := parseStatus([]byte("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nThreads:\n"))
	if resident != 1<<20 || peak != 2<<20 {
		t.Fatalf("%d, %d", resident, peak)
	}
}

func TestOwnUsageIsKnown(t *testing.T) {
	if u := readUsage(-1); (u.resident == 0) == (runtime.GOOS == "linux") || u.peak < u.resident {
		t.Fatalf("%+v", u)
	}
	if u := readUsage(0); u.resident != 0 {
		t.Fatalf("%+v", u)
	}
}

func TestDiskProbe(t *testing.T) {
	dir := t.TempDir()
	d, err := probeDisk(dir)
	if err != nil || d.Syncs == 0 || d.P50 > d.P99 || d.P99 > d.Max || d.FileSystem == "" {
		t.Fatalf("%+v, %v", d, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 0 {
		t.Fatalf("the probe left %v, %v", left, err)
	}
	if _, err := probeDisk(filepath.Join(dir, "none")); err == nil {
		t.Fatal("a directory that is not there was probed")
	}
}

func TestChildThatDoesNotListen(t *testing.T) {
	_, err := startListener(context.Background(), "sh", []string{"sh", "-c", "echo out of cheese; exit 3"})
	if err == nil || !strings.Contains(err.Error(), "out of cheese") || !strings.Contains(err.Error(), "exit status 3") {
		t.Fatalf("%v", err)
	}
	if _, err := startListener(context.Background(), "nothing", []string{"./no-such-program"}); err == nil {
		t.Fatal("a program that is not there was started")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := startListener(ctx, "sh", []string{"sh", "-c", "sleep 60"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("%v", err)
	}
}

func TestChildStopsAndDies(t *testing.T) {
	script := `trap 'exit 0' TERM; echo listening on 127.0.0.1:1; while :; do sleep 0.01; done`
	for name, end := range map[string]func(*child) error{"stop": (*child).stop, "kill": (*child).kill} {
		c, err := startListener(context.Background(), name, []string{"sh", "-c", script})
		if err != nil || c.address != "127.0.0.1:1" || !c.running() {
			t.Fatalf("%+v, %v", c, err)
		}
		if err := end(c); err != nil || c.running() {
			t.Fatalf("%s: %v", name, err)
		}
		if err := c.stop(); err == nil {
			t.Fatalf("%s: a child that is gone was stopped", name)
		}
	}
}
