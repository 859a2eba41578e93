package server

import (
	"strings"
	"testing"

	"holdfast/engine/core"
)

const singleLineOrder = `{"customer":"c-000000001","channel":"web","external_id":"web-10001","lines":[{"sku":"SKU-00001","quantity":2}]}`

const pricedOrder = `{"customer":"c1","lines":[{"sku":"A","quantity":2,"unit_price":{"amount":1999,"currency":"EUR"}},{"quantity":1,"sku":"B"}],` +
	`"ship_to":{"longitude":10.0,"latitude":53.5,"name":"A\u00e9 \"B\"","address":["1 Way","2nd"],"city":"X","postal_code":"1","country":"DE"}}`

func TestParseOrder(t *testing.T) {
	var in intake
	in.parseCommand(core.CommandPlaceOrder, []byte(pricedOrder))
	if len(in.faults) > 0 {
		t.Fatal(in.faults)
	}
	want := `{"unit_prices":[{"amount":1999,"currency":"EUR"},null],"ship_to":{"name":"Aé \"B\"","address":["1 Way","2nd"],` +
		`"city":"X","postal_code":"1","country":"DE","latitude":53.5,"longitude":10.0}}`
	if got := string(in.command.Document); got != want {
		t.Errorf("document\n got %s\nwant %s", got, want)
	}
	if got := string(in.skus[0]) + string(in.skus[1]); got != "AB" || in.command.Lines[1].Quantity != 1 {
		t.Errorf("lines %v of %s", in.command.Lines, got)
	}
}

// TestParseFaults holds what bad bodies are answered: code, field and limit.
func TestParseFaults(t *testing.T) {
	order := func(quantity string) string {
		return `{"customer":"c","lines":[{"sku":"A","quantity":1},{"sku":"B","quantity":` + quantity + `}]}`
	}
	many := strings.Repeat(`{"sku":"A","quantity":1},`, 501)
	cases := []struct{ name, body, code, says string }{
		{"empty", ``, codeMalformedJSON, "ends before"},
		{"blank", ` `, codeMalformedJSON, "ends before"},
		{"cut", `{"customer":"c"`, codeMalformedJSON, "ends before"},
		{"not an object", `[]`, codeWrongType, "must be an object"},
		{"trailing", order("1") + `x`, codeMalformedJSON, "nothing behind"},
		{"two objects", order("1") + order("1"), codeMalformedJSON, "nothing behind"},
		{"byte order mark", "\ufeff" + order("1"), codeMalformedJSON, "byte 0"},
		{"comment", `{/*x*/}`, codeMalformedJSON, "byte 1"},
		{"invalid UTF-8", "{\"customer\":\"\xff\"}", codeMalformedJSON, "UTF-8"},
		{"lone surrogate", `{"customer":"\ud800"}`, codeMalformedJSON, "customer"},
		{"duplicate", `{"customer":"a","customer":"b"}`, codeDuplicateField, "customer is given twice"},
		{"duplicate escaped", `{"customer":"a","cust\u006fmer":"b"}`, codeDuplicateField, "customer is given twice"},
		{"unknown", `{"customer":"a","lines":[{"sku":"A","quantity":1}],"note":{"x":[1]}}`, codeUnknownField, "note is not a field"},
		{"unknown in line", `{"customer":"a","lines":[{"sku":"A","quantity":1,"colour":"red"}]}`, codeUnknownField, "lines[0].colour"},
		{"ttl on order", `{"customer":"a","ttl_seconds":5,"lines":[{"sku":"A","quantity":1}]}`, codeUnknownField, "ttl_seconds"},
		{"no customer", `{"lines":[{"sku":"A","quantity":1}]}`, codeMissingField, "customer is required"},
		{"null customer", `{"customer":null,"lines":[{"sku":"A","quantity":1}]}`, codeWrongType, "customer must be a string"},
		{"no lines", `{"customer":"a"}`, codeMissingField, "lines is required"},
		{"empty lines", `{"customer":"a","lines":[]}`, codeInvalidLength, "lines must have 1 to 500 items"},
		{"501 lines", `{"customer":"a","lines":[` + many[:len(many)-1] + `]}`, codeInvalidLength, "lines must have 1 to 500 items"},
		{"lines an object", `{"customer":"a","lines":{}}`, codeWrongType, "lines must be an array"},
		{"line a number", `{"customer":"a","lines":[7]}`, codeWrongType, "lines[0] must be an object"},
		{"no sku", `{"customer":"a","lines":[{"quantity":1}]}`, codeMissingField, "lines[0].sku is required"},
		{"no quantity", `{"customer":"a","lines":[{"sku":"A"}]}`, codeMissingField, "lines[0].quantity is required"},
		{"zero", order("0"), codeOutOfRange, "lines[1].quantity must be a whole number from 1 to 1000000000"},
		{"negative", order("-1"), codeOutOfRange, "lines[1].quantity"},
		{"minus zero", order("-0"), codeOutOfRange, "lines[1].quantity"},
		{"too many", order("1000000001"), codeOutOfRange, "lines[1].quantity"},
		{"2^63", order("9223372036854775808"), codeOutOfRange, "lines[1].quantity"},
		{"2^64", order("18446744073709551616"), codeOutOfRange, "lines[1].quantity"},
		{"1e2", order("1e2"), codeWrongType, "lines[1].quantity must be a whole number without"},
		{"1.0", order("1.0"), codeWrongType, "lines[1].quantity"},
		{"long fraction", order("1.00000000000000000000000"), codeWrongType, "lines[1].quantity"},
		{"1e999", order("1e999"), codeWrongType, "lines[1].quantity"},
		{"leading zero", order("01"), codeMalformedJSON, "byte"},
		{"NaN", order("NaN"), codeMalformedJSON, "byte"},
		{"quoted", order(`"1"`), codeWrongType, "lines[1].quantity must be a number"},
		{"null quantity", order("null"), codeWrongType, "lines[1].quantity must be a number"},
		{"long customer", `{"customer":"` + strings.Repeat("x", 129) + `","lines":[{"sku":"A","quantity":1}]}`, codeInvalidLength, "customer must be 1 to 128"},
		{"empty customer", `{"customer":"","lines":[{"sku":"A","quantity":1}]}`, codeInvalidLength, "customer must be 1 to 128"},
		{"customer with slash", `{"customer":"a/b","lines":[{"sku":"A","quantity":1}]}`, codeInvalidCharacters, "customer"},
		{"customer with space", `{"customer":"a b","lines":[{"sku":"A","quantity":1}]}`, codeInvalidCharacters, "customer"},
		{"customer with NUL", `{"customer":"a\u0000","lines":[{"sku":"A","quantity":1}]}`, codeInvalidCharacters, "customer"},
		{"sku with line break", `{"customer":"a","lines":[{"sku":"A\r\nX: y","quantity":1}]}`, codeInvalidCharacters, "lines[0].sku"},
		{"external id", `{"customer":"a","external_id":"ä","lines":[{"sku":"A","quantity":1}]}`, codeInvalidCharacters, "external_id"},
		{"price without currency", `{"customer":"a","lines":[{"sku":"A","quantity":1,"unit_price":{"amount":1}}]}`, codeMissingField, "lines[0].unit_price.currency"},
		{"price below zero", `{"customer":"a","lines":[{"sku":"A","quantity":1,"unit_price":{"amount":-1,"currency":"EUR"}}]}`, codeOutOfRange, "lines[0].unit_price.amount"},
		{"currency", `{"customer":"a","lines":[{"sku":"A","quantity":1,"unit_price":{"amount":1,"currency":"eur"}}]}`, codeInvalidCharacters, "lines[0].unit_price.currency"},
		{"country", `{"customer":"a","lines":[{"sku":"A","quantity":1}],"ship_to":{"country":"DEU"}}`, codeInvalidLength, "ship_to.country must be two"},
		{"latitude", `{"customer":"a","lines":[{"sku":"A","quantity":1}],"ship_to":{"latitude":90.1,"longitude":0}}`, codeOutOfRange, "ship_to.latitude must be from -90 to 90"},
		{"latitude alone", `{"customer":"a","lines":[{"sku":"A","quantity":1}],"ship_to":{"latitude":9}}`, codeMissingField, "ship_to.longitude"},
		{"11 address lines", `{"customer":"a","lines":[{"sku":"A","quantity":1}],"ship_to":{"address":["","","","","","","","","","",""]}}`, codeInvalidLength, "ship_to.address must have at most 10"},
		{"deep", `{"note":` + strings.Repeat("[", 20_000), codeMalformedJSON, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var in intake
			in.parseCommand(core.CommandPlaceOrder, []byte(c.body))
			if len(in.faults) == 0 {
				t.Fatal("no fault")
			}
			p := faultProblem(in.faults)
			if p.kind.code != c.code || !strings.Contains(p.detail, c.says) {
				t.Errorf("got %s %q, want %s … %q …", p.kind.code, p.detail, c.code, c.says)
			}
		})
	}
}

func TestParseOrderAllocatesNothing(t *testing.T) {
	var in intake
	for _, body := range []string{singleLineOrder, pricedOrder} {
		text := []byte(body)
		in.parseCommand(core.CommandPlaceOrder, text)
		if n := testing.AllocsPerRun(100, func() { in.parseCommand(core.CommandPlaceOrder, text) }); n != 0 {
			t.Errorf("%v allocations for %s", n, body)
		}
	}
}

func BenchmarkParseOrder(b *testing.B) {
	var in intake
	text := []byte(singleLineOrder)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		in.parseCommand(core.CommandPlaceOrder, text)
	}
	if len(in.faults) > 0 {
		b.Fatal(in.faults)
	}
}

func BenchmarkParseBatchLine(b *testing.B) {
	var in intake
	text := []byte(`{"op":"place_order","idempotency_key":"key-0000000001","customer":"c-000000001","lines":[{"sku":"SKU-00001","quantity":2}]}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		in.parseBatchLine(text)
	}
	if len(in.faults) > 0 {
		b.Fatal(in.faults)
	}
}
