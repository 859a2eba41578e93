package codec

import (
	"bytes"
	"testing"

	"holdfast/engine/core"
)

func TestSetSlotsGivesTheSameFrame(t *testing.T) {
	g := newGenerator(31)
	for range rounds {
		for _, kind := range commandKinds {
			c := g.command(kind)
			want := AppendCommand(nil, &c)
			patched := c
			switch {
			case c.Mask&(c.Mask-1) == 0:
				patched.Mask = core.Slot(g.IntN(core.SlotCount)).Mask()
			case g.bool():
				patched.Mask = 0
			default:
				patched.Mask = core.AllSlots
			}
			frame := AppendCommand(nil, &patched)
			if err := SetSlots(frame, c.Mask); err != nil {
				t.Fatalf("kind %d: %v", kind, err)
			}
			if !bytes.Equal(frame, want) {
				t.Fatalf("kind %d:\n got % x\nwant % x", kind, frame, want)
			}
		}
	}
}

func TestSetSlotsNeedsRoom(t *testing.T) {
	c := core.Command{Kind: core.CommandCancelOrder, Mask: core.Slot(3).Mask(), Order: 5}
	frame := AppendCommand(nil, &c)
	before := bytes.Clone(frame)
	for _, mask := range []core.SlotMask{0, 3, core.AllSlots} {
		if SetSlots(frame, mask) == nil || !bytes.Equal(frame, before) {
			t.Errorf("mask %#x was put into a frame of one slot", mask)
		}
	}
	c.Mask = core.AllSlots
	frame = AppendCommand(nil, &c)
	if SetSlots(frame, 0) == nil || SetSlots(frame[:12], 3) == nil || SetSlots(frame[:7], 3) == nil {
		t.Error("an empty mask, or a cut frame, was taken")
	}
}

// TestEmptyMaskIsRoom shows the life of a frame whose slots only the server knows.
func TestEmptyMaskIsRoom(t *testing.T) {
	c := core.Command{Kind: core.CommandConfirmHold, HasKey: true, Key: core.IdempotencyKey{1}, Order: 5}
	frame := AppendCommand(nil, &c)
	h, err := PeekCommand(frame)
	if err != nil || !h.HasRoom || h.Mask != 0 {
		t.Fatalf("peeked %+v: %v", h, err)
	}
	if decodeCommand(frame) == nil {
		t.Error("a command that touches no slot was taken")
	}
	for _, mask := range []core.SlotMask{1 << 5, core.AllSlots} {
		if err := SetSlots(frame, mask); err != nil {
			t.Fatal(err)
		}
		var got core.Command
		if _, err := DecodeCommand(frame, &got); err != nil || got.Mask != mask {
			t.Errorf("mask is %#x, want %#x: %v", got.Mask, mask, err)
		}
	}
}

func TestSetOrder(t *testing.T) {
	g := newGenerator(32)
	for range rounds {
		for _, kind := range commandKinds {
			c := g.command(kind)
			frame := AppendCommand(nil, &c)
			id := g.order()
			err := SetOrder(frame, id)
			if !hasOrder(kind) {
				if err == nil {
					t.Fatalf("kind %d has no order number", kind)
				}
				continue
			}
			c.Order = id
			if want := AppendCommand(nil, &c); err != nil || !bytes.Equal(frame, want) {
				t.Fatalf("kind %d: %v\n got % x\nwant % x", kind, err, frame, want)
			}
		}
	}
	cut := frame(core.CommandCancelOrder, 0, eight)[:15]
	if SetOrder(cut, 1) == nil || SetOrder(cut[:7], 1) == nil {
		t.Error("a cut frame was taken")
	}
}

func TestFingerprintOfRetriesIsEqual(t *testing.T) {
	g := newGenerator(33)
	for range rounds {
		for _, kind := range commandKinds {
			c := g.command(kind)
			want := Fingerprint(AppendCommand(nil, &c))
			c.HasKey, c.Key = !c.HasKey, core.IdempotencyKey{9}
			c.Mask = g.mask()
			c.ExpectedVersion = g.version()
			if places := kind == core.CommandPlaceHold || kind == core.CommandPlaceOrder; places {
				c.Recipes = g.recipes(c.Lines) // which may have changed meanwhile
			}
			if got := Fingerprint(AppendCommand(nil, &c)); got != want {
				t.Fatalf("kind %d: %#x, want %#x", kind, got, want)
			}
		}
	}
}

func TestFingerprintOfOtherRequestsDiffers(t *testing.T) {
	line := func(quantity core.Quantity) []core.Line { return []core.Line{{SKU: 1, Quantity: quantity}} }
	order := core.Command{Kind: core.CommandPlaceOrder, Mask: 2, Customer: []byte("c1"), Lines: line(1)}
	other := func(change func(*core.Command)) core.Command {
		c := order
		change(&c)
		return c
	}
	all := []core.Command{
		order,
		other(func(c *core.Command) { c.Customer = []byte("c2") }),
		other(func(c *core.Command) { c.Channel = 1 }),
		other(func(c *core.Command) { c.ExternalID = []byte("x") }),
		other(func(c *core.Command) { c.Lines = line(2) }),
		other(func(c *core.Command) { c.Lines = append(line(1), line(1)...) }),
		other(func(c *core.Command) { c.Document = []byte("{}") }),
		other(func(c *core.Command) { c.Document = []byte("[]") }),
		other(func(c *core.Command) { c.Kind, c.TTL = core.CommandPlaceHold, 1000 }),
		other(func(c *core.Command) { c.Stock = core.StockForce }),
		other(func(c *core.Command) { c.Stock = core.StockSkip }),
		other(func(c *core.Command) { c.Sale = 64 }),
		other(func(c *core.Command) { c.Money = &core.OrderMoney{Currency: goldenEuro, Amounts: []int64{5000}} }),
		other(func(c *core.Command) { c.Money = &core.OrderMoney{Currency: goldenEuro, Amounts: []int64{5001}} }),
		other(func(c *core.Command) {
			c.Money = &core.OrderMoney{Currency: goldenEuro, Extra: 1, Amounts: []int64{5000}}
		}),
		other(func(c *core.Command) { c.Sale, c.Ticket = 64, 1 }),
		other(func(c *core.Command) { c.Sale, c.Identities = 64, goldenIdentities() }),
		{Kind: core.CommandConfirmHold, Mask: 2, Order: 1},
		{Kind: core.CommandConfirmHold, Mask: 2, Order: 2},
		{Kind: core.CommandReleaseHold, Mask: 2, Order: 1},
		{Kind: core.CommandCancelOrder, Mask: 2, Order: 1},
		{Kind: core.CommandExtendHold, Mask: 2, Order: 1, TTL: 1000},
	}
	seen := map[uint64]int{}
	for i := range all {
		f := Fingerprint(AppendCommand(nil, &all[i]))
		if first, ok := seen[f]; ok {
			t.Errorf("requests %d and %d have fingerprint %#x", first, i, f)
		}
		seen[f] = i
	}
}

func TestFingerprintOfCutFrame(t *testing.T) {
	f := frame(core.CommandCancelOrder, flagKey, sixteen, eight)
	for cut := range f {
		Fingerprint(f[:cut]) // must not panic
	}
}
