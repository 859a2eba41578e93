package server

import "testing"

func TestOrderLife(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 100)
	t.Log(string(h.do("PUT", "/v1/skus/A", `{"title":"Phone"}`).body))
	t.Log(string(h.do("GET", "/v1/skus/A", ``).body))
	t.Log(string(h.do("GET", "/v1/skus", ``).body))
	t.Log(string(h.do("PUT", "/v1/locations/HH", `{"name":"Hamburg","kind":"warehouse","latitude":53.55,"longitude":9.99,"priority":10}`).body))
	t.Log(string(h.do("GET", "/v1/locations", ``).body))
	t.Log(string(h.do("POST", "/v1/orders", pricedOrder).body))
	h.stock("B", 10)
	a := h.do("POST", "/v1/orders", pricedOrder, "Idempotency-Key: k1")
	t.Log(a.status, string(a.body), a.header)
	b := h.do("POST", "/v1/orders", pricedOrder, "Idempotency-Key: k1")
	t.Log(b.status, string(b.body), b.header)
	id := a.json(t)["id"].(string)
	t.Log(string(h.do("GET", "/v1/orders/"+id, ``).body))
	t.Log(string(h.do("GET", "/v1/skus/A/availability", ``).body))
	t.Log(string(h.do("POST", "/v1/orders", order("c", "A", 200)).body))
	t.Log(string(h.do("POST", "/v1/orders/"+id+"/cancel", ``).body))
	a = h.do("POST", "/v1/holds", order("c", "A", 2))
	t.Log(string(a.body))
	id = a.json(t)["id"].(string)
	t.Log(string(h.do("POST", "/v1/holds/"+id+"/extend", `{"ttl_seconds":900}`).body))
	t.Log(string(h.do("GET", "/v1/holds/"+id, ``).body))
	t.Log(string(h.do("POST", "/v1/holds/"+id+"/confirm", ``).body))
	t.Log(string(h.do("POST", "/v1/holds/"+id+"/confirm", ``).body))
	t.Log(string(h.do("DELETE", "/v1/holds/"+id, ``).body))
	t.Log(string(h.do("GET", "/v1/audit", ``).body))
	t.Log(string(h.do("GET", "/v1/digest", ``).body))
	t.Log(string(h.do("GET", "/readyz", ``).body))
	t.Log(string(h.do("POST", "/v1/batch", `{"op":"place_order","customer":"a","lines":[{"sku":"A","quantity":1}]}
{"op":"x"}

{"op":"cancel","id":"`+id+`"}
{"customer":"a","lines":[{"sku":"Z","quantity":1}],"op":"hold"}
{"customer":"a","lines":[{"sku":"A","quantity":1000}],"op":"hold"}
`, "Content-Type: application/x-ndjson").body))
	t.Log(string(h.do("GET", "/metrics", ``).body)[:1500])
}
