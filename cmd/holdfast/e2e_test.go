package main_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/wal"
)

// binary is the program under test, as a user has it.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "holdfast-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "holdfast")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// service is a running `holdfast serve`.
type service struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string
	log     *bytes.Buffer // complete once the process has ended
	ended   chan struct{}
}

// patience is for a process that should be quick and runs on a busy machine.
const patience = 30 * time.Second

// start runs `holdfast serve` on a free port and waits until it listens.
func start(t *testing.T, dir string, args ...string) *service {
	t.Helper()
	return startLine(t, append([]string{binary, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--ballast", "-1"}, args...))
}

// startLine runs a command line that serves.
func startLine(t *testing.T, line []string) *service {
	t.Helper()
	s := &service{t: t, log: &bytes.Buffer{}, ended: make(chan struct{})}
	s.cmd = exec.Command(line[0], line[1:]...)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	listening := make(chan string, 1)
	go s.readLog(stderr, listening)
	select {
	case s.address = <-listening:
	case <-s.ended:
		t.Fatalf("serve ended before it listened:\n%s", s.log)
	case <-time.After(patience):
		t.Fatal("serve does not listen")
	}
	return s
}

func (s *service) readLog(r io.Reader, listening chan<- string) {
	defer close(s.ended)
	for lines := bufio.NewScanner(r); lines.Scan(); {
		fmt.Fprintln(s.log, lines.Text())
		if address, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			listening <- address
		}
	}
	_ = s.cmd.Wait() // the exit code is looked at later
}

func (s *service) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.ended
}

func (s *service) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits for the end of the process and checks its exit code.
func (s *service) wait(code int) {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(patience):
		s.t.Fatal("serve does not end")
	}
	if got := s.cmd.ProcessState.ExitCode(); got != code {
		s.t.Fatalf("exit code %d, want %d\n%s", got, code, s.log)
	}
}

func (s *service) get(path string) (int, string) {
	s.t.Helper()
	r, err := http.Get("http://" + s.address + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, string(body)
}

// status gives the status of an answer whose body is not read.
func (s *service) status(path string) int {
	s.t.Helper()
	r, err := http.Get("http://" + s.address + path)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = r.Body.Close() // nothing is lost with what is not read
	return r.StatusCode
}

// command runs the binary to its end and checks its exit code.
func command(t *testing.T, code int, args ...string) (out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := exec.Command(binary, args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	deadline := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer deadline.Stop()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("holdfast %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &o, &e)
	}
	return o.String(), e.String()
}

func TestServeUntilSIGTERM(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		s := start(t, t.TempDir())
		if status, body := s.get("/readyz"); status != 200 {
			t.Errorf("/readyz: %d %s", status, body)
		}
		s.signal(sig)
		s.wait(0)
		for _, part := range []string{"shards", "max-connections", "drained"} {
			if !strings.Contains(s.log.String(), part) {
				t.Errorf("%q is missing in the log:\n%s", part, s.log)
			}
		}
	}
}

// TestSignalToProcessAndGroup sends what timeout(1) sends: the same wish twice.
func TestSignalToProcessAndGroup(t *testing.T) {
	s := start(t, t.TempDir())
	s.signal(syscall.SIGTERM)
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	s.wait(0)
}

func TestTwoProcessesOnOneDirectory(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir)
	_, errs := command(t, 5, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if !strings.Contains(errs, "in use") {
		t.Errorf("message: %s", errs)
	}
	command(t, 5, "journal", "verify", "--data", dir)
	if status, _ := first.get("/readyz"); status != 200 {
		t.Errorf("the first process is not well: %d", status)
	}
}

func TestBadUsage(t *testing.T) {
	dir := t.TempDir()
	for _, args := range [][]string{
		{"serve", "--unknown"},
		{"serve", "unexpected"},
		{"serve", "--data", dir, "--shards", "65"},
		{"serve", "--data", dir, "--shards", "many"},
		{"serve", "--data", dir, "--listen", "8080"},
		{"serve", "--data", dir, "--drain-timeout", "0s"},
		{"serve", "--data", ""},
		{"serve", "--data", dir, "--feed-age", "1h", "--keys-window", "2h"},
		{"serve", "--data", dir, "--journal-history", "-1"},
		{"bench", "--scenario", "unknown"},
		{"unknown"},
		{"journal", "unknown"},
		{"journal", "export"},
	} {
		_, errs := command(t, 2, args...)
		if !strings.Contains(errs, "--help") {
			t.Errorf("%q: the message does not point to the help:\n%s", args, errs)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("bad usage has left %v in the data directory", left)
	}
}

func TestUsageReportsEveryProblemAtOnce(t *testing.T) {
	_, errs := command(t, 2, "serve", "--shards", "65", "--listen", "8080", "--max-wait", "-1s")
	for _, part := range []string{"Shards", "--listen", "MaxWait"} {
		if !strings.Contains(errs, part) {
			t.Errorf("%q is missing in:\n%s", part, errs)
		}
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"help"}, {"serve", "--help"}, {"bench", "--help"}, {"journal"}, {"journal", "export", "--help"}, {"version"}} {
		if out, _ := command(t, 0, args...); len(out) == 0 {
			t.Errorf("%q prints nothing", args)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	s := start(t, t.TempDir())
	dir := t.TempDir()
	command(t, 1, "serve", "--listen", s.address, "--data", dir)
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left in the data directory: %v", left)
	}
}

// TestDamagedCommand lays a group into the journal whose checksum is right and whose bytes are no commands.
func TestDamagedCommand(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, "--demo").stop()
	j, err := wal.Open(dir, wal.Options{BallastBytes: -1})
	if err != nil {
		t.Fatal(err)
	}
	bad := j.Last() + 1
	p, err := j.Begin(bad, 1, j.LastTime(), 16)
	if err != nil {
		t.Fatal(err)
	}
	copy(p.Payload(), "sixteen bytes...")
	if err := errors.Join(p.Commit(), p.Wait()); err != nil {
		t.Fatal(err)
	}
	p.Release()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}

	place := fmt.Sprintf("at sequence %d", bad)
	for _, verb := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"journal", "verify"}, {"journal", "stat"}, {"journal", "dump"}} {
		if _, errs := command(t, 3, append(verb, "--data", dir)...); !strings.Contains(errs, place) {
			t.Errorf("%v: the message does not say %q: %s", verb, place, errs)
		}
	}
}

// TestDamagedFile flips a byte of a command in whichever file holds it.
func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, "--demo").stop()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	flipped := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(data, []byte("tea-black")); at >= 0 {
			flipped++
			data[at] ^= 0x20
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if flipped == 0 {
		t.Fatalf("the command is in none of %v", files)
	}
	for _, verb := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"journal", "verify"}} {
		if _, errs := command(t, 3, append(verb, "--data", dir)...); !strings.Contains(errs, "damaged") {
			t.Errorf("%v: message: %s", verb, errs)
		}
	}
}

func TestJournalNotWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	command(t, 4, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(file, "data"))
	_, errs := command(t, 4, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--min-free", "1000000000000000000")
	if !strings.Contains(errs, "free space") {
		t.Errorf("message: %s", errs)
	}
}

// TestDemoFillsTheShopOnce starts the demo twice on one directory.
func TestDemoFillsTheShopOnce(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		s := start(t, dir, "--demo")
		status, body := s.get("/v1/skus/tea-green/availability")
		if status != 200 || !strings.Contains(body, `"available":1040`) {
			t.Errorf("tea-green: %d %s", status, body)
		}
		s.stop()
	}
	out, _ := command(t, 0, "journal", "stat", "--data", dir)
	if !strings.Contains(out, "adjust_stock         1 ") {
		t.Errorf("the second start has written more:\n%s", out)
	}
}

func (s *service) stop() {
	s.t.Helper()
	s.signal(syscall.SIGTERM)
	s.wait(0)
}

// halfOrder sends the first half of an order, and gives the connection and the other half.
func halfOrder(t *testing.T, s *service) (conn net.Conn, rest string) {
	t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	body := `{"customer":"c1","lines":[{"sku":"tea-green","quantity":1}]}`
	_, err = fmt.Fprintf(conn, "POST /v1/orders HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body[:20])
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // so that the server has begun to read
	return conn, body[20:]
}

func TestWhatIsUnderWayIsAnsweredAfterSIGTERM(t *testing.T) {
	s := start(t, t.TempDir(), "--demo")
	conn, rest := halfOrder(t, s)
	s.signal(syscall.SIGTERM)
	time.Sleep(300 * time.Millisecond)
	if _, err := io.WriteString(conn, rest); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 201 {
		t.Errorf("status %d", answer.StatusCode)
	}
	s.wait(0)
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := start(t, t.TempDir(), "--demo", "--read-timeout", "60s", "--drain-timeout", "60s")
	halfOrder(t, s)
	s.signal(syscall.SIGTERM)
	time.Sleep(800 * time.Millisecond)
	begin := time.Now()
	s.signal(syscall.SIGTERM)
	s.wait(1)
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("the second signal took %v", took)
	}
}
