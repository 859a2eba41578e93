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

		"the file is empty":                      {writeText(t, " ")},
		"the file ends in the middle":            {writeText(t, `{"seed":`)},
		"no JSON at byte 2":                      {writeText(t, `{x}`)},
		"crowd.buyers must be a whole number":    {writeText(t, `{"crowd":{"buyers":"many"}}`)},
		"crowd.patience_seconds must be a num":   {writeText(t, `{"crowd":{"patience_seconds":true}}`)},
		"sale.items must be a list, not object":  {writeText(t, `{"sale":{"items":{}}}`)},
		"the plan must be an object, not string": {writeText(t, `"sale"`)},
		"share: must be at least 1":              {plan, "--vary", "share=0"},
	} {
		_, errs := simulated(t, exitUsage, args...)
		if !strings.Contains(errs, says) || strings.Contains(errs, "Go ") {
			t.Errorf("%q does not say %q", errs, says)
		}
	}
}

func writeText(t *testing.T, text string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "plan.json")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSaleSimulateOfTheREADME plays the plan that the README prints, on the stock that the demo has of it.
func TestSaleSimulateOfTheREADME(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, printed, found := strings.Cut(string(readme), "A small `drop.json`:\n\n")
	printed, _, _ = strings.Cut(printed, "\n\n")
	plan, err := readPlan(writeText(t, printed))
	if !found || err != nil {
		t.Fatalf("%s: %v", printed, err)
	}
	if len(plan.Stock) > 0 {
		t.Error("the plan names a stock, and --data has one")
	}
	plan.Stock = []rehearsal.Item{{SKU: "tea-green", Units: 500}}
	results, err := simulate(plan, []string{"ttl=300", "limit=1,share=150", "queue=off", "waitlist=5000,offer=300"})
	if err != nil || len(results) != 5 || results[0].Sold != 100 {
		t.Errorf("%+v: %v", results, err)
	}
}
