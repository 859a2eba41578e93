package codec

import (
	"testing"

	"holdfast/engine/core"
)

// TestNoAllocations covers everything that the engine does for an order.
func TestNoAllocations(t *testing.T) {
	c, ev := singleLine(), singleLinePlaced()
	c.Document = []byte("{}")
	adjustment := newGenerator(41).command(core.CommandAdjustStock)
	availability := newGenerator(42).availability()
	refusal := newGenerator(43).refusal()
	dst := make([]byte, 0, MaxFrameLength)
	frame := AppendCommand(nil, &c)
	var gotCommand core.Command
	var gotEvent core.Event
	var gotAvailability core.AvailabilityImage
	var gotRefusal core.Refusal
	for name, run := range map[string]func(){
		"AppendCommand": func() { dst = AppendCommand(dst[:0], &c) },
		"DecodeCommand": func() { _, _ = DecodeCommand(frame, &gotCommand) },
		"PeekCommand":   func() { _, _ = PeekCommand(frame) },
		"SetSlots":      func() { _ = SetSlots(frame, 1) },
		"Fingerprint":   func() { Fingerprint(frame) },
		"adjustment": func() {
			dst = AppendCommand(dst[:0], &adjustment)
			_, _ = DecodeCommand(dst, &gotCommand)
		},
		"event": func() {
			dst = AppendEvent(dst[:0], &ev)
			_, _ = DecodeEvent(dst, &gotEvent)
		},
		"availability": func() {
			dst = AppendAvailability(dst[:0], &availability)
			_, _ = DecodeAvailability(dst, &gotAvailability)
		},
		"refusal": func() {
			dst = AppendRefusal(dst[:0], &refusal)
			_, _ = DecodeRefusal(dst, &gotRefusal)
		},
		"feed": func() {
			dst = AppendEvent(AppendFeedHeader(dst[:0], 1, 20_000_000), &ev)
			dst = SealFeed(dst, 0, 1)
			_, _, _, _ = DecodeFeed(dst)
		},
		"batch": func() {
			dst = AppendCommand(AppendBatchHeader(dst[:0], 1), &c)
			_, _, _ = DecodeBatch(dst)
		},
		"answers": func() {
			dst = AppendAnswer(AppendAnswerHeader(dst[:0], 1, 1), Answer{Status: 201})
			_, _, answers, _ := DecodeAnswers(dst)
			_, _ = DecodeAnswer(answers)
		},
	} {
		if n := testing.AllocsPerRun(100, run); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

// TestOrderPlacedIsShort holds the size that the feed of a flash sale is planned with.
func TestOrderPlacedIsShort(t *testing.T) {
	ev := singleLinePlaced()
	if n := len(AppendEvent(nil, &ev)); n > 48 {
		t.Errorf("an order of one line takes %d bytes of the feed", n)
	}
}
