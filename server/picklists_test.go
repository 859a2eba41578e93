package server

import (
	"bytes"
	"fmt"
	"testing"
)

// pickWords says what is to be picked.
func pickWords(fields map[string]any) (words string) {
	for _, item := range fields["items"].([]any) {
		row := item.(map[string]any)
		words += fmt.Sprintf("%v %v for", row["quantity"], row["sku"])
		for _, o := range row["orders"].([]any) {
			order := o.(map[string]any)
			words += fmt.Sprintf(" %v/%v×%v", order["order_id"], order["fulfillment"], order["quantity"])
		}
		words += "; "
	}
	return words
}

// TestPickList starts what lies in Hamburg, and then what lies in the main warehouse.
func TestPickList(t *testing.T) {
	d := openDesk(t)
	d.want(200, "GET", "/v1/orders?"+d.now(), "")
	newest, cups, tea := d.ids[0], d.ids[3], d.placed("/v1/orders", `{"customer":"dora","lines":[{"sku":"tea","quantity":2},{"sku":"cup","quantity":1,"unit_price":{"amount":1,"currency":"EUR"}}]}`)
	stopped := d.placed("/v1/orders", `{"customer":"eli","lines":[{"sku":"tea","quantity":1}]}`)
	d.want(200, "POST", "/v1/orders/"+stopped+"/put-on-hold", `{"reasons":["fraud"]}`)
	d.want(200, "GET", "/v1/orders?"+d.now(), "")
	hamburg := d.want(200, "POST", "/v1/picklists", `{"location":"hamburg","actor":"lee"}`)
	if got := pickWords(hamburg); got != fmt.Sprintf("9 cup for %s/2×9; ", newest) {
		t.Errorf("Hamburg: %s", got)
	}
	again := d.want(200, "POST", "/v1/picklists", `{"location":"hamburg","orders":["`+newest+`"]}`)
	if pickWords(again) != pickWords(hamburg) {
		t.Errorf("asked again: %s", pickWords(again))
	}
	first := d.want(200, "POST", "/v1/picklists", `{"limit":1}`)
	if got := pickWords(first); got != fmt.Sprintf("1 cup for %s/1×1; ", cups) {
		t.Errorf("the oldest: %s", got)
	}
	d.want(200, "POST", "/v1/picklists", `{"orders":["`+tea+`"]}`)
	all := pickWords(d.want(200, "GET", "/v1/picklists?"+d.now(), ""))
	if want := fmt.Sprintf("2 cup for %s/1×1 %s/1×1; 2 tea for %s/1×2; ", cups, tea, tea); all != want {
		t.Errorf("in progress: %s, want %s", all, want)
	}
	paper := d.do("GET", "/v1/picklists?"+d.now(), "", "Accept: application/pdf")
	if paper.status != 200 || paper.header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(paper.body, []byte("%PDF-")) {
		t.Errorf("on paper: %d %s", paper.status, paper.header)
	}
	d.want(422, "POST", "/v1/picklists", `{"location":"atlantis"}`)
	d.want(422, "POST", "/v1/picklists", `{"orders":["none"]}`)
	d.want(404, "GET", "/v1/picklists?location=atlantis", "")
}

// TestPackingSlip prints what lies in a shipment.
func TestPackingSlip(t *testing.T) {
	h, path, _ := openWork(t)
	h.want(404, "GET", path+"/shipments/1/packing-slip", "")
	h.want(201, "POST", path+"/shipments", `{"location":"munich"}`)
	first := h.do("GET", path+"/shipments/1/packing-slip", "")
	second := h.do("GET", path+"/shipments/1/packing-slip", "")
	if first.status != 200 || !bytes.HasPrefix(first.body, []byte("%PDF-")) || !bytes.Equal(first.body, second.body) {
		t.Errorf("slip: %d, %d bytes", first.status, len(first.body))
	}
	h.want(404, "GET", path+"/shipments/2/packing-slip", "")
	h.want(404, "GET", "/v1/orders/none/shipments/1/packing-slip", "")
}
