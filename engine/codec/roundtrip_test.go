package codec

import (
	"bytes"
	"reflect"
	"testing"

	"holdfast/engine/core"
)

// rounds is how many random values of each kind are tried.
const rounds = 300

// A destination that has held other values shows whether a decoder overwrites all of it.

func TestCommandRoundTrip(t *testing.T) {
	g := newGenerator(1)
	var got core.Command
	var frame []byte
	for range rounds {
		for _, kind := range commandKinds {
			want := g.command(kind)
			frame = AppendCommand(append(frame[:0], "before"...), &want)[len("before"):]
			n, err := DecodeCommand(append(frame, "after"...), &got)
			if err != nil || n != len(frame) {
				t.Fatalf("kind %d: decoded %d of %d bytes: %v", kind, n, len(frame), err)
			}
			if !equalCommands(&got, &want) {
				t.Fatalf("kind %d:\n got %+v\nwant %+v", kind, got, want)
			}
			if len(frame) > MaxFrameLength {
				t.Fatalf("kind %d: frame of %d bytes is above MaxFrameLength", kind, len(frame))
			}
		}
	}
}

func TestPeekCommandAgreesWithDecode(t *testing.T) {
	g := newGenerator(2)
	for range rounds {
		for _, kind := range commandKinds {
			c := g.command(kind)
			frame := AppendCommand(nil, &c)
			h, err := PeekCommand(append(frame, "after"...))
			if err != nil {
				t.Fatal(err)
			}
			want := CommandHeader{
				Kind: kind, Version: max(c.Version, 1), HasKey: c.HasKey, HasRoom: c.Mask&(c.Mask-1) != 0,
				HasDocument: c.Document != nil, ExpectedVersion: c.ExpectedVersion,
				Length: len(frame), Body: h.Body, Mask: c.Mask, Key: c.Key,
			}
			if h != want {
				t.Fatalf("kind %d:\n got %+v\nwant %+v", kind, h, want)
			}
		}
	}
}

func TestEventRoundTrip(t *testing.T) {
	g := newGenerator(3)
	var got core.Event
	for range rounds {
		for _, kind := range eventKinds {
			want := g.event(kind)
			src := AppendEvent([]byte("before"), &want)[len("before"):]
			n, err := DecodeEvent(append(src, "after"...), &got)
			if err != nil || n != len(src) {
				t.Fatalf("kind %d: decoded %d of %d bytes: %v", kind, n, len(src), err)
			}
			if !equalEvents(&got, &want) {
				t.Fatalf("kind %d:\n got %+v\nwant %+v", kind, got, want)
			}
			h, err := PeekEvent(src)
			if want := (EventHeader{kind, want.Sequence, want.At, len(src)}); err != nil || h != want {
				t.Fatalf("kind %d: peeked %+v, want %+v: %v", kind, h, want, err)
			}
		}
	}
}

func TestImageRoundTrips(t *testing.T) {
	g := newGenerator(4)
	var gotOrder core.OrderImage
	var gotSKU core.SKUImage
	var gotLocation core.LocationImage
	var gotAvailability core.AvailabilityImage
	var gotRefusal core.Refusal
	var gotSale core.SaleImage
	var gotQueue core.QueueImage
	var gotInbound core.InboundImage
	var gotWaiter core.WaiterImage
	for range rounds {
		inbound := g.inboundImage()
		roundTrip(t, &inbound, &gotInbound, AppendInboundImage, DecodeInboundImage)
		order, sku, location, availability, refusal :=
			g.orderImage(), g.skuImage(), g.locationImage(), g.availability(), g.refusal()
		roundTrip(t, &order, &gotOrder, AppendOrderImage, DecodeOrderImage)
		roundTrip(t, &sku, &gotSKU, AppendSKUImage, DecodeSKUImage)
		roundTrip(t, &location, &gotLocation, AppendLocationImage, DecodeLocationImage)
		roundTrip(t, &availability, &gotAvailability, AppendAvailability, DecodeAvailability)
		roundTrip(t, &refusal, &gotRefusal, AppendRefusal, DecodeRefusal)
		sale := g.saleImage()
		roundTrip(t, &sale, &gotSale, AppendSaleImage, DecodeSaleImage)
		queue := core.QueueImage{Sale: g.saleID(), Counters: g.queue()}
		roundTrip(t, &queue, &gotQueue, AppendQueueImage, DecodeQueueImage)
		waiter := g.waiter()
		roundTrip(t, &waiter, &gotWaiter, AppendWaiterImage, DecodeWaiterImage)
	}
}

// roundTrip checks that a value comes back, with bytes around it, and that it is not read when it ends
// too early, wherever that is.
func roundTrip[T any](t *testing.T, want, got *T, encode func([]byte, *T) []byte, decode func([]byte, *T) (int, error)) {
	t.Helper()
	src := encode([]byte("before"), want)[len("before"):]
	n, err := decode(append(src, "after"...), got)
	if err != nil || n != len(src) {
		t.Fatalf("decoded %d of %d bytes: %v", n, len(src), err)
	}
	if got, want := normal(reflect.ValueOf(*got)), normal(reflect.ValueOf(*want)); !reflect.DeepEqual(got, want) {
		t.Fatalf("%T:\n got %+v\nwant %+v", got, got, want)
	}
	for _, cut := range []int{0, 1, len(src) / 2, len(src) - 1} {
		if n, err := decode(src[:cut:cut], new(T)); err == nil || n != 0 {
			t.Fatalf("%T: %d of %d bytes were taken", *got, cut, len(src))
		}
	}
}

func TestAnswersRoundTrip(t *testing.T) {
	g := newGenerator(5)
	want := make([]Answer, 300)
	src := AppendAnswerHeader(nil, len(want), 77)
	for i := range want {
		want[i] = Answer{Status: 200 + g.IntN(400), Reason: append(knownReasons, core.ReasonNone)[g.IntN(len(knownReasons)+1)], Replayed: g.bool(), Order: g.Uint64()}
		src = AppendAnswer(src, want[i])
	}
	count, sequence, answers, err := DecodeAnswers(src)
	if err != nil || count != len(want) || sequence != 77 {
		t.Fatalf("count %d, sequence %d: %v", count, sequence, err)
	}
	for i := range want {
		got, err := DecodeAnswer(answers[i*AnswerSize:])
		if err != nil || got != want[i] {
			t.Fatalf("answer %d is %+v, want %+v: %v", i, got, want[i], err)
		}
	}
}

func TestBatchRoundTrip(t *testing.T) {
	g := newGenerator(6)
	src := AppendBatchHeader(nil, len(commandKinds))
	var want []byte
	for _, kind := range commandKinds {
		c := g.command(kind)
		want = AppendCommand(want, &c)
	}
	src = append(src, want...)
	count, frames, err := DecodeBatch(src)
	if err != nil || count != len(commandKinds) || !bytes.Equal(frames, want) {
		t.Fatalf("count %d, %d bytes of frames: %v", count, len(frames), err)
	}
	for _, kind := range commandKinds {
		n, err := FrameLength(frames)
		if err != nil || frames[0] != byte(kind) {
			t.Fatalf("kind %d: %v", kind, err)
		}
		frames = frames[n:]
	}
}

func TestFeedRoundTrip(t *testing.T) {
	g := newGenerator(7)
	const before = "before"
	end := 100 + core.Sequence(len(eventKinds)) - 1
	src := AppendFeedHeader([]byte(before), 100, end)
	for i, kind := range eventKinds {
		ev := g.event(kind)
		ev.Sequence = 100 + core.Sequence(i)
		src = AppendEvent(src, &ev)
	}
	src = SealFeed(src, len(before), len(eventKinds))
	first, last, events, err := DecodeFeed(src[len(before):])
	if err != nil || first != 100 || last != end {
		t.Fatalf("first %d, last %d: %v", first, last, err)
	}
	for _, kind := range eventKinds {
		var ev core.Event
		n, err := DecodeEvent(events, &ev)
		if err != nil || ev.Kind != kind {
			t.Fatalf("kind %d, want %d: %v", ev.Kind, kind, err)
		}
		events = events[n:]
	}
	if len(events) != 0 {
		t.Fatalf("%d bytes are left", len(events))
	}
}

func equalCommands(a, b *core.Command) bool {
	return reflect.DeepEqual(normal(reflect.ValueOf(*a)), normal(reflect.ValueOf(*b)))
}

func equalEvents(a, b *core.Event) bool {
	return reflect.DeepEqual(normal(reflect.ValueOf(*a)), normal(reflect.ValueOf(*b)))
}

// normal gives a copy in which every empty slice is nil: empty and absent are the same to codec.
func normal(v reflect.Value) any {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	normalize(c)
	return c.Interface()
}

func normalize(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c := reflect.New(v.Type().Elem())
			c.Elem().Set(v.Elem())
			normalize(c.Elem())
			v.Set(c)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			normalize(v.Field(i))
		}
	case reflect.Slice:
		if v.Len() == 0 {
			v.SetZero()
			return
		}
		if v.Type().Elem().Kind() == reflect.Struct {
			c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(c, v)
			for i := range c.Len() {
				normalize(c.Index(i))
			}
			v.Set(c)
		}
	}
}
