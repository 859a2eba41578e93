package server

import (
	"fmt"
	"reflect"
	"testing"
)

// TestTrack follows two shipments until one is delivered and one is back in stock, and looks at all that tells of it.
func TestTrack(t *testing.T) {
	h := openRouted(t)
	h.want(200, "PUT", "/v1/channels/web", `{"return_window_days":14}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"munich","set":5}]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":3}],`+toHamburg+`}`)
	path := "/v1/orders/" + placed["id"].(string)
	h.want(201, "POST", path+"/shipments", `{"location":"`+from(placed)[2:]+`","lines":[{"sku":"A","quantity":2}],"carrier":"DHL"}`)
	sent := h.want(201, "POST", path+"/shipments", `{"location":"`+from(placed)[2:]+`"}`)
	events, stop := h.listen(fmt.Sprintf("?after=%v", sent["sequence"]))
	defer stop()
	body := `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z","id":"r2"},{"status":"in_transit","at":"2026-11-27T10:00:00.000Z"}],"actor":"dhl"}`
	first := h.do("POST", path+"/shipments/1/tracking", body, "Idempotency-Key: t1", `If-Match: "3"`)
	again := h.do("POST", path+"/shipments/1/tracking", body, "Idempotency-Key: t1", `If-Match: "3"`)
	if first.status != 200 || string(first.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	same := h.want(200, "POST", path+"/shipments/1/tracking", body)
	if shipment := same["shipment"].(map[string]any); same["version"] != jsonNumber("4") || shipment["status"] != "delivered" || shipment["carrier"] != "DHL" ||
		shipment["tracked_at"] != "2026-11-27T12:00:00.000Z" {
		t.Errorf("the same once more: %v", same)
	}
	h.want(200, "POST", path+"/shipments/2/tracking", `{"reports":[{"status":"returned_to_sender","at":"2026-11-27T12:00:00.000Z"}]}`)
	done := h.want(200, "POST", path+"/shipments/2/receive", `{"location":"munich","to":"damaged","note":"wet","actor":"kim"}`)
	if unitsOf(done) != "3 ordered, 3 shipped, 2 delivered, 1 returned_to_sender, 1 received_back" || done["status"] != "completed" || done["closes_at"] == nil {
		t.Errorf("order: %s %v", unitsOf(done), done)
	}
	back := h.want(200, "GET", "/v1/skus/A/movements?type=return_in", "")["items"].([]any)
	if move := back[0].(map[string]any); len(back) != 1 || move["location"] != "munich" || move["to"] != "damaged" || move["order"] != placed["id"] || move["actor"] != "kim" {
		t.Errorf("movements: %v", back)
	}
	got := take(t, events, 3)
	h.checkEvents(got)
	if e := got[0].data; e["type"] != "shipment_tracked" || len(e["reports"].([]any)) != 2 || e["actor"] != "dhl" {
		t.Errorf("event: %s", got[0].text)
	}
	if e := got[2].data; e["type"] != "shipment_received_back" || e["note"] != "wet" || e["order"].(map[string]any)["status"] != "completed" {
		t.Errorf("event: %s", got[2].text)
	}
	h.checkAudit()
	list := h.want(200, "GET", path+"/shipments", "")
	h.restart()
	if read := h.want(200, "GET", path+"/shipments", ""); !reflect.DeepEqual(read["items"], list["items"]) {
		t.Errorf("after a restart %v, before %v", read, list)
	}
	h.checkAudit()
	for _, test := range []struct {
		status           int
		code, path, body string
	}{
		{409, codeAlreadyShipped, "/cancel", ``},
		{409, codeOrderCompleted, "/cancel", `{"lines":[{"line":0}]}`},
		{409, codeOrderCompleted, "/shipments", `{"location":"munich"}`},
		{409, codeOrderCompleted, "/reroute", `{"location":"munich","reason":"rejected"}`},
	} {
		h.wantProblem(test.status, test.code, "POST", path+test.path, test.body)
	}
}

// TestClosesAtOnce completes an order of a channel that takes nothing back: it is closed with the next tick, and says so.
func TestClosesAtOnce(t *testing.T) {
	h := openRouted(t)
	h.want(201, "PUT", "/v1/channels/outlet", `{"return_window_days":0}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","channel":"outlet","lines":[{"sku":"A","quantity":1}]}`)
	path := "/v1/orders/" + placed["id"].(string)
	sent := h.want(201, "POST", path+"/shipments", `{"location":"`+from(placed)[2:]+`"}`)
	events, stop := h.listen(fmt.Sprintf("?after=%v", sent["sequence"]))
	defer stop()
	h.want(200, "POST", path+"/shipments/1/tracking", `{"reports":[{"status":"lost","at":"2026-11-27T12:00:00.000Z"}]}`)
	got := take(t, events, 2)
	h.checkEvents(got)
	if e := got[1].data; e["type"] != "order_closed" || e["order"].(map[string]any)["status"] != "closed" {
		t.Errorf("event: %s", got[1].text)
	}
	h.wantProblem(409, codeOrderCompleted, "POST", path+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-11-27T13:00:00.000Z"}]}`)
	h.checkAudit()
}

// TestTrackRefused names what is wrong with requests about a shipment. Nothing changes.
func TestTrackRefused(t *testing.T) {
	h := openRouted(t)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":2}]}`)
	path := "/v1/orders/" + placed["id"].(string)
	report := `{"reports":[{"status":"delivered","at":"2026-11-27T12:00:00.000Z"}]}`
	h.wantProblem(404, codeShipmentNotFound, "POST", path+"/shipments/1/tracking", report)
	h.want(201, "POST", path+"/shipments", `{"location":"`+from(placed)[2:]+`"}`)
	for _, test := range []struct {
		status           int
		code, path, body string
	}{
		{404, codeShipmentNotFound, "/shipments/2/tracking", report},
		{404, codeShipmentNotFound, "/shipments/0/tracking", report},
		{404, codeShipmentNotFound, "/shipments/x/tracking", report},
		{404, codeShipmentNotFound, "/shipments/70000/receive", ``},
		{409, codeNotSentBack, "/shipments/1/receive", ``},
		{409, codeNotSentBack, "/shipments/1/receive", `{"lines":[{"sku":"A","quantity":1}]}`},
		{409, codeReportAhead, "/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2036-11-27T12:00:00.000Z"}]}`},
		{422, codeLocationNotFound, "/shipments/1/receive", `{"location":"atlantis"}`},
		{422, codeInvalidLength, "/shipments/1/tracking", `{"reports":[]}`},
		{400, codeMissingField, "/shipments/1/tracking", `{}`},
		{400, codeMissingField, "/shipments/1/tracking", `{"reports":[{"status":"delivered"}]}`},
		{400, codeMissingField, "/shipments/1/tracking", `{"reports":[{"at":"2026-11-27T12:00:00.000Z"}]}`},
		{422, codeOutOfRange, "/shipments/1/tracking", `{"reports":[{"status":"shipped","at":"2026-11-27T12:00:00.000Z"}]}`},
		{422, codeOutOfRange, "/shipments/1/tracking", `{"reports":[{"status":"lost","at":"yesterday"}]}`},
		{400, codeUnknownField, "/shipments/1/tracking", `{"reports":[{"status":"lost","at":"2026-11-27T12:00:00.000Z","by":"me"}]}`},
		{400, codeUnknownField, "/shipments/1/receive", `{"from":"x"}`},
		{422, codeOutOfRange, "/shipments/1/receive", `{"to":"nowhere"}`},
	} {
		h.wantProblem(test.status, test.code, "POST", path+test.path, test.body)
	}
	h.wantProblem(404, codeOrderNotFound, "POST", "/v1/orders/0000000000000000/shipments/1/tracking", report)
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/channels/web", `{"return_window_days":3651}`)
	if order := h.want(200, "GET", path, ""); order["version"] != jsonNumber("2") {
		t.Errorf("changed: %v", order)
	}
}
