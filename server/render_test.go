package server

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

func TestAppendTime(t *testing.T) {
	check := func(ms int64) {
		t.Helper()
		want := time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
		if got := string(appendTime(nil, core.Millis(ms))); got != want {
			t.Fatalf("%d is %s, want %s", ms, got, want)
		}
	}
	for day := int64(0); day < 150_000; day++ { // until the year 2380, over a centurial leap year and three that are none
		check(day * millisPerDay)
		check(day*millisPerDay + millisPerDay - 1)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		check(random.Int64N(253_402_300_800_000)) // until the year 10000
	}
}

func TestAppendDegrees(t *testing.T) {
	for e7, want := range map[int32]string{
		0: "0", 535500000: "53.55", -99900000: "-9.99", 1: "0.0000001", -1: "-0.0000001", 1800000000: "180", 10000000: "1", 10000001: "1.0000001",
	} {
		if got := string(appendDegrees(nil, e7)); got != want {
			t.Errorf("%d is %s, want %s", e7, got, want)
		}
	}
}

func TestID(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	numbers := []uint64{0, 1, 31, 32, math.MaxUint64, 1 << 63}
	for range 1000 {
		numbers = append(numbers, random.Uint64())
	}
	for _, number := range numbers {
		text := appendID(nil, number)
		if back, ok := parseID(text); !ok || back != number || len(text) != idLength {
			t.Errorf("%d is %s is %d", number, text, back)
		}
	}
	for _, wrong := range []string{"", "0", "g000000000000", "000000000000i", "000000000000l", "000000000000o", "000000000000u", "000000000000A", "00000000000000", "zzzzzzzzzzzzz"} {
		if number, ok := parseID([]byte(wrong)); ok {
			t.Errorf("%q is %d", wrong, number)
		}
	}
}

func TestAppendText(t *testing.T) {
	for _, text := range []string{"", "plain", `quote " and \`, "line\nbreak", "\x00\x1f", "größe", "<script>&", "\u2028", "𝄞"} {
		var back string
		if err := json.Unmarshal(appendText(nil, text), &back); err != nil || back != text {
			t.Errorf("%q is %s is %q: %v", text, appendText(nil, text), back, err)
		}
	}
}

// TestHotPathAllocatesNothing follows an order of one line from its bytes to the engine's request, and from the
// engine's event to its answer.
func TestHotPathAllocatesNothing(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("SKU-00001", 10)
	s, x, b := h.server, new(exchange), new(batch)
	text := []byte(singleLineOrder)
	line := []byte(`{"op":"place_order","idempotency_key":"key-0000000001","customer":"c-000000001","lines":[{"sku":"SKU-00001","quantity":2}]}`)
	event := placedEvent(t, h, "SKU-00001")
	frame := make([]byte, 0, 256)
	steps := map[string]func(){
		"reading an order": func() {
			x.intake.parseCommand(core.CommandPlaceOrder, text)
			if unknown := s.resolve(&x.intake); unknown != nil {
				t.Fatal(unknown)
			}
			frame = codec.AppendCommand(frame[:0], &x.intake.command)
		},
		"reading a line": func() {
			if fault := s.readLine(b, line); fault != nil {
				t.Fatal(fault)
			}
		},
		"writing an order": func() {
			if _, err := codec.DecodeEvent(event, &x.event); err != nil {
				t.Fatal(err)
			}
			x.out = s.appendOrder(x.out[:0], &x.event.Order, nil, x.event.Sequence)
		},
		"writing a refusal": func() {
			x.refusal = core.Refusal{Reason: core.ReasonInsufficientStock, Lines: append(x.refusal.Lines[:0], core.RefusedLine{Requested: 1})}
			x.out = s.appendRefusal(x.out[:0], &x.refusal, &submission{}, &x.intake, nil)
		},
		"finding a route": func() {
			if at, _ := s.router.find([]byte("/v1/orders/0000000000000/cancel")); at == nil {
				t.Fatal("no route")
			}
		},
	}
	for name, step := range steps {
		step()
		if n := testing.AllocsPerRun(100, step); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

// placedEvent is the event of an order of one line.
func placedEvent(t testing.TB, h *shop, sku string) []byte {
	t.Helper()
	entry, ok := h.engine.SKU([]byte(sku))
	if !ok {
		t.Fatal("no such SKU")
	}
	return codec.AppendEvent(nil, &core.Event{Kind: core.EventOrderPlaced, Sequence: 7, At: 1_800_000_000_000, Order: core.OrderImage{
		ID: 99, Status: core.StatusPlaced, Version: 1, Created: 7, CreatedAt: 1_800_000_000_000, Customer: []byte("c-000000001"), ExternalID: []byte("web-10001"),
		Lines: []core.LineImage{{SKU: entry.ID, Quantity: 2, Allocations: 1}}, Allocations: []core.Allocation{{Location: 0, Quantity: 2}},
	}})
}

func BenchmarkAppendOrder(b *testing.B) {
	h := openShop(b, Options{})
	h.stock("SKU-00001", 10)
	event, x := placedEvent(b, h, "SKU-00001"), new(exchange)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = codec.DecodeEvent(event, &x.event)
		x.out = h.server.appendOrder(x.out[:0], &x.event.Order, nil, x.event.Sequence)
	}
}

func BenchmarkReadBatchLine(b *testing.B) {
	h := openShop(b, Options{})
	h.stock("SKU-00001", 10)
	state := new(batch)
	line := []byte(`{"op":"place_order","idempotency_key":"key-0000000001","customer":"c-000000001","lines":[{"sku":"SKU-00001","quantity":2}]}`)
	frame := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		if fault := h.server.readLine(state, line); fault != nil {
			b.Fatal(fault)
		}
		frame = codec.AppendCommand(frame[:0], &state.intake.command)
	}
}
