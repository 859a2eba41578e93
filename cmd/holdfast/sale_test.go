package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/server/queue/rehearsal"
)

const dropPlan = `{"seed":3,%s"sale":{"items":[{"sku":"phone","quota":40}],"limit_per_customer":1,"hold_seconds":120,
 "queue":{"required":true,"opening_seconds":10}},
 "crowd":{"buyers":300,"early_share":0.5,"payment_failure_share":0.2,"abandon_share":0.1,"waitlist_share":0.8}}`

// writePlan writes a plan with or without a stock of its own.
func writePlan(t *testing.T, stock string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, []byte(strings.Replace(dropPlan, "%s", stock, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// simulated runs the verb and gives what it printed.
func simulated(t *testing.T, want int, args ...string) (out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	if code := run(append([]string{"sale", "simulate"}, args...), &o, &e); code != want {
		t.Fatalf("%v: exit code %d, want %d: %s", args, code, want, &e)
	}
	return o.String(), e.String()
}

func TestSaleSimulate(t *testing.T) {
	plan, result := writePlan(t, `"stock":[{"sku":"phone","units":100}],`), filepath.Join(t.TempDir(), "result.json")
	out, _ := simulated(t, exitDone, plan, "--vary", "ttl=60", "--vary", "quota=500,queue=off", "--json", result)
	for _, words := range []string{"as planned", "ttl=60", "quota=500,queue=off", "units sold", "40 (100.0 %)", "refused: ", "waiting p50"} {
		if !strings.Contains(out, words) {
			t.Errorf("%q is not in\n%s", words, out)
		}
	}
	again, _ := simulated(t, exitDone, plan, "--vary", "ttl=60", "--vary", "quota=500,queue=off")
	if again != out {
		t.Errorf("the second run gave\n%s\nthe first\n%s", again, out)
	}
	if strings.Contains(out, "waitlist") {
		t.Errorf("a sale without a waitlist tells of one:\n%s", out)
	}
	with, _ := simulated(t, exitDone, plan, "--vary", "waitlist=50,offer=60")
	if joined := regexp.MustCompile(`joined the waitlist +0 +[1-9]`); !joined.MatchString(with) || !strings.Contains(with, "had an offer") {
		t.Errorf("nobody joined a waitlist:\n%s", with)
	}
	var results []rehearsal.Result
	text, err := os.ReadFile(result)
	if err == nil {
		err = json.Unmarshal(text, &results)
	}
	if err != nil || len(results) != 3 || results[0].Sold != 40 || results[2].ForSale != 100 {
		t.Errorf("%v: %s", err, text)
	}
}

// The stock of a data directory is taken as it is, and the directory stays as it was, to the byte.
func TestSaleSimulateReadsOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	e, err := engine.Open(engine.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	r := engine.AcquireRequest()
	r.Add(&core.Command{Kind: core.CommandDefineSKU, Version: 1, Name: []byte("phone"), SKU: core.SKUSettings{SafetyStock: 5}})
	id := core.MakeSKUID(core.NameSlot([]byte("phone")), 0)
	r.Add(&core.Command{Kind: core.CommandAdjustStock, Version: 1, Rows: []core.AdjustmentRow{{SKU: id, Mode: core.AdjustSet, Value: 30}}})
	if err := e.Submit(r); err != nil {
		t.Fatal(err)
	}
	engine.ReleaseRequest(r)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	before := sumOf(t, dir)
	out, _ := simulated(t, exitDone, writePlan(t, ""), "--data", dir)
	if !strings.Contains(out, "25 (100.0 %)") {
		t.Errorf("of 30 units with a safety stock of 5:\n%s", out)
	}
	if after := sumOf(t, dir); after != before {
		t.Error("the directory was changed")
	}
	_, errs := simulated(t, exitUsage, writePlan(t, `"stock":[{"sku":"phone","units":100}],`), "--data", dir)
	if !strings.Contains(errs, "stock of its own") {
		t.Error(errs)
	}
}

// sumOf is a hash over the names and bytes of all files of a directory.
func sumOf(t *testing.T, dir string) (sum [sha256.Size]byte) {
	t.Helper()
	all := sha256.New()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write([]byte(path))
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return [sha256.Size]byte(all.Sum(nil))
}

func TestSaleSimulateBadInput(t *testing.T) {
	plan := writePlan(t, `"stock":[{"sku":"phone","units":100}],`)
	unknown := writePlan(t, `"stok":[],`)
	for says, args := range map[string][]string{
		"no such file":  {filepath.Join(t.TempDir(), "none.json")},
		"unknown field": {unknown},
		"no stock":      {writePlan(t, "")},
		"none of ttl":   {plan, "--vary", "speed=5"},
		"no whole":      {plan, "--vary", "ttl=soon"},
		"1 arg":         {},
	} {
		if _, errs := simulated(t, exitUsage, args...); !strings.Contains(errs, says) {
			t.Errorf("%q does not say %q", errs, says)
		}
	}
}
