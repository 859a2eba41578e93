package server

import (
	"regexp"
	"strings"
	"testing"
)

// TestIfMatchOfSettings: who changes settings and says which version they have seen changes no other, and makes nothing new.
func TestIfMatchOfSettings(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 5)
	h.want(201, "PUT", "/v1/channels/vip", `{}`)
	for path, body := range map[string]string{
		"/v1/skus/B":              `{"safety_stock":1}`,
		"/v1/locations/hamburg":   `{"priority":5}`,
		"/v1/channels/app":        `{"buffer":2}`,
		"/v1/skus/A/channels/vip": `{"buffer":2}`,
		"/v1/routing":             `{"rules":["nearest"]}`,
		"/v1/sales/friday":        `{"starts_at":"2026-11-27T09:00:00Z","ends_at":"2100-01-01T00:00:00Z","items":[{"sku":"A","quota":1}]}`,
	} {
		put := func(status int, match string) answer {
			t.Helper()
			got := h.do("PUT", path, body, "If-Match: "+match)
			if got.status != status {
				t.Errorf("%s with If-Match %s: %d %s, want %d", path, match, got.status, got.body, status)
			}
			return got
		}
		before := h.engine.Sequence()
		wantFields(t, put(412, `"1"`).json(t), `"code":version_conflict,"version":0`)
		if read := h.do("GET", path, ""); path != "/v1/routing" && read.status != 404 || read.header.Get("ETag") != "" {
			t.Errorf("%s was made: %d %s", path, read.status, read.body)
		}
		made := put(h.do("PUT", path, body).status&^1, "*") // 200: the second time it was there
		if tag := made.header.Get("ETag"); tag != `"2"` {
			t.Errorf("%s: ETag %s", path, tag)
		}
		stored := settingsOf(h.do("GET", path, ""))
		for _, stale := range []string{`"1"`, `"3"`, `"x"`, `"0"`, `W/"2"`} {
			put(412, stale)
		}
		put(400, "2")
		if read := h.do("GET", path, ""); settingsOf(read) != stored || read.header.Get("ETag") != `"2"` {
			t.Errorf("%s was changed:\n%s\n%s", path, stored, read.body)
		}
		wantFields(t, put(412, `"1"`).json(t), `"version":2`)
		if third := put(200, `"2"`); third.header.Get("ETag") != `"3"` || h.engine.Sequence() <= before {
			t.Errorf("%s: ETag %s", path, third.header.Get("ETag"))
		}
	}
	h.wantProblem(412, codeVersionConflict, "DELETE", "/v1/skus/A/channels/vip", "", `If-Match: "2"`)
	h.want(200, "GET", "/v1/skus/A/channels/vip", "")
	h.want(204, "DELETE", "/v1/skus/A/channels/vip", "", `If-Match: "3"`)
	h.wantProblem(404, codeChannelRuleNotFound, "GET", "/v1/skus/A/channels/vip", "")
	h.restart()
	if got := h.want(200, "GET", "/v1/channels/app", "")["version"]; got != jsonNumber("3") {
		t.Errorf("after a restart the channel has version %v", got)
	}
}

// settingsOf is what was read but for the sequence, which refused commands have, too.
func settingsOf(read answer) string {
	settings, _, _ := strings.Cut(string(read.body), `,"sequence":`)
	return settings
}

// TestWritesTakeNoParameters: a parameter that nobody reads is refused before anything is carried out.
func TestWritesTakeNoParameters(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("b", 5)
	variable := regexp.MustCompile(`\{\w+\}`)
	before := h.engine.Sequence()
	tried := 0
	for _, rt := range routes() {
		if rt.method == methodGet {
			continue
		}
		tried++
		path, body := variable.ReplaceAllString(rt.pattern, "b"), "{}"
		if rt.body == noBody {
			body = ""
		}
		got := h.wantProblem(400, codeInvalidQuery, methodNames[rt.method], path+"?dry_run=true", body)
		if detail := got["detail"].(string); !strings.HasPrefix(detail, "dry_run is not a parameter") || !strings.HasSuffix(detail, "takes none") {
			t.Errorf("%s: %s", path, detail)
		}
	}
	if tried < 30 || h.engine.Sequence() != before {
		t.Errorf("%d paths tried, %d commands carried out", tried, h.engine.Sequence()-before)
	}
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/checkpoints/1?x=1", "")
	h.wantProblem(400, codeInvalidQuery, "GET", "/v1/replication?x=1", "")
}

// TestRefusalsSayEnough: who is refused learns which field, which limit, or where to look.
func TestRefusalsSayEnough(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 1)
	h.want(201, "PUT", "/v1/skus/stopped", `{"stopped":true}`)
	h.want(201, "PUT", "/v1/skus/gone", `{}`)
	h.want(201, "PUT", "/v1/skus/few", `{"limit_per_customer":1,"backorder_limit":9}`)
	h.want(201, "PUT", "/v1/sales/s", `{"starts_at":"2020-01-01T00:00:00Z","ends_at":"2100-01-01T00:00:00Z","items":[{"sku":"gone","quota":9}]}`)
	h.want(201, "PUT", "/v1/sales/later", `{"starts_at":"2099-01-01T00:00:00Z","ends_at":"2100-01-01T00:00:00Z","items":[{"sku":"A","quota":9}]}`)
	move := func(kind, quantity string) string {
		return `{"movements":[{"quantity":` + quantity + `,"type":"` + kind + `","sku":"A"}]}`
	}
	for _, c := range []struct {
		path, body, code, says string
		status                 int
	}{
		{"/v1/stock/movements", move("receive", "1000000000001"), codeOutOfRange, "from 1 to 1000000000000 for receive", 422},
		{"/v1/stock/movements", move("receive", "99999999999999999999"), codeOutOfRange, "from 1 to 1000000000000 for receive", 422},
		{"/v1/stock/movements", move("count", "-1"), codeOutOfRange, "from 0 to 1000000000000 for count", 422},
		{"/v1/stock/movements", move("adjust", "-1000000000001"), codeOutOfRange, "from -1000000000000 to 1000000000000 for adjust", 422},
		{"/v1/stock/movements", move("receive", "1.5"), codeWrongType, "whole number", 400},
		{"/v1/transfers", `{"number":"T","from":"main","to":"moon","lines":[{"sku":"A","quantity":1}]}`, codeLocationNotFound, "to: there is no", 422},
		{"/v1/transfers", `{"number":"T","from":"moon","to":"main","lines":[{"sku":"A","quantity":1}]}`, codeLocationNotFound, "from: there is no", 422},
		{"/v1/purchase-orders", `{"number":"P","location":"moon","lines":[{"sku":"A","quantity":1}]}`, codeLocationNotFound, "location: there is no", 422},
		{"/v1/orders", order("c", "A", 2), codeInsufficientStock, "not so many units", 409},
		{"/v1/orders", order("c", "stopped", 1), codeSKUStopped, "stopped", 409},
		{"/v1/orders", order("c", "few", 2), codeLimitPerCustomer, "limit_per_customer", 409},
		{"/v1/orders", `{"customer":"c","sale":"later","lines":[{"sku":"A","quantity":1}]}`, codeSaleNotStarted, "starts_at", 409},
		{"/v1/sales/s/waitlist", `{"customer":"c","sku":"gone"}`, codeWaitlistFull, "has no waitlist", 409},
	} {
		got := h.wantProblem(c.status, c.code, "POST", c.path, c.body)
		if detail, _ := got["detail"].(string); !strings.Contains(detail, c.says) {
			t.Errorf("%s %s: %q does not say %q", c.path, c.body, detail, c.says)
		}
	}
}
