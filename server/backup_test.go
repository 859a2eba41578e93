package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/wal"
)

// TestBackup takes a backup of a shop that is open, and opens a shop on it: state, answers to repeated requests and events
// are the same.
func TestBackup(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	h.want(200, "POST", "/v1/checkpoint", "{}")
	first := h.do("POST", "/v1/orders", order("c", "A", 2), "Idempotency-Key: one")
	digest := h.want(200, "GET", "/v1/digest", "")
	got := h.do("GET", "/v1/backup", "")
	if got.status != 200 || got.header.Get("Content-Type") != "application/x-tar" {
		t.Fatalf("%d %v", got.status, got.header)
	}
	h.want(201, "POST", "/v1/orders", order("c", "A", 1)) // not in the backup

	copied := &shop{t: t, dir: filepath.Join(t.TempDir(), "restored"), options: h.options, contract: h.contract}
	info, err := wal.ReadBackup(bytes.NewReader(got.body), copied.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if digest["sequence"] != jsonNumber(strconv.FormatUint(info.Last, 10)) {
		t.Errorf("the backup goes to %d, the digest is of %v", info.Last, digest["sequence"])
	}
	copied.open()
	defer copied.close()
	if again := copied.want(200, "GET", "/v1/digest", ""); again["digest"] != digest["digest"] {
		t.Errorf("digest %v, that of the backup is %v", digest, again)
	}
	if again := copied.do("POST", "/v1/orders", order("c", "A", 2), "Idempotency-Key: one"); !bytes.Equal(again.body, first.body) {
		t.Errorf("the repeated order is answered %s, and was answered %s", again.body, first.body)
	}
	if audit := copied.want(200, "GET", "/v1/audit", ""); audit["ok"] != true {
		t.Errorf("audit %v", audit)
	}
}

func TestBackupQuery(t *testing.T) {
	h := openShop(t, Options{})
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/backup?rate=-1", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/backup?to=here", "")
	for _, rate := range []string{"1", "64", "1048575"} {
		got := h.wantProblem(400, codeInvalidQuery, "GET", "/v1/backup?rate="+rate, "")
		if text := fmt.Sprint(got["errors"]); !strings.Contains(text, "rate") || !strings.Contains(text, "1048576") {
			t.Errorf("rate %s: %v", rate, got)
		}
	}
	if got := h.do("HEAD", "/v1/backup", ""); got.status != 200 || len(got.body) > 0 {
		t.Errorf("HEAD: %d %s", got.status, got.body)
	}
}

// slowBackup asks for a backup that takes hours, slower than anybody else may, and reads its first bytes. The channel is
// closed when the server has done with it.
func slowBackup(t *testing.T, h *shop) (response *http.Response, ended <-chan struct{}) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if connection, err := ln.Accept(); err == nil {
			h.server.sendBackup(connection, 1)
			_ = connection.Close()
		}
	}()
	response, err = http.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(response.Body, make([]byte, 512)); err != nil || response.StatusCode != 200 {
		t.Fatal(response.Status, err)
	}
	return response, done
}

// TestOneBackupAtATime, until its client has gone: then there is room for another.
func TestOneBackupAtATime(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	slow, ended := slowBackup(t, h)
	h.wantProblem(503, codeOverloaded, "GET", "/v1/backup", "")
	if got := h.do("GET", "/v1/backup", ""); got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.want(201, "POST", "/v1/orders", order("c", "A", 1)) // which goes on meanwhile
	if err := slow.Body.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		t.Fatal("nobody notices that the client has gone")
	}
	if got := h.do("GET", "/v1/backup?rate=1048576", ""); got.status != 200 {
		t.Errorf("the next backup: %d %s", got.status, got.body)
	}
}

// TestShutdownEndsABackup: the one that is under way is cut off, and whoever reads it is told.
func TestShutdownEndsABackup(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	slow, _ := slowBackup(t, h)
	defer slow.Body.Close()
	started := time.Now()
	h.restart()
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("the shutdown took %v", took)
	}
	_, err := wal.VerifyBackup(slow.Body)
	// Which of the two it is depends on whether the server had bytes in its buffers.
	if damage := (*wal.BackupError)(nil); !errors.As(err, &damage) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the backup that was cut off: %v", err)
	}
}

// TestCloseEndsABackup: an engine does not wait for who reads its backup.
func TestCloseEndsABackup(t *testing.T) {
	e, err := engine.Open(engine.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	reader, writer := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		_, err := e.WriteBackup(context.Background(), writer, 1)
		ended <- err
	}()
	if _, err := io.ReadFull(reader, make([]byte, 512)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; !errors.Is(err, engine.ErrClosed) {
		t.Errorf("got %v", err)
	}
	_ = writer.Close()
}
