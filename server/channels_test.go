package server

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestChannels(t *testing.T) {
	h := openShop(t, Options{})
	h.do("PUT", "/v1/skus/A", "{}")
	if got := h.want(200, "GET", "/v1/channels/web", ""); got["visibility"] != "exact" || got["buffer"] != jsonNumber("0") {
		t.Errorf("web is %v", got)
	}
	h.want(201, "PUT", "/v1/channels/market", `{"name":"Market","visibility":"bands","buffer":3}`)
	got := h.want(200, "PUT", "/v1/channels/market", `{"name":"Market place","visibility":"bands","buffer":2}`)
	if got["name"] != "Market place" || got["version"] != jsonNumber("2") || got["number"] != jsonNumber("1") {
		t.Errorf("market is %v", got)
	}
	h.wantProblem(404, codeChannelNotFound, "GET", "/v1/channels/nowhere", "")
	page := h.want(200, "GET", "/v1/channels?limit=1&after=web", "")
	if items := page["items"].([]any); len(items) != 1 || items[0].(map[string]any)["channel"] != "market" || page["next"] != nil {
		t.Errorf("the list is %v", page)
	}
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/channels?after=nowhere", "")

	h.want(200, "PUT", "/v1/skus/A", `{"low_stock":2}`)
	add := func(units int) {
		h.want(200, "POST", "/v1/stock/adjustments", fmt.Sprintf(`{"adjustments":[{"sku":"A","delta":%d}]}`, units))
	}
	add(5)
	if got := h.want(200, "GET", "/v1/skus/A/availability?channel=web", ""); got["available"] != jsonNumber("5") {
		t.Errorf("web: %v", got)
	}
	band := func() any { return h.want(200, "GET", "/v1/skus/A/availability?channel=market", "")["band"] }
	h.want(201, "POST", "/v1/orders", `{"customer":"c","channel":"market","lines":[{"sku":"A","quantity":3}]}`)
	if got := band(); got != "out" {
		t.Errorf("band %v with two units that are the buffer", got)
	}
	for path, channel := range map[string]string{"/v1/orders": "market", "/v1/holds": "market", "/v1/routing/preview": "market", "/v1/orders?": "web"} {
		refused := h.do("POST", strings.TrimSuffix(path, "?"), `{"customer":"c","channel":"`+channel+`","lines":[{"sku":"A","quantity":9}]}`)
		if exact := strings.Contains(string(refused.body), `"available":`); refused.status != 409 || exact != (channel == "web") {
			t.Errorf("%s by %s: %d %s", path, channel, refused.status, refused.body)
		}
	}
	add(1)
	if got := band(); got != "low" {
		t.Errorf("band %v of one unit", got)
	}
	add(2)
	if got := band(); got != "in_stock" {
		t.Errorf("band %v of three units", got)
	}
	if got := h.want(200, "GET", "/v1/skus/A/availability?channel=new", ""); got["available"] != jsonNumber("5") {
		t.Errorf("a channel that nobody used: %v", got)
	}
	h.restart()
	if got := h.want(200, "GET", "/v1/channels/market", ""); got["buffer"] != jsonNumber("2") || got["name"] != "Market place" {
		t.Errorf("after a restart market is %v", got)
	}
	h.want(200, "POST", "/v1/checkpoint", "{}")
	h.restart()
	if got := band(); got != "in_stock" {
		t.Errorf("band %v after a restart from a checkpoint", got)
	}
}

func TestChannelRules(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	h.want(201, "PUT", "/v1/channels/vip", "{}")
	const path = "/v1/skus/A/channels/vip"
	h.wantProblem(404, codeChannelRuleNotFound, "GET", path, "")
	h.want(204, "DELETE", path, "")
	rule := h.want(201, "PUT", path, `{"pool":{"quota":12,"exclusive":true}}`)
	pool := rule["pool"].(map[string]any)
	if pool["status"] != "live" || pool["covered"] != jsonNumber("10") || pool["short"] != jsonNumber("2") || rule["buffer"] != nil {
		t.Errorf("rule %v", rule)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/orders", order("c", "A", 1))
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","channel":"vip","lines":[{"sku":"A","quantity":4}]}`)
	if line := placed["lines"].([]any)[0].(map[string]any); line["pooled"] != jsonNumber("4") {
		t.Errorf("line %v", line)
	}
	share := h.want(200, "PUT", path, `{"pool":{"share_percent":55}}`)["pool"].(map[string]any)
	if share["quota"] != jsonNumber("5") || share["share_percent"] != jsonNumber("55") || share["used"] != jsonNumber("4") || share["left"] != jsonNumber("1") {
		t.Errorf("a share of 10 units, of which 4 are sold: %v", share)
	}
	h.want(200, "PUT", path, `{"buffer":1,"pool":{"quota":6,"ends_at":null}}`)
	got := h.want(200, "GET", path, "")
	if pool := got["pool"].(map[string]any); pool["used"] != jsonNumber("4") || pool["left"] != jsonNumber("2") || pool["exclusive"] != false {
		t.Errorf("rule %v", got)
	}
	if items := h.want(200, "GET", "/v1/skus/A/channels", "")["items"].([]any); len(items) != 1 || items[0].(map[string]any)["pool"] == nil {
		t.Errorf("all rules: %v", items)
	}
	if a := h.want(200, "GET", "/v1/skus/A/availability", ""); a["set_apart"] != jsonNumber("2") {
		t.Errorf("set apart %v, want 2", a["set_apart"])
	}
	for channel, want := range map[string]string{"web": "4", "vip": "5"} {
		if got := h.want(200, "GET", "/v1/skus/A/availability?channel="+channel, "")["available"]; got != jsonNumber(want) {
			t.Errorf("%s may sell %v, want %s", channel, got, want)
		}
	}
	h.want(200, "POST", "/v1/orders/"+placed["id"].(string)+"/cancel", "{}")
	h.want(204, "DELETE", path, "")
	h.wantProblem(404, codeChannelRuleNotFound, "GET", path, "")
	h.want(204, "DELETE", path, "")
	if got := h.want(200, "GET", "/v1/audit", ""); got["ok"] != true {
		t.Errorf("audit %v", got)
	}

	h.wantProblem(404, codeSKUNotFound, "PUT", "/v1/skus/B/channels/vip", `{"buffer":1}`)
	h.wantProblem(404, codeChannelNotFound, "PUT", "/v1/skus/A/channels/nowhere", `{"buffer":1}`)
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/skus/nothing/channels", "")
	h.wantProblem(409, codePoolOver, "PUT", path, `{"pool":{"quota":1,"ends_at":"2020-01-01T00:00:00.000Z"}}`)
	for body, code := range map[string]string{
		`{}`:                                      codeMissingField,
		`{"buffer":null,"pool":null}`:             codeMissingField,
		`{"buffer":-1}`:                           codeOutOfRange,
		`{"buffer":1000000000001}`:                codeOutOfRange,
		`{"share":5}`:                             codeUnknownField,
		`{"pool":{}}`:                             codeMissingField,
		`{"pool":5}`:                              codeWrongType,
		`{"pool":{"share_percent":0}}`:            codeOutOfRange,
		`{"pool":{"share_percent":101}}`:          codeOutOfRange,
		`{"pool":{"share_percent":10,"quota":1}}`: codeWrongType,
		`{"pool":{"quota":0}}`:                    codeOutOfRange,
		`{"pool":{"quota":1,"size":1}}`:           codeUnknownField,
		`{"pool":{"quota":1,"starts_at":"2026-13-27T08:00:00.000Z"}}`:                                       codeOutOfRange,
		`{"pool":{"quota":1,"starts_at":5}}`:                                                                codeWrongType,
		`{"pool":{"quota":1,"starts_at":"2026-11-27T08:00:00.0001Z"}}`:                                      codeOutOfRange,
		`{"pool":{"quota":1,"starts_at":"1960-11-27T08:00:00Z"}}`:                                           codeOutOfRange,
		`{"pool":{"quota":1,"starts_at":"2026-11-27T08:00:00.000Z","ends_at":"2026-11-27T08:00:00.000Z"}}`:  codeOutOfRange,
		`{"pool":{"quota":1,"ends_at":"2026-11-27T07:59:59.999Z","starts_at":"2026-11-27T09:00:00+01:00"}}`: codeOutOfRange,
		`{"pool":{"quota":1,"exclusive":"yes"}}`:                                                            codeWrongType,
	} {
		status := 400
		if code == codeOutOfRange {
			status = 422
		}
		h.wantProblem(status, code, "PUT", path, body)
	}
	h.wantProblem(404, codeChannelRuleNotFound, "GET", path, "")
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/channels/vip", `{"visibility":"none"}`)
	h.wantProblem(422, codeOutOfRange, "PUT", "/v1/channels/vip", `{"buffer":-1}`)
	h.wantProblem(400, codeUnknownField, "PUT", "/v1/channels/vip", `{"pool":1}`)
}

// TestAvailableByInChannels has a pool that what comes must cover first, one that is exclusive, and one that will have ended.
func TestAvailableByInChannels(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	h.want(200, "PUT", "/v1/skus/A", `{"backorder_limit":5}`)
	h.want(201, "PUT", "/v1/channels/vip", `{}`)
	h.want(201, "PUT", "/v1/channels/market", `{"buffer":3}`)
	h.want(201, "POST", "/v1/purchase-orders", `{"status":"ordered","lines":[{"sku":"A","quantity":20,"expected_at":"2190-01-10"}]}`)
	check := func(channel, by, now, then string) {
		t.Helper()
		got := h.want(200, "GET", "/v1/skus/A/availability?channel="+channel+"&by="+by, "")
		if got["available"] != jsonNumber(now) || got["available_by"] != jsonNumber(then) {
			t.Errorf("%s by %s: %v, then %v; want %s, then %s", channel, by, got["available"], got["available_by"], now, then)
		}
	}
	const path, before, after = "/v1/skus/A/channels/vip", "2190-01-09", "2190-01-10"
	check("web", before, "10", "10")
	check("web", after, "10", "30")
	check("market", after, "7", "27")
	h.want(201, "PUT", path, `{"pool":{"quota":25}}`)
	check("web", before, "0", "0")
	check("web", after, "0", "5")
	check("nobody", after, "0", "5")
	check("market", after, "-3", "2")
	check("vip", after, "10", "30")
	h.want(200, "PUT", path, `{"pool":{"quota":12,"exclusive":true}}`)
	check("vip", before, "10", "10")
	check("vip", after, "10", "12")
	got := h.want(200, "GET", "/v1/skus/A/availability?channel=vip", "")
	if got["backorderable"] != false {
		t.Errorf("a channel that sells from its pool alone: %v", got)
	}
	h.want(200, "PUT", path, `{"pool":{"quota":25,"ends_at":"2190-01-10T12:00:00.000Z"}}`)
	check("web", "2190-01-10T11:59:59.999Z", "0", "5")
	check("web", "2190-01-10T12:00:00.000Z", "0", "30")
	h.want(200, "PUT", path, `{"pool":{"quota":25,"starts_at":"2190-01-10T12:00:00.000Z"}}`)
	check("web", "2190-01-10T11:59:59.999Z", "10", "30")
	check("web", "2190-01-10T12:00:00.000Z", "10", "5")
}

// TestPoolTurnsInQuietTimes has a pool begin and end while nobody sends anything.
func TestPoolTurnsInQuietTimes(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 3)
	h.want(201, "PUT", "/v1/channels/vip", "{}")
	const path = "/v1/skus/A/channels/vip"
	instant := func(in time.Duration) string { return time.Now().Add(in).UTC().Format("2006-01-02T15:04:05.000Z") }
	h.want(201, "PUT", path, fmt.Sprintf(`{"pool":{"quota":3,"starts_at":%q}}`, instant(300*time.Millisecond)))
	await := func(status string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); h.want(200, "GET", path, "")["pool"].(map[string]any)["status"] != status; {
			if time.Now().After(deadline) {
				t.Fatalf("the pool is not %s", status)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
	await("live")
	h.want(200, "PUT", path, fmt.Sprintf(`{"pool":{"quota":3,"ends_at":%q}}`, instant(2*time.Second)))
	await("ended")
	h.want(201, "POST", "/v1/orders", order("c", "A", 3))
}
