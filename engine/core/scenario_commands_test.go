package core_test

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"holdfast/engine/core"
)

// command reads a line that is a command; name is what an order that it makes will go by.
func (s *story) command(line *sentence) (c core.Command, name string) {
	c.Version = 1
	switch line.word {
	case "location", "routing", "channel", "rule", "sku", "sale":
		if version := line.take("version"); version != "" {
			c.ExpectedVersion = uint32(line.number(version))
		}
	}
	switch line.word {
	case "tick":
		s.readTick(line, &c)
	case "location":
		s.readLocation(line, &c)
	case "routing":
		s.readRouting(line, &c)
	case "channel":
		readChannel(line, &c)
	case "rule":
		s.readRule(line, &c)
	case "sku":
		readSKU(line, &c)
	case "kit":
		s.readKit(line, &c)
	case "stock":
		s.readStock(line, &c)
	case "receive", "correct", "count", "reclassify", "write-off":
		s.readMoves(line, &c)
	case "sale":
		s.readSale(line, &c)
	case "advance":
		s.readAdvance(line, &c)
	case "purchase", "transfer", "send", "arrive", "close", "give-up":
		s.readInbound(line, &c)
	case "join":
		name = line.next()
		s.readJoin(line, &c)
	case "leave":
		place := s.places[line.next()]
		c.Kind, c.Sale, c.Waiter = core.CommandLeaveWaitlist, place.Sale, place.Number
	case "hold", "order":
		name = line.next()
		s.readOrder(line, &c)
	case "reroute":
		s.readReroute(line, &c)
	case "track":
		s.readTrack(line, &c)
	case "return", "claim", "approve-return", "decline-return", "cancel-return", "return-in-transit", "receive-return", "inspect-return",
		"close-return", "refund", "credit", "settle-return":
		s.readReturn(line, &c)
	case "take-back":
		s.readTakeBack(line, &c)
	case "ship":
		s.readShip(line, &c)
	case "edit":
		s.readEdit(line, &c)
	case "price":
		s.readPriced(line, &c)
	case "cancel-lines":
		s.readCancelLines(line, &c)
	case "work":
		s.readWork(line, &c)
	case "put-on-hold", "take-off-hold":
		s.readOnHold(line, &c)
	case "note":
		c.Kind, c.Order, c.Document = core.CommandAddNote, s.order(line.next()), []byte("text")
		line.settings(func(_, value string) { c.Actor = []byte(value) })
	case "pay", "request", "lock", "unlock":
		s.readMoney(line, &c)
	case "resolve":
		s.readResolve(line, &c)
	case "confirm", "extend", "release", "cancel", "fill":
		s.readFollowUp(line, &c)
	default:
		line.fail("unknown word")
	}
	return c, name
}

func (s *story) readTick(line *sentence, c *core.Command) {
	c.Kind, c.Mask = core.CommandTick, core.AllSlots
	if line.peek() != "" {
		c.Mask = s.sku(line.next()).Slot().Mask()
	}
}

var ruleNames = map[string]core.RoutingRule{
	"preferred": core.RulePreferred, "pickup": core.RulePickup, "fewest": core.RuleFewestShipments, "nearest": core.RuleNearest,
	"cost": core.RuleLowestCost, "date": core.RulePromiseDate, "balance": core.RuleBalanceStock, "priority": core.RulePriority,
}

var methodNames = map[string]core.DeliveryMethod{
	"standard": core.MethodStandard, "express": core.MethodExpress, "same-day": core.MethodSameDay, "pickup": core.MethodPickup,
}

func (s *story) readRouting(line *sentence, c *core.Command) {
	c.Kind, c.Routing = core.CommandDefineRouting, &core.RoutingSettings{}
	line.settings(func(name, value string) {
		switch name {
		case "strategy":
			c.Routing.Strategy = core.StrategyCost
		case "rules":
			for _, rule := range strings.Split(value, ",") {
				c.Routing.Rules = append(c.Routing.Rules, ruleNames[rule])
			}
		case "most":
			c.Routing.MaxShipments = uint8(line.number(value))
		case "penalty":
			c.Routing.SplitPenalty = uint32(line.number(value))
		case "suppliers":
			c.Routing.NoSuppliers = value == "no"
		case "preferred":
			for _, location := range strings.Split(value, ",") {
				c.Routing.Preferred = append(c.Routing.Preferred, s.location(location))
			}
		default:
			line.fail("unknown setting %s", name)
		}
	})
}

// degrees reads a position "53.55,9.99".
func (l *sentence) degrees(value string) (latitudeE7, longitudeE7 int32) {
	latitude, longitude, _ := strings.Cut(value, ",")
	north, err := strconv.ParseFloat(latitude, 64)
	l.check(err)
	east, err := strconv.ParseFloat(longitude, 64)
	l.check(err)
	return int32(math.Round(north * 1e7)), int32(math.Round(east * 1e7))
}

// readShipping reads one setting of what a location can ship.
func (s *story) readShipping(line *sentence, c *core.Command, name, value string) bool {
	if c.Location.Shipping == nil {
		c.Location.Shipping = &core.Shipping{}
	}
	shipping := c.Location.Shipping
	switch name {
	case "methods":
		for _, method := range strings.Split(value, ",") {
			shipping.Methods |= 1 << methodNames[method]
		}
	case "cut-off":
		hour, minute, _ := strings.Cut(value, ":")
		shipping.HasCutOff, shipping.CutOff = true, uint16(60*line.number(hour)+line.number(minute))
	case "utc":
		shipping.UTCOffset = int16(60 * line.number(value))
	case "days":
		shipping.HandlingDays = uint8(line.number(value))
	case "capacity":
		shipping.DailyCapacity = uint32(line.number(value))
	case "unit-cost":
		shipping.CostPerUnit = uint32(line.number(value))
	case "channels":
		for _, channel := range strings.Split(value, ",") {
			shipping.Channels = append(shipping.Channels, s.channel(channel))
		}
	case "to":
		for _, row := range strings.Split(value, ",") {
			shipping.Zones = append(shipping.Zones, readZone(line, row))
		}
	default:
		return false
	}
	return true
}

// readZone reads a zone "DE20:1d:390:100:2000g": where to, days in transit, cost of a shipment and of a kilogram, what an order may weigh; * is
// everywhere.
func readZone(line *sentence, row string) (z core.Zone) {
	fields := strings.Split(row, ":")
	if fields[0] != "*" {
		copy(z.Country[:], fields[0])
		copy(z.Postal[:], fields[0][2:])
	}
	z.TransitDays = uint8(line.number(strings.TrimSuffix(fields[1], "d")))
	if len(fields) > 2 {
		z.Cost = uint32(line.number(fields[2]))
	}
	if len(fields) > 3 {
		z.CostPerKilo = uint32(line.number(fields[3]))
	}
	if len(fields) > 4 {
		z.UpToGrams = uint32(line.number(strings.TrimSuffix(fields[4], "g")))
	}
	return z
}

// readDestination reads one setting of where an order goes.
func (s *story) readDestination(line *sentence, c *core.Command, name, value string) bool {
	to := &c.Destination
	switch name {
	case "to": // a country and the postal code behind it
		copy(to.Country[:], value)
		copy(to.Postal[:], value[2:])
	case "at":
		to.HasPosition = true
		to.LatitudeE7, to.LongitudeE7 = line.degrees(value)
	case "by":
		to.Method = methodNames[value]
	case "fetched-at":
		to.Method, to.HasPickup, to.Pickup = core.MethodPickup, true, s.location(value)
	default:
		return false
	}
	return true
}

func (s *story) readLocation(line *sentence, c *core.Command) {
	c.Kind, c.Name = core.CommandDefineLocation, []byte(line.next())
	line.settings(func(name, value string) {
		switch name {
		case "priority":
			c.Location.Priority = int32(line.number(value))
		case "stopped":
			c.Location.Stopped = value == "yes"
		case "at":
			c.Location.HasPosition = true
			c.Location.LatitudeE7, c.Location.LongitudeE7 = line.degrees(value)
		case "kind":
			c.Location.Kind = map[string]core.LocationKind{
				"store": core.LocationStore, "supplier": core.LocationSupplier,
			}[value]
		default:
			if !s.readShipping(line, c, name, value) {
				line.fail("unknown setting %s", name)
			}
		}
	})
}

func readChannel(line *sentence, c *core.Command) {
	c.Kind, c.Name = core.CommandDefineChannel, []byte(line.next())
	line.settings(func(name, value string) {
		c.Kind = core.CommandSetChannel
		switch name {
		case "bands":
			c.Selling.Bands = value == "yes"
		case "returns":
			c.Selling.HasReturnDays, c.Selling.ReturnDays = true, uint16(line.number(strings.TrimSuffix(value, "d")))
		case "capture":
			c.Selling.Capture = core.CapturePolicy(slices.Index(capturePolicies[:], value))
		case "pay-within":
			c.Selling.PayWithin = line.duration(value)
		case "buffer":
			c.Selling.Buffer = core.Quantity(line.number(value))
		default:
			line.fail("unknown setting %s", name)
		}
	})
}

func (s *story) readRule(line *sentence, c *core.Command) {
	c.Kind = core.CommandSetChannelRule
	rule := &c.Rule
	rule.SKU, rule.Channel = s.sku(line.next()), s.channel(line.next())
	line.settings(func(name, value string) {
		switch name {
		case "buffer":
			rule.HasBuffer, rule.Buffer = true, core.Quantity(line.number(value))
		case "quota":
			rule.HasPool, rule.Pool.Quota = true, core.Quantity(line.number(value))
		case "share":
			rule.HasPool, rule.Pool.Share = true, uint8(line.number(value))
		case "from":
			rule.Pool.Start = line.clock(value)
		case "until":
			rule.Pool.End = line.clock(value)
		case "exclusive":
			rule.Pool.Exclusive = value == "yes"
		default:
			line.fail("unknown setting %s", name)
		}
	})
}

func readSKU(line *sentence, c *core.Command) {
	c.Kind, c.Name = core.CommandDefineSKU, []byte(line.next())
	line.settings(func(name, value string) {
		switch {
		case name == "safety":
			c.SKU.SafetyStock = core.Quantity(line.number(value))
		case name == "backorder" && value == "unlimited":
			c.SKU.BackorderLimit = core.Unlimited
		case name == "backorder":
			c.SKU.BackorderLimit = core.Quantity(line.number(value))
		case name == "preorder":
			c.SKU.Preorder.Limit = core.Quantity(line.number(value))
		case name == "ships":
			c.SKU.Preorder.ShipsAt = line.clock(value)
		case name == "low":
			c.SKU.LowStock = core.Quantity(line.number(value))
		case name == "stopped":
			c.SKU.Stopped = value == "yes"
		case name == "weight":
			c.SKU.Weight = uint32(line.number(value))
		case name == "limit":
			c.SKU.LimitPerCustomer = core.Quantity(line.number(value))
		default:
			line.fail("unknown setting %s", name)
		}
	})
}

// readKit reads what a kit is made of.
func (s *story) readKit(line *sentence, c *core.Command) {
	c.Kind = core.CommandSetKit
	r := core.Recipe{Kit: s.sku(line.next())}
	for line.peek() != "" {
		sku, quantity := s.part(line)
		r.Components = append(r.Components, core.Component{SKU: sku, Quantity: quantity})
	}
	c.Recipes = []core.Recipe{r}
}

// part reads "phone×1".
func (s *story) part(line *sentence) (core.SKUID, core.Quantity) {
	sku, quantity, found := strings.Cut(line.next(), "×")
	if !found {
		line.fail("a line is written phone×1")
	}
	return s.sku(sku), core.Quantity(line.number(quantity))
}

// readStock reads rows "SKU location amount", joined by "and".
func (s *story) readStock(line *sentence, c *core.Command) {
	c.Kind = core.CommandAdjustStock
	for again := true; again; again = line.peek() == "and" && line.next() != "" {
		row := core.AdjustmentRow{SKU: s.sku(line.next()), Location: s.location(line.next())}
		amount := line.next()
		row.Value = core.Quantity(line.number(amount))
		if !strings.ContainsAny(amount[:1], "+-") {
			row.Mode = core.AdjustSet
		}
		line.settings(func(name, value string) {
			switch name {
			case "if":
				row.Mode, row.Expected = core.AdjustSetExpected, core.Quantity(line.number(value))
			case "reason":
				row.Reason = []byte(value)
			default:
				line.fail("unknown setting %s", name)
			}
		})
		c.Rows = append(c.Rows, row)
	}
}

var movementKinds = map[string]core.MovementKind{
	"receive": core.MovementReceive, "correct": core.MovementAdjust, "count": core.MovementCount,
	"reclassify": core.MovementReclassify, "write-off": core.MovementWriteOff,
}

var stateNames = [...]string{"sellable", "damaged", "quality_control", "other"}

// readMoves reads movements "receive SKU location amount", joined by "and".
func (s *story) readMoves(line *sentence, c *core.Command) {
	c.Kind = core.CommandMoveStock
	for verb := line.word; verb != ""; {
		kind, known := movementKinds[verb]
		if !known {
			line.fail("unknown movement %s", verb)
		}
		row := core.MovementRow{Kind: kind, SKU: s.sku(line.next()), Location: s.location(line.next())}
		row.Quantity = core.Quantity(line.number(line.next()))
		line.settings(func(name, value string) {
			switch name {
			case "from":
				row.From = core.StockState(slices.Index(stateNames[:], value))
			case "to":
				row.To = core.StockState(slices.Index(stateNames[:], value))
			case "if":
				row.HasExpected, row.Expected = true, core.Quantity(line.number(value))
			case "reason":
				row.Reason = []byte(value)
			case "by":
				c.Actor = []byte(value)
			case "for":
				c.Cause = []byte(value)
			default:
				line.fail("unknown setting %s", name)
			}
		})
		c.Moves = append(c.Moves, row)
		if verb = ""; line.peek() == "and" {
			line.next()
			verb = line.next()
		}
	}
}

func (s *story) readOrder(line *sentence, c *core.Command) {
	c.Kind = core.CommandPlaceOrder
	if line.word == "hold" {
		c.Kind = core.CommandPlaceHold
	}
	line.settings(func(name, value string) {
		switch name {
		case "customer":
			c.Customer = []byte(value)
		case "channel":
			c.Channel = s.channel(value)
		case "external":
			c.ExternalID = []byte(value)
		case "ttl":
			c.TTL = line.duration(value)
		case "sale":
			c.Sale = s.sale(value)
		case "ticket":
			c.Ticket = uint32(line.number(value))
		case "address", "device", "payment":
			kind := core.IdentityKind(slices.Index(identityWords[:], name))
			c.Identities = core.AppendIdentity(c.Identities, kind, []byte(value))
		case "stock":
			c.Stock = core.StockPolicy(slices.Index([]string{"validate", "skip", "force"}, value))
		case "up-to":
			c.UpTo = value == "what-there-is"
		case "slots":
			s.slotsNamed = value == "named"
		default:
			if !s.readDestination(line, c, name, value) && !s.readPrice(line, c, name, value) {
				line.fail("unknown setting %s", name)
			}
		}
	})
	for line.peek() != "" {
		sku, quantity := s.part(line)
		c.Lines = append(c.Lines, core.Line{SKU: sku, Quantity: quantity})
	}
	if s.shop.model.BringRecipes(c); s.stale != nil {
		c.Recipes, s.stale = s.stale, nil
	}
}

// readJoin reads who takes a place on a waitlist, and for what.
func (s *story) readJoin(line *sentence, c *core.Command) {
	s.readOrder(line, c)
	c.Kind, c.Recipes = core.CommandJoinWaitlist, nil
	if len(c.Lines) != 1 {
		line.fail("a place is for one SKU")
	}
}

var identityWords = [core.IdentityKinds]string{"customer", "address", "device", "payment"}

// readSale reads the rules of a sale and its items "phone×10", each with the most that may be held of it.
func (s *story) readSale(line *sentence, c *core.Command) {
	c.Kind, c.Name, c.SaleSettings = core.CommandDefineSale, []byte(line.next()), &core.SaleSettings{}
	rules := c.SaleSettings
	line.settings(func(name, value string) {
		switch name {
		case "from":
			rules.StartsAt = line.clock(value)
		case "until":
			rules.EndsAt = line.clock(value)
		case "customer", "address", "device", "payment":
			rules.Limits[slices.Index(identityWords[:], name)] = core.Quantity(line.number(value))
		case "ttl":
			rules.MaxTTL = line.duration(value)
		case "waitlist":
			rules.WaitlistCapacity, rules.WaitlistTTL = uint32(line.number(value)), max(rules.WaitlistTTL, core.MinTTL)
		case "offer":
			rules.WaitlistTTL = line.duration(value)
		case "expired":
			rules.MaxExpired = uint32(line.number(value))
		case "queue":
			rules.Queue.Required = value == "yes"
		default:
			line.fail("unknown setting %s", name)
		}
	})
	for line.peek() != "" {
		sku, quota, found := strings.Cut(line.next(), "×")
		if !found {
			line.fail("an item is written phone×10")
		}
		item := core.SaleItem{SKU: s.sku(sku), Quota: core.Unlimited}
		if quota != "any" {
			item.Quota = core.Quantity(line.number(quota))
		}
		line.settings(func(name, value string) {
			if name != "held" {
				line.fail("unknown setting %s", name)
			}
			item.MaxHeld = core.Quantity(line.number(value))
		})
		rules.Items = append(rules.Items, item)
	}
}

// readAdvance reads how far the line before a sale has come.
func (s *story) readAdvance(line *sentence, c *core.Command) {
	c.Kind, c.Sale = core.CommandAdvanceQueue, s.sale(line.next())
	q := &c.Queue
	line.settings(func(name, value string) {
		switch name {
		case "reserved":
			q.Reserved = uint32(line.number(value))
		case "drawn":
			q.Drawn = uint32(line.number(value))
		case "admitted":
			q.Admitted = uint32(line.number(value))
		case "settled":
			q.Settled = uint32(line.number(value))
		case "opened":
			q.Opened = value == "yes"
		default:
			line.fail("unknown setting %s", name)
		}
	})
}

var rerouteReasons = map[string]core.RerouteReason{
	"rejected": core.RerouteRejected, "short-pick": core.RerouteShortPick, "down": core.RerouteLocationDown, "manual": core.RerouteManual,
}

// readReroute reads what moves away from a location: all lines of the order, or those that are named, "phone" for all units of it.
func (s *story) readReroute(line *sentence, c *core.Command) {
	c.Kind, c.Reroute = core.CommandRerouteOrder, &core.Reroute{Reason: core.RerouteRejected}
	c.Order = s.order(line.next())
	c.Mask = s.shop.model.OrderMask(c.Order)
	line.settings(func(name, value string) {
		switch name {
		case "from":
			c.Reroute.Location = s.location(value)
		case "reason":
			c.Reroute.Reason = rerouteReasons[value]
		case "note":
			c.Reroute.Note = []byte(value)
		case "actor":
			c.Actor = []byte(value)
		case "wait":
			c.Reroute.Backorder = value == "yes"
		case "version":
			c.ExpectedVersion = uint32(line.number(value))
		default:
			if !s.readDestination(line, c, name, value) {
				line.fail("unknown setting %s", name)
			}
		}
	})
	c.Lines = s.readSKUs(line, c.Order)
}

func (s *story) readFollowUp(line *sentence, c *core.Command) {
	c.Kind = map[string]core.CommandKind{
		"confirm": core.CommandConfirmHold,
		"extend":  core.CommandExtendHold,
		"release": core.CommandReleaseHold,
		"cancel":  core.CommandCancelOrder,
		"fill":    core.CommandFillOrder,
	}[line.word]
	c.Order = s.order(line.next())
	c.Mask = s.shop.model.OrderMask(c.Order)
	line.settings(func(name, value string) {
		switch {
		case name == "version":
			c.ExpectedVersion = uint32(line.number(value))
		case name == "ttl":
			c.TTL = line.duration(value)
		case name == "slots" && value == "home":
			c.Mask = c.Order.Home().Mask()
		default:
			line.fail("unknown setting %s", name)
		}
	})
}
