package server

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// movementWords puts a listed movement into a line.
func movementWords(item any) string {
	m := item.(map[string]any)
	words := fmt.Sprintf("%v %v", m["type"], m["quantity"])
	if m["location"] != "main" {
		words += fmt.Sprintf(" at %v", m["location"])
	}
	for _, name := range []string{"from", "to", "actor", "cause", "reason"} {
		if m[name] != nil {
			words += fmt.Sprintf(" %s %v", name, m[name])
		}
	}
	level := func(name string) string {
		l, known := m[name].(map[string]any)
		if !known {
			return "?"
		}
		return fmt.Sprintf("%v/%v/%v/%v", l["on_hand"], l["sellable"], l["reserved"], l["allocated"])
	}
	return words + ": " + level("before") + " " + level("after")
}

func TestMovementList(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/locations/HH", "{}")
	h.want(201, "PUT", "/v1/skus/A", `{"backorder_limit":5}`)
	h.want(201, "PUT", "/v1/skus/B", `{}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"B","set":9},{"sku":"A","delta":10,"reason":"opening"}]}`)
	h.want(200, "POST", "/v1/stock/movements", `{"actor":"anna","cause":"delivery 17","movements":[
		{"type":"receive","sku":"A","location":"HH","quantity":5},{"type":"receive","sku":"A","quantity":2,"to":"damaged","reason":"wet"},
		{"type":"reclassify","sku":"A","quantity":1,"from":"damaged","to":"sellable"},{"type":"write_off","sku":"A","quantity":1,"from":"damaged"},
		{"type":"count","sku":"A","location":"HH","quantity":3}]}`)
	place := func(path string, units int) string {
		return h.want(201, "POST", path, fmt.Sprintf(`{"customer":"ann","lines":[{"sku":"B","quantity":1},{"sku":"A","quantity":%d}]}`, units))["id"].(string)
	}
	first := place("/v1/holds", 2)
	h.want(200, "POST", "/v1/holds/"+first+"/extend", `{"ttl_seconds":900}`)
	h.want(200, "POST", "/v1/holds/"+first+"/confirm", "")
	h.want(200, "POST", "/v1/orders/"+first+"/cancel", "")
	h.do("DELETE", "/v1/holds/"+place("/v1/holds", 1), "")
	h.want(200, "POST", "/v1/orders/"+place("/v1/holds", 1)+"/cancel", "")
	place("/v1/orders", 12+3+2) // two of them beyond stock
	want := []string{
		"allocate 2 at <nil> to allocated: ? ?",
		"allocate 3 at HH to allocated: 3/3/0/0 3/3/0/3",
		"allocate 11 to allocated: 11/11/0/0 11/11/0/11",
		"release 1 from reserved: 11/11/1/0 11/11/0/0",
		"reserve 1 to reserved: 11/11/0/0 11/11/1/0",
		"release 1 from reserved: 11/11/1/0 11/11/0/0",
		"reserve 1 to reserved: 11/11/0/0 11/11/1/0",
		"deallocate 2 from allocated: 11/11/0/2 11/11/0/0",
		"allocate 2 from reserved to allocated: 11/11/2/0 11/11/0/2",
		"extend 2 from reserved to reserved: 11/11/2/0 11/11/2/0",
		"reserve 2 to reserved: 11/11/0/0 11/11/2/0",
		"count -2 at HH to sellable actor anna cause delivery 17: 5/5/0/0 3/3/0/0",
		"write_off 1 from damaged actor anna cause delivery 17: 12/11/0/0 11/11/0/0",
		"reclassify 1 from damaged to sellable actor anna cause delivery 17: 12/10/0/0 12/11/0/0",
		"receive 2 to damaged actor anna cause delivery 17 reason wet: 10/10/0/0 12/10/0/0",
		"receive 5 at HH to sellable actor anna cause delivery 17: 0/0/0/0 5/5/0/0",
		"adjust 10 reason opening: 0/0/0/0 10/10/0/0",
	}
	want[0] = "allocate 3 at <nil> to allocated: ? ?"
	list := func(query string) (words []string, items []any) {
		for after := ""; ; {
			page := h.want(200, "GET", "/v1/skus/A/movements?"+query+after, "")
			for _, item := range page["items"].([]any) {
				words, items = append(words, movementWords(item)), append(items, item)
			}
			if page["complete"] != true || page["oldest"] != jsonNumber("1") {
				t.Errorf("page %v", page)
			}
			if page["next"] == nil {
				return words, items
			}
			after = "&after=" + url.QueryEscape(page["next"].(string))
		}
	}
	got, all := list("limit=500")
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("movements\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, limit := range []int{1, 2, 5} {
		if _, items := list(fmt.Sprintf("limit=%d", limit)); !reflect.DeepEqual(items, all) {
			t.Errorf("pages of %d differ", limit)
		}
	}
	if hold := all[8].(map[string]any); hold["order"] != first || hold["event"] != "hold_confirmed" || hold["expires_at"] != nil ||
		all[10].(map[string]any)["expires_at"] == nil {
		t.Errorf("the confirmed hold: %v", hold)
	}
	if got, _ := list("limit=1&type=release"); !reflect.DeepEqual(got, []string{want[3], want[5]}) {
		t.Errorf("releases: %q", got)
	}
	if got, _ := list("location=HH&limit=2"); !reflect.DeepEqual(got, []string{want[1], want[11], want[15]}) {
		t.Errorf("at HH: %q", got)
	}
	at := func(i int) string { return all[i].(map[string]any)["at"].(string) }
	later := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for query, least := range map[string]int{"from=" + at(0): 3, "to=" + at(16): 0, "from=" + at(16) + "&to=" + later: len(all)} {
		if got, _ := list(query); len(got) < least || strings.HasPrefix(query, "to") && len(got) > 0 {
			t.Errorf("%s: %q", query, got)
		}
	}
}

func TestMovementListFaults(t *testing.T) {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/skus/A", `{}`)
	const path = "/v1/skus/A/movements"
	for _, query := range []string{
		"limit=0", "limit=501", "type=ship-it", "type=", "from=yesterday", "to=2026-11-27", "after=!", "after=AQ", "after=AAA", "after=AQEB", "sku=A",
		"from=2026-11-27T12:00:00Z&to=2026-11-27T12:00:00Z", "after=" + strings.Repeat("A", 4000), "location=a%20b",
	} {
		h.wantProblem(400, codeInvalidQuery, "GET", path+"?"+query, "")
	}
	h.want(201, "PUT", "/v1/skus/B", `{}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"B","delta":1}]}`)
	next := h.want(200, "GET", "/v1/skus/B/movements?limit=1", "")["next"].(string)
	h.want(200, "GET", "/v1/skus/B/movements?after="+next, "")
	h.wantProblem(400, codeInvalidQuery, "GET", path+"?after="+next, "")
	h.wantProblem(404, codeSKUNotFound, "GET", "/v1/skus/no/movements", "")
	h.wantProblem(404, codeLocationNotFound, "GET", path+"?location=nowhere", "")
	if page := h.want(200, "GET", path, ""); len(page["items"].([]any)) != 0 || page["next"] != nil || page["sequence"] == nil {
		t.Errorf("no movements: %v", page)
	}
}
