package feed

import "holdfast/engine/core"

// MovementType says what a movement did to the units of a SKU. The numbers are not stored.
type MovementType uint8

const (
	Receive MovementType = iota + 1
	Adjust
	Count
	Reclassify
	WriteOff
	Reserve    // for a hold
	Extend     // of a hold, whose units stay reserved
	Release    // of a hold, by its customer
	Expire     // of a hold, at its deadline
	Allocate   // for an order, from what is free or from what its hold had reserved
	Deallocate // of an order that is cancelled
	TransferOut
	TransferIn
	ReturnIn   // of an order, whose units come back
	Ship       // of an order, whose units leave
	Reallocate // of an order, from one location to another or to nobody: one movement at each of the two

	// MovementTypes is one more than the last.
	MovementTypes
)

// Movement is one change of a SKU's units at one location, as an event tells of it.
type Movement struct {
	Type     MovementType
	Event    core.EventKind
	Sequence core.Sequence
	At       core.Millis
	Location core.LocationID
	Beyond   bool          // the units were promised beyond stock, and lie nowhere
	Quantity core.Quantity // units; adjust and count: by how many there are more, which may be 0 or negative
	From, To core.StockState
	Promise  Promise      // of promised units
	Moves    [2]Place     // reallocate: from where to where; Location is one of the two
	Order    core.OrderID // of promised units, and where OfOrder
	OfOrder  bool
	Deadline core.Millis // of a hold's units
	Actor    []byte
	Cause    []byte
	Reason   []byte

	Known         bool            // whether the level before and after is
	Before, After core.LevelImage // where Known
}

// Place is where promised units lie: nowhere while they wait.
type Place struct {
	Location core.LocationID
	Beyond   bool
}

// Promise says how units are promised before and after a movement.
type Promise struct{ From, To Promised }

// Promised says who has units that are promised.
type Promised uint8

const (
	ToNobody Promised = iota
	ToHold            // reserved
	ToOrder           // allocated
)

// orderMovements says what the events of holds and orders do to the units of each allocation. Events that are not in it promise
// nothing and take nothing back.
var orderMovements = map[core.EventKind]struct {
	Type MovementType
	Promise
}{
	core.EventHoldPlaced:      {Reserve, Promise{ToNobody, ToHold}},
	core.EventWaitlistOffered: {Reserve, Promise{ToNobody, ToHold}},
	core.EventHoldExtended:    {Extend, Promise{ToHold, ToHold}},
	core.EventHoldReleased:    {Release, Promise{ToHold, ToNobody}},
	core.EventHoldCancelled:   {Release, Promise{ToHold, ToNobody}},
	core.EventHoldExpired:     {Expire, Promise{ToHold, ToNobody}},
	core.EventHoldConfirmed:   {Allocate, Promise{ToHold, ToOrder}},
	core.EventOrderPlaced:     {Allocate, Promise{ToNobody, ToOrder}},
	core.EventOrderCancelled:  {Deallocate, Promise{ToOrder, ToNobody}},
	core.EventOrderUnpaid:     {Deallocate, Promise{ToOrder, ToNobody}},
}

// stockMovements are the types of the movements of stock.
var stockMovements = map[core.MovementKind]MovementType{
	core.MovementReceive: Receive, core.MovementAdjust: Adjust, core.MovementCount: Count,
	core.MovementReclassify: Reclassify, core.MovementWriteOff: WriteOff,
	core.MovementTransferOut: TransferOut, core.MovementTransferIn: TransferIn,
	core.MovementShip: Ship, core.MovementReturnIn: ReturnIn,
}

// AppendMovements appends what an event did to a SKU's units, in the order of its rows or lines. Texts are those of the event.
func AppendMovements(dst []Movement, ev *core.Event, sku core.SKUID) []Movement {
	m := Movement{Event: ev.Kind, Sequence: ev.Sequence, At: ev.At}
	how, promises := orderMovements[ev.Kind]
	switch {
	case promises:
		m.Type, m.Promise = how.Type, how.Promise
		return appendPromises(dst, m, &ev.Order, sku)
	case ev.Kind == core.EventStockAdjusted:
		return appendAdjustments(dst, m, ev, sku)
	case ev.Kind == core.EventOrderFilled:
		return appendFills(dst, m, ev, sku)
	case ev.Kind == core.EventCaseResolved:
		return appendResolution(dst, m, ev, sku)
	case ev.Kind == core.EventOrderRerouted, ev.Kind == core.EventFulfilmentMoved, ev.Kind == core.EventFulfilmentDeclined:
		return appendReallocations(dst, m, ev, sku)
	case ev.Kind == core.EventFulfilmentShort:
		return appendMoves(appendReallocations(dst, m, ev, sku), m, ev, sku)
	case ev.Kind == core.EventLinesCancelled:
		return appendFreed(dst, m, ev, sku)
	case ev.Kind == core.EventOrderEdited:
		return appendAdded(appendFreed(dst, m, ev, sku), m, ev, sku)
	}
	return appendMoves(dst, m, ev, sku) // there are none in most events
}

func appendAdjustments(dst []Movement, m Movement, ev *core.Event, sku core.SKUID) []Movement {
	for i := range ev.Levels {
		row := &ev.Levels[i]
		if row.SKU != sku {
			continue
		}
		m.Type, m.Location, m.Quantity, m.Reason = Adjust, row.Location, row.OnHand-row.OnHandBefore, row.Reason
		m.Known, m.After, m.Before = true, row.LevelImage, row.LevelImage
		m.Before.OnHand = row.OnHandBefore
		dst = append(dst, m)
	}
	return dst
}

func appendMoves(dst []Movement, m Movement, ev *core.Event, sku core.SKUID) []Movement {
	m.Actor, m.Cause = ev.Actor, ev.Cause
	if ev.Kind == core.EventOrderShipped || ev.Kind == core.EventShipmentTakenBack || ev.Kind.IsOfReturn() || ev.Kind == core.EventFulfilmentShort {
		m.Order, m.OfOrder = ev.Order.ID, true
	}
	for i := range ev.Moves {
		row := &ev.Moves[i]
		if row.SKU != sku {
			continue
		}
		m.Type, m.Location, m.Quantity, m.Reason = stockMovements[row.Kind], row.Location, row.Quantity, row.Reason
		m.From, m.To = row.From, row.To
		m.Known, m.After, m.Before = true, row.LevelImage, row.Before()
		dst = append(dst, m)
	}
	return dst
}

func appendPromises(dst []Movement, m Movement, o *core.OrderImage, sku core.SKUID) []Movement {
	return appendLinePromises(dst, m, o, 0, sku)
}

// appendAdded tells of units of lines that an edit added to an order.
func appendAdded(dst []Movement, m Movement, ev *core.Event, sku core.SKUID) []Movement {
	how := orderMovements[core.EventOrderPlaced]
	m.Type, m.Promise, m.Actor, m.Reason = how.Type, how.Promise, ev.Actor, ev.Note
	return appendLinePromises(dst, m, &ev.Order, len(ev.Order.Lines)-ev.Added, sku)
}

// appendLinePromises tells of the units of an order's lines from one on.
func appendLinePromises(dst []Movement, m Movement, o *core.OrderImage, from int, sku core.SKUID) []Movement {
	m.Order = o.ID
	if m.Promise.To == ToHold {
		m.Deadline = o.Deadline
	}
	next := 0
	for i := range o.Lines {
		line := &o.Lines[i]
		allocations := o.Allocations[next : next+line.Allocations]
		next += line.Allocations
		if line.SKU != sku || i < from {
			continue
		}
		for _, a := range allocations {
			m.Location, m.Beyond, m.Quantity = a.Location, false, a.Quantity
			dst = append(dst, m)
		}
		if line.Backordered > 0 {
			m.Location, m.Beyond, m.Quantity = 0, true, line.Backordered
			dst = append(dst, m)
		}
	}
	return dst
}

// appendFills tells of units that came to an order or hold which had waited for them: what was promised beyond stock is promised from
// a location now.
func appendFills(dst []Movement, m Movement, ev *core.Event, sku core.SKUID) []Movement {
	how := orderMovements[core.EventOrderPlaced]
	if ev.Order.Status == core.StatusHeld {
		how = orderMovements[core.EventHoldPlaced]
		m.Deadline = ev.Order.Deadline
	}
	m.Type, m.Promise, m.Order = how.Type, how.Promise, ev.Order.ID
	for _, f := range ev.Fills {
		if ev.Order.Lines[f.Line].SKU == sku {
			m.Location, m.Quantity = f.Location, f.Quantity
			dst = append(dst, m)
		}
	}
	return dst
}

// appendFreed tells of units that an order gave back while it has others.
func appendFreed(dst []Movement, m Movement, ev *core.Event, sku core.SKUID) []Movement {
	how := orderMovements[core.EventOrderCancelled]
	m.Type, m.Promise, m.Order, m.Actor, m.Reason = how.Type, how.Promise, ev.Order.ID, ev.Actor, ev.Note
	for _, f := range ev.Freed {
		if ev.Order.Lines[f.Line].SKU == sku {
			m.Location, m.Beyond, m.Quantity = f.Location, f.Beyond, f.Quantity
			dst = append(dst, m)
		}
	}
	return dst
}

// appendResolution tells of what was done with an order so that an oversold case was resolved: it was cancelled, it gave units up and waits for
// them, or it was given some.
func appendResolution(dst []Movement, m Movement, ev *core.Event, sku core.SKUID) []Movement {
	what := &ev.Resolution
	if m.Actor, m.Reason = ev.Actor, what.Note; len(m.Reason) == 0 {
		m.Reason = []byte("oversold")
	}
	switch what.Action {
	case core.OversoldCancel:
		how := orderMovements[core.EventOrderCancelled]
		if what.Held {
			how = orderMovements[core.EventHoldCancelled]
		}
		m.Type, m.Promise = how.Type, how.Promise
		return appendPromises(dst, m, &ev.Order, sku)
	case core.OversoldReSource:
		return appendFills(dst, m, ev, sku)
	}
	m.Type, m.Order = Reallocate, ev.Order.ID
	for _, f := range ev.Fills {
		if ev.Order.Lines[f.Line].SKU != sku {
			continue
		}
		m.Quantity, m.Moves = f.Quantity, [2]Place{{Location: f.Location}, {Beyond: true}}
		m.Location, m.Beyond, m.Promise = f.Location, false, Promise{ToOrder, ToNobody}
		dst = append(dst, m)
		m.Location, m.Beyond, m.Promise = 0, true, Promise{ToNobody, ToOrder}
		dst = append(dst, m)
	}
	return dst
}

// rerouteReasons are written into the movements of an order that was rerouted without a note.
var rerouteReasons = map[core.RerouteReason]string{
	core.RerouteRejected: "rejected", core.RerouteShortPick: "short_pick", core.RerouteLocationDown: "location_down", core.RerouteManual: "manual",
}

// appendReallocations tells of units that moved from one location to another, or that wait now: first that they are no longer promised
// where they were, then that they are where they came to.
func appendReallocations(dst []Movement, m Movement, ev *core.Event, sku core.SKUID) []Movement {
	what := &ev.Reroute
	m.Type, m.Order, m.Actor, m.Reason = Reallocate, ev.Order.ID, ev.Actor, what.Note
	if len(m.Reason) == 0 {
		m.Reason = []byte(rerouteReasons[what.Reason])
	}
	for i := range what.Moves {
		r := &what.Moves[i]
		if ev.Order.Lines[r.Line].SKU != sku {
			continue
		}
		m.Quantity, m.Moves = r.Quantity, [2]Place{{Location: what.From}, {Location: r.To, Beyond: r.Beyond}}
		m.Location, m.Beyond, m.Promise = what.From, false, Promise{ToOrder, ToNobody}
		dst = append(dst, m)
		m.Location, m.Beyond, m.Promise = r.To, r.Beyond, Promise{ToNobody, ToOrder}
		dst = append(dst, m)
	}
	return dst
}

// IsPromise tells whether units were promised, or are not any more.
func (m *Movement) IsPromise() bool { return m.Promise != Promise{} }

// IsOfOrder tells whether the units are those of an order or a hold.
func (m *Movement) IsOfOrder() bool { return m.IsPromise() || m.OfOrder }

// UndoOn gives the level that was there before the movement of promised units that left this one.
func (m *Movement) UndoOn(after core.LevelImage) core.LevelImage {
	m.Promise.From.add(&after, m.Quantity)
	m.Promise.To.add(&after, -m.Quantity)
	return after
}

func (p Promised) add(l *core.LevelImage, n core.Quantity) {
	switch p {
	case ToHold:
		l.Reserved += n
	case ToOrder:
		l.Allocated += n
	}
}
