package server

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

func TestSKUs(t *testing.T) {
	h := openShop(t, Options{})
	made := h.do("PUT", "/v1/skus/A", `{"title":"Phone \"X\"","safety_stock":1,"backorder_limit":null,"limit_per_customer":3}`)
	if made.status != 201 || made.header.Get("ETag") != `"1"` {
		t.Fatalf("made: %d %s", made.status, made.body)
	}
	if read := h.do("GET", "/v1/skus/A", ""); string(read.body) != string(made.body) || read.header.Get("ETag") != `"1"` {
		t.Errorf("read %s\nmade %s", read.body, made.body)
	}
	// What is left out goes back to its default.
	changed := h.do("PUT", "/v1/skus/A", `{}`)
	fields := changed.json(t)
	if changed.status != 200 || fields["version"] != jsonNumber("2") || fields["title"] != nil ||
		fields["backorder_limit"] != jsonNumber("0") || fields["limit_per_customer"] != nil {
		t.Errorf("changed: %d %s", changed.status, changed.body)
	}
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/skus/no", "")
	h.want(201, "PUT", "/v1/skus/"+url.PathEscape("größe-42+x"), "{}")
	h.want(200, "GET", "/v1/skus/"+url.PathEscape("größe-42+x"), "")
	long := strings.Repeat("x", 129)
	h.wantProblem(422, codeInvalidLength, "PUT", "/v1/skus/"+long, "{}")
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/skus/"+long, "")
	h.wantProblem(422, codeInvalidCharacters, "PUT", "/v1/skus/a%20b", "{}")
	h.wantProblem(422, codeInvalidCharacters, "PUT", "/v1/skus/a%00b", "{}")
	h.wantProblem(422, codeInvalidCharacters, "PUT", "/v1/skus/%ff", "{}")
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/skus/B", `{"safety_stock":-1}`)
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/skus/B", `{"limit_per_customer":0}`)
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/skus/B", `{"backorder_limit":1000000000001}`)
	h.wantProblem(400, codeWrongType, "PUT", "/v1/skus/B", `{"safety_stock":null}`)
	h.wantProblem(400, codeUnknownField, "PUT", "/v1/skus/B", `{"colour":"red"}`)
	h.wantProblem(400, codeMalformedJSON, "PUT", "/v1/skus/B", ``, "Content-Type: application/json")
}

func TestSKUList(t *testing.T) {
	h := openShop(t, Options{})
	if got := h.want(200, "GET", "/v1/skus", ""); len(got["items"].([]any)) != 0 || got["next"] != nil {
		t.Errorf("empty list: %v", got)
	}
	want := map[string]bool{}
	for i := range 130 {
		name := fmt.Sprintf("SKU-%d", i)
		want[name] = true
		h.want(201, "PUT", "/v1/skus/"+name, "{}")
	}
	for _, limit := range []int{1, 7, 50, 130, 500} {
		seen, pages := map[string]bool{}, 0
		for after := ""; ; pages++ {
			fields := h.want(200, "GET", fmt.Sprintf("/v1/skus?limit=%d%s", limit, after), "")
			items := fields["items"].([]any)
			if len(items) > limit {
				t.Fatalf("%d items, asked for %d", len(items), limit)
			}
			for _, item := range items {
				seen[item.(map[string]any)["sku"].(string)] = true
			}
			if fields["next"] == nil {
				break
			}
			after = "&after=" + fields["next"].(string)
		}
		if len(seen) != len(want) || pages != (len(want)-1)/limit {
			t.Errorf("limit %d: %d of %d SKUs on %d pages", limit, len(seen), len(want), pages+1)
		}
	}
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "limit=", "limit=1&limit=1", "after=no", "after=", "page=2", "at_least=-1", "at_least=1e3"} {
		h.wantProblem(400, codeInvalidQuery, "GET", "/v1/skus?"+query, "")
	}
}

func TestLocations(t *testing.T) {
	h := openShop(t, Options{})
	const body = `{"name":"Hamburg","kind":"store","latitude":53.55,"longitude":-9.99,"priority":10}`
	made := h.do("PUT", "/v1/locations/HH", body)
	if made.status != 201 || !strings.Contains(string(made.body), body[1:len(body)-1]) && !strings.Contains(string(made.body), `"latitude":53.55,"longitude":-9.99`) {
		t.Errorf("made: %d %s", made.status, made.body)
	}
	units := `"drained":false,"on_hand":0,"unavailable":0,"reserved":0,"allocated":0,"version"`
	if read := h.do("GET", "/v1/locations/HH", ""); strings.Replace(string(read.body), units, `"version"`, 1) != string(made.body) {
		t.Errorf("read %s\nmade %s", read.body, made.body)
	}
	if got := h.want(200, "PUT", "/v1/locations/main", `{"kind":"warehouse"}`); got["version"] != jsonNumber("2") {
		t.Errorf("main: %v", got)
	}
	first := h.want(200, "GET", "/v1/locations?limit=1", "")
	if first["next"] != "main" || first["items"].([]any)[0].(map[string]any)["location"] != "main" {
		t.Errorf("first page: %v", first)
	}
	second := h.want(200, "GET", "/v1/locations?limit=1&after=main", "")
	if second["next"] != nil || second["items"].([]any)[0].(map[string]any)["location"] != "HH" {
		t.Errorf("second page: %v", second)
	}
	if end := h.want(200, "GET", "/v1/locations?after=HH", ""); len(end["items"].([]any)) != 0 || end["next"] != nil {
		t.Errorf("after the last: %v", end)
	}
	h.wantProblem(404, codeLocationNotFound, "GET", "/v1/locations/no", "")
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/locations/X", `{"kind":"moon"}`)
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/locations/X", `{"latitude":90.5,"longitude":0}`)
	h.wantProblem(400, codeMissingField, "PUT", "/v1/locations/X", `{"latitude":9}`)
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/locations/X", `{"priority":2147483648}`)
}

// TestStoppedLocation stops a location, whose units are not sold any more, and sees it drain.
func TestStoppedLocation(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/locations/HH", `{"priority":-1}`)
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","delta":3},{"sku":"A","location":"HH","delta":5}]}`)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"ann","lines":[{"sku":"A","quantity":1}]}`)
	h.want(200, "PUT", "/v1/locations/HH", `{"priority":-1,"stopped":true}`)
	wantFields := func(fields map[string]any, want map[string]any) {
		t.Helper()
		for name, value := range want {
			if fields[name] != value {
				t.Errorf("%s is %v, want %v, in %v", name, fields[name], value, fields)
			}
		}
	}
	n := func(number string) any { return jsonNumber(number) }
	wantFields(h.want(200, "GET", "/v1/locations/HH", ""), map[string]any{"stopped": true, "drained": false, "on_hand": n("5"), "allocated": n("1")})
	stock := h.want(200, "GET", "/v1/skus/A/availability", "")
	wantFields(stock, map[string]any{"available": n("3"), "withheld": n("4"), "on_hand": n("8")})
	wantFields(stock["locations"].([]any)[1].(map[string]any), map[string]any{"available": n("0"), "withheld": n("4")})
	line := h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", `{"customer":"ann","lines":[{"sku":"A","quantity":4}]}`)
	wantLine(t, line, map[string]string{"requested": "4", "available": "3"})
	h.want(200, "POST", "/v1/orders/"+placed["id"].(string)+"/cancel", "")
	wantFields(h.want(200, "GET", "/v1/locations/HH", ""), map[string]any{"stopped": true, "drained": true, "on_hand": n("5"), "allocated": n("0")})
	items := h.want(200, "GET", "/v1/locations", "")["items"].([]any)
	wantFields(items[1].(map[string]any), map[string]any{"location": "HH", "stopped": true, "drained": nil})
	h.want(200, "PUT", "/v1/locations/HH", `{}`)
	wantFields(h.want(200, "GET", "/v1/skus/A/availability", ""), map[string]any{"available": n("8"), "withheld": n("0"), "drained": false})
	h.want(200, "PUT", "/v1/skus/A", `{"stopped":true}`)
	wantFields(h.want(200, "GET", "/v1/skus/A/availability", ""), map[string]any{"stopped": true, "drained": true})
	h.wantProblem(400, codeWrongType, "PUT", "/v1/locations/HH", `{"stopped":1}`)
}

// TestCancelledHold: the event of a cancelled hold is not that of an order.
func TestCancelledHold(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", "{}")
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","delta":3}]}`)
	id := h.want(201, "POST", "/v1/holds", `{"customer":"ann","lines":[{"sku":"A","quantity":1}]}`)["id"].(string)
	if got := h.want(200, "POST", "/v1/orders/"+id+"/cancel", ""); got["status"] != "cancelled" {
		t.Errorf("the answer: %v", got)
	}
	all, stop := h.listen("?after=0")
	defer stop()
	if got := types(take(t, all, 5)); got != "sku_defined stock_adjusted supply_changed hold_placed hold_cancelled" {
		t.Errorf("events %s", got)
	}
}
