package main_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// post sends JSON and gives the answer.
func (s *service) post(path, body string, headers ...string) (int, string) {
	s.t.Helper()
	return s.send(http.MethodPost, path, body, headers...)
}

func (s *service) send(method, path, body string, headers ...string) (int, string) {
	s.t.Helper()
	request, err := http.NewRequest(method, "http://"+s.address+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		request.Header.Set(name, value)
	}
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.StatusCode, string(answer)
}

// order places an order of a demo's tea, and gives the answer's fields.
func (s *service) order(externalID, sku string, quantity int) map[string]any {
	s.t.Helper()
	status, body := s.post("/v1/orders", fmt.Sprintf(`{"customer":%q,"external_id":%q,"lines":[{"sku":%q,"quantity":%d}]}`, "of-"+externalID, externalID, sku, quantity))
	if status != 201 {
		s.t.Fatalf("%d %s", status, body)
	}
	return fieldsOf(s.t, body)
}

func fieldsOf(t *testing.T, text string) (fields map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return fields
}

// contents is the SHA-256 of every file of a directory but the lock.
func contents(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	sums := map[string][32]byte{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LOCK" {
			return err
		}
		data, err := os.ReadFile(path)
		sums[path] = sha256.Sum256(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return sums
}

func mustBeUntouched(t *testing.T, dir string, before map[string][32]byte) {
	t.Helper()
	after := contents(t, dir)
	for path, sum := range before {
		if after[path] != sum {
			t.Errorf("%s was changed or removed", path)
		}
		delete(after, path)
	}
	for path := range after {
		t.Errorf("%s was added", path)
	}
}

// TestBackupAndRestore takes backups of a running server in both forms, one of them while orders come in, and serves from
// each.
func TestBackupAndRestore(t *testing.T) {
	s := start(t, t.TempDir(), "--demo")
	s.post("/v1/checkpoint", "{}")
	first := s.order("before", "tea-green", 2)
	at := t.TempDir()
	file, dir := filepath.Join(at, "shop.tar"), filepath.Join(at, "shop")
	url := "http://" + s.address

	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				stopped <- n
				return
			default:
				s.order(fmt.Sprint("meanwhile-", n), "tea-black", 1)
			}
		}
	}()
	out, _ := command(t, 0, "backup", "--url", url, "--to", file)
	command(t, 0, "backup", "--url", url, "--to", dir)
	close(stop)
	if n := <-stopped; n == 0 {
		t.Error("no order came in meanwhile")
	}
	if !strings.Contains(out, "sequences up to") {
		t.Errorf("output: %s", out)
	}
	command(t, 2, "backup", "--url", url, "--to", file)
	command(t, 2, "backup", "--url", url, "--to", dir)

	restored, again := filepath.Join(at, "restored"), filepath.Join(at, "again")
	out, _ = command(t, 0, "restore", "--from", file, "--data", restored)
	if !strings.Contains(out, "verified and audited") {
		t.Errorf("output: %s", out)
	}
	command(t, 0, "restore", "--from", dir, "--data", again)
	command(t, 2, "restore", "--from", file, "--data", restored)
	for _, data := range []string{restored, again, dir} {
		command(t, 0, "journal", "verify", "--data", data)
		copied := start(t, data)
		status, body := copied.get("/v1/orders/" + first["id"].(string))
		if status != 200 || fieldsOf(t, body)["status"] != "placed" {
			t.Errorf("%s: %d %s", data, status, body)
		}
		if _, body := copied.get("/v1/audit"); fieldsOf(t, body)["ok"] != true {
			t.Errorf("%s: %s", data, body)
		}
		copied.order("afterwards", "tea-green", 1)
		copied.stop()
	}
}

// TestDamagedBackupIsRefused: exit code 3, the file is named, and nothing is left.
func TestDamagedBackupIsRefused(t *testing.T) {
	s := start(t, t.TempDir(), "--demo")
	at := t.TempDir()
	file, dir := filepath.Join(at, "shop.tar"), filepath.Join(at, "shop")
	command(t, 0, "backup", "--url", "http://"+s.address, "--to", file)
	command(t, 0, "restore", "--from", file, "--data", dir) // of a directory that was opened, see below
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(good)
	flipped[bytes.Index(good, []byte("tea-black"))] ^= 0x20
	for name, data := range map[string][]byte{"flipped": flipped, "cut": good[:len(good)/2], "prolonged": append(bytes.Clone(good), "x"...), "empty": nil} {
		bad := filepath.Join(at, name+".tar")
		if err := os.WriteFile(bad, data, 0o644); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(at, name)
		_, errs := command(t, 3, "restore", "--from", bad, "--data", to)
		if !strings.Contains(errs, "the backup is damaged") || name == "flipped" && !strings.Contains(errs, "(file 0") {
			t.Errorf("%s: %s", name, errs)
		}
		if left, _ := filepath.Glob(to + "*"); len(left) != 1 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
	command(t, 2, "restore", "--from", filepath.Join(at, "nowhere"), "--data", filepath.Join(at, "new"))
	command(t, 2, "restore", "--from", file, "--data", filepath.Join(at, "new"), "--until", "yesterday")
	command(t, 2, "restore", "--data", filepath.Join(at, "new"))

	unpacked := filepath.Join(at, "unpacked")
	command(t, 0, "backup", "--url", "http://"+s.address, "--to", unpacked)
	tables, _ := filepath.Glob(filepath.Join(unpacked, "*.sst"))
	data, err := os.ReadFile(tables[0])
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(tables[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	_, errs := command(t, 3, "restore", "--from", unpacked, "--data", filepath.Join(at, "new"))
	if !strings.Contains(errs, filepath.Base(tables[0])) {
		t.Errorf("the message does not name %s: %s", tables[0], errs)
	}
}

// TestRestoreUntil goes back behind an order, by sequence and by time.
func TestRestoreUntil(t *testing.T) {
	s := start(t, t.TempDir(), "--demo")
	kept := s.order("kept", "tea-green", 1)
	time.Sleep(5 * time.Millisecond)
	between := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	time.Sleep(5 * time.Millisecond)
	undone := s.order("undone", "tea-green", 100)
	s.post("/v1/checkpoint", "{}")
	at := t.TempDir()
	file := filepath.Join(at, "shop.tar")
	command(t, 0, "backup", "--url", "http://"+s.address, "--to", file)

	sequence := fmt.Sprint(kept["sequence"])
	for _, until := range []string{sequence, between} {
		data := filepath.Join(at, "until "+until)
		out, _ := command(t, 0, "restore", "--from", file, "--data", data, "--until", until)
		if !strings.Contains(out, "sequences up to "+sequence+",") {
			t.Errorf("until %s: %s", until, out)
		}
		out, _ = command(t, 0, "journal", "verify", "--data", data)
		if !strings.Contains(out, "to "+sequence+"\n") {
			t.Errorf("until %s: %s", until, out)
		}
		copied := start(t, data)
		if status, _ := copied.get("/v1/orders/" + kept["id"].(string)); status != 200 {
			t.Errorf("until %s: the order before is gone: %d", until, status)
		}
		if status, _ := copied.get("/v1/orders/" + undone["id"].(string)); status != 404 {
			t.Errorf("until %s: the order behind is there: %d", until, status)
		}
		if _, body := copied.get("/v1/skus/tea-green/availability"); fieldsOf(t, body)["allocated"] != 1.0 {
			t.Errorf("until %s: %s", until, body)
		}
		copied.order("undone", "tea-green", 5) // its external id is free again
		copied.stop()
		if out, _ = command(t, 0, "journal", "verify", "--data", data); !strings.Contains(out, "epoch      2\n") {
			t.Errorf("until %s: %s", until, out)
		}
	}
	for _, until := range []string{"1000000", "2001-01-01T00:00:00Z"} {
		_, errs := command(t, 2, "restore", "--from", file, "--data", filepath.Join(at, "new"), "--until", until)
		if !strings.Contains(errs, "sequence") {
			t.Errorf("until %s: %s", until, errs)
		}
	}
}

// TestRestoreLetsNothingExpire: a hold whose deadline came while its backup lay there is still held in what is restored, since
// nothing is added to the journal, and so the copy can follow the original.
func TestRestoreLetsNothingExpire(t *testing.T) {
	s := start(t, t.TempDir(), "--demo")
	status, body := s.post("/v1/holds", `{"customer":"ann","ttl_seconds":1,"lines":[{"sku":"tea-green","quantity":7}]}`)
	if status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	hold := fieldsOf(t, body)
	at := t.TempDir()
	file := filepath.Join(at, "shop.tar")
	command(t, 0, "backup", "--url", "http://"+s.address, "--to", file)
	time.Sleep(1100 * time.Millisecond)

	sequence := fmt.Sprint(hold["sequence"])
	for name, until := range map[string][]string{"all": nil, "until": {"--until", sequence}} {
		data := filepath.Join(at, name)
		out, _ := command(t, 0, append([]string{"restore", "--from", file, "--data", data}, until...)...)
		if !strings.Contains(out, "sequences up to "+sequence+",") {
			t.Errorf("%s: %s", name, out)
		}
		if out, _ = command(t, 0, "journal", "verify", "--data", data); !strings.Contains(out, "to "+sequence+"\n") {
			t.Errorf("%s: %s", name, out)
		}
		if out, _ = command(t, 0, "journal", "replay", "--data", data, "--sku", "tea-green"); fieldsOf(t, out)["reserved"] != 7.0 {
			t.Errorf("%s: %s", name, out)
		}
	}
}

// TestBackupOfNobody: there is no server, or it goes away.
func TestBackupOfNobody(t *testing.T) {
	at := t.TempDir()
	file := filepath.Join(at, "shop.tar")
	command(t, 1, "backup", "--url", "http://127.0.0.1:1", "--to", file)
	command(t, 2, "backup", "--to", "")
	for _, rate := range []string{"-1", "64", "1048575"} {
		if _, errs := command(t, 2, "backup", "--to", file, "--rate", rate); !strings.Contains(errs, "--rate") || !strings.Contains(errs, "1048576") {
			t.Errorf("rate %s: %s", rate, errs)
		}
	}

	s := start(t, t.TempDir(), "--demo")
	s.post("/v1/stock/adjustments", `{"adjustments":[{"sku":"tea-green","delta":1000000}]}`)
	line := `{"op":"place_order","customer":"` + strings.Repeat("c", 128) + `","lines":[{"sku":"tea-green","quantity":1}]}` + "\n"
	for range 4 { // several megabytes, so that the slowest backup takes seconds
		r, err := http.Post("http://"+s.address+"/v1/batch", "application/x-ndjson", strings.NewReader(strings.Repeat(line, 8192)))
		if err != nil || r.StatusCode != 200 {
			t.Fatal(r, err)
		}
		_ = r.Body.Close()
	}
	ended := make(chan string)
	go func() {
		_, errs := command(t, 3, "backup", "--url", "http://"+s.address, "--to", file, "--rate", "1048576")
		ended <- errs
	}()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if info, err := os.Stat(file + ".partial"); err == nil && info.Size() > 0 {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the backup does not begin")
		}
	}
	s.signal(syscall.SIGKILL)
	if errs := <-ended; !strings.Contains(errs, "cut off") {
		t.Errorf("message: %s", errs)
	}
	if left, _ := os.ReadDir(at); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
