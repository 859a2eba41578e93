package server

import (
	"bytes"
	"encoding/json"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// FuzzParseOrder has any bytes as the body of an order: the parser finds a fault, or a command that the codec
// takes and whose document is canonical JSON.
func FuzzParseOrder(f *testing.F) {
	for _, seed := range []string{singleLineOrder, pricedOrder, fullOrder, `{}`, `[]`, `{"customer":"a","lines":[{"sku":"A","quantity":1e2}]}`,
		`{"customer":"\u00e9\ud83d\ude00","lines":[{"sku":"A","quantity":1}],"ship_to":{"latitude":-0.0,"longitude":1e-7}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in intake
		in.parseCommand(core.CommandPlaceOrder, body)
		checkIntake(t, &in, body)
	})
}

// FuzzParseBatchLine is FuzzParseOrder for the lines of a batch.
func FuzzParseBatchLine(f *testing.F) {
	for _, seed := range []string{
		`{"op":"place_order","idempotency_key":"k1","customer":"c","lines":[{"sku":"A","quantity":1}]}`,
		`{"lines":[{"sku":"A","quantity":1}],"op":"hold","customer":"c","ttl_seconds":5}`,
		`{"op":"confirm","id":"0000000000000"}`, `{"op":"adjust","adjustments":[{"sku":"A","set":1,"expected":0,"reason":"r"}]}`, `{"op":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		var in intake
		op := in.parseBatchLine(line)
		if op == nil && len(in.faults) == 0 {
			t.Fatalf("%q asks for nothing and has no fault", line)
		}
		checkIntake(t, &in, line)
	})
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
