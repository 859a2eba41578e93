package server

import (
	"fmt"
	"testing"
	"time"
)

// hold takes a hold of one unit and gives its id.
func (h *shop) hold(sku string, ttl string) string {
	h.t.Helper()
	return h.want(201, "POST", "/v1/holds",
		`{"customer":"c1","channel":"web","ttl_seconds":`+ttl+`,"lines":[{"sku":"`+sku+`","quantity":1}]}`)["id"].(string)
}

func TestHoldConfirmed(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	id := h.hold("A", "600")
	held := h.want(200, "GET", "/v1/holds/"+id, "")
	created, deadline := instant(t, held["created_at"]), instant(t, held["expires_at"])
	if held["status"] != "held" || deadline.Sub(created) != 600*time.Second {
		t.Errorf("held: %v", held)
	}
	extended := h.want(200, "POST", "/v1/holds/"+id+"/extend", `{"ttl_seconds":3600}`)
	if late := instant(t, extended["expires_at"]); late.Sub(deadline) < 2900*time.Second || extended["version"] != jsonNumber("2") {
		t.Errorf("extended: %v", extended)
	}
	// To an earlier deadline: nothing changes.
	if again := h.want(200, "POST", "/v1/holds/"+id+"/extend", `{"ttl_seconds":1}`); again["expires_at"] != extended["expires_at"] {
		t.Errorf("extended to earlier: %v", again)
	}
	h.wantProblem(412, codeVersionConflict, "POST", "/v1/holds/"+id+"/confirm", "", `If-Match: "1"`)
	confirmed := h.want(200, "POST", "/v1/holds/"+id+"/confirm", "")
	if confirmed["status"] != "placed" || confirmed["id"] != id || confirmed["expires_at"] != nil {
		t.Errorf("confirmed: %v", confirmed)
	}
	if again := h.want(200, "POST", "/v1/holds/"+id+"/confirm", "{}"); again["status"] != "placed" || again["version"] != confirmed["version"] {
		t.Errorf("confirmed again: %v", again)
	}
	h.wantProblem(409, codeHoldConfirmed, "DELETE", "/v1/holds/"+id, "")
	h.wantProblem(409, codeHoldConfirmed, "POST", "/v1/holds/"+id+"/extend", "")
	if got := h.want(200, "GET", "/v1/orders/"+id, ""); got["status"] != "placed" {
		t.Errorf("order: %v", got)
	}
	h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
	h.wantProblem(409, codeOrderCancelled, "POST", "/v1/holds/"+id+"/confirm", "")
}

func TestHoldReleased(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 1)
	id := h.hold("A", "600")
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", order("c2", "A", 1))
	for range 2 {
		if got := h.do("DELETE", "/v1/holds/"+id, ""); got.status != 204 || len(got.body) > 0 {
			t.Fatalf("released: %d %s", got.status, got.body)
		}
	}
	h.wantProblem(409, codeHoldReleased, "POST", "/v1/holds/"+id+"/confirm", "")
	h.wantProblem(409, codeHoldReleased, "POST", "/v1/orders/"+id+"/cancel", "")
	h.want(201, "POST", "/v1/orders", order("c2", "A", 1))
}

func TestHoldExpires(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 1)
	id := h.hold("A", "1")
	deadline := instant(t, h.want(200, "GET", "/v1/holds/"+id, "")["expires_at"])
	time.Sleep(time.Until(deadline) + 100*time.Millisecond)
	if got := h.want(200, "GET", "/v1/holds/"+id, "")["status"]; got != "expired" {
		t.Fatalf("status %v after the deadline", got)
	}
	h.wantProblem(409, codeHoldExpired, "POST", "/v1/holds/"+id+"/confirm", "")
	if got := h.do("DELETE", "/v1/holds/"+id, ""); got.status != 204 {
		t.Errorf("released after the deadline: %d %s", got.status, got.body)
	}
	h.want(201, "POST", "/v1/orders", order("c2", "A", 1))
}

func TestHoldLimits(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 1)
	body := func(ttl string) string {
		return `{"customer":"c","ttl_seconds":` + ttl + `,"lines":[{"sku":"A","quantity":1}]}`
	}
	for _, ttl := range []string{"0", "-1", "86401", "1000000000", "9223372036854775808"} {
		h.wantProblem(422, codeOutOfRange, "POST", "/v1/holds", body(ttl))
	}
	h.wantProblem(400, codeWrongType, "POST", "/v1/holds", body("1.5"))
	h.wantProblem(400, codeUnknownField, "POST", "/v1/holds", `{"customer":"c","external_id":"x","lines":[{"sku":"A","quantity":1}]}`)
	id := h.hold("A", "86400")
	h.wantProblem(422, codeOutOfRange, "POST", "/v1/holds/"+id+"/extend", `{"ttl_seconds":0}`)
	h.wantProblem(400, codeUnknownField, "POST", "/v1/holds/"+id+"/confirm", `{"x":1}`)
	h.wantProblem(400, codeMalformedJSON, "POST", "/v1/holds/"+id+"/confirm", `{`)
}

// instant reads a time of the contract.
func instant(t *testing.T, value any) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.000Z", value.(string))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// TestHoldUpTo takes what is left, and is refused at the door only when nothing is.
func TestHoldUpTo(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 5)
	h.want(201, "PUT", "/v1/skus/B", "{}") // sold out, so that admission looks at orders
	hold := func(customer, more string, n int) string {
		return fmt.Sprintf(`{"customer":%q,"ttl_seconds":600,%s"lines":[{"sku":"A","quantity":%d}]}`, customer, more, n)
	}
	granted := func(fields map[string]any) any { return fields["lines"].([]any)[0].(map[string]any)["quantity"] }
	if got := granted(h.want(201, "POST", "/v1/holds", hold("ann", `"up_to":true,`, 3))); got != jsonNumber("3") {
		t.Errorf("of five left, three asked for: %v", got)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/holds", hold("bob", "", 3))
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/holds", hold("bob", `"up_to":false,`, 3))
	got := h.want(201, "POST", "/v1/holds", hold("bob", `"up_to":true,`, 3))
	if granted(got) != jsonNumber("2") {
		t.Errorf("of two left, three asked for: %v", granted(got))
	}
	if again := h.want(200, "GET", "/v1/holds/"+got["id"].(string), ""); granted(again) != jsonNumber("2") {
		t.Errorf("read again: %v", granted(again))
	}
	line := h.wantProblem(409, codeInsufficientStock, "POST", "/v1/holds", hold("cem", `"up_to":true,`, 3))
	wantLine(t, line, map[string]string{"index": "0", "sku": "A", "requested": "3", "available": "0"})
	h.want(204, "DELETE", "/v1/holds/"+got["id"].(string), "")
	wantLines(t, h.batch([]string{
		`{"op":"hold","customer":"dee","up_to":true,"lines":[{"sku":"A","quantity":9}]}`,
		`{"op":"hold","customer":"dee","up_to":true,"lines":[{"sku":"A","quantity":9}]}`,
	}), "201", "409 insufficient_stock")
	h.wantProblem(400, codeWrongType, "POST", "/v1/holds", hold("cem", `"up_to":1,`, 3))
	h.wantProblem(400, codeUnknownField, "POST", "/v1/orders", `{"customer":"c","up_to":true,"lines":[{"sku":"A","quantity":1}]}`)
}
