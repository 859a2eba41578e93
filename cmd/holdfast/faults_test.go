package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// missing skips a test for which the machine lacks something. Where everything has to be there, it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// flip changes a byte of whichever tables hold a text, in the place where it is.
func flip(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(data, []byte(text)); at >= 0 {
			data[at] ^= 0x20
			names = append(names, filepath.Base(name))
			if err := os.WriteFile(name, data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(names) == 0 {
		t.Fatalf("%q is in none of %v", text, files)
	}
	return names
}

// TestDamageIsToldWithTheWaysOn damages a table with commands: exit code 3, the message names file, key and sequence and says how to go on,
// nothing is changed. Both ways on are then gone.
func TestDamageIsToldWithTheWaysOn(t *testing.T) {
	dir, at := t.TempDir(), t.TempDir()
	s := start(t, dir, "--demo", "--checkpoint-bytes", "-1")
	saved := s.order("saved", "tea-green", 1)
	file := filepath.Join(at, "shop.tar")
	command(t, 0, "backup", "--url", "http://"+s.address, "--to", file) // which brings what there is into tables
	lost := s.order("lost", "tea-green", 1)
	s.stop()
	names := flip(t, dir, "of-lost")
	before := contents(t, dir)
	for _, verb := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"journal", "verify"}} {
		_, errs := command(t, 3, append(verb, "--data", dir)...)
		for _, part := range []string{"damaged at sequence " + fmt.Sprint(lost["sequence"]), "(key j 00000000", "holdfast restore", "holdfast journal salvage"} {
			if !strings.Contains(errs, part) {
				t.Errorf("%v: %q is missing in: %s", verb, part, errs)
			}
		}
		if !slices.ContainsFunc(names, func(name string) bool { return strings.Contains(errs, name) }) {
			t.Errorf("%v: the message names none of %v: %s", verb, names, errs)
		}
	}
	mustBeUntouched(t, dir, before)

	to := filepath.Join(at, "salvaged")
	out, _ := command(t, 0, "journal", "salvage", "--data", dir, "--to", to)
	for _, part := range []string{
		fmt.Sprintf("saved      sequences 1 to %v,", saved["sequence"]),
		fmt.Sprintf("lost       sequences %v to %v, at least", lost["sequence"], lost["sequence"]), "verified and audited",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing in: %s", part, out)
		}
	}
	mustBeUntouched(t, dir, before)
	command(t, 2, "journal", "salvage", "--data", dir, "--to", to)
	command(t, 2, "journal", "salvage", "--data", dir)
	restored := filepath.Join(at, "restored")
	command(t, 0, "restore", "--from", file, "--data", restored)
	for _, data := range []string{to, restored} {
		command(t, 0, "journal", "verify", "--data", data)
		again := start(t, data)
		if status, _ := again.get("/v1/orders/" + saved["id"].(string)); status != 200 {
			t.Errorf("%s: the order before the damage: %d", data, status)
		}
		if status, _ := again.get("/v1/orders/" + lost["id"].(string)); status != 404 {
			t.Errorf("%s: the damaged order: %d", data, status)
		}
		again.stop()
	}
}

// TestDamageThatIsMetLater damages what is read only while the server runs: it ends with exit code 3, names the file, and
// says how to go on.
func TestDamageThatIsMetLater(t *testing.T) {
	dir := t.TempDir()
	e, err := engine.Open(engine.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	submit := func(commands ...core.Command) []engine.Result {
		r := engine.AcquireRequest()
		for i := range commands {
			r.Add(&commands[i])
		}
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
		return r.Results()
	}
	submit(core.Command{Kind: core.CommandDefineSKU, Name: []byte("pot")})
	sku, _ := e.SKU([]byte("pot"))
	submit(core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: sku.ID, Value: 1}}})
	for range core.PageOrders { // closed, and so to be archived
		placed := submit(core.Command{Kind: core.CommandPlaceOrder, Customer: []byte("c"), Lines: []core.Line{{SKU: sku.ID, Quantity: 1}}})
		submit(core.Command{Kind: core.CommandCancelOrder, Order: placed[0].Order})
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	j, err := wal.Open(dir, wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	page := wal.ArchivedPage{Number: uint64(sku.ID.Slot()), Value: []byte("what the archive has already")}
	if err := errors.Join(j.Archive(1, []wal.ArchivedPage{page}), j.Close()); err != nil {
		t.Fatal(err)
	}
	names := flip(t, dir, "what the archive has")
	s := start(t, dir, "--archive-after", "1ms")
	s.wait(3)
	for _, part := range []string{"damaged", names[0], "holdfast restore", "holdfast journal salvage"} {
		if !strings.Contains(s.log.String(), part) {
			t.Errorf("%q is missing in: %s", part, s.log)
		}
	}
}

// TestSalvageWithoutManifest: the list of the database's files is gone, and everything is saved.
func TestSalvageWithoutManifest(t *testing.T) {
	dir, at := t.TempDir(), t.TempDir()
	s := start(t, dir, "--demo")
	placed := s.order("placed", "tea-green", 1)
	s.stop()
	manifests, _ := filepath.Glob(filepath.Join(dir, "MANIFEST-*"))
	for _, name := range manifests {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	_, errs := command(t, 3, "serve", "--listen", "127.0.0.1:0", "--data", dir)
	if !strings.Contains(errs, "MANIFEST") {
		t.Errorf("message: %s", errs)
	}
	to := filepath.Join(at, "saved")
	out, _ := command(t, 0, "journal", "salvage", "--data", dir, "--to", to)
	if !strings.Contains(out, "file by file") || !strings.Contains(out, "no command of which there is any trace") {
		t.Errorf("output: %s", out)
	}
	again := start(t, to)
	if status, _ := again.get("/v1/orders/" + placed["id"].(string)); status != 200 {
		t.Errorf("the order: %d", status)
	}
	again.stop()
}

// TestNewerVersionIsRefused, by the format of the database: exit code 3, untouched, and no talk of damage.
func TestNewerVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	start(t, dir, "--demo").stop()
	markers, _ := filepath.Glob(filepath.Join(dir, "marker.format-version.*"))
	if err := os.Rename(markers[0], strings.TrimSuffix(markers[0], filepath.Ext(markers[0]))+".999"); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	for _, verb := range [][]string{{"serve", "--listen", "127.0.0.1:0"}, {"journal", "verify"}} {
		_, errs := command(t, 3, append(verb, "--data", dir)...)
		if !strings.Contains(errs, "newer version") || strings.Contains(errs, "damaged") {
			t.Errorf("%v: %s", verb, errs)
		}
	}
	mustBeUntouched(t, dir, before)
}

// smallDisk is a disk of so many megabytes that only the processes see which run starts.
type smallDisk struct {
	dir    string
	holder *exec.Cmd
}

// newSmallDisk mounts a file system in memory in a name space of its own, which needs no rights where the kernel lets everybody.
func newSmallDisk(t *testing.T, megabytes int) *smallDisk {
	t.Helper()
	if runtime.GOOS != "linux" {
		missing(t, "only Linux has name spaces for mounts")
	}
	d := &smallDisk{dir: t.TempDir()}
	d.holder = exec.Command("unshare", "-Urm", "sh", "-c", fmt.Sprintf("mount -t tmpfs -o size=%dm none '%s' && echo mounted && cat", megabytes, d.dir))
	in, err := d.holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := d.holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.holder.Start(); err != nil {
		missing(t, "unshare cannot be run: "+err.Error())
	}
	t.Cleanup(func() { _, _ = in.Close(), d.holder.Wait() })
	if _, err := io.ReadFull(out, make([]byte, len("mounted\n"))); err != nil {
		missing(t, "this machine does not let tests mount a file system")
	}
	return d
}

// enter makes a command run where the disk is.
func (d *smallDisk) enter(name string, args ...string) []string {
	return append([]string{"nsenter", "-t", fmt.Sprint(d.holder.Process.Pid), "-U", "-m", "--preserve-credentials", name}, args...)
}

func (d *smallDisk) run(t *testing.T, name string, args ...string) {
	t.Helper()
	line := d.enter(name, args...)
	if out, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", line, err, out)
	}
}

// TestFullDisk fills a disk of 160 MB while a server runs on it: exit code 4, and what was acknowledged is there. The ballast gives the
// next start room to read and to sell a little.
func TestFullDisk(t *testing.T) {
	d := newSmallDisk(t, 160)
	data := filepath.Join(d.dir, "data")
	args := []string{"--ballast", "67108864", "--min-free", "16777216"}
	s := startLine(t, d.enter(binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data, "--demo"}, args...)...))
	placed := s.order("placed", "tea-green", 1)
	d.run(t, "sh", "-c", fmt.Sprintf("dd if=/dev/zero of='%s/filler' bs=1M >/dev/null 2>&1; true", d.dir))
	time.Sleep(200 * time.Millisecond) // free space is looked at ten times a second
	deadline := time.Now().Add(patience)
	for full := false; !full && time.Now().Before(deadline); {
		// The server may end before it can answer.
		r, err := http.Post("http://"+s.address+"/v1/orders", "application/json", strings.NewReader(`{"customer":"c","lines":[{"sku":"tea-green","quantity":1}]}`))
		if full = err != nil || r.StatusCode != 201; err == nil {
			_ = r.Body.Close()
		}
	}
	s.wait(4)
	if !strings.Contains(s.log.String(), "free space") {
		t.Errorf("log: %s", s.log)
	}
	s = startLine(t, d.enter(binary, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", data}, args...)...))
	if status, _ := s.get("/v1/orders/" + placed["id"].(string)); status != 200 {
		t.Errorf("the acknowledged order: %d", status)
	}
	s.order("afterwards", "tea-green", 1)
	s.stop()
}

// TestSalvageWithoutCheckpoint damages the journal, and the only checkpoint behind the damage: what is saved ends before, and is
// audited all the same. Then the beginning is damaged, too, and nothing can be saved.
func TestSalvageWithoutCheckpoint(t *testing.T) {
	dir, at := t.TempDir(), t.TempDir()
	s := start(t, dir, "--demo", "--checkpoint-bytes", "-1")
	flushed := func(name string) { // a backup brings what there is into tables of its own
		command(t, 0, "backup", "--url", "http://"+s.address, "--to", filepath.Join(at, name+".tar"))
	}
	saved := s.order("saved", "tea-green", 1)
	flushed("one")
	s.order("early", "tea-green", 1)
	flushed("two")
	late := s.order("late", "tea-green", 1)
	s.post("/v1/checkpoint", "{}")
	s.stop()
	flip(t, dir, "of-early")
	to := filepath.Join(at, "salvaged")
	out, _ := command(t, 0, "journal", "salvage", "--data", dir, "--to", to)
	for _, part := range []string{
		fmt.Sprintf("saved      sequences 1 to %v,", saved["sequence"]), fmt.Sprintf("to %v, at least", late["sequence"]), "rebuilt    events",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("%q is missing in: %s", part, out)
		}
	}
	again := start(t, to)
	if status, _ := again.get("/v1/orders/" + saved["id"].(string)); status != 200 {
		t.Errorf("the order before the damage: %d", status)
	}
	again.stop()

	flip(t, dir, "of-saved")
	_, errs := command(t, 3, "journal", "salvage", "--data", dir, "--to", filepath.Join(at, "nothing"))
	if !strings.Contains(errs, "no part of the journal") {
		t.Errorf("message: %s", errs)
	}
	if left, _ := filepath.Glob(filepath.Join(at, "nothing*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
