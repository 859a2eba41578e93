package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// FuzzParseOrder has any bytes as the body of an order: the parser finds a fault, or a command that the codec
// takes and whose document is canonical JSON.
func FuzzParseOrder(f *testing.F) {
	for _, seed := range []string{singleLineOrder, pricedOrder, fullOrder, `{}`, `[]`, singleLineOrder + "\x00", singleLineOrder + " \n",
		` { "customer" : "a" , "lines" : [ { "quantity" : 1 , "sku" : "A" } , { "sku" : "B" , "quantity" : 02 } ] } `,
		`{"customer":"a","customer":"b","lines":[{"sku":"A","quantity":1}]}`, `{"customer":"a","lines":[{"sku":"A","quantity":1,"sku":"B"}]}`,
		`{"customer":"a","lines":[{"sku":"A","quantity":1},]}`, `{"customer":"a","lines":[{"sku":"A","quantity":99999999999999999999}]}`, `{"customer":"a","lines":[{"sku":"A","quantity":1e2}]}`,
		`{"customer":"\u00e9\ud83d\ude00","lines":[{"sku":"A","quantity":1}],"ship_to":{"latitude":-0.0,"longitude":1e-7}}`} {
		f.Add([]byte(seed))
	}
	var reused intake // as the server's are
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, kind := range []core.CommandKind{core.CommandPlaceOrder, core.CommandPlaceHold, core.CommandExtendHold, core.CommandConfirmHold} {
			reused.parseCommand(kind, body)
			var slow intake
			slow.decodeCommand(kind, body)
			compareIntakes(t, &reused, &slow, body)
			if kind == core.CommandPlaceOrder {
				checkIntake(t, &reused, body)
			}
		}
	})
}

// FuzzParseBatchLine is FuzzParseOrder for the lines of a batch.
func FuzzParseBatchLine(f *testing.F) {
	for _, seed := range []string{
		`{"op":"place_order","idempotency_key":"k1","customer":"c","lines":[{"sku":"A","quantity":1}]}`,
		`{"lines":[{"sku":"A","quantity":1}],"op":"hold","customer":"c","ttl_seconds":5}`,
		`{"op":"confirm","id":"0000000000000"}`, `{"op":"adjust","adjustments":[{"sku":"A","set":1,"expected":0,"reason":"r"}]}`, `{"op":"x"}`,
		`{"op":"hold","customer":"c","up_to":true,"lines":[{"sku":"A","quantity":1}]}`, `{"op":"hold","customer":"c","up_to":falsehood,"lines":[]}`,
		`{"op":"move","actor":"a","cause":"c","movements":[{"type":"count","sku":"A","quantity":0,"to":"other","expected":1,"reason":"r"}]}`,
		`{"op":"move","movements":[{"type":"reclassify","sku":"A","location":"HH","quantity":1,"from":"damaged","to":"sellable"},{"type":"adjust","sku":"A","quantity":-1}]}`,
		`{"op":"hold","customer":"c","sale":"friday","lines":[{"sku":"A","quantity":1}],"identities":{"device":"d","address":"a"}}`,
		`{"op":"place_order","customer":"c","sale":"","lines":[{"sku":"A","quantity":1}],"identities":{}}`,
	} {
		f.Add([]byte(seed))
	}
	var reused intake
	f.Fuzz(func(t *testing.T, line []byte) {
		in := &reused
		op := in.parseBatchLine(line)
		if op == nil && len(in.faults) == 0 {
			t.Fatalf("%q asks for nothing and has no fault", line)
		}
		var slow intake
		if slow.decodeBatchLine(line) != op {
			t.Fatalf("%q: the two parsers disagree about the operation", line)
		}
		compareIntakes(t, in, &slow, line)
		checkIntake(t, in, line)
	})
}

// compareIntakes: whether a body was of the usual kind or not makes no difference to what is made of it.
func compareIntakes(t *testing.T, got, want *intake, body []byte) {
	t.Helper()
	type said struct {
		faults                      []fault
		command                     core.Command
		key, order, channel, shipTo string
		sale                        string
		skus, locations             []string
		hasKey                      bool
	}
	read := func(in *intake) (s said) {
		s = said{faults: in.faults, key: string(in.key), order: string(in.order), channel: string(in.channel),
			sale: string(in.sale), shipTo: string(in.shipTo), hasKey: in.key != nil}
		if len(in.faults) > 0 {
			return s
		}
		s.command = in.command
		for _, sku := range in.skus {
			s.skus = append(s.skus, string(sku))
		}
		for _, location := range in.locations {
			s.locations = append(s.locations, string(location))
		}
		return s
	}
	if g, w := fmt.Sprintf("%+v", read(got)), fmt.Sprintf("%+v", read(want)); g != w {
		t.Fatalf("%q\n  parsed %s\n decoded %s", body, g, w)
	}
}

// checkIntake checks what a parser made of a body.
func checkIntake(t *testing.T, in *intake, body []byte) {
	t.Helper()
	if len(in.faults) > 0 {
		p := faultProblem(in.faults)
		if p.kind.status != 400 && p.kind.status != 422 || p.detail == "" || !json.Valid(appendProblem(nil, p)) {
			t.Fatalf("%q: fault %+v as %s", body, in.faults, appendProblem(nil, p))
		}
		return
	}
	if !json.Valid(body) {
		t.Fatalf("%q is no JSON and has no fault", body)
	}
	in.command.Mask = 1
	frame := codec.AppendCommand(nil, &in.command)
	var back core.Command
	if _, err := codec.DecodeCommand(frame, &back); err != nil {
		t.Fatalf("%q: the codec does not take the command: %v", body, err)
	}
	if document := bytes.Clone(in.command.Document); document != nil {
		var scratch intake
		if !json.Valid(document) || !scratch.canonicalDocument(document, len(in.command.Lines)) {
			t.Fatalf("%q: document %s is not canonical", body, document)
		}
	}
}

// FuzzBatchProblem has any bytes as a binary batch that is none: the problem is valid JSON.
func FuzzBatchProblem(f *testing.F) {
	f.Add(codec.AppendBatchHeader(nil, 1))
	f.Fuzz(func(t *testing.T, body []byte) {
		_, _, err := codec.DecodeBatch(body)
		if err == nil {
			return
		}
		if p := batchProblem(body, err); !json.Valid(appendProblem(nil, p)) {
			t.Fatalf("%x: %s", body, appendProblem(nil, p))
		}
	})
}
