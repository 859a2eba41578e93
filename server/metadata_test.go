package server

import (
	"fmt"
	"strings"
	"testing"
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
	h.want(200, "POST", path+"/cancel", "")
	h.wantProblem(409, codeOrderCancelled, "POST", path+"/metadata", `{"metadata":{"more":2}}`)
}
