package main_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestJournalReplay asks what there was at a moment, and why an order was refused.
func TestJournalReplay(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "--demo")
	first := s.order("web-1", "pot-clay", 1)
	s.post("/v1/checkpoint", "{}")
	time.Sleep(5 * time.Millisecond)
	between := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	time.Sleep(5 * time.Millisecond)
	s.post("/v1/holds", `{"customer":"ann","ttl_seconds":600,"lines":[{"sku":"tea-green","quantity":1000}]}`)
	status, body := s.post("/v1/orders", `{"customer":"ben","external_id":"web-2","lines":[{"sku":"tea-green","quantity":500}]}`)
	if status != 409 || !strings.Contains(body, "insufficient_stock") {
		t.Fatalf("%d %s", status, body)
	}
	// What admission sees is sold out does not come to the journal; the second SKU is not.
	status, body = s.post("/v1/orders", `{"customer":"ben","external_id":"web-3","lines":[{"sku":"pot-clay","quantity":2}]}`, "Idempotency-Key: third")
	if status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	status, body = s.post("/v1/orders", `{"customer":"ben","external_id":"web-3","lines":[{"sku":"pot-clay","quantity":1}]}`)
	if status != 409 {
		t.Fatalf("%d %s", status, body)
	}
	s.post("/v1/orders/"+first["id"].(string)+"/cancel", "{}")
	number := fmt.Sprint(first["sequence"])
	s.order(number, "tea-black", 1)
	_, then := s.get("/v1/skus/pot-clay/availability")
	s.stop()

	before := contents(t, dir)
	now, _ := command(t, 0, "journal", "replay", "--data", dir, "--sku", "pot-clay")
	past, _ := command(t, 0, "journal", "replay", "--data", dir, "--until", between, "--sku", "pot-clay", "--sku", "tea-green")
	same := fieldsOf(t, now)
	want := fieldsOf(t, then)
	for name := range want {
		if fmt.Sprint(same[name]) != fmt.Sprint(want[name]) {
			t.Errorf("%s is %v, the server said %v", name, same[name], want[name])
		}
	}
	lines := strings.Split(past, "\n")
	if got := fieldsOf(t, lines[0]); got["allocated"] != 1.0 || got["sequence"] != first["sequence"] || got["time"].(string) > between {
		t.Errorf("at %s: %s", between, lines[0])
	}
	if got := fieldsOf(t, lines[1]); got["sku"] != "tea-green" || got["reserved"] != 0.0 {
		t.Errorf("at %s: %s", between, lines[1])
	}

	told := func(order string) []map[string]any {
		t.Helper()
		out, _ := command(t, 0, "journal", "replay", "--data", dir, "--order", order)
		var all []map[string]any
		for line := range strings.Lines(out) {
			all = append(all, fieldsOf(t, line))
		}
		return all
	}
	attempts := told("web-3")
	if len(attempts) != 2 || attempts[0]["outcome"] != "done" || attempts[1]["outcome"] != "refused" || attempts[1]["code"] != "duplicate_external_id" ||
		attempts[1]["order_id"] != attempts[0]["order_id"] {
		t.Errorf("web-3: %v", attempts)
	}
	if byKey := told("third"); len(byKey) != 1 || byKey[0]["order_id"] != attempts[0]["order_id"] {
		t.Errorf("by its key: %v", byKey)
	}
	if byID := told(first["id"].(string)); len(byID) != 2 || byID[0]["kind"] != "place_order" || byID[1]["kind"] != "cancel_order" || byID[1]["outcome"] != "done" {
		t.Errorf("by its id: %v", byID)
	}
	if byNumber := told(number); len(byNumber) != 1 || byNumber[0]["external_id"] != number {
		t.Errorf("by an external id that is a number: %v", byNumber)
	}
	bySequence, _ := command(t, 0, "journal", "replay", "--data", dir, "--sequence", number)
	if got := fieldsOf(t, bySequence); got["external_id"] != "web-1" {
		t.Errorf("by its sequence: %v", got)
	}
	refused := told("web-2")
	if len(refused) != 1 || refused[0]["code"] != "insufficient_stock" {
		t.Fatalf("web-2: %v", refused)
	}
	if got := fmt.Sprint(refused[0]["refused"]); !strings.Contains(got, "requested:500") || !strings.Contains(got, "available:40") {
		t.Errorf("web-2: %v", got)
	}
	if got := fmt.Sprint(refused[0]["holders"]); !strings.Contains(got, "customer:ann") || !strings.Contains(got, "status:held") {
		t.Errorf("web-2: %v", got)
	}
	if got := fmt.Sprint(refused[0]["stock"]); !strings.Contains(got, "reserved:1000") {
		t.Errorf("web-2: %v", got)
	}
	command(t, 2, "journal", "replay", "--data", dir)
	command(t, 2, "journal", "replay", "--data", dir, "--order", "nobody")
	command(t, 2, "journal", "replay", "--data", dir, "--sequence", "1000000")
	command(t, 2, "journal", "replay", "--data", dir, "--sequence", number, "--order", "web-1")
	command(t, 2, "journal", "replay", "--data", dir, "--sku", "nothing")
	command(t, 2, "journal", "replay", "--data", dir, "--sku", "pot-clay", "--until", "1000000")
	mustBeUntouched(t, dir, before)
}

// TestReplayOfKits asks why an order of kits was refused: what is told of are the units of the components.
func TestReplayOfKits(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "--demo")
	s.send("PUT", "/v1/skus/tea-set", "{}")
	s.send("PUT", "/v1/skus/tea-set/components", `{"components":[{"sku":"tea-green","quantity":1},{"sku":"tea-black","quantity":1}]}`)
	s.post("/v1/holds", `{"customer":"ann","ttl_seconds":600,"lines":[{"sku":"tea-green","quantity":1000}]}`)
	status, body := s.post("/v1/orders", `{"customer":"ben","external_id":"web-1","lines":[{"sku":"tea-set","quantity":500}]}`)
	if status != 409 || !strings.Contains(body, "insufficient_stock") {
		t.Fatalf("%d %s", status, body)
	}
	s.stop()
	out, _ := command(t, 0, "journal", "replay", "--data", dir, "--order", "web-1")
	told := fieldsOf(t, out)
	if got := fmt.Sprint(told["stock"]); strings.Count(got, "sku:") != 3 || !strings.Contains(got, "sku:tea-black") || !strings.Contains(got, "reserved:1000") {
		t.Errorf("stock: %v", got)
	}
	if got := fmt.Sprint(told["holders"]); !strings.Contains(got, "customer:ann") {
		t.Errorf("holders: %v", got)
	}
}
