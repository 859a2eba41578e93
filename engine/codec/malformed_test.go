package codec

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"holdfast/engine/core"
)

// malformed is input that a decoder must refuse, with the place and a part of the cause that it must give.
type malformed struct {
	name   string
	src    []byte
	offset int
	what   string
}

func checkMalformed(t *testing.T, decode func([]byte) error, cases []malformed) {
	t.Helper()
	for _, m := range cases {
		t.Run(m.name, func(t *testing.T) {
			err := decode(m.src)
			e, ok := err.(*FormatError)
			if !ok {
				t.Fatalf("error is %v, want a *FormatError", err)
			}
			if e.Offset != m.offset || !strings.Contains(e.What, m.what) {
				t.Errorf("got %q at %d, want %q at %d", e.What, e.Offset, m.what, m.offset)
			}
		})
	}
}

// decodeCommand decodes both ways that an order may go: only into a command that has room for a line does
// usualOrder read it. They must agree.
func decodeCommand(src []byte) error {
	_, err := decodeBothWays(src)
	return err
}

func decodeBothWays(src []byte) (core.Command, error) {
	var slow core.Command
	fast := core.Command{ExternalID: []byte("left"), Lines: make([]core.Line, 0, 1)}
	n, err := DecodeCommand(src, &slow)
	m, fastErr := DecodeCommand(src, &fast)
	switch {
	case err != nil && fastErr != nil && err.Error() == fastErr.Error():
		return slow, err
	case err != nil || fastErr != nil:
		return slow, fmt.Errorf("decoding says %w and, with room, %w", err, fastErr)
	case n != m || !equalCommands(&slow, &fast):
		return slow, fmt.Errorf("decoding gives %+v and, with room, %+v", slow, fast)
	}
	return slow, nil
}

// TestUsualOrderAgrees changes one byte after another of usual orders.
func TestUsualOrderAgrees(t *testing.T) {
	orders := [][]byte{
		frame(core.CommandPlaceOrder, 0, 5, 2, "c1", 0, 1, 65, 2),
		frame(core.CommandPlaceOrder, 0, 5, 2, "c1", 3, "x-1", 1, uvarintOf(1<<20), uvarintOf(1000)),
		frame(core.CommandPlaceOrder, 0, 5, uvarintOf(128), strings.Repeat("c", 128), 0, 1, 65, 2),
		frame(core.CommandPlaceOrder, 0, uvarintOf(128), 2, "c1", 0, 1, 65, 2),
		frame(core.CommandPlaceOrder, flagDocument, 5, 2, "c1", 0, 1, 65, 2, 200, 0, 0, 0, make([]byte, 200)),
	}
	for _, order := range orders {
		if err := decodeCommand(order); err != nil {
			t.Error(err)
		}
		for at := frameFixed; at < len(order); at++ {
			for b := range 256 {
				err := decodeCommand(with(order, at, byte(b)))
				if _, ok := err.(*FormatError); err != nil && !ok {
					t.Fatalf("% x with %#x at %d: %v", order, b, at, err)
				}
			}
		}
	}
}

func decodeEvent(src []byte) error {
	var ev core.Event
	_, err := DecodeEvent(src, &ev)
	return err
}

// frame makes a frame of slot 1 with a right length; flags say what rest begins with.
func frame(kind core.CommandKind, flags byte, rest ...any) []byte {
	slot := byte(1)
	if flags&flagMask != 0 {
		slot = 0
	}
	b := join(append([]any{byte(kind), 1, flags, slot, 0, 0, 0, 0}, rest...)...)
	binary.LittleEndian.PutUint32(b[frameLength:], uint32(len(b)))
	return b
}

// join makes bytes of numbers, strings and bytes; a string does not bring its length.
func join(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			b = append(b, byte(p))
		case byte:
			b = append(b, p)
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

// with gives the bytes with one changed.
func with(b []byte, at int, value byte) []byte {
	b = slices.Clone(b)
	b[at] = value
	return b
}

func uvarintOf(v uint64) []byte { return binary.AppendUvarint(nil, v) }

func varintOf(v int64) []byte { return binary.AppendVarint(nil, v) }

const (
	eight   = "\x01\x02\x03\x04\x05\x06\x07\x08"
	sixteen = eight + eight
	zeros   = "\x00\x00\x00\x00\x00\x00\x00\x00"
)

func TestMalformedHeader(t *testing.T) {
	good := frame(core.CommandConfirmHold, 0, eight)
	long := with(with(good, 4, 0xff), 7, 0xff)
	checkMalformed(t, decodeCommand, []malformed{
		{"empty", nil, 0, "frame's header"},
		{"seven bytes", good[:7], 7, "frame's header"},
		{"kind 0", with(good, 0, 0), 0, "kind"},
		{"kind 15", with(good, 0, 15), 0, "kind"},
		{"version 0", with(good, 1, 0), 1, "version"},
		{"version 2", with(good, 1, 2), 1, "version"},
		{"unknown flag", with(good, 2, 0x40), 2, "flag"},
		{"key of a tick", frame(core.CommandTick, flagKey, sixteen), 2, "flag"},
		{"expected version of an order", frame(core.CommandPlaceOrder, flagVersion, 1, 0, 0, 0), 2, "flag"},
		{"slot 64", with(good, 3, 64), 3, "slot"},
		{"slot beside a mask", with(frame(core.CommandConfirmHold, flagMask, eight, eight), 3, 1), 3, "slot"},
		{"length below the header", with(good, 4, 7), 4, "length"},
		{"length above the limit", long, 4, "length"},
		{"length above the input", with(good, 4, byte(len(good)+1)), 4, "longer"},
		{"input one byte short", good[:len(good)-1], 4, "longer"},
		{"no room for the key", frame(core.CommandConfirmHold, flagKey, eight), 4, "shorter"},
		{"key all zero", frame(core.CommandConfirmHold, flagKey, zeros, zeros, eight), 8, "key"},
		{"no slot in the mask", frame(core.CommandConfirmHold, flagMask, zeros, eight), 8, "mask"},
		{"no slot in the mask behind a key", frame(core.CommandConfirmHold, flagKey|flagMask, sixteen, zeros, eight), 24, "mask"},
		{"expected version of a new channel", frame(core.CommandDefineChannel, flagVersion, 1, 0, 0, 0, 1, "c"), 2, "flag"},
		{"expected version 0", frame(core.CommandConfirmHold, flagVersion, 0, 0, 0, 0, eight), 8, "expected version"},
		{"expected version 0 behind a mask", frame(core.CommandConfirmHold, flagMask|flagVersion, eight, 0, 0, 0, 0, eight), 16, "expected version"},
		{"order number cut", frame(core.CommandConfirmHold, 0, eight[:7]), 8, "ends"},
		{"byte after the order number", frame(core.CommandConfirmHold, 0, eight, 0), 16, "after the command"},
		{"byte in a tick", frame(core.CommandTick, 0, 0), 8, "after the command"},
		{"document without length", frame(core.CommandConfirmHold, flagDocument, eight), 16, "ends"},
		{"document of no bytes", frame(core.CommandConfirmHold, flagDocument, eight, 0, 0, 0, 0), 16, "document"},
		{"document too long", frame(core.CommandConfirmHold, flagDocument, eight, 1, 0, 1, 0, make([]byte, 65537)), 16, "document"},
		{"document cut", frame(core.CommandConfirmHold, flagDocument, eight, 2, 0, 0, 0, 1), 20, "ends"},
		{"byte after the document", frame(core.CommandConfirmHold, flagDocument, eight, 1, 0, 0, 0, 1, 1), 21, "after the command"},
	})
}

func TestPeekChecksTheHeader(t *testing.T) {
	good := frame(core.CommandConfirmHold, 0, "not an order number")
	checkMalformed(t, func(src []byte) error {
		_, err := PeekCommand(src)
		return err
	}, []malformed{
		{"length above the input", good[:12], 4, "longer"},
		{"kind 14", with(good, 0, 14), 0, "kind"},
		{"key all zero", frame(core.CommandConfirmHold, flagKey, zeros, zeros, eight), 8, "key"},
	})
	if h, err := PeekCommand(good); err != nil || h.Body != frameFixed {
		t.Errorf("peeked at the body: %+v, %v", h, err)
	}
}

func TestMalformedOrders(t *testing.T) {
	// Offsets of frames of slot 1: channel 8, customer 9, external id 12, lines 13, SKU 14, quantity 15.
	order := func(rest ...any) []byte {
		return frame(core.CommandPlaceOrder, 0, append([]any{0, 2, "c1", 0}, rest...)...)
	}
	billion := uvarintOf(1_000_000_000)
	if err := decodeCommand(order(1, 65, billion)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"nothing", frame(core.CommandPlaceOrder, 0), 8, "ends"},
		{"channel 65536", frame(core.CommandPlaceOrder, 0, uvarintOf(65536)), 8, "channel"},
		{"channel not minimal", frame(core.CommandPlaceOrder, 0, 0x81, 0), 8, "minimal"},
		{"channel zero in two bytes", frame(core.CommandPlaceOrder, 0, 0x80, 0), 8, "minimal"},
		{"channel of ten bytes", frame(core.CommandPlaceOrder, 0, strings.Repeat("\xff", 9), 1), 8, "channel"},
		{"channel of 65 bits", frame(core.CommandPlaceOrder, 0, strings.Repeat("\xff", 9), 2), 8, "64 bits"},
		{"channel of eleven bytes", frame(core.CommandPlaceOrder, 0, strings.Repeat("\xff", 10), 1), 8, "64 bits"},
		{"channel cut", frame(core.CommandPlaceOrder, 0, 0xff), 8, "varint"},
		{"no customer", frame(core.CommandPlaceOrder, 0, 0, 0, 0, 1, 65, 1), 9, "customer"},
		{"customer of 129 bytes", frame(core.CommandPlaceOrder, 0, 0, uvarintOf(129), strings.Repeat("c", 129), 0, 1, 65, 1), 9, "customer"},
		{"customer with a space", frame(core.CommandPlaceOrder, 0, 0, 2, "c ", 0, 1, 65, 1), 9, "customer"},
		{"customer cut", frame(core.CommandPlaceOrder, 0, 0, 3, "c1"), 10, "ends"},
		{"external id of 65 bytes", frame(core.CommandPlaceOrder, 0, 0, 2, "c1", 65, strings.Repeat("x", 65), 1, 65, 1), 12, "external id"},
		{"external id with a slash", frame(core.CommandPlaceOrder, 0, 0, 2, "c1", 2, "a/", 1, 65, 1), 12, "external id"},
		{"external id cut", frame(core.CommandPlaceOrder, 0, 0, 2, "c1", 2, "a"), 13, "ends"},
		{"customer's length of two bytes, like one of one byte", frame(core.CommandPlaceOrder, 0, 5, 0x80, strings.Repeat("c", 128), 0, 1, 65, 2), 9, "customer"},
		{"one line and one byte", order(1, 65), 13, "more things"},
		{"no lines", order(0), 13, "lines"},
		{"501 lines", order(uvarintOf(501), make([]byte, 1002)), 13, "lines"},
		{"more lines than bytes", order(uvarintOf(500), 65, 1), 13, "more things"},
		{"2^64-1 lines", order(uvarintOf(1<<64-1), 65, 1), 13, "lines"},
		{"SKU of 33 bits", order(1, uvarintOf(1<<32), 1), 14, "SKU"},
		{"quantity 0", order(1, 65, 0), 15, "quantity"},
		{"quantity above the limit", order(1, 65, uvarintOf(1_000_000_001)), 15, "quantity"},
		{"quantity cut", order(1, 65, billion[:4]), 15, "varint"},
		{"second line's quantity 0", order(2, 65, 1, 66, 0), 17, "quantity"},
		{"byte after the lines", order(1, 65, 1, 0), 16, "after the command"},
	})
	hold := func(ttl uint64) []byte {
		return frame(core.CommandPlaceHold, 0, uvarintOf(ttl), 0, 2, "c1", 0, 1, 65, 1)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"hold for 0", hold(0), 8, "time to live"},
		{"hold for 999 ms", hold(999), 8, "time to live"},
		{"hold for more than a day", hold(86_400_001), 8, "time to live"},
		{"hold up to 2", frame(core.CommandPlaceHold, 0, uvarintOf(1000), 0, 2, "c1", 2, 1, 65, 1), 14, "up to"},
		{"hold with an external id", frame(core.CommandPlaceHold, 0, uvarintOf(1000), 0, 2, "c1", 0, 0, 1, 65, 1), 15, "lines"},
		{"extend by 999 ms", frame(core.CommandExtendHold, 0, eight, uvarintOf(999)), 16, "time to live"},
	})
}

func TestMalformedRouting(t *testing.T) {
	order := func(rest ...any) []byte {
		return frame(core.CommandPlaceOrder, flagDestination, append([]any{0, 2, "c1", 0, 1, 65, 1}, rest...)...)
	}
	shipping := func(rest ...any) []byte {
		return frame(core.CommandDefineLocation, 0, append([]any{1, "a", 0, 0, 0, 0, 1}, rest...)...)
	}
	routing := func(rest ...any) []byte { return frame(core.CommandDefineRouting, 0, rest...) }
	degrees := func(v int32) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
	tooDear := uvarintOf(core.MaxShippingCost + 1)
	checkMalformed(t, decodeCommand, []malformed{
		{"destination that says nothing", order(0, 0, 0, 0, 0), 17, "says nothing"},
		{"unknown mark of a destination", order(4, 0, 0, 0, 0), 16, "mark"},
		{"delivery method 5", order(0, 5, 0, 0, 0), 17, "delivery method"},
		{"country in small letters", order(0, 0, "de", 0), 18, "country"},
		{"country of one letter", order(0, 0, "D", 0, 0), 18, "country"},
		{"postal code of 11", order(0, 0, "DE", 11, "12345678901"), 20, "postal code"},
		{"postal code with a space", order(0, 0, "DE", 3, "1 2"), 20, "postal code"},
		{"destination off the globe in the north", order(1, 0, "DE", 0, degrees(90_0000001), degrees(0)), 21, "latitude"},
		{"destination off the globe in the west", order(1, 0, "DE", 0, degrees(0), degrees(-180_0000001)), 25, "longitude"},
		{"place to fetch it of 17 bits", order(2, 4, "DE", 0, uvarintOf(1<<16)), 21, "location"},
		{"stock policy of a hold", frame(core.CommandPlaceHold, flagStock), 2, "flag"},
		{"stock policy that is the usual one", frame(core.CommandPlaceOrder, flagStock, 0, 1, "c", 0, 1, 1, 1, 0), 15, "stock policy"},
		{"unknown stock policy", frame(core.CommandPlaceOrder, flagStock, 0, 1, "c", 0, 1, 1, 1, 3), 15, "stock policy"},
		{"stock policy in a sale", frame(core.CommandPlaceOrder, flagStock|flagSale, 64, 0, 0, 0, 1, "c", 0, 1, 1, 1, 2), 18, "in a sale"},
		{"stock policy that ends early", frame(core.CommandPlaceOrder, flagStock, 0, 1, "c", 0, 1, 1, 1), 15, "ends"},
		{"recipes for what is only recorded", frame(core.CommandPlaceOrder, flagStock|flagRecipes, 0, 1, "c", 0, 1, 1, 1, 1), 15, "recipes"},
		{"destination of an adjustment", frame(core.CommandAdjustStock, flagDestination, 1, 1, 0, 0, 2, 0, 0, 1, 0, 0, 0), 2, "flag"},

		{"mark of shipping 2", frame(core.CommandDefineLocation, 0, 1, "a", 0, 0, 0, 0, 2), 14, "shipping"},
		{"unknown method of a location", shipping(1, 0, 0, 0, 0, 0, 0), 15, "delivery method"},
		{"cut-off at 24:00", shipping(0, 1, uvarintOf(1440), 0, 0, 0, 0, 0), 17, "cut-off"},
		{"15 hours ahead of UTC", shipping(0, 0, varintOf(841), 0, 0, 0, 0), 17, "UTC"},
		{"251 days of handling", shipping(0, 0, 0, 251, 0, 0, 0), 18, "days"},
		{"cost of a unit above the limit", shipping(0, 0, 0, 0, tooDear, 0, 0), 19, "cost"},
		{"17 channels", shipping(0, 0, 0, 0, 0, 17, make([]byte, 18)), 20, "channels"},
		{"65 zones", shipping(0, 0, 0, 0, 0, 0, 65, make([]byte, 500)), 21, "zones"},
		{"more zones than bytes", shipping(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0), 21, "more things"},
		{"country of a zone", shipping(0, 0, 0, 0, 0, 0, 1, "D1", 0, 0, 0, 0, 0), 22, "country"},
		{"weight of a zone above the limit", shipping(0, 0, 0, 0, 0, 0, 1, "DE", 0, 0, 0, 0, tooDear), 28, "weight"},

		{"mark of shipping 4", frame(core.CommandDefineLocation, 0, 1, "a", 0, 0, 0, 0, 4), 14, "shipping"},
		{"daily capacity of 0", frame(core.CommandDefineLocation, 0, 1, "a", 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0), 22, "daily capacity"},
		{"daily capacity above the limit", frame(core.CommandDefineLocation, 0, 1, "a", 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, tooDear), 22, "daily capacity"},
		{"daily capacity that ends early", frame(core.CommandDefineLocation, 0, 1, "a", 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0), 22, "ends"},

		{"strategy 2", routing(2, 0, 0, 0, 0, 0), 8, "strategy"},
		{"9 rules", routing(0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 1, 0, 0, 0, 0), 9, "rules"},
		{"rule 0", routing(0, 1, 0, 0, 0, 0, 0), 10, "unknown rule"},
		{"rule 9", routing(0, 1, 9, 0, 0, 0, 0), 10, "unknown rule"},
		{"rule given twice", routing(0, 2, 3, 3, 0, 0, 0, 0), 11, "twice"},
		{"101 shipments", routing(0, 0, 101, 0, 0, 0), 10, "shipments"},
		{"penalty above the limit", routing(0, 0, 0, tooDear, 0, 0), 11, "cost"},
		{"mark of no suppliers 2", routing(0, 0, 0, 0, 2, 0), 12, "suppliers"},
		{"17 preferred locations", routing(0, 0, 0, 0, 0, 17, make([]byte, 17)), 13, "preferred"},
	})
}

func TestMalformedStockAndSettings(t *testing.T) {
	rows := func(rest ...any) []byte { return frame(core.CommandAdjustStock, 0, rest...) }
	moves := func(rest ...any) []byte { return frame(core.CommandMoveStock, 0, rest...) }
	move := func(rest ...any) []byte { return moves(append([]any{0, 0, 1, 1, 0}, rest...)...) }
	sku := func(rest ...any) []byte { return frame(core.CommandDefineSKU, 0, append([]any{1, "a"}, rest...)...) }
	location := func(rest ...any) []byte {
		return frame(core.CommandDefineLocation, 0, append([]any{1, "a"}, rest...)...)
	}
	rule := func(rest ...any) []byte { return frame(core.CommandSetChannelRule, 0, append([]any{1, 0}, rest...)...) }
	tooMany := int64(core.MaxSettingQuantity) + 1
	degrees := func(v int32) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(v)) }
	checkMalformed(t, decodeCommand, []malformed{
		{"no rows", rows(0), 8, "rows"},
		{"501 rows", rows(uvarintOf(501), make([]byte, 3000)), 8, "rows"},
		{"more rows than bytes", rows(2, 1, 0, 0, 2, 0, 1, 0), 8, "more things"},
		{"row's SKU of 33 bits", rows(1, uvarintOf(1<<32), 0, 0, 2, 0), 9, "SKU"},
		{"row's location of 17 bits", rows(1, 1, uvarintOf(1<<16), 0, 2, 0), 10, "location"},
		{"adjustment mode 3", rows(1, 1, 0, 3, 2, 0), 11, "mode"},
		{"value not minimal", rows(1, 1, 0, 0, 0x82, 0, 0), 12, "minimal"},
		{"expected missing", rows(1, 1, 0, 2, 2, 0), 14, "ends"},
		{"reason of 65 bytes", rows(1, 1, 0, 0, 2, 65, strings.Repeat("r", 65)), 13, "reason"},
		{"reason not UTF-8", rows(1, 1, 0, 0, 2, 1, 0xff), 13, "reason"},
		{"reason cut", rows(1, 1, 0, 0, 2, 2, "r"), 14, "ends"},

		{"actor of 65 bytes", moves(65, strings.Repeat("a", 65)), 8, "actor"},
		{"actor not UTF-8", moves(1, 0xff), 8, "actor"},
		{"cause of 65 bytes", moves(0, 65, strings.Repeat("a", 65)), 9, "cause"},
		{"no movements", moves(0, 0, 0), 10, "movements"},
		{"501 movements", moves(0, 0, uvarintOf(501), make([]byte, 4000)), 10, "movements"},
		{"more movements than bytes", moves(0, 0, 1, 1, 0, 1, 0), 10, "more things"},
		{"movement of kind 0", move(0, 0x00, 2, 0), 13, "kind of movement"},
		{"movement of kind 6", move(6, 0x00, 2, 0), 13, "not asked for"},
		{"movement of kind 99", move(99, 0x00, 2, 0), 13, "unknown kind of movement"},
		{"to state 4", move(1, 0x04, 2, 0), 14, "unknown state"},
		{"from state 4", move(5, 0x40, 2, 0), 14, "unknown state"},
		{"receipt from a state", move(1, 0x11, 2, 0), 14, "does not have"},
		{"write-off to a state", move(5, 0x11, 2, 0), 14, "does not have"},
		{"reclassified to the same", move(4, 0x11, 2, 0), 14, "that they are in"},
		{"receipt of 0", move(1, 0, 0, 0), 15, "quantity of a movement"},
		{"receipt of -1", move(1, 0, 1, 0), 15, "quantity of a movement"},
		{"adjusted by 0", move(2, 0, 0, 0), 15, "quantity of a movement"},
		{"counted -1", move(3, 0, 1, 0, 0), 15, "quantity of a movement"},
		{"more than can be", move(1, 0, uvarintOf(2*uint64(core.MaxOnHand)+2), 0), 15, "quantity of a movement"},
		{"mark of the expected 2", move(3, 0, 2, 2, 0), 16, "expected"},
		{"expected too large", move(3, 0, 2, 1, uvarintOf(uint64(core.MaxOnHand)+1), 0), 17, "expected"},

		{"SKU without a name", frame(core.CommandDefineSKU, 0, 0, 0, 0, 0), 8, "SKU name"},
		{"SKU name with a slash", frame(core.CommandDefineSKU, 0, 2, "a/", 0, 0, 0), 8, "SKU name"},
		{"safety stock above the limit", sku(uvarintOf(uint64(tooMany)), 0, 0), 10, "safety stock"},
		{"backorder limit -2", sku(0, 3, 0), 11, "backorder limit"},
		{"backorder limit above the limit", sku(0, varintOf(tooMany), 0), 11, "backorder limit"},
		{"limit per customer above the limit", sku(0, 0, uvarintOf(uint64(tooMany))), 12, "limit per customer"},
		{"low stock above the limit", sku(0, 0, 0, uvarintOf(uint64(tooMany)), 0), 13, "low stock"},
		{"stopped 2", sku(0, 0, 0, 0, 2), 14, "stopped"},
		{"weight of 23 bits", sku(0, 0, 0, 0, 0, uvarintOf(1<<22)), 15, "weight"},
		{"settings cut", sku(0, 0), 12, "ends"},

		{"location without a name", frame(core.CommandDefineLocation, 0, 0, 0, 0, 0), 8, "location name"},
		{"location kind 3", location(3, 0, 0), 10, "location kind"},
		{"priority of 33 bits", location(0, varintOf(1<<31), 0), 11, "priority"},
		{"priority below 32 bits", location(0, varintOf(-1<<31-1), 0), 11, "priority"},
		{"position mark 2", location(0, 0, 2), 12, "position"},
		{"latitude above 90", location(0, 0, 1, degrees(90_0000001), degrees(0)), 13, "latitude"},
		{"latitude below -90", location(0, 0, 1, degrees(-90_0000001), degrees(0)), 13, "latitude"},
		{"longitude above 180", location(0, 0, 1, degrees(0), degrees(180_0000001)), 17, "longitude"},
		{"longitude below -180", location(0, 0, 1, degrees(0), degrees(-180_0000001)), 17, "longitude"},
		{"position cut", location(0, 0, 1, 0, 0, 0), 13, "ends"},
		{"channel to set without a name", frame(core.CommandSetChannel, 0, 0, 0, 0), 8, "channel name"},
		{"bands 16", frame(core.CommandSetChannel, 0, 1, "a", 16, 0), 10, "bands"},
		{"buffer above the limit", frame(core.CommandSetChannel, 0, 1, "a", 0, uvarintOf(uint64(tooMany))), 11, "buffer"},
		{"rule with unknown marks", rule(16), 10, "marks of a rule"},
		{"rule exclusive without a pool", rule(4), 10, "marks of a rule"},
		{"share without a pool", rule(8, 5), 10, "marks of a rule"},
		{"share of nothing", rule(10, 0, 0, 0, 0), 11, "share"},
		{"share of 101 percent", rule(10, 101, 0, 0, 0), 11, "share"},
		{"rule's buffer above the limit", rule(1, uvarintOf(uint64(tooMany))), 11, "buffer"},
		{"quota 0", rule(2, 0, 0, 0), 11, "quota"},
		{"quota above the limit", rule(2, uvarintOf(uint64(mostQuota)+1), 0, 0), 11, "quota"},
		{"pool that ends when it starts", rule(2, 1, 5, 5), 13, "ends before"},
		{"pool that ends before it starts", rule(2, 1, 5, 4), 13, "ends before"},
		{"pool's start of 64 bits", rule(2, 1, uvarintOf(1<<63), 0), 12, "time"},
		{"rule's channel of 17 bits", frame(core.CommandSetChannelRule, 0, 1, uvarintOf(1<<16), 0), 9, "channel number"},
		{"channel without a name", frame(core.CommandDefineChannel, 0, 0), 8, "channel name"},
		{"channel name with a control character", frame(core.CommandDefineChannel, 0, 1, "\n"), 8, "channel name"},
	})
}

func TestMalformedKits(t *testing.T) {
	kit := func(rest ...any) []byte { return frame(core.CommandSetKit, 0, append([]any{1}, rest...)...) }
	many := func(n int) (list []any) {
		list = []any{n}
		for i := range n {
			list = append(list, uvarintOf(uint64(i+100)), 1)
		}
		return list
	}
	order := func(rest ...any) []byte {
		return frame(core.CommandPlaceOrder, flagRecipes, append([]any{0, 1, "c", 0, 2, 5, 1, 6, 1}, rest...)...)
	}
	length := func(n uint32) []byte { return binary.LittleEndian.AppendUint32(nil, n) }
	checkMalformed(t, decodeCommand, []malformed{
		{"33 components", kit(many(33)...), 9, "components"},
		{"more components than bytes", kit(2, 3, 1), 9, "more things"},
		{"component's SKU of 33 bits", kit(1, uvarintOf(1<<32), 1), 10, "SKU"},
		{"component of 0", kit(1, 3, 0), 11, "quantity of a component"},
		{"component above the limit", kit(1, 3, uvarintOf(1_000_001)), 11, "quantity of a component"},
		{"component twice", kit(2, 3, 1, 3, 2), 12, "twice"},
		{"kit with a document", join(frame(core.CommandSetKit, flagDocument, 1, 0), 1, 0, 0, 0, "x"), 2, "flag"},

		{"no recipes", order(0, length(1)), 17, "recipes"},
		{"recipe of nothing", order(1, 5, 0, length(3)), 19, "components"},
		{"recipe of what is not asked for", order(1, 7, 1, 3, 1, length(5)), 18, "no line"},
		{"recipes in the wrong order", order(2, 6, 1, 3, 1, 5, 1, 3, 1, length(9)), 22, "order"},
		{"recipe twice", order(2, 5, 1, 3, 1, 5, 1, 3, 1, length(9)), 22, "order"},
		{"wrong length of recipes", order(1, 5, 1, 3, 1, length(6)), 22, "length"},
		{"recipes without their length", order(1, 5, 1, 3, 1), 22, "ends"},
		{"recipes of an adjustment", frame(core.CommandAdjustStock, flagRecipes, 1, 1, 0, 0, 2, 0), 2, "flag"},
	})
	checkMalformed(t, decodeAvailability, []malformed{
		{"33 components", unitsThen(33, make([]byte, 600)), 19, "components"},
		{"component of 0", unitsThen(1, 0, make([]byte, 19)), 20, "quantity of a component"},
	})
}

// unitsThen is the availability of SKU 0 without anything, followed by something else.
func unitsThen(rest ...any) []byte { return join(append([]any{make([]byte, 17+2)}, rest...)...) }

func decodeAvailability(src []byte) error {
	_, err := DecodeAvailability(src, new(core.AvailabilityImage))
	return err
}

// event makes an event of sequence 9 at 5 ms, with a right length.
func event(kind core.EventKind, body ...any) []byte {
	rest := join(append([]any{9, 5}, body...)...)
	return join(byte(kind), uvarintOf(uint64(len(rest))), rest)
}

func TestMalformedInbound(t *testing.T) {
	inbound := func(kind core.CommandKind, rest ...any) []byte { return frame(kind, 0, rest...) }
	create := func(rest ...any) []byte {
		return inbound(core.CommandCreateInbound, append([]any{1, 1, "7", 0}, rest...)...)
	}
	transfer := func(rest ...any) []byte {
		return inbound(core.CommandCreateInbound, append([]any{2, 1, "7", 0}, rest...)...)
	}
	row := func(rest ...any) []byte {
		return inbound(core.CommandReceiveInbound, append([]any{1, 1, "7", 0, 1}, rest...)...)
	}
	closed := func(rest ...any) []byte {
		return inbound(core.CommandCloseInbound, append([]any{1, 1, "7", 0}, rest...)...)
	}
	for _, right := range [][]byte{
		create(0, 3, 0, 1, 65, 1, 0), transfer(3, 1, 3, 0, 1, 65, 1, 0), row(1, 1, 0, 0), row(0, 65, 1, 0x42, 1, 1, "x"), closed(3, 1, "x"),
	} {
		if err := decodeCommand(right); err != nil {
			t.Fatal(err)
		}
	}
	tooMany := uvarintOf(uint64(core.MaxLineQuantity) + 1)
	checkMalformed(t, decodeCommand, []malformed{
		{"document of kind 0", inbound(core.CommandSendInbound, 0, 1, "7", 0), 8, "neither"},
		{"document of kind 3", inbound(core.CommandSendInbound, 3, 1, "7", 0), 8, "neither"},
		{"no number", inbound(core.CommandSendInbound, 1, 0, 0), 9, "number"},
		{"number with a slash", inbound(core.CommandSendInbound, 1, 2, "7/", 0), 9, "number"},
		{"number of 65 bytes", inbound(core.CommandSendInbound, 1, 65, strings.Repeat("7", 65), 0), 9, "number"},
		{"actor not UTF-8", inbound(core.CommandSendInbound, 1, 1, "7", 1, 0xff), 11, "actor"},
		{"byte behind", inbound(core.CommandCancelInbound, 1, 1, "7", 0, 0), 12, "after the command"},
		{"number of those that are made", frame(core.CommandCreateInbound, 0, 1, 4, "PO:7", 0, 0, 3, 0, 1, 65, 1, 0), 9, "made"},
		{"number of transfers that are made", frame(core.CommandCreateInbound, 0, 1, 3, "TR:", 0, 0, 3, 0, 1, 65, 1, 0), 9, "made"},
		{"unknown flag", create(4, 3, 0, 1, 65, 1, 0), 12, "flag"},
		{"to itself", transfer(1, 3, 3, 0, 1, 65, 1, 0), 12, "where they come from"},
		{"from nowhere", transfer(0, 3, 0, 1, 65, 1, 0), 12, "does not say"},
		{"from two places", create(1, 1, 3, 1, "a", 1, 65, 1, 0), 12, "and from a supplier"},
		{"transfer of a supplier", transfer(1, 1, 3, 1, "a", 1, 65, 1, 0), 12, "and from a supplier"},
		{"supplier of 65 bytes", create(0, 3, 65, strings.Repeat("s", 65), 1, 65, 1, 0), 14, "supplier"},
		{"no lines", create(0, 3, 0, 0), 15, "lines"},
		{"501 lines", create(0, 3, 0, uvarintOf(501), make([]byte, 2000)), 15, "lines"},
		{"line of 0", create(0, 3, 0, 1, 65, 0, 0), 17, "quantity"},
		{"line of too many", create(0, 3, 0, 1, 65, tooMany, 0), 17, "quantity"},
		{"expected in 64 bits", create(0, 3, 0, 1, 65, 1, uvarintOf(1<<63)), 18, "time"},
		{"no rows", inbound(core.CommandReceiveInbound, 1, 1, "7", 0, 0), 12, "rows"},
		{"line 501", row(uvarintOf(501), 1, 0, 0), 13, "line"},
		{"row of no units", row(1, 0, 0, 0), 14, "no units"},
		{"row of too many", row(1, tooMany, 0, 0), 14, "quantity"},
		{"state 4", row(1, 1, 0x04, 0), 15, "state"},
		{"state of nothing", row(1, 0, 0x11, 1, 1, "x"), 15, "did not come"},
		{"discrepancy 5", row(1, 1, 0x50, 1, 1, "x"), 15, "discrepancy"},
		{"discrepancy of 0", row(1, 1, 0x10, 0, 1, "x"), 16, "discrepancy"},
		{"discrepancy without a reason", row(1, 1, 0x10, 1, 0), 17, "no reason"},
		{"more over than came", row(1, 1, 0x40, 2, 1, "x"), 14, "over"},
		{"closed as nothing", closed(0, 1, "x"), 12, "short, damaged or lost"},
		{"closed as over", closed(4, 1, "x"), 12, "short, damaged or lost"},
		{"closed without a reason", closed(1, 0), 13, "no reason"},
		{"with a document", frame(core.CommandSendInbound, flagDocument, 1, 1, "7", 0, 1, 0, 0, 0, "d"), 2, "flag"},
		{"created with a version", frame(core.CommandCreateInbound, flagVersion, 1, 0, 0, 0, 1, 1, "7", 0), 2, "flag"},
	})
}

func TestMalformedReroutes(t *testing.T) {
	reroute := func(rest ...any) []byte { return frame(core.CommandRerouteOrder, 0, append([]any{eight}, rest...)...) }
	if err := decodeCommand(reroute(7, 4, 1, "x", 0, 1, 65, 0)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"without a reason", reroute(7, 0, 0, 0, 1, 65, 0), 17, "reason"},
		{"unknown reason", reroute(7, 0x85, 0, 0, 1, 65, 0), 17, "reason"},
		{"manual without a note", reroute(7, 4, 0, 0, 1, 65, 0), 18, "note"},
		{"note of 65 bytes", reroute(7, 1, 65, make([]byte, 65), 0, 1, 65, 0), 18, "note"},
		{"actor not UTF-8", reroute(7, 1, 0, 1, 0xff, 1, 65, 0), 19, "actor"},
		{"no lines", reroute(7, 1, 0, 0, 0), 20, "lines"},
		{"SKU twice", reroute(7, 1, 0, 0, 2, 65, 1, 65, 0), 23, "twice"},
		{"quantity too large", reroute(7, 1, 0, 0, 1, 65, uvarintOf(uint64(core.MaxLineQuantity)+1)), 22, "quantity"},
		{"with a document", frame(core.CommandRerouteOrder, flagDocument, eight, 7, 1, 0, 0, 1, 65, 0, 1, 0, 0, 0, "d"), 2, "flag"},
	})
}

func TestMalformedNotes(t *testing.T) {
	note := func(rest ...any) []byte {
		return frame(core.CommandAddNote, flagDocument, append([]any{eight}, rest...)...)
	}
	if err := decodeCommand(note(1, "x", 2, 0, 0, 0, "hi")); err != nil {
		t.Fatal(err)
	}
	long := note(0, 0xa1, 0x0f, 0, 0, make([]byte, 4001))
	checkMalformed(t, decodeCommand, []malformed{
		{"without a text", frame(core.CommandAddNote, 0, eight, 0), 17, "note"},
		{"text of 4001 bytes", long, 21, "note"},
		{"text not UTF-8", note(0, 1, 0, 0, 0, 0xff), 21, "note"},
		{"actor of 65 bytes", note(65, make([]byte, 65), 1, 0, 0, 0, "a"), 16, "actor"},
		{"actor not UTF-8", note(1, 0xff, 1, 0, 0, 0, "a"), 16, "actor"},
		{"with a destination", frame(core.CommandAddNote, flagDocument|flagDestination, eight, 0, 1, 0, 0, 0, "a"), 2, "flag"},
	})
}

func TestMalformedEvents(t *testing.T) {
	channel := event(core.EventChannelDefined, 1, 0, 1, 1, 1, "a", 0, 0)
	// Offsets: marks 4, number 5, version 6, [created 7, created at 8], channel 7 or 9, customer, …
	order := func(body ...any) []byte { return event(core.EventOrderPlaced, body...) }
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	if err := decodeEvent(order(placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 1, 0, 1)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"empty", nil, 0, "ends"},
		{"kind 0", with(channel, 0, 0), 0, "kind"},
		{"kind 255", with(channel, 0, 255), 0, "kind"},
		{"no fills", event(core.EventOrderFilled, placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0, 0), 15, "fills"},
		{"more fills than bytes", event(core.EventOrderFilled, placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0, 1, 0, 0), 15, "more things"},
		{"fill of line 1", event(core.EventOrderFilled, placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0, 1, 1, 0, 1), 16, "line"},
		{"rerouted for no reason", event(core.EventOrderRerouted, placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0, 7, 0, 0, 0, 0, 0), 16, "reason"},
		{"rerouted to a location of 17 bits", event(core.EventOrderRerouted, placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0, 7, 1, 0, 0, 1, 0, uvarintOf(1<<16+1), 1, 0),
			21, "location"},
		{"rerouted line 1", event(core.EventOrderRerouted, placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0, 7, 1, 0, 0, 0, 1, 1, 1), 21, "line"},
		{"supply 3", event(core.EventSupplyChanged, 1, 0, 3, 0, 0), 5, "supply"},
		{"no length", channel[:1], 1, "varint"},
		{"length above the input", channel[:len(channel)-1], 1, "longer"},
		{"length of 64 bits", join(3, uvarintOf(1<<64-1), 0), 1, "longer"},
		{"time of 64 bits", join(3, 14, 9, uvarintOf(1<<63), 1, 1, "a"), 3, "time"},
		{"byte after the body", event(core.EventChannelDefined, 1, 0, 1, 1, 1, "a", 0, 0, 0), 12, "after the event"},
		{"body cut by the length", with(channel, 1, 4), 6, "ends"},
		{"channel name empty", event(core.EventChannelDefined, 1, 0, 1, 1, 0), 8, "channel name"},
		{"SKU's document mark 2", event(core.EventSKUDefined, 1, 2, 1, 1, 1, "a", 0, 0, 0), 5, "document"},
		{"SKU's version of 33 bits", event(core.EventSKUDefined, 1, 0, uvarintOf(1<<32), 1, 1, "a", 0, 0, 0), 6, "version"},
		{"location number of 17 bits", event(core.EventLocationDefined, uvarintOf(1<<16)), 4, "location"},
		{"no movements", event(core.EventStockMoved, 0, 0, 0), 6, "movements"},
		{"more movements than bytes", event(core.EventStockMoved, 0, 0, 1, make([]byte, 11)), 6, "more things"},
		{"event's movement of no kind", event(core.EventStockMoved, 0, 0, 1, make([]byte, 12)), 15, "kind of movement"},
		{"pool without a phase", event(core.EventPoolChanged, 1, 0, 2, 1, 0, 0, 1, 0, 0, 0), 11, "phase"},
		{"pool of phase 4", event(core.EventPoolChanged, 1, 0, 2, 1, 0, 0, 1, 4, 0, 0), 11, "phase"},
		{"phase without a pool", event(core.EventChannelRuleSet, 1, 0, 0, 1, 1, 0, 0), 8, "phase"},
		{"no levels", event(core.EventStockAdjusted, 0), 4, "level changes"},
		{"501 levels", event(core.EventStockAdjusted, uvarintOf(501), make([]byte, 5010)), 5, "level changes"},
		{"more levels than bytes", event(core.EventStockAdjusted, 1, make([]byte, 9)), 4, "more things"},
		{"level's quantity of 64 bits", event(core.EventStockAdjusted, 1, 1, 0, uvarintOf(1<<63), make([]byte, 7)), 7, "quantity"},

		{"order status 0", order(isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0), 4, "status"},
		{"order status 8", order(0x80|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0), 4, "status"},
		{"new order told in full", order(placed, 1, 1, 9, 5, 0, 1, "c", 1, 65, 1, 0, 0), 4, "repeats"},
		{"deadline marked and zero", order(placed|isNew|orderHasDeadline, 1, 1, 0, 0, 1, "c", 1, 65, 1, 0, 0), 7, "deadline"},
		{"external id marked and empty", order(placed|isNew|orderHasExternal, 1, 1, 0, 1, "c", 0, 1, 65, 1, 0, 0), 4, "external id"},
		{"order without lines", order(placed|isNew, 1, 1, 0, 1, "c", 0), 10, "lines"},
		{"more lines than bytes", order(placed|isNew, 1, 1, 0, 1, "c", 2, 65, 1, 0, 0), 10, "more things"},
		{"more allocations than bytes", order(placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 2, 0, 1), 14, "more things"},
		{"4097 allocations", order(placed|isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, uvarintOf(4097), make([]byte, 9000)), 15, "allocations"},
	})
}

func TestMalformedImages(t *testing.T) {
	checkMalformed(t, func(src []byte) error {
		_, err := DecodeOrderImage(src, new(core.OrderImage))
		return err
	}, []malformed{
		{"order of an event", join(byte(core.StatusPlaced)<<4|orderIsNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0), 0, "not there"},
		{"empty", nil, 0, "ends"},
	})
	checkMalformed(t, func(src []byte) error {
		_, err := DecodeAvailability(src, new(core.AvailabilityImage))
		return err
	}, []malformed{
		{"4097 levels", join(1, make([]byte, 15), uvarintOf(4097), make([]byte, 40_000)), 16, "levels"},
		{"more levels than bytes", join(1, make([]byte, 15), 1, make([]byte, 7)), 16, "more things"},
		{"mark of a preorder of 2", join(1, make([]byte, 7), 2), 8, "mark of a live preorder"},
		{"preorder of nothing", join(1, make([]byte, 6), 1, 0), 8, "limit of a preorder"},
		{"on hand of 64 bits", join(1, make([]byte, 9), uvarintOf(1<<63)), 10, "quantity"},
	})
	checkMalformed(t, func(src []byte) error {
		_, err := DecodeRefusal(src, new(core.Refusal))
		return err
	}, []malformed{
		{"empty", nil, 0, "ends"},
		{"reason 0", []byte{0, 0, 0, 0}, 0, "reason"},
		{"unknown reason", []byte{byte(core.ReasonKitWaitlist) + 1, 0, 0, 0}, 0, "reason"},
		{"501 lines", join(1, 0, 0, uvarintOf(501), make([]byte, 2600)), 3, "refused lines"},
		{"more lines than bytes", join(1, 0, 0, 1, make([]byte, 4)), 3, "more things"},
		{"index 500", join(1, 0, 0, 1, uvarintOf(500), make([]byte, 4)), 4, "index"},
	})
}

func TestMalformedFeed(t *testing.T) {
	ev := event(core.EventChannelDefined, 1, 1, "a")
	group := func(first, last core.Sequence, count int, events ...[]byte) []byte {
		return SealFeed(append(AppendFeedHeader(nil, first, last), bytes.Join(events, nil)...), 0, count)
	}
	good := group(9, 9, 1, ev)
	bad := with(AppendFeedHeader(nil, 9, 9), 2, 1)
	checkMalformed(t, func(src []byte) error {
		_, _, _, err := DecodeFeed(src)
		return err
	}, []malformed{
		{"empty", nil, 0, "header"},
		{"27 bytes", good[:27], 27, "header"},
		{"format 2", with(good, 0, 2), 0, "format"},
		{"byte that must be zero", SealFeed(bad, 0, 0), 0, "format"},
		{"flipped bit", with(good, 30, good[30]^1), len(good) - 4, "checksum"},
		{"flipped bit of the checksum", with(good, len(good)-1, good[len(good)-1]^1), len(good) - 4, "checksum"},
		{"cut", good[:len(good)-1], len(good) - 5, "checksum"},
		{"first sequence 0", group(0, 9, 0), 8, "no commands"},
		{"last before first", group(9, 8, 0), 8, "no commands"},
		{"event before the first", group(10, 11, 1, ev), 24, "order"},
		{"event after the last", group(7, 8, 1, ev), 24, "order"},
		{"events going back", group(8, 9, 2, ev, with(ev, 2, 8)), 24 + len(ev), "order"},
		{"more events than counted", group(9, 9, 1, ev, ev), 4, "more events"},
		{"fewer events than counted", group(9, 9, 3, ev, ev), 4, "fewer events"},
		{"half an event", group(9, 9, 1, ev[:4]), 25, "longer"},
	})
}

func TestMalformedBatches(t *testing.T) {
	one := frame(core.CommandConfirmHold, 0, eight)
	batch := func(count int, frames ...[]byte) []byte {
		return append(AppendBatchHeader(nil, count), bytes.Join(frames, nil)...)
	}
	checkMalformed(t, func(src []byte) error {
		_, _, err := DecodeBatch(src)
		return err
	}, []malformed{
		{"empty", nil, 0, "header"},
		{"answer's magic", with(batch(1, one), 2, 'A'), 0, "HFB1"},
		{"no commands", batch(0), 4, "1 to 8192"},
		{"8193 commands", batch(8193), 4, "1 to 8192"},
		{"fewer frames than counted", batch(2, one), 8 + len(one), "frame's header"},
		{"more frames than counted", batch(1, one, one), 8 + len(one), "after"},
		{"second frame cut", batch(2, one, one[:9]), 8 + len(one) + 4, "longer"},
	})
	answers := func(count int, answers ...Answer) []byte {
		b := AppendAnswerHeader(nil, count, 1)
		for _, a := range answers {
			b = AppendAnswer(b, a)
		}
		return b
	}
	checkMalformed(t, func(src []byte) error {
		_, _, _, err := DecodeAnswers(src)
		return err
	}, []malformed{
		{"empty", nil, 0, "header"},
		{"batch's magic", with(answers(1, Answer{}), 2, 'B'), 0, "HFA1"},
		{"no answers", answers(0), 4, "1 to 8192"},
		{"8193 answers", answers(8193), 4, "1 to 8192"},
		{"fewer answers than counted", answers(2, Answer{}), 4, "as many"},
		{"more answers than counted", answers(1, Answer{}, Answer{}), 4, "as many"},
	})
	good := AppendAnswer(nil, Answer{Status: 200})
	checkMalformed(t, func(src []byte) error {
		_, err := DecodeAnswer(src)
		return err
	}, []malformed{
		{"cut", good[:15], 15, "ends"},
		{"status 199", with(good, 0, 199), 0, "status"},
		{"unknown reason", with(good, 2, byte(core.ReasonKitWaitlist)+1), 2, "reason"},
		{"unknown flag", with(good, 3, 2), 3, "flag"},
		{"bytes not zero", with(good, 7, 1), 4, "zero"},
	})
}

// TestBatchPassesMalformedCommand shows that a bad command spoils only itself.
func TestBatchPassesMalformedCommand(t *testing.T) {
	good := frame(core.CommandConfirmHold, 0, eight)
	src := append(AppendBatchHeader(nil, 2), append(with(good, 0, 99), good...)...)
	_, frames, err := DecodeBatch(src)
	if err != nil {
		t.Fatal(err)
	}
	if decodeCommand(frames) == nil {
		t.Error("command of kind 99 was taken")
	}
	if err := decodeCommand(frames[len(good):]); err != nil {
		t.Error(err)
	}
}

// TestTruncated cuts commands and events of every kind at every byte, of long ones at every few, and
// tells them their new length so that the body itself is what ends too early.
func TestTruncated(t *testing.T) {
	g := newGenerator(11)
	for _, kind := range commandKinds {
		c := g.command(kind)
		c.Document = nil
		b := AppendCommand(nil, &c)
		for cut := frameFixed; cut < len(b); cut += 1 + cut/300 {
			short := slices.Clone(b[:cut])
			binary.LittleEndian.PutUint32(short[frameLength:], uint32(cut))
			if decodeCommand(short) == nil {
				t.Fatalf("kind %d: %d of %d bytes were taken", kind, cut, len(b))
			}
		}
	}
	for _, kind := range eventKinds {
		ev := g.event(kind)
		b := AppendEvent(nil, &ev)
		header := 1 + len(uvarintOf(uint64(len(b)-2)))
		for cut := header; cut < len(b); cut += 1 + cut/300 {
			short := join(b[0], uvarintOf(uint64(cut-header)), b[header:cut])
			if decodeEvent(short) == nil {
				t.Fatalf("event %d: %d of %d bytes were taken", kind, cut, len(b))
			}
		}
	}
}

// TestDecodeAllocatesWithinLimits gives counts that promise the most, and checks that little memory is taken
// for input that ends there.
func TestDecodeAllocatesWithinLimits(t *testing.T) {
	huge := [][]byte{
		frame(core.CommandPlaceOrder, 0, 0, 2, "c1", 0, uvarintOf(500)),
		frame(core.CommandAdjustStock, 0, uvarintOf(500)),
		frame(core.CommandMoveStock, 0, 0, 0, uvarintOf(500)),
		frame(core.CommandReceiveInbound, 0, 1, 1, "7", 0, uvarintOf(500)),
		frame(core.CommandCreateInbound, 0, 1, 1, "7", 0, 0, 0, 0, uvarintOf(500)),
	}
	for _, src := range huge {
		var c core.Command
		if _, err := DecodeCommand(src, &c); err == nil || cap(c.Lines)+cap(c.Rows)+cap(c.Moves) != 0 {
			t.Errorf("%d lines and %d rows were made room for: %v", cap(c.Lines), cap(c.Rows), err)
		}
	}
	var ev core.Event
	for _, src := range [][]byte{event(core.EventStockAdjusted, uvarintOf(500)), event(core.EventStockMoved, 0, 0, uvarintOf(500))} {
		if _, err := DecodeEvent(src, &ev); err == nil || cap(ev.Levels)+cap(ev.Moves) != 0 {
			t.Errorf("%d levels and %d movements were made room for: %v", cap(ev.Levels), cap(ev.Moves), err)
		}
	}
}

func TestFormatErrorText(t *testing.T) {
	err := &FormatError{Offset: 12, What: "quantity is not 1 to 1000000000"}
	if got, want := err.Error(), "codec: byte 12: quantity is not 1 to 1000000000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
