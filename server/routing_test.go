package server

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// openRouted is a shop with stock in Hamburg and Munich.
func openRouted(t *testing.T) *shop {
	h := openShop(t, Options{})
	h.want(201, "PUT", "/v1/locations/hamburg", `{"latitude":53.55,"longitude":9.99,"priority":20,"shipping":{"methods":["standard","express"],
		"cut_off":"23:59","utc_offset_minutes":60,"handling_days":1,"cost_per_unit":50,"channels":[],
		"zones":[{"country":"DE","transit_days":1,"cost":390,"cost_per_kg":20},{"country":"DE","postal_prefix":"20","cost":290,"up_to_grams":5000}]}}`)
	h.want(201, "PUT", "/v1/locations/munich", `{"latitude":48.14,"longitude":11.58,"priority":10,"shipping":{"zones":[{"transit_days":3,"cost":990}]}}`)
	h.want(201, "PUT", "/v1/skus/A", `{"weight_grams":350}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"hamburg","delta":5},{"sku":"A","location":"munich","delta":5}]}`)
	return h
}

const toHamburg = `"ship_to":{"country":"DE","postal_code":"20095","latitude":53.55,"longitude":10.0}`

// from says where the first line of an order comes from.
func from(fields map[string]any) string {
	var all []string
	for _, a := range fields["lines"].([]any)[0].(map[string]any)["allocations"].([]any) {
		allocation := a.(map[string]any)
		all = append(all, fmt.Sprintf("%v %v", allocation["quantity"], allocation["location"]))
	}
	return strings.Join(all, ", ")
}

func TestRoutedOrders(t *testing.T) {
	h := openRouted(t)
	order := func(rest string) string { return `{"customer":"c","lines":[{"sku":"A","quantity":1}]` + rest + `}` }
	if got := h.want(200, "GET", "/v1/routing", ""); got["version"] != jsonNumber("0") || len(got["rules"].([]any)) != 0 {
		t.Errorf("at first: %v", got)
	}
	if got := from(h.want(201, "POST", "/v1/orders", order(","+toHamburg))); got != "1 munich" {
		t.Errorf("without rules: %s", got)
	}
	put := h.do("PUT", "/v1/routing", `{"rules":["preferred","nearest","lowest_cost"],"max_shipments":2,"split_penalty":100,"suppliers":false,"preferred":["main"]}`)
	want := `{"strategy":"rules","rules":["preferred","nearest","lowest_cost"],"max_shipments":2,"split_penalty":100,"suppliers":false,` +
		`"preferred":["main"],"version":1,"sequence":`
	if put.status != 200 || !strings.HasPrefix(string(put.body), want) {
		t.Errorf("put: %d %s", put.status, put.body)
	}
	if got := h.do("GET", "/v1/routing", ""); string(got.body) != string(put.body) {
		t.Errorf("read %s\nput  %s", got.body, put.body)
	}
	placed := h.want(201, "POST", "/v1/orders", order(`,"delivery_method":"express",`+toHamburg))
	if got := from(placed); got != "1 hamburg" || placed["delivery_method"] != "express" {
		t.Errorf("nearest: %s %v", got, placed["delivery_method"])
	}
	if again := h.want(200, "GET", "/v1/orders/"+placed["id"].(string), ""); again["delivery_method"] != "express" {
		t.Errorf("read again: %v", again)
	}
	held := h.want(201, "POST", "/v1/holds", order(`,"delivery_method":"pickup","pickup_location":"munich"`))
	if got := from(held); got != "1 munich" || held["pickup_location"] != "munich" {
		t.Errorf("to be fetched: %s %v", got, held["pickup_location"])
	}
	h.wantProblem(409, codeNotDeliverable, "POST", "/v1/orders", order(`,"delivery_method":"pickup","pickup_location":"main"`))
	h.want(200, "PUT", "/v1/routing", `{"strategy":"cost","max_shipments":1}`)
	h.wantProblem(409, codeTooManyShipments, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":6}],`+toHamburg+`}`)
	location := h.do("GET", "/v1/locations/hamburg", "")
	if !strings.Contains(string(location.body), `"shipping":{"methods":["standard","express"],"cut_off":"23:59","utc_offset_minutes":60,"handling_days":1,`+
		`"cost_per_unit":50,"channels":[],"zones":[{"country":"DE","transit_days":1,"cost":390,"cost_per_kg":20},`+
		`{"country":"DE","postal_prefix":"20","transit_days":0,"cost":290,"cost_per_kg":0,"up_to_grams":5000}],"daily_capacity":null}`) {
		t.Errorf("location: %s", location.body)
	}
	if got := h.want(200, "GET", "/v1/skus/A", ""); got["weight_grams"] != jsonNumber("350") {
		t.Errorf("weight: %v", got["weight_grams"])
	}
	h.want(200, "GET", "/v1/audit", "")
}

// rows is so many rows of a table of zones.
func rows(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"up_to_grams":%d}`, i+1))
	}
	return strings.Join(all, ",")
}

func TestRoutingFaults(t *testing.T) {
	h := openRouted(t)
	faults := func(path string, cases [][3]string) {
		t.Helper()
		for _, c := range cases {
			method := "PUT"
			if path == "/v1/orders" {
				method = "POST"
			}
			status := 422
			if c[1] == codeUnknownField || c[1] == codeWrongType {
				status = 400
			}
			fields := h.wantProblem(status, c[1], method, path, c[0])
			if got := fields["errors"].([]any)[0].(map[string]any)["field"]; got != c[2] {
				t.Errorf("%s: field %v, want %s", c[0], got, c[2])
			}
		}
	}
	faults("/v1/routing", [][3]string{
		{`{"rules":["cheapest"]}`, codeOutOfRange, "rules[0]"},
		{`{"rules":["nearest","nearest"]}`, codeOutOfRange, "rules[1]"},
		{`{"rules":"nearest"}`, codeWrongType, "rules"},
		{`{"strategy":"best"}`, codeOutOfRange, "strategy"},
		{`{"max_shipments":0}`, codeOutOfRange, "max_shipments"},
		{`{"max_shipments":101}`, codeOutOfRange, "max_shipments"},
		{`{"split_penalty":-1}`, codeOutOfRange, "split_penalty"},
		{`{"preferred":["` + strings.Join(strings.Split("abcdefghijklmnopq", ""), `","`) + `"]}`, codeInvalidLength, "preferred"},
		{`{"preferred":["hamburg","hamburg"]}`, codeOutOfRange, "preferred[1]"},
		{`{"rule":["nearest"]}`, codeUnknownField, "rule"},
	})
	h.wantProblem(422, codeLocationNotFound, "PUT", "/v1/routing", `{"preferred":["nowhere"]}`)
	shipping := func(s string) string { return `{"shipping":{` + s + `}}` }
	faults("/v1/locations/hamburg", [][3]string{
		{`{"latitude":90.1,"longitude":0}`, codeOutOfRange, "latitude"},
		{`{"latitude":0,"longitude":-180.1}`, codeOutOfRange, "longitude"},
		{shipping(`"methods":["drone"]`), codeOutOfRange, "shipping.methods[0]"},
		{shipping(`"cut_off":"24:00"`), codeOutOfRange, "shipping.cut_off"},
		{shipping(`"daily_capacity":0`), codeOutOfRange, "shipping.daily_capacity"},
		{shipping(`"daily_capacity":1000000001`), codeOutOfRange, "shipping.daily_capacity"},
		{shipping(`"daily_capacity":"5"`), codeWrongType, "shipping.daily_capacity"},
		{shipping(`"cut_off":"9:00"`), codeOutOfRange, "shipping.cut_off"},
		{shipping(`"utc_offset_minutes":841`), codeOutOfRange, "shipping.utc_offset_minutes"},
		{shipping(`"handling_days":251`), codeOutOfRange, "shipping.handling_days"},
		{shipping(`"cost_per_unit":1000000001`), codeOutOfRange, "shipping.cost_per_unit"},
		{shipping(`"zones":[{"country":"de"}]`), codeInvalidCharacters, "shipping.zones[0].country"},
		{shipping(`"zones":[{"country":"DE","postal_prefix":"1_2"}]`), codeInvalidCharacters, "shipping.zones[0].postal_prefix"},
		{shipping(`"zones":[{"up_to_grams":0}]`), codeOutOfRange, "shipping.zones[0].up_to_grams"},
		{shipping(`"zones":[{"up_to_grams":1000000001}]`), codeOutOfRange, "shipping.zones[0].up_to_grams"},
		{shipping(`"zones":[{"up_to_grams":"2kg"}]`), codeWrongType, "shipping.zones[0].up_to_grams"},
		{shipping(`"zones":[{"country":"DE","cost":1},{"country":"DE","up_to_grams":5},{"country":"DE","cost":2}]`), codeOutOfRange, "shipping.zones[2]"},
		{shipping(`"zones":[{"postal_prefix":"1 0"},{"postal_prefix":"10"}]`), codeOutOfRange, "shipping.zones[1]"},
		{shipping(`"channels":["web","outlet","web"]`), codeOutOfRange, "shipping.channels[2]"},
		{shipping(`"methods":["standard","express","standard"]`), codeOutOfRange, "shipping.methods[2]"},
		{shipping(`"zones":[{"weight":1}]`), codeUnknownField, "shipping.zones[0].weight"},
		{shipping(`"zones":[` + rows(65) + `]`), codeInvalidLength, "shipping.zones"},
		{shipping(`"speed":1`), codeUnknownField, "shipping.speed"},
		{`{"shipping":null}`, codeWrongType, "shipping"},
	})
	faults("/v1/orders", [][3]string{
		{`{"customer":"c","lines":[{"sku":"A","quantity":1}],"delivery_method":"drone"}`, codeOutOfRange, "delivery_method"},
		{`{"customer":"c","lines":[{"sku":"A","quantity":1}],"ship_to":{"latitude":91,"longitude":0}}`, codeOutOfRange, "ship_to.latitude"},
	})
	h.wantProblem(422, codeLocationNotFound, "POST", "/v1/orders", `{"customer":"c","lines":[{"sku":"A","quantity":1}],"delivery_method":"pickup","pickup_location":"moon"}`)
}

// TestPreferredNeedsALocation: the rule without a location would never decide anything.
func TestPreferredNeedsALocation(t *testing.T) {
	h := openRouted(t)
	for _, preferred := range []string{``, `,"preferred":[]`} {
		h.wantFault(400, codeMissingField, "preferred", "PUT", "/v1/routing", `{"rules":["nearest","preferred"]`+preferred+`}`)
	}
	h.want(200, "PUT", "/v1/routing", `{"rules":["nearest"],"preferred":[]}`)
}

// TestRoutePreview asks what an order would come to, and then places it: both are the same, and nothing was changed between.
func TestRoutePreview(t *testing.T) {
	h := openRouted(t)
	body := `{"customer":"c","lines":[{"sku":"A","quantity":1}],"delivery_method":"express",` + toHamburg + `}`
	if got := h.want(200, "POST", "/v1/routing/preview", body); from(got) != "1 munich" || got["route"] != nil {
		t.Errorf("without rules: %v", got)
	}
	plain := h.want(201, "POST", "/v1/orders", body)
	h.wantProblem(404, codeRouteNotFound, "GET", "/v1/orders/"+plain["id"].(string)+"/routing", "")
	h.want(200, "PUT", "/v1/locations/munich", `{"shipping":{"methods":["standard"]}}`)
	h.want(200, "PUT", "/v1/routing", `{"rules":["fewest_shipments","nearest","lowest_cost"]}`)
	before := h.want(200, "GET", "/v1/digest", "")["digest"]
	preview := h.want(200, "POST", "/v1/routing/preview", body)
	if after := h.want(200, "GET", "/v1/digest", "")["digest"]; after != before {
		t.Errorf("the digest was %v and is %v", before, after)
	}
	placed := h.want(201, "POST", "/v1/orders", body)
	explained := h.want(200, "GET", "/v1/orders/"+placed["id"].(string)+"/routing", "")
	if from(preview) != "1 hamburg" || from(placed) != "1 hamburg" || !reflect.DeepEqual(preview["route"], explained["route"]) {
		t.Errorf("preview %v\nplaced %v\nexplained %v", preview, placed, explained)
	}
	route := explained["route"].(map[string]any)
	candidates := route["candidates"].([]any)
	first, second := candidates[0].(map[string]any), candidates[1].(map[string]any)
	if len(candidates) != 2 || first["location"] != "hamburg" || first["chosen"] != true || second["rejected"] != "delivery_method" {
		t.Errorf("candidates: %v", candidates)
	}
	if scores := route["scores"].(map[string]any); scores["fewest_shipments"] != jsonNumber("1") || scores["lowest_cost"] != jsonNumber("340000") {
		t.Errorf("scores: %v", scores)
	}
	h.wantProblem(409, codeInsufficientStock, "POST", "/v1/routing/preview", `{"customer":"c","lines":[{"sku":"A","quantity":99}]}`)
	h.wantProblem(409, codeNotDeliverable, "POST", "/v1/routing/preview", `{"customer":"c","lines":[{"sku":"A","quantity":1}],"ship_to":{"country":"BR"},"delivery_method":"express"}`)
	h.wantProblem(422, codeChannelNotFound, "POST", "/v1/routing/preview", `{"customer":"c","channel":"new","lines":[{"sku":"A","quantity":1}]}`)
	h.wantProblem(404, codeOrderNotFound, "GET", "/v1/orders/nothing/routing", "")
	h.want(200, "PUT", "/v1/locations/hamburg", `{"shipping":{"zones":[{"country":"DE","up_to_grams":1000}]}}`)
	heavy := h.want(200, "POST", "/v1/routing/preview", `{"customer":"c","lines":[{"sku":"A","quantity":3}],`+toHamburg+`}`)
	rejected := heavy["route"].(map[string]any)["candidates"].([]any)[1].(map[string]any)
	if rejected["location"] != "hamburg" || rejected["rejected"] != "too_heavy" {
		t.Errorf("too heavy: %v", rejected)
	}
}
