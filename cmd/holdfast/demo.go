package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// demoShop is a small tea shop: a second place beside location main, and one thing of each kind that
// a first visitor will want to see: plenty, some kept back, limited per customer, sold beyond stock, sold out.
var demoShop = []struct{ path, body string }{
	{"/v1/locations/altona", `{"name":"Shop in Altona","kind":"store","latitude":53.55,"longitude":9.93,"priority":20}`},
	{"/v1/skus/tea-green", `{"title":"Green tea, 100 g"}`},
	{"/v1/skus/tea-black", `{"title":"Black tea, 100 g","safety_stock":5}`},
	{"/v1/skus/pot-clay", `{"title":"Clay pot","limit_per_customer":2}`},
	{"/v1/skus/cup-white", `{"title":"White cup","backorder_limit":100}`},
	{"/v1/skus/tin-2024", `{"title":"Tin of the year 2024"}`},
}

// demoStock is what lies in the shop at the beginning. Its idempotency key makes it happen once in the
// life of a directory, however often it is started.
const (
	demoStock = `{"adjustments":[
{"sku":"tea-green","location":"main","delta":1000,"reason":"demo"},
{"sku":"tea-green","location":"altona","delta":40,"reason":"demo"},
{"sku":"tea-black","location":"main","delta":500,"reason":"demo"},
{"sku":"pot-clay","location":"main","delta":25,"reason":"demo"},
{"sku":"pot-clay","location":"altona","delta":3,"reason":"demo"},
{"sku":"cup-white","location":"main","delta":12,"reason":"demo"}]}`
	demoStockKey = "holdfast-demo-stock"
)

// fillDemo puts the demo's shop into the server at the address. What is there already stays as it is.
func fillDemo(at net.Addr) error {
	d := demo{base: "http://" + dialable(at), client: &http.Client{Timeout: 10 * time.Second}}
	defer d.client.CloseIdleConnections()
	for _, r := range demoShop {
		there, err := d.do("GET", r.path, "", "")
		if err == nil && !there {
			_, err = d.do("PUT", r.path, r.body, "")
		}
		if err != nil {
			return err
		}
	}
	_, err := d.do("POST", "/v1/stock/adjustments", demoStock, demoStockKey)
	return err
}

type demo struct {
	base   string
	client *http.Client
}

// do sends a request and reports whether what it asks for is there; an answer other than 2xx and 404
// is an error.
func (d *demo) do(method, path, body, key string) (found bool, err error) {
	request, err := http.NewRequest(method, d.base+path, strings.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	response, err := d.client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	switch status := response.StatusCode; {
	case err != nil:
		return false, err
	case method == http.MethodGet && status == http.StatusNotFound:
		return false, nil
	case status > 299:
		return false, fmt.Errorf("%s %s: status %d: %s", method, path, status, answer)
	}
	return true, nil
}

// dialable is the address under which this machine reaches the listener.
func dialable(at net.Addr) string {
	tcp, ok := at.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", fmt.Sprint(tcp.Port))
	}
	return at.String()
}
