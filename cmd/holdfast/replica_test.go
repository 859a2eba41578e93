package main_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine/codec"
	"holdfast/server/client"
	"holdfast/wal"
)

// client gives a client of the service.
func (s *service) client() *client.Client {
	c := client.New("http://" + s.address)
	s.t.Cleanup(c.Close)
	return c
}

// replication waits until a service stands to others as it should.
func (s *service) replication(what string, holds func(r client.Replication) bool) client.Replication {
	s.t.Helper()
	c := s.client()
	var r client.Replication
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		var err error
		if r, err = c.Replication(s.t.Context()); err == nil && holds(r) {
			return r
		}
	}
	s.t.Fatalf("waited in vain: %s: %+v\n%s", what, r, s.log)
	return r
}

// caughtUp waits until a replica holds what its primary has.
func (s *service) caughtUp(primary *service) {
	s.t.Helper()
	digest, err := primary.client().Digest(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.replication("the replica catches up", func(r client.Replication) bool { return r.Sequence >= digest.Sequence })
	own, err := s.client().Digest(s.t.Context())
	if err != nil || own != digest {
		s.t.Fatalf("the replica has %+v, %v, the primary %+v", own, err, digest)
	}
}

// placed is the ids of orders by the number in their key.
type placed map[int]string

// place sends orders with keys from first to before end, some of which may have been placed already: then they get the same
// ids again.
func (o placed) place(s *service, first, end int) {
	s.t.Helper()
	c := s.client()
	for n := first; n < end; n++ {
		order := client.OrderRequest{Customer: fmt.Sprint("c", n), Lines: []client.Line{{SKU: "tea-green", Quantity: 1}}}
		got, err := c.PlaceOrder(s.t.Context(), order, client.WithKey(fmt.Sprint("key-", n)))
		if err != nil {
			s.t.Fatal(err)
		}
		if before := o[n]; before != "" && before != got.ID {
			s.t.Errorf("key %d was answered with order %s, and now with %s", n, before, got.ID)
		}
		o[n] = got.ID
	}
}

// TestReplicaProcesses: a replica begins with a backup, follows, and survives that it or its primary is killed; digests are
// compared; promoted, it has every order, answers their keys, and takes writes; the old primary, and a replica that has seen
// the new one, do not get on any more.
func TestReplicaProcesses(t *testing.T) {
	dir, copied := t.TempDir(), t.TempDir()
	p := start(t, dir, "--demo")
	orders := placed{}
	orders.place(p, 0, 20)
	r := start(t, copied, "--follow", "http://"+p.address)
	r.caughtUp(p)
	for round := range 3 {
		orders.place(p, 20+10*round, 30+10*round)
		switch round {
		case 0:
			r.kill()
			orders.place(p, 50, 60)
			r = start(t, copied, "--follow", "http://"+p.address)
		case 1:
			p.kill()
			p = start(t, dir, "--listen", p.address)
			r.replication("connected again", func(s client.Replication) bool { return s.Connected && s.Reconnects > 0 })
		}
		r.caughtUp(p)
	}
	if status, body := r.get("/readyz"); status != 200 {
		t.Errorf("readyz: %d %s", status, body)
	}
	at, err := p.client().Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.replication("digests are compared", func(s client.Replication) bool { return s.Compared == at })
	orders.place(p, 60, 70)
	r.caughtUp(p)

	p.kill()
	r.replication("the primary is gone", func(s client.Replication) bool { return !s.Connected && s.LastError != "" && s.LagSeconds > 0 })
	reported := r.replication("", func(client.Replication) bool { return true })
	promoted, err := r.client().Promote(t.Context())
	if err != nil || promoted.Epoch != 2 || promoted.Sequence != reported.Sequence {
		t.Fatalf("%+v %v, reported was %d", promoted, err, reported.Sequence)
	}
	orders.place(r, 0, 70)
	if after, _ := r.client().Digest(t.Context()); after.Sequence != promoted.Sequence {
		t.Errorf("repeated keys moved the sequence from %d to %d", promoted.Sequence, after.Sequence)
	}
	orders.place(r, 70, 80)
	r.stop()
	r = start(t, copied)
	orders.place(r, 0, 90)
	if got := r.replication("", func(client.Replication) bool { return true }); got.Role != "primary" || got.Epoch != 2 {
		t.Errorf("%+v", got)
	}

	// The old primary goes on by itself, and cannot follow the new one any more, nor the new one the old.
	p = start(t, dir)
	placed{}.place(p, 300, 301)
	old := p.address
	r.stop()
	_, errs := command(t, 1, "serve", "--listen", "127.0.0.1:0", "--data", copied, "--ballast", "-1", "--follow", "http://"+old)
	if !strings.Contains(errs, "epoch 2") || !strings.Contains(errs, "epoch 1") {
		t.Errorf("the message does not name both epochs: %s", errs)
	}
	p.stop()
	r = start(t, copied)
	_, errs = command(t, 1, "serve", "--listen", "127.0.0.1:0", "--data", dir, "--ballast", "-1", "--follow", "http://"+r.address)
	if !strings.Contains(errs, "journal_other_history") && !strings.Contains(errs, "epoch") {
		t.Errorf("message: %s", errs)
	}
}

// TestReplicaUsage: what cannot be followed is bad usage.
func TestReplicaUsage(t *testing.T) {
	for _, args := range [][]string{
		{"--follow", "10.0.0.1:8080"}, {"--follow", "ftp://host"}, {"--follow", "http://host/?x=y"}, {"--follow", "http://host", "--demo"},
		{"--follow-as", "east"}, {"--follow", "http://host", "--follow-as", "a b"}, {"--follow", "http://host", "--follow-as", strings.Repeat("x", 65)},
	} {
		_, errs := command(t, 2, append([]string{"serve", "--data", t.TempDir()}, args...)...)
		if !strings.Contains(errs, "--follow") {
			t.Errorf("%v: %s", args, errs)
		}
	}
}

// TestReplicaWaitsForItsPrimary: a replica that is started first begins when the primary is there, and until then says that
// it is recovering; a signal ends it.
func TestReplicaWaitsForItsPrimary(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	primary, dir := t.TempDir(), t.TempDir()
	p := start(t, primary, "--demo")
	address := p.address
	p.stop()
	began := make(chan *service, 1)
	go func() { began <- start(t, dir+"/copy", "--follow", "http://"+address) }()
	time.Sleep(300 * time.Millisecond)
	p = start(t, primary, "--listen", address)
	select {
	case r := <-began:
		r.caughtUp(p)
	case <-ctx.Done():
		t.Fatal("the replica does not begin")
	}
}

// before stands before a primary and changes its answers.
func before(t *testing.T, primary *service, change func(r *http.Response) error) *httptest.Server {
	t.Helper()
	to, err := url.Parse("http://" + primary.address)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.FlushInterval = -1
	proxy.ModifyResponse = change
	s := httptest.NewServer(proxy)
	t.Cleanup(s.Close)
	t.Cleanup(s.CloseClientConnections)
	return s
}

// lying stands before a primary and changes the digests in its journal's stream.
func lying(t *testing.T, primary *service) *httptest.Server {
	t.Helper()
	return before(t, primary, func(r *http.Response) error {
		if r.Header.Get("Content-Type") != codec.StreamMediaType {
			return nil
		}
		from := r.Body
		read, write := io.Pipe()
		go func() {
			in := codec.NewStreamReader(bufio.NewReader(from), wal.MaxGroupBytes)
			head, err := in.Head()
			out := codec.AppendStreamHead(nil, &head)
			for err == nil {
				if _, err = write.Write(out); err != nil {
					break
				}
				var p codec.Piece
				if p, err = in.Next(); p.Kind == codec.PieceDigest {
					p.Digest.Low ^= 1
				}
				out = codec.AppendPiece(out[:0], &p)
			}
			_ = write.CloseWithError(err)
			_ = from.Close()
		}()
		r.Body = read
		return nil
	})
}

// TestDivergedReplica ends with exit code 6, also when a client does not let it end in time, and so does every later start.
func TestDivergedReplica(t *testing.T) {
	p, dir := start(t, t.TempDir(), "--demo"), t.TempDir()
	r := start(t, dir, "--follow", lying(t, p).URL, "--drain-timeout", "100ms", "--max-wait", "30s")
	r.caughtUp(p)
	go func() { // it waits longer than the replica has
		if response, err := http.Get("http://" + r.address + "/v1/digest?at_least=1000000"); err == nil {
			_ = response.Body.Close()
		}
	}()
	time.Sleep(100 * time.Millisecond)
	at, err := p.client().Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.wait(6)
	if log := r.log.String(); !strings.Contains(log, "clients were cut off") {
		t.Errorf("the drain did not take too long: %s", log)
	}
	for _, args := range [][]string{{"--follow", "http://" + p.address}, nil} {
		_, errs := command(t, 6, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", dir, "--ballast", "-1"}, args...)...)
		for _, part := range []string{fmt.Sprintf("checkpoint %d: none of the pages", at), "backup", "empty directory"} {
			if !strings.Contains(errs, part) {
				t.Errorf("%v: %q is missing in: %s", args, part, errs)
			}
		}
	}
	command(t, 0, "journal", "verify", "--data", dir) // reading is allowed
}

// readers lists those who are registered with a service.
func (s *service) readers() string {
	s.t.Helper()
	_, body := s.get("/v1/readers")
	return body
}

// TestReplicaIsRegistered before its first byte of the backup, and gets another backup when that is cut off; the primary's other
// readers are not the replica's. After a promotion nobody is registered any more.
func TestReplicaIsRegistered(t *testing.T) {
	p, dir := start(t, t.TempDir(), "--demo"), filepath.Join(t.TempDir(), "copy")
	if status, body := p.post("/v1/readers/reports", `{"kind":"feed","sequence":0}`); status != 200 {
		t.Fatal(status, body)
	}
	var backups atomic.Int64
	between := before(t, p, func(r *http.Response) error {
		if r.Header.Get("Content-Type") != "application/x-tar" {
			return nil
		}
		if !strings.Contains(p.readers(), `"name":"east","kind":"journal"`) {
			t.Error("the backup begins before the replica is registered")
		}
		if backups.Add(1) == 1 {
			r.Body = struct {
				io.Reader
				io.Closer
			}{io.LimitReader(r.Body, 3000), r.Body}
		}
		return nil
	})
	r := start(t, dir, "--follow", between.URL, "--follow-as", "east", "--search=false")
	r.caughtUp(p)
	if n := backups.Load(); n != 2 {
		t.Errorf("%d backups", n)
	}
	if own := r.readers(); !strings.Contains(own, `"items":[]`) {
		t.Errorf("the replica's readers: %s", own)
	}
	if _, err := r.client().Promote(t.Context()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); strings.Contains(p.readers(), "east"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after the promotion: %s", p.readers())
		}
	}
}

// TestReplicaThatCannotBeKept: what this side cannot do is not tried again and again: the exit code is 4.
func TestReplicaThatCannotBeKept(t *testing.T) {
	p := start(t, t.TempDir(), "--demo")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, errs := command(t, 4, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(file, "data"), "--follow", "http://"+p.address)
	if !strings.Contains(errs, file) {
		t.Errorf("the message does not name the place: %s", errs)
	}
	if got := p.readers(); strings.Contains(got, "replica-") {
		t.Errorf("it is still registered: %s", got)
	}
}

// TestReplicaOnAFullDisk: the backup is fetched once, and the exit code is 4.
func TestReplicaOnAFullDisk(t *testing.T) {
	d := newSmallDisk(t, 20) // less than a journal leaves free
	p := start(t, t.TempDir(), "--demo")
	line := d.enter(binary, "serve", "--listen", "127.0.0.1:0", "--data", filepath.Join(d.dir, "data"), "--follow", "http://"+p.address)
	cmd := exec.Command(line[0], line[1:]...)
	deadline := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer deadline.Stop()
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 4 || !strings.Contains(string(out), "free") {
		t.Errorf("exit code %d: %s", code, out)
	}
}
