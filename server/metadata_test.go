package server

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"

	"github.com/valyala/fasthttp"
)

// TestMetadata keeps members of any kind beside an order, changes some of them, and finds them again after a restart.
func TestMetadata(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	placed := h.want(201, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":1}],"tags":["vip"],
		"metadata":{ "erp" : {"number": 4711, "lines": [1, 2.50]}, "gift":true, "größe \"L\"":"ä\n" }}`)
	path := "/v1/orders/" + placed["id"].(string)
	const first = `{"erp":{"number":4711,"lines":[1,2.50]},"gift":true,"größe \"L\"":"ä\n"}`
	if got := h.do("GET", path, ""); !strings.Contains(string(got.body), `"tags":["vip"],"metadata":`+first+`,`) {
		t.Errorf("placed: %s", got.body)
	}
	changed := h.do("POST", path+"/metadata", `{"metadata":{"gift":null,"erp":"A-1","crm":7},"actor":"kim"}`, "Idempotency-Key: m1")
	again := h.do("POST", path+"/metadata", `{"metadata":{"gift":null,"erp":"A-1","crm":7},"actor":"kim"}`, "Idempotency-Key: m1")
	if changed.status != 200 || string(changed.body) != string(again.body) || again.header.Get("Idempotent-Replayed") != "true" || changed.header.Get("ETag") != `"2"` {
		t.Errorf("changed %d %s\nagain %d %s", changed.status, changed.body, again.status, again.body)
	}
	const second = `"tags":["vip"],"metadata":{"erp":"A-1","größe \"L\"":"ä\n","crm":7},`
	if !strings.Contains(string(changed.body), second) {
		t.Errorf("changed: %s", changed.body)
	}
	if same := h.do("POST", path+"/metadata", `{"metadata":{"crm":7,"gift":null}}`); same.status != 200 || same.header.Get("ETag") != `"2"` {
		t.Errorf("the same: %d %s", same.status, same.body)
	}
	h.wantProblem(412, codeVersionConflict, "POST", path+"/metadata", `{"metadata":{"crm":7}}`, `If-Match: "1"`)
	h.wantProblem(412, codeVersionConflict, "POST", path+"/metadata", `{"metadata":{"crm":8}}`, `If-Match: "1"`)
	edited := h.want(200, "POST", path+"/edits", `{"tags":["new"]}`, `If-Match: "2"`)
	if fmt.Sprint(edited["metadata"].(map[string]any)["crm"]) != "7" {
		t.Errorf("an edit of something else: %v", edited)
	}
	whole := h.do("POST", path+"/edits", `{"metadata":{"only":1}}`, `If-Match: "3"`)
	if !strings.Contains(string(whole.body), `"metadata":{"only":1},`) {
		t.Errorf("all of it: %s", whole.body)
	}
	if none := h.want(200, "POST", path+"/metadata", `{"metadata":{"only":null}}`); none["metadata"] != nil {
		t.Errorf("none: %v", none)
	}
	kept := h.want(200, "POST", path+"/metadata", `{"metadata":{"kept":[1]}}`)
	h.restart()
	if got := h.want(200, "GET", path, ""); fmt.Sprint(got["metadata"]) != "map[kept:[1]]" || got["version"] != kept["version"] {
		t.Errorf("after a restart: %v", got)
	}
	hold := h.want(201, "POST", "/v1/holds", `{"customer":"c","lines":[{"sku":"A","quantity":1}],"metadata":{"cart":"x"}}`)
	if fmt.Sprint(hold["metadata"]) != "map[cart:x]" {
		t.Errorf("hold: %v", hold)
	}
	h.checkAudit()
}

// TestMetadataRefused: what is too much, or cannot be read.
func TestMetadataRefused(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	order := func(metadata string) string {
		return `{"customer":"c","lines":[{"sku":"A","quantity":1}],"metadata":` + metadata + `}`
	}
	many := func(n int) string {
		members := make([]string, n)
		for i := range members {
			members[i] = fmt.Sprintf(`"k%d":%d`, i, i)
		}
		return "{" + strings.Join(members, ",") + "}"
	}
	long := func(n int) string { return `{"k":"` + strings.Repeat("x", n-len(`{"k":""}`)) + `"}` }
	path := "/v1/orders/" + h.want(201, "POST", "/v1/orders", order(many(maxMetadata)))["id"].(string)
	h.want(201, "POST", "/v1/orders", order(long(maxMetadataLength)))
	for _, test := range []struct {
		status int
		code   string
		path   string
		body   string
		detail string
	}{
		{422, codeInvalidLength, "/v1/orders", order(many(maxMetadata + 1)), "metadata must have at most 50 members, and would have 51"},
		{422, codeInvalidLength, "/v1/orders", order(long(maxMetadataLength + 1)), "metadata must be at most 8192 bytes"},
		{422, codeInvalidLength, "/v1/orders", order(`{"":1}`), "1 to 64 bytes"},
		{422, codeInvalidLength, "/v1/orders", order(`{"` + strings.Repeat("k", 65) + `":1}`), "1 to 64 bytes"},
		{422, codeInvalidCharacters, "/v1/orders", order(`{"a\u0000":1}`), "1 to 64 bytes"},
		{400, codeWrongType, "/v1/orders", order(`{"a":null}`), "metadata.a must not be null"},
		{400, codeWrongType, "/v1/orders", order(`[1]`), "metadata must be an object"},
		{400, codeDuplicateField, "/v1/orders", order(`{"a":{"b":1,"b":2}}`), "twice"},
		{422, codeInvalidLength, path + "/metadata", `{"metadata":{"more":1}}`, "would have 51"},
		{400, codeMissingField, path + "/metadata", `{}`, "metadata"},
		{400, codeUnknownField, path + "/metadata", `{"metadata":{},"tags":[]}`, "tags"},
		{404, codeOrderNotFound, "/v1/orders/nobody/metadata", `{"metadata":{"a":1}}`, ""},
	} {
		if got := h.wantProblem(test.status, test.code, "POST", test.path, test.body); !strings.Contains(fmt.Sprint(got["detail"]), test.detail) {
			t.Errorf("%s: %v", test.body[:min(len(test.body), 100)], got["detail"])
		}
	}
	h.want(200, "POST", path+"/metadata", `{"metadata":{"more":1,"k0":null}}`)
}

// besides is an order of two slots that is followed through its life, and what lies beside it is changed at every station.
type besides struct {
	*shop
	path  string
	count int
}

// change changes metadata and then tags, each with a key that is repeated after a restart, and sees to it that nothing else of the order changes.
func (b *besides) change(status string) {
	b.t.Helper()
	b.count++
	before := b.want(200, "GET", b.path, "")
	member := fmt.Sprintf(`{"metadata":{"at":%d,"%s":true},"actor":"erp"}`, b.count, status)
	tags := fmt.Sprintf(`{"tags":["%s","n%d"],"note":"again"}`, status, b.count)
	first := b.do("POST", b.path+"/metadata", member, fmt.Sprintf("Idempotency-Key: m%d", b.count))
	after := first.json(b.t)
	version := fmt.Sprintf(`If-Match: "%v"`, after["version"])
	if preview := b.want(200, "POST", b.path+"/edits/preview", tags); preview["status"] != status || preview["version"] != after["version"] {
		b.t.Errorf("%s: preview %v", status, preview)
	}
	b.wantProblem(412, codeVersionConflict, "POST", b.path+"/edits", tags, fmt.Sprintf(`If-Match: "%v"`, before["version"]))
	second := b.do("POST", b.path+"/edits", tags, version, fmt.Sprintf("Idempotency-Key: t%d", b.count))
	b.restart()
	for i, again := range []answer{b.do("POST", b.path+"/metadata", member, fmt.Sprintf("Idempotency-Key: m%d", b.count)),
		b.do("POST", b.path+"/edits", tags, version, fmt.Sprintf("Idempotency-Key: t%d", b.count))} {
		if once := []answer{first, second}[i]; once.status != 200 || string(again.body) != string(once.body) || again.header.Get("Idempotent-Replayed") != "true" {
			b.t.Errorf("%s: first %d %s\nagain %d %s", status, once.status, once.body, again.status, again.body)
		}
	}
	after = b.want(200, "GET", b.path, "")
	if at := after["metadata"].(map[string]any)["at"]; after["status"] != status || fmt.Sprint(at) != fmt.Sprint(b.count) || text(after["tags"]) != fmt.Sprintf(`["%s","n%d"]`, status, b.count) {
		b.t.Errorf("%s: %v", status, after)
	}
	for name, value := range before {
		if name != "version" && name != "sequence" && name != "tags" && name != "metadata" && text(value) != text(after[name]) {
			b.t.Errorf("%s: %s was %v and is %v", status, name, value, after[name])
		}
	}
}

// refuses sees to it that what else can be edited is not.
func (b *besides) refuses(code string) {
	b.t.Helper()
	version := fmt.Sprintf(`If-Match: "%v"`, b.want(200, "GET", b.path, "")["version"])
	for _, body := range []string{`{"ship_to":{"city":"Bremen","country":"DE"}}`, `{"email":"b@example.com"}`, `{"tags":["x"],"delivery_method":"express"}`, `{"metadata":{"x":1},"remove":[{"line":0}]}`,
		`{"tags":["x"],"add":[{"sku":"A","quantity":1,"unit_price":` + eur(5) + `}]}`, `{"metadata":{"x":1},"amounts":null}`} {
		b.wantProblem(409, code, "POST", b.path+"/edits", body, version)
	}
}

// TestMetadataOfAnyStatus writes beside orders that were shipped, have arrived, are closed or cancelled, and beside holds.
func TestMetadataOfAnyStatus(t *testing.T) {
	var clock atomic.Int64 // the engine looks at it by itself, too
	clock.Store(1_790_000_000_000)
	h := openIndexed(t, engine.Options{Clock: clock.Load})
	h.stock("A", 9)
	h.stock("B", 9)
	lines := `"customer":"ann","email":"a@example.com","ship_to":{"city":"Hamburg","country":"DE"},"lines":[
		{"sku":"A","quantity":1,"unit_price":` + eur(100) + `},{"sku":"B","quantity":2,"unit_price":` + eur(200) + `}]`
	b := &besides{shop: h, path: "/v1/orders/" + h.placed("/v1/orders", `{`+lines+`,"tags":["new"],"metadata":{"cart":1}}`)}
	b.change("placed")
	h.want(201, "POST", b.path+"/shipments", `{"carrier":"DHL"}`)
	b.change("placed")
	h.want(200, "POST", b.path+"/shipments/1/tracking", `{"reports":[{"status":"delivered","at":"2026-09-21T14:13:20.000Z"}]}`)
	b.change("completed")
	b.refuses(codeOrderCompleted)
	clock.Add(40 * 24 * time.Hour.Milliseconds())
	h.want(200, "POST", b.path+"/metadata", `{"metadata":{"audited":true}}`) // in the moment when it is closed
	b.change("closed")
	b.refuses(codeOrderCompleted)
	told := h.want(200, "GET", b.path+"/timeline?"+h.now(), "")["items"].([]any)
	if last := told[len(told)-1].(map[string]any); last["type"] != "order_edited" || last["status"] != "closed" || last["note"] != "again" || last["movements"] != nil || len(told) != 13 {
		t.Errorf("timeline of %d: %v", len(told), last)
	}
	if found := h.want(200, "GET", "/v1/orders?tag=closed&"+h.now(), "")["items"].([]any); len(found) != 1 {
		t.Errorf("found: %v", found)
	}
	b.path = "/v1/orders/" + h.placed("/v1/orders", `{`+lines+`}`)
	h.want(200, "POST", b.path+"/cancel", "")
	b.change("cancelled")
	b.refuses(codeOrderCancelled)
	hold := h.placed("/v1/holds", `{`+lines+`}`)
	b.path = "/v1/orders/" + hold
	b.change("held")
	b.refuses(codeOrderHeld)
	h.want(200, "POST", "/v1/holds/"+hold+"/confirm", "")
	b.change("placed")
	hold = h.placed("/v1/holds", `{`+lines+`,"ttl_seconds":60}`)
	b.path = "/v1/orders/" + hold
	clock.Add(2 * time.Minute.Milliseconds())
	h.want(200, "POST", b.path+"/metadata", `{"metadata":{"lost":true}}`)
	b.change("expired")
	b.refuses(codeHoldExpired)
	h.checkAudit()
}

// TestMetadataOfArchived: what has left memory stays as it is, and says so.
func TestMetadataOfArchived(t *testing.T) {
	var clock atomic.Int64
	clock.Store(1_790_000_000_000)
	h := openIndexed(t, engine.Options{Clock: clock.Load, ArchiveAfter: time.Hour})
	h.stock("A", 1_000_000)
	var path string
	for range core.PageOrders + 5 {
		id := h.placed("/v1/orders", `{"customer":"ann","lines":[{"sku":"A","quantity":1}],"tags":["new"]}`)
		h.want(200, "POST", "/v1/orders/"+id+"/cancel", "")
		if path == "" {
			path = "/v1/orders/" + id
			h.want(200, "POST", path+"/metadata", `{"metadata":{"refunded":"R-1"}}`, "Idempotency-Key: once")
		}
	}
	clock.Add(2 * time.Hour.Milliseconds())
	h.placed("/v1/orders", order("bob", "A", 1))
	number, _ := parseID([]byte(strings.TrimPrefix(path, "/v1/orders/")))
	h.until(func() bool { return h.engine.IsArchived(h.engine.OrderFromPublic(number)) })
	for range 2 {
		got := h.want(200, "GET", path, "")
		if text(got["metadata"]) != `{"refunded":"R-1"}` || text(got["tags"]) != `["new"]` || got["version"] != jsonNumber("3") {
			t.Errorf("archived: %v", got)
		}
		h.wantProblem(409, codeOrderArchived, "POST", path+"/metadata", `{"metadata":{"late":1}}`)
		h.wantProblem(412, codeVersionConflict, "POST", path+"/metadata", `{"metadata":{"late":1}}`, `If-Match: "2"`)
		h.wantProblem(409, codeOrderArchived, "POST", path+"/edits", `{"tags":["x"]}`, `If-Match: "3"`)
		h.wantProblem(409, codeOrderArchived, "POST", path+"/edits/preview", `{"tags":["x"]}`)
		h.wantProblem(409, codeOrderCancelled, "POST", path+"/edits", `{"email":"b@example.com"}`, `If-Match: "3"`)
		again := h.do("POST", path+"/metadata", `{"metadata":{"refunded":"R-1"}}`, "Idempotency-Key: once")
		if again.status != 200 || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("again: %d %s", again.status, again.body)
		}
		h.restart()
	}
	h.want(201, "POST", path+"/notes", `{"text":"late"}`)
	h.checkAudit()
}

// TestMetadataUnderAKey: a key stays with what was asked for under it, also when all was so already, so a late repeat takes nothing back that others have written.
func TestMetadataUnderAKey(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	path := "/v1/orders/" + h.placed("/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":1}],"metadata":{"x":1}}`)
	first := h.do("POST", path+"/metadata", `{"metadata":{"x":1}}`, "Idempotency-Key: m1")
	h.wantProblem(422, codeIdempotencyKeyReused, "POST", path+"/metadata", `{"metadata":{"z":1}}`, "Idempotency-Key: m1")
	h.want(200, "POST", path+"/metadata", `{"metadata":{"x":2}}`)
	h.restart()
	again := h.do("POST", path+"/metadata", `{"metadata":{"x":1}}`, "Idempotency-Key: m1")
	if first.status != 200 || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %d %s\nagain %d %s", first.status, first.body, again.status, again.body)
	}
	if now := h.want(200, "GET", path, ""); fmt.Sprint(now["metadata"]) != "map[x:2]" {
		t.Errorf("now: %v", now["metadata"])
	}
}

// TestMetadataTwiceAtOnce: of a request that comes twice at once, while somebody else writes, too, one has read the order before that and the other behind it. Both
// are answered alike.
func TestMetadataTwiceAtOnce(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 9)
	id := h.placed("/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":1}]}`)
	path := "/v1/orders/" + id
	var ctx fasthttp.RequestCtx
	ctx.Request.Header.SetMethod("POST")
	ctx.Request.Header.Set("Idempotency-Key", "m1")
	ctx.Request.SetBodyString(`{"metadata":{"x":1}}`)
	x := h.server.acquireExchange(&ctx)
	x.variable = []byte(id)
	var twin answer
	h.server.submitWhole(x, &changedMetadata, func(x *exchange) bool {
		ok := h.server.readMetadata(x)
		if twin.status == 0 {
			h.want(200, "POST", path+"/metadata", `{"metadata":{"y":2}}`)
			twin = h.do("POST", path+"/metadata", `{"metadata":{"x":1}}`, "Idempotency-Key: m1")
		}
		return ok
	})
	if twin.status != 200 || ctx.Response.StatusCode() != 200 || string(ctx.Response.Body()) != string(twin.body) {
		t.Errorf("one %d %s\nthe other %d %s", twin.status, twin.body, ctx.Response.StatusCode(), ctx.Response.Body())
	}
	h.server.releaseExchange(x)
	if now := h.want(200, "GET", path, ""); fmt.Sprintf("%v %v", now["metadata"], now["version"]) != "map[x:1 y:2] 3" {
		t.Errorf("now: %v", now)
	}
}
