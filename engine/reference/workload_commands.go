package reference

import (
	"math"
	"slices"

	"holdfast/engine/core"
)

func (g *generator) tick(c *core.Command) {
	c.Kind = core.CommandTick
	c.Mask = core.AllSlots
	if g.chance(50) {
		c.Mask = core.NameSlot(pick(g, g.skus)).Mask()
	}
}

func (g *generator) defineSKU(c *core.Command, name []byte) {
	c.Kind = core.CommandDefineSKU
	c.Name = name
	c.SKU = core.SKUSettings{
		SafetyStock:      pick(g, []core.Quantity{0, 0, 0, 1, 3}),
		BackorderLimit:   pick(g, []core.Quantity{0, 0, 0, 2, 5, core.Unlimited}),
		LimitPerCustomer: pick(g, []core.Quantity{0, 0, 0, 0, 2, 6}),
		LowStock:         pick(g, []core.Quantity{0, 0, 2, 10}),
		Stopped:          g.chance(5),
		Weight:           pick(g, []uint32{0, 500, 1200}),
	}
	if g.waits {
		c.SKU.BackorderLimit = pick(g, []core.Quantity{8, 40, core.Unlimited})
		c.SKU.LimitPerCustomer = pick(g, []core.Quantity{0, 0, 0, 0, 6})
	}
	if g.chance(25) {
		c.SKU.Preorder = core.Preorder{Limit: pick(g, []core.Quantity{1, 5, 30}), ShipsAt: g.now + core.Millis(g.between(-200, 3000))}
	}
}

func (g *generator) defineLocation(c *core.Command, name []byte) {
	c.Kind = core.CommandDefineLocation
	c.Name = name
	c.Location = core.LocationSettings{
		Kind:     core.LocationKind(g.random.IntN(3)),
		Priority: pick(g, []int32{-1, 0, 0, 0, 10}),
		Stopped:  g.chance(25),
	}
	if g.chance(30) {
		c.Location.HasPosition = true
		c.Location.LatitudeE7, c.Location.LongitudeE7 = 535_500_000, pick(g, []int32{-99_900_000, 99_900_000, 120_000_000})
	}
	if g.chance(60) {
		c.Location.Shipping = g.shipping()
	}
}

func (g *generator) shipping() *core.Shipping {
	s := &core.Shipping{
		Methods:      pick(g, []core.DeliveryMethods{0, 0, 0, 1 << core.MethodStandard, 1<<core.MethodStandard | 1<<core.MethodPickup}),
		HandlingDays: uint8(g.random.IntN(3)), CostPerUnit: pick(g, []uint32{0, 0, 20}),
	}
	if s.HasCutOff = g.chance(30); s.HasCutOff {
		s.CutOff = uint16(g.between(22*60+10, 22*60+20)) // every shop opens at 22:13
	}
	if g.chance(20) {
		s.UTCOffset = pick(g, []int16{-600, 60, 106, 840}) // of 106 the day ends soon
	}
	if g.chance(40) {
		s.DailyCapacity = pick(g, []uint32{1, 2, 3, 6, 20, core.MaxDailyCapacity})
	}
	if g.chance(20) {
		s.Channels = []core.ChannelID{core.ChannelID(g.random.IntN(len(g.model.channels)))}
	}
	if g.chance(1) {
		s.Channels = []core.ChannelID{core.ChannelID(len(g.model.channels))}
	}
	if g.chance(60) {
		for range g.between(1, 4) {
			s.Zones = append(s.Zones, core.Zone{
				Country: pick(g, countries), Postal: pick(g, postals), TransitDays: uint8(g.random.IntN(4)),
				Cost: pick(g, []uint32{0, 390, 590, core.MaxShippingCost}), CostPerKilo: pick(g, []uint32{0, 0, 100}),
				UpToGrams: pick(g, []uint32{0, 0, 500, 2000, 10_000}),
			})
		}
	}
	return s
}

var (
	countries = []core.CountryCode{{}, {'D', 'E'}, {'D', 'E'}, {'A', 'T'}}
	postals   = []core.PostalCode{{}, {}, {'2'}, {'2', '0'}, {'1', '0'}}
)

func (g *generator) defineRouting(c *core.Command) {
	c.Kind = core.CommandDefineRouting
	c.Routing = &core.RoutingSettings{NoSuppliers: g.chance(20), SplitPenalty: pick(g, []uint32{0, 0, 100, 1000})}
	if g.chance(15) {
		return // the priority of locations again
	}
	for _, k := range g.random.Perm(core.MaxRules)[:g.between(1, 4)] {
		c.Routing.Rules = append(c.Routing.Rules, core.RoutingRule(k+1))
	}
	if g.chance(20) {
		c.Routing.Strategy = core.StrategyCost
	}
	if g.chance(50) {
		c.Routing.MaxShipments = pick(g, []uint8{1, 1, 1, 2, 3, 5})
	}
	if g.chance(50) {
		c.Routing.Preferred = []core.LocationID{core.LocationID(g.random.IntN(len(g.model.locations)))}
	}
	if g.chance(3) {
		c.Routing.Preferred = []core.LocationID{core.LocationID(len(g.model.locations))}
	}
}

// destination is where an order goes, as far as anybody says.
func (g *generator) destination() (d core.Destination) {
	if g.chance(40) {
		return d
	}
	d.Country, d.Postal = pick(g, countries), pick(g, []core.PostalCode{{}, {'2', '0', '0', '9', '5'}, {'1', '0', '1'}})
	d.Method = pick(g, []core.DeliveryMethod{core.MethodNone, core.MethodNone, core.MethodStandard, core.MethodSameDay, core.MethodPickup})
	if d.HasPosition = g.chance(50); d.HasPosition {
		d.LatitudeE7, d.LongitudeE7 = 481_372_000, pick(g, []int32{115_755_000, 0})
	}
	if d.HasPickup = d.Method == core.MethodPickup && g.chance(80); d.HasPickup {
		d.Pickup = core.LocationID(g.random.IntN(len(g.model.locations)))
	}
	return d
}

func (g *generator) defineChannel(c *core.Command) {
	c.Kind = core.CommandDefineChannel
	c.Name = pick(g, g.channels)
}

func (g *generator) setChannel(c *core.Command) {
	c.Kind = core.CommandSetChannel
	c.Name = pick(g, g.channels)
	c.Selling = core.ChannelSettings{Bands: g.chance(50), Buffer: pick(g, []core.Quantity{0, 0, 1, 4})}
	if c.Selling.HasReturnDays = g.chance(60); c.Selling.HasReturnDays {
		c.Selling.ReturnDays = pick(g, []uint16{0, 0, 1})
		if g.returns && g.chance(70) {
			c.Selling.ReturnDays = 9
		}
	}
	if g.pays {
		c.Selling.Capture, c.Selling.PayWithin = core.CapturePolicy(g.random.IntN(3)), core.Millis(pick(g, []int{0, 200, 3000}))
	}
}

func (g *generator) setRule(c *core.Command) {
	c.Kind = core.CommandSetChannelRule
	c.Rule = core.ChannelRule{SKU: g.unit(), Channel: core.ChannelID(g.random.IntN(len(g.model.channels)))}
	if g.chance(4) {
		c.Rule.Channel = core.ChannelID(len(g.model.channels))
	}
	if c.Rule.HasBuffer = g.chance(30); c.Rule.HasBuffer {
		c.Rule.Buffer = core.Quantity(g.random.IntN(4))
	}
	if c.Rule.HasPool = g.chance(75); !c.Rule.HasPool {
		return
	}
	pool := &c.Rule.Pool
	pool.Quota = pick(g, []core.Quantity{1, 3, 8, 8, 30})
	if g.chance(25) {
		pool.Quota, pool.Share = 0, pick(g, []uint8{1, 33, 50, 100})
	}
	pool.Exclusive = g.chance(30)
	if g.chance(60) {
		pool.Start = g.now + core.Millis(g.between(-200, 1500))
	}
	if g.chance(80) {
		pool.End = max(g.now, pool.Start) + core.Millis(g.between(1, 3000))
	}
	if g.chance(8) {
		pool.Start, pool.End = 0, g.now-core.Millis(g.random.IntN(2))
	}
}

func (g *generator) adjustStock(c *core.Command) {
	c.Kind = core.CommandAdjustStock
	for range pick(g, []int{1, 1, 1, 2, 4}) {
		c.Rows = append(c.Rows, g.row())
	}
	if g.chance(5) {
		// A delivery to every location.
		id := c.Rows[0].SKU
		c.Rows = c.Rows[:0]
		for location := range g.model.locations {
			c.Rows = append(c.Rows, core.AdjustmentRow{SKU: id, Location: core.LocationID(location), Value: 3})
		}
	}
	if g.chance(5) {
		again := g.row()
		again.SKU, again.Location = c.Rows[0].SKU, c.Rows[0].Location
		c.Rows = append(c.Rows, again)
	}
}

func (g *generator) row() core.AdjustmentRow {
	r := core.AdjustmentRow{SKU: g.unit(), Location: core.LocationID(g.random.IntN(len(g.model.locations)))}
	if g.chance(1) {
		r.Location = core.LocationID(len(g.model.locations) + g.random.IntN(2))
	}
	if g.chance(30) {
		r.Reason = []byte("count")
	}
	onHand := g.model.states(r.SKU, r.Location).sum()
	receipt := g.receipt()
	switch roll := g.random.IntN(100); {
	case roll < 55:
		r.Value = receipt
	case roll < 68:
		r.Value = -min(onHand, core.Quantity(g.random.IntN(5)))
	case roll < 70:
		r.Value = pick(g, []core.Quantity{-onHand, -onHand - 1, core.MaxOnHand - onHand, core.MaxOnHand - onHand + 1, math.MaxInt64, math.MinInt64})
	case roll < 82:
		r.Mode, r.Value = core.AdjustSet, receipt
	case roll < 83:
		r.Mode, r.Value = core.AdjustSet, pick(g, []core.Quantity{-1, core.MaxOnHand, core.MaxOnHand + 1})
	default:
		r.Mode, r.Value, r.Expected = core.AdjustSetExpected, receipt, onHand
		if g.chance(20) {
			r.Expected++
		}
	}
	return r
}

// receipt is how many units come in at once.
func (g *generator) receipt() core.Quantity {
	if g.scarce {
		return core.Quantity(g.random.IntN(4))
	}
	return core.Quantity(g.random.IntN(30))
}

func (g *generator) moveStock(c *core.Command) {
	c.Kind = core.CommandMoveStock
	if g.chance(30) {
		c.Actor, c.Cause = []byte("anna"), []byte("delivery 17")
	}
	for range pick(g, []int{1, 1, 1, 2, 4}) {
		c.Moves = append(c.Moves, g.move())
	}
	for range 2 { // what one row leaves is what the next one finds
		if g.chance(20) {
			again := g.move()
			again.SKU, again.Location = c.Moves[0].SKU, c.Moves[0].Location
			c.Moves = append(c.Moves, again)
		}
	}
}

func (g *generator) move() core.MovementRow {
	level := g.row()
	r := core.MovementRow{SKU: level.SKU, Location: level.Location, Reason: level.Reason, Quantity: max(1, g.receipt())}
	r.Kind = core.MovementKind(g.between(1, 5))
	r.To = core.StockState(g.random.IntN(core.UnavailableStates + 1))
	switch r.Kind {
	case core.MovementWriteOff, core.MovementReclassify:
		r.From = r.To
		if r.To = 0; r.Kind == core.MovementReclassify {
			r.To = (r.From + core.StockState(g.between(1, core.UnavailableStates))) % (core.UnavailableStates + 1)
		}
		r.Quantity = max(1, min(r.Quantity, g.model.states(r.SKU, r.Location)[r.From]+core.Quantity(g.random.IntN(5)/4)))
	case core.MovementAdjust:
		if g.chance(50) {
			r.Quantity = -max(1, min(r.Quantity, g.model.states(r.SKU, r.Location)[r.To]+core.Quantity(g.random.IntN(5)/4)))
		}
	case core.MovementCount:
		r.Quantity = g.receipt()
		if r.HasExpected = g.chance(50); r.HasExpected {
			r.Expected = g.model.states(r.SKU, r.Location)[r.To]
			if g.chance(20) {
				r.Expected = min(r.Expected+1, core.MaxOnHand)
			}
		}
	}
	if g.chance(2) {
		r.Quantity = core.MaxOnHand
	}
	return r
}

// sku is the number of a SKU, rarely of none.
func (g *generator) sku() core.SKUID {
	name := pick(g, g.skus)
	id, known := g.model.skuNumber[string(name)]
	if !known || g.chance(1) {
		slot := core.NameSlot(name)
		return core.MakeSKUID(slot, g.model.nextSKU[slot]+uint32(g.random.IntN(2)))
	}
	return id
}

func (g *generator) placeHold(c *core.Command) {
	c.Kind = core.CommandPlaceHold
	c.TTL = g.ttl()
	c.UpTo = g.chance(25)
	g.fillOrder(c)
}

func (g *generator) placeOrder(c *core.Command) {
	c.Kind = core.CommandPlaceOrder
	if g.chance(30) {
		c.ExternalID = pick(g, g.externals)
	}
	g.fillOrder(c)
	if c.Sale == 0 && g.chance(8) {
		if c.Stock = pick(g, []core.StockPolicy{core.StockSkip, core.StockForce, core.StockForce}); c.Stock == core.StockSkip {
			c.Recipes = nil
		}
	}
}

// fillOrder sets what holds and orders have in common.
func (g *generator) fillOrder(c *core.Command) {
	c.Channel = core.ChannelID(g.random.IntN(len(g.model.channels)))
	if g.chance(1) {
		c.Channel = core.ChannelID(len(g.model.channels))
	}
	c.Customer = pick(g, g.customers)
	c.Destination = g.destination()
	lines := g.between(1, 3)
	if g.baskets && g.chance(70) {
		lines = g.between(1, 40)
	} else if g.chance(1) {
		lines = pick(g, []int{40, core.MaxLines})
	}
	for range lines {
		quantity := core.Quantity(g.between(1, 3))
		if g.chance(4) {
			quantity = pick(g, []core.Quantity{8, 40, core.MaxLineQuantity})
		}
		c.Lines = append(c.Lines, core.Line{SKU: g.sku(), Quantity: quantity})
	}
	g.inSale(c)
	g.bringRecipes(c)
}

// expectVersion has some new settings expect a version: mostly the one that there is.
func (g *generator) expectVersion(c *core.Command) {
	switch c.Kind {
	case core.CommandDefineSKU, core.CommandDefineLocation, core.CommandDefineSale, core.CommandDefineRouting, core.CommandSetChannel,
		core.CommandSetChannelRule:
		version := g.model.settingsVersion(c)
		if g.chance(20) {
			c.ExpectedVersion = version
		} else if g.chance(10) {
			c.ExpectedVersion = version + uint32(g.between(1, 2))
		}
	}
}

func (g *generator) ttl() core.Millis {
	return pick(g, []core.Millis{core.MinTTL, core.MinTTL, 1500, 2000, 2000, 5000, core.MaxTTL})
}

// followUp is a command on an order: mostly a recent one, sometimes any, rarely none that exists.
func (g *generator) followUp(c *core.Command, kind core.CommandKind) {
	c.Kind = kind
	if kind == core.CommandExtendHold {
		c.TTL = g.ttl()
	}
	var version uint32
	c.Order, version = g.order()
	if g.chance(30) {
		c.ExpectedVersion = version
	} else if g.chance(15) {
		c.ExpectedVersion = version + uint32(g.between(1, 2))
	}
	c.Mask = g.model.OrderMask(c.Order)
	switch roll := g.random.IntN(100); {
	case roll < 4:
		// The home slot stays: it is in the number, so nobody can miss it.
		left := c.Order.Home().Mask()
		if c.Mask&^left != 0 {
			c.Mask &^= core.Slot(g.random.IntN(core.SlotCount)).Mask()
			if g.chance(70) {
				c.Mask = 0
			}
			c.Mask |= left
		}
	case roll < 8:
		c.Mask |= core.Slot(g.random.IntN(core.SlotCount)).Mask()
	}
}

// archive lets a page go, mostly one that may.
func (g *generator) archive(c *core.Command) {
	*c = core.Command{Version: 1, Kind: core.CommandArchiveOrders}
	c.Order, _ = g.order()
	for range 20 {
		if len(g.model.orders) == 0 || g.chance(5) {
			break
		}
		o := pick(g, g.model.orders)
		if c.Order = o.id; !o.archived && o.status.IsClosed() && o.id.Place() < 1<<32 {
			break
		}
	}
	c.Order &= 1<<40 - 1
}

// comeAndWait is what goes on where much is sold beyond stock: units of one SKU come a few at a time, some are set apart, more are
// sold, and somebody is served.
func (g *generator) comeAndWait(c *core.Command) {
	id, known := g.model.skuNumber[string(g.skus[0])]
	switch roll := g.random.IntN(100); {
	case roll < 40:
		g.fillOrders(c)
	case roll < 50:
		g.inbound(c)
	case roll < 62 && known:
		c.Kind = core.CommandMoveStock
		c.Moves = []core.MovementRow{{
			SKU: id, Location: core.LocationID(g.random.IntN(len(g.model.locations))),
			Kind: core.MovementReceive, Quantity: core.Quantity(g.between(1, 4)),
		}}
	case roll < 70 && known:
		g.setRule(c)
		c.Rule.SKU, c.Rule.Pool.Exclusive = id, false
		if c.Rule.HasPool {
			c.Rule.Pool.Quota, c.Rule.Pool.Share = pick(g, []core.Quantity{1, 3, 3}), 0
		}
		if g.chance(60) {
			c.Rule.Channel = 0
		}
		if g.chance(70) {
			c.Rule.Pool.Start, c.Rule.Pool.End = 0, 0
		}
	case roll < 82 && known:
		g.placeHold(c)
		g.wantMore(c, id)
	default:
		g.placeOrder(c)
		g.wantMore(c, id)
	}
}

// wantMore has an order ask for a few units of a SKU in each of some lines, or for kits of it.
func (g *generator) wantMore(c *core.Command, id core.SKUID) {
	c.UpTo = false
	if g.chance(50) {
		c.Channel = 0
	}
	for i := range min(2, len(c.Lines)) {
		c.Lines[i] = core.Line{SKU: id, Quantity: core.Quantity(g.between(2, 8))}
		if kits := g.model.kitsWith(id); len(kits) > 0 && g.chance(40) {
			c.Lines[i] = core.Line{SKU: pick(g, kits), Quantity: core.Quantity(g.between(1, 3))}
		}
	}
	g.bringRecipes(c)
}

// fillOrders serves somebody, mostly one whose turn it is.
func (g *generator) fillOrders(c *core.Command) {
	*c = core.Command{Version: 1}
	g.followUp(c, core.CommandFillOrder)
	c.ExpectedVersion = 0
	if g.chance(20) {
		return
	}
	for range 20 {
		if served := g.model.servedOf(g.sku()); len(served) > 0 {
			c.Order = served[min(len(served)-1, g.random.IntN(6)/4)]
			c.Mask = g.model.OrderMask(c.Order)
			return
		}
	}
}

// reroute moves units of an order, mostly of one that is placed, from where it has some.
func (g *generator) reroute(c *core.Command) {
	*c = core.Command{Version: 1, HasKey: c.HasKey, Key: c.Key}
	g.followUp(c, core.CommandRerouteOrder)
	for range 20 {
		o := g.model.byNumber[c.Order]
		if len(g.model.orders) == 0 || g.chance(4) || o != nil && o.status == core.StatusPlaced {
			break
		}
		o = pick(g, g.model.orders)
		c.Order, c.ExpectedVersion, c.Mask = o.id, 0, g.model.OrderMask(o.id)
	}
	c.Reroute = &core.Reroute{
		Location: core.LocationID(g.random.IntN(len(g.model.locations))), Reason: core.RerouteReason(g.between(1, 3)), Backorder: g.chance(40),
	}
	c.Destination = g.destination()
	if g.chance(30) {
		c.Reroute.Reason, c.Reroute.Note, c.Actor = core.RerouteManual, []byte("the roof leaks"), []byte("anna")
	}
	if g.chance(2) {
		c.Reroute.Location = core.LocationID(len(g.model.locations))
	}
	o := g.model.byNumber[c.Order]
	if o == nil {
		c.Lines = []core.Line{{SKU: g.sku()}}
		return
	}
	if image := o.image(); len(image.Allocations) > 0 && g.chance(90) {
		c.Reroute.Location = pick(g, image.Allocations).Location
	}
	g.someSKUs(c, o)
}

// someSKUs names some of an order's SKUs in a command's lines, mostly for all units.
func (g *generator) someSKUs(c *core.Command, o *order) {
	for _, l := range o.lines {
		known := slices.ContainsFunc(c.Lines, func(w core.Line) bool { return w.SKU == l.sku })
		if !known && (len(c.Lines) == 0 || g.chance(80)) {
			c.Lines = append(c.Lines, core.Line{SKU: l.sku})
		}
	}
	for i := range c.Lines {
		if g.chance(25) {
			c.Lines[i].Quantity = core.Quantity(g.between(1, 3))
		}
	}
	if id := g.sku(); g.chance(2) && !slices.ContainsFunc(c.Lines, func(w core.Line) bool { return w.SKU == id }) {
		c.Lines = append(c.Lines, core.Line{SKU: id, Quantity: core.Quantity(g.random.IntN(2))})
	}
}

// addNote notes something beside an order, archived ones too.
func (g *generator) addNote(c *core.Command) {
	c.Kind = core.CommandAddNote
	c.Order, _ = g.order()
	c.Document = []byte("rings at the back door")
	if g.chance(50) {
		c.Actor = []byte("anna")
	}
	if c.Mask = c.Order.Home().Mask(); g.chance(5) {
		c.Mask |= core.Slot(g.random.IntN(core.SlotCount)).Mask()
	}
}

// order is an order's number and its version.
func (g *generator) order() (core.OrderID, uint32) {
	orders := g.model.orders
	if len(orders) == 0 || g.chance(4) {
		return g.unknownOrder(), 1
	}
	o := orders[len(orders)-1-min(g.random.IntN(len(orders)), g.random.IntN(12))]
	for range 6 {
		if o.status == core.StatusHeld || g.chance(20) {
			break
		}
		o = pick(g, orders)
	}
	return o.id, o.version
}

// unknownOrder is a number that was not given out, often nearly one that was.
func (g *generator) unknownOrder() core.OrderID {
	slot := core.NameSlot(pick(g, g.skus))
	spread := g.chance(50)
	place := g.model.nextOrder[slot]
	switch roll := g.random.IntN(100); {
	case roll < 40:
	case roll < 80 && place > 0:
		id := core.MakeOrderID(slot, spread, place-1)
		if g.model.byNumber[id] == nil {
			return id
		}
		return core.MakeOrderID(slot, !spread, place-1)
	case roll < 90:
		return core.OrderID(1<<63) | core.OrderID(slot) // a place beyond 32 bits
	default:
		place += uint32(g.random.IntN(1 << 20))
	}
	return core.MakeOrderID(slot, spread, place)
}
