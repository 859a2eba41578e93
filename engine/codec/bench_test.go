package codec

import (
	"testing"

	"holdfast/engine/core"
)

// singleLine is the command that the engine is measured by.
func singleLine() core.Command {
	return core.Command{
		Kind: core.CommandPlaceOrder, Version: 1, Mask: core.Slot(7).Mask(),
		HasKey: true, Key: core.IdempotencyKey{1, 2, 3, 15: 9},
		Customer: []byte("customer-123"), ExternalID: []byte("web-10001"),
		Lines: []core.Line{{SKU: core.MakeSKUID(7, 40), Quantity: 2}},
	}
}

// singleLinePlaced is the event of such a command, of an engine that has done twenty million.
func singleLinePlaced() core.Event {
	return core.Event{
		Kind: core.EventOrderPlaced, Sequence: 20_000_000, At: 1_790_000_000_000,
		Order: core.OrderImage{
			ID: core.MakeOrderID(7, false, 312_500), Status: core.StatusPlaced, Version: 1,
			Created: 20_000_000, CreatedAt: 1_790_000_000_000,
			Customer:    []byte("customer-123"),
			Lines:       []core.LineImage{{SKU: core.MakeSKUID(7, 40), Quantity: 2, Allocations: 1}},
			Allocations: []core.Allocation{{Location: 0, Quantity: 2}},
		},
	}
}

func BenchmarkDecodeCommandSingleLine(b *testing.B) {
	c := singleLine()
	c.ExternalID = nil
	benchmarkDecodeCommand(b, &c)
}

func BenchmarkDecodeCommandExternalID(b *testing.B) {
	c := singleLine()
	benchmarkDecodeCommand(b, &c)
}

func benchmarkDecodeCommand(b *testing.B, c *core.Command) {
	frame := AppendCommand(nil, c)
	var got core.Command
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		if _, err := DecodeCommand(frame, &got); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendCommandSingleLine(b *testing.B) {
	c := singleLine()
	c.ExternalID = nil
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendCommand(dst[:0], &c)
	}
}

func BenchmarkPeekCommand(b *testing.B) {
	c := singleLine()
	frame := AppendCommand(nil, &c)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := PeekCommand(frame); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFingerprint(b *testing.B) {
	c := singleLine()
	frame := AppendCommand(nil, &c)
	b.ReportAllocs()
	for b.Loop() {
		Fingerprint(frame)
	}
}

func BenchmarkAppendEventSingleLine(b *testing.B) {
	ev := singleLinePlaced()
	dst := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendEvent(dst[:0], &ev)
	}
}

func BenchmarkDecodeEventSingleLine(b *testing.B) {
	ev := singleLinePlaced()
	src := AppendEvent(nil, &ev)
	var got core.Event
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeEvent(src, &got); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendRefusalSingleLine(b *testing.B) {
	r := core.Refusal{Reason: core.ReasonInsufficientStock, Lines: []core.RefusedLine{{SKU: 999, Requested: 2}}}
	dst := make([]byte, 0, 64)
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendRefusal(dst[:0], &r)
	}
}

func BenchmarkValidName(b *testing.B) {
	for _, name := range []string{"short", "customer-123", "customer-2f4b8d1e9a7c4c0b8f5e", "Köln-Süd-12"} {
		b.Run(name, func(b *testing.B) {
			in := []byte(name)
			for b.Loop() {
				if !ValidName(in) {
					b.Fatal("not valid")
				}
			}
		})
	}
}
