package codec

import (
	"maps"
	"math"
	"slices"

	"holdfast/engine/core"
)

func (g generator) reroute(c *core.Command) {
	c.Reroute = &core.Reroute{
		Location: g.location(), Reason: core.RerouteReason(g.between(1, int64(core.LastRerouteReason))), Note: g.note(), Backorder: g.bool(),
	}
	if c.Reroute.Reason != core.RerouteManual && g.bool() {
		c.Reroute.Note = nil
	}
	c.Actor = g.reason()
	first := g.IntN(1000)
	for i := range g.between(1, core.MaxLines) {
		c.Lines = append(c.Lines, core.Line{SKU: core.SKUID(first + 7*int(i)), Quantity: core.Quantity(g.between(0, int64(core.MaxLineQuantity)))})
	}
	if g.bool() {
		c.Destination = g.destination()
	}
}

func (g generator) rerouteImage(lines int) core.RerouteImage {
	r := core.RerouteImage{From: g.location(), Reason: core.RerouteReason(g.between(1, int64(core.LastRerouteReason))), Note: g.reason()}
	for range g.IntN(40) {
		m := core.Reallocation{Line: g.IntN(lines), Beyond: g.bool(), Quantity: g.quantity()}
		if !m.Beyond {
			m.To = g.location()
		}
		r.Moves = append(r.Moves, m)
	}
	for range g.IntN(40) {
		r.Left = append(r.Left, core.LeftUnits{Line: g.IntN(lines), Quantity: g.quantity()})
	}
	return r
}

// recipe has at least so many components.
func (g generator) recipe(least int) core.Recipe {
	r := core.Recipe{Kit: g.sku()}
	for i := range g.between(int64(least), core.MaxComponents) {
		r.Components = append(r.Components, core.Component{
			SKU: core.SKUID(math.MaxUint32 - 1000*i), Quantity: core.Quantity(g.between(1, int64(core.MaxComponentQuantity))),
		})
	}
	return r
}

// recipes are those of some of the lines' SKUs.
func (g generator) recipes(lines []core.Line) (all []core.Recipe) {
	if g.bool() {
		return nil
	}
	kits := map[core.SKUID]bool{}
	for range g.between(1, int64(len(lines))) {
		kits[lines[g.IntN(len(lines))].SKU] = true
	}
	for _, id := range slices.Sorted(maps.Keys(kits)) {
		r := g.recipe(1)
		r.Kit = id
		all = append(all, r)
	}
	return all
}

// hasExpectedVersion and its like say what the frames of a kind have.
func hasExpectedVersion(kind core.CommandKind) bool {
	return hasOrder(kind) || isSettings(kind) || isInbound(kind) && kind != core.CommandCreateInbound
}

func hasOrder(kind core.CommandKind) bool {
	return kind >= core.CommandConfirmHold && kind <= core.CommandCancelOrder || kind == core.CommandRerouteOrder ||
		kind == core.CommandResolveCase || kind == core.CommandEditOrder || kind == core.CommandPriceOrder || isOfLife(kind) || isOfMoney(kind)
}

func isSettings(kind core.CommandKind) bool {
	switch kind {
	case core.CommandDefineSKU, core.CommandDefineLocation, core.CommandDefineSale, core.CommandDefineRouting, core.CommandSetChannel,
		core.CommandSetChannelRule:
		return true
	}
	return false
}

func (g generator) channelSettings() core.ChannelSettings {
	s := core.ChannelSettings{Bands: g.bool(), Buffer: core.Quantity(g.between(0, int64(core.MaxSettingQuantity)))}
	if s.HasReturnDays = g.bool(); s.HasReturnDays {
		s.ReturnDays = uint16(g.between(0, core.MaxReturnDays))
	}
	if g.bool() {
		s.Capture, s.PayWithin = core.CapturePolicy(g.between(0, int64(core.LastCapturePolicy))), core.Millis(g.between(0, int64(core.MaxPayWithin)))
	}
	return s
}
