package codec

import (
	"testing"

	"holdfast/engine/core"
)

func (g generator) resolution(c *core.Command) {
	r := &core.Resolution{SKU: g.sku(), Case: g.order(), Action: core.OversoldAction(g.between(1, 3)), Note: g.reason()}
	if r.Action == core.OversoldReSource {
		r.Location = g.location()
	}
	c.Resolution, c.Actor = r, g.reason()
	if g.bool() {
		c.Destination = g.destination()
	}
}

func (g generator) caseImage() core.CaseImage {
	k := core.CaseImage{
		ID: core.CaseID{Order: g.order(), SKU: g.sku()}, Version: g.version(), Opened: g.sequence(), OpenedAt: g.millis(),
		Changed: g.sequence(), At: g.millis(), Units: g.quantity(),
	}
	k.Left = min(k.Units, g.quantity())
	return k
}

func TestMalformedResolutions(t *testing.T) {
	resolve := func(rest ...any) []byte {
		return frame(core.CommandResolveCase, 0, append([]any{eight, make([]byte, 8)}, rest...)...)
	}
	if err := decodeCommand(resolve(65, 3, 7, 1, "x", 0)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"no action", resolve(65, 0, 0, 0), 25, "action"},
		{"unknown action", resolve(65, 4, 0, 0), 25, "action"},
		{"note of 65 bytes", resolve(65, 1, 65, make([]byte, 65), 0), 26, "note"},
		{"actor not UTF-8", resolve(65, 2, 0, 1, 0xff), 27, "actor"},
		{"location beside a cancellation", resolve(65, 1, 7, 0, 0), 27, "ends"},
		{"with a document", frame(core.CommandResolveCase, flagDocument, eight, eight, 65, 1, 0, 0, 1, 0, 0, 0, "d"), 2, "flag"},
	})
	const placed, isNew = byte(core.StatusPlaced) << orderStatusShift, orderIsNew
	resolved := func(rest ...any) []byte {
		return event(core.EventCaseResolved, append([]any{placed | isNew, 1, 1, 0, 1, "c", 1, 65, 1, 0, 0}, rest...)...)
	}
	if err := decodeEvent(resolved(1, 65, 2, 1, 1, 1, 1, 3, 3, 1, 1, 0, 0, 0)); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeEvent, []malformed{
		{"more left than there was", resolved(1, 65, 2, 1, 1, 1, 1, 3, 4, 1, 1, 0, 0, 0), 23, "left"},
		{"event of no action", resolved(1, 65, 2, 1, 1, 1, 1, 3, 3, 0, 1, 0, 0, 0), 24, "action"},
		{"a hold gives units up", resolved(1, 65, 2, 1, 1, 1, 1, 3, 3, 0x82, 1, 0, 0, 0), 24, "hold"},
		{"given up by line 1", resolved(1, 65, 2, 1, 1, 1, 1, 3, 3, 2, 1, 0, 0, 1, 1, 0, 1), 29, "line"},
	})
}
