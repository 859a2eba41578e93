package reference

import (
	"slices"

	"holdfast/engine/core"
)

// work is a fulfilment order.
type work struct {
	status   core.FulfilmentStatus
	location core.LocationID
	from     core.Millis // when it is to begin, if it is scheduled
	shipped  bool
	units    map[int]core.Quantity // by line
}

func (w *work) isLive() bool {
	switch w.status {
	case core.FulfilmentDeclined, core.FulfilmentClosed, core.FulfilmentCancelled:
		return false
	}
	return true
}

func (w *work) left() (n core.Quantity) {
	for _, units := range w.units {
		n += units
	}
	return n
}

// worksAllow says from which statuses each action leads where.
var worksAllow = map[core.FulfilmentAction]map[core.FulfilmentStatus]core.FulfilmentStatus{
	core.FulfilmentStart: {
		core.FulfilmentOpen: core.FulfilmentInProgress, core.FulfilmentScheduled: core.FulfilmentInProgress, core.FulfilmentAccepted: core.FulfilmentInProgress,
	},
	core.FulfilmentSchedule: {core.FulfilmentOpen: core.FulfilmentScheduled, core.FulfilmentScheduled: core.FulfilmentScheduled},
	core.FulfilmentHold: {
		core.FulfilmentOpen: core.FulfilmentOnHold, core.FulfilmentInProgress: core.FulfilmentOnHold, core.FulfilmentScheduled: core.FulfilmentOnHold,
		core.FulfilmentAccepted: core.FulfilmentOnHold, core.FulfilmentIncomplete: core.FulfilmentOnHold, core.FulfilmentReady: core.FulfilmentOnHold,
	},
	core.FulfilmentRelease: {core.FulfilmentOnHold: core.FulfilmentOpen, core.FulfilmentScheduled: core.FulfilmentOpen},
	core.FulfilmentSubmit:  {core.FulfilmentOpen: core.FulfilmentSubmitted},
	core.FulfilmentAccept:  {core.FulfilmentSubmitted: core.FulfilmentAccepted},
	core.FulfilmentDecline: {core.FulfilmentSubmitted: core.FulfilmentDeclined, core.FulfilmentAccepted: core.FulfilmentDeclined},
	core.FulfilmentStop: {
		core.FulfilmentInProgress: core.FulfilmentOpen, core.FulfilmentSubmitted: core.FulfilmentOpen, core.FulfilmentIncomplete: core.FulfilmentOpen,
		core.FulfilmentReady: core.FulfilmentOpen,
	},
	core.FulfilmentPrepare: {core.FulfilmentInProgress: core.FulfilmentReady, core.FulfilmentIncomplete: core.FulfilmentReady},
	core.FulfilmentSplit:   {core.FulfilmentOpen: core.FulfilmentOpen},
	core.FulfilmentMerge:   {core.FulfilmentOpen: core.FulfilmentOpen},
	core.FulfilmentMove:    {core.FulfilmentOpen: core.FulfilmentOpen},
	core.FulfilmentShortPick: {
		core.FulfilmentInProgress: core.FulfilmentIncomplete, core.FulfilmentAccepted: core.FulfilmentIncomplete, core.FulfilmentIncomplete: core.FulfilmentIncomplete,
	},
	core.FulfilmentShip: {
		core.FulfilmentOpen: core.FulfilmentOpen, core.FulfilmentInProgress: core.FulfilmentInProgress, core.FulfilmentAccepted: core.FulfilmentAccepted,
		core.FulfilmentIncomplete: core.FulfilmentIncomplete, core.FulfilmentReady: core.FulfilmentReady,
	},
}

// openWorks gives a copy of the order's fulfilment orders; while nobody has done anything about one, those that are implied.
func (o *order) openWorks() (works []*work) {
	for _, w := range o.works {
		like := *w
		like.units = map[int]core.Quantity{}
		for line, n := range w.units {
			like.units[line] = n
		}
		works = append(works, &like)
	}
	if len(works) > 0 {
		return works
	}
	for i, l := range o.lines {
		for _, a := range l.allocations {
			at := slices.IndexFunc(works, func(w *work) bool { return w.location == a.Location })
			if at < 0 {
				at = len(works)
				works = append(works, &work{status: core.FulfilmentOpen, location: a.Location, units: map[int]core.Quantity{}})
			}
			works[at].units[i] += a.Quantity
		}
	}
	return works
}

// settleWorks has the fulfilment orders follow the order's allocations.
func (o *order) settleWorks() {
	if len(o.works) == 0 {
		return
	}
	for i, l := range o.lines {
		for _, w := range slices.Backward(o.works) {
			surplus := o.workedAt(i, w.location)
			if o.status == core.StatusPlaced {
				surplus -= l.at(w.location)
			}
			w.units[i] -= max(0, min(w.units[i], surplus))
		}
		for _, a := range l.allocations {
			if missing := a.Quantity - o.workedAt(i, a.Location); o.status == core.StatusPlaced && missing > 0 {
				o.workFor(a.Location).units[i] += missing
			}
		}
	}
	for _, w := range o.works {
		if w.isLive() && w.left() == 0 {
			w.status = core.FulfilmentCancelled
			if w.shipped {
				w.status = core.FulfilmentClosed
			}
		}
		if w.status != core.FulfilmentScheduled {
			w.from = 0
		}
	}
}

func (o *order) workedAt(line int, location core.LocationID) (n core.Quantity) {
	for _, w := range o.works {
		if w.location == location {
			n += w.units[line]
		}
	}
	return n
}

// workFor is the fulfilment order that units at a location come to.
func (o *order) workFor(location core.LocationID) *work {
	if w := o.joins(location, nil); w != nil {
		return w
	}
	if len(o.works) >= core.MaxFulfilments {
		for _, w := range slices.Backward(o.works) {
			if !w.shipped && (w.status == core.FulfilmentCancelled || w.status == core.FulfilmentDeclined) {
				*w = work{status: core.FulfilmentOpen, location: location, units: map[int]core.Quantity{}}
				return w
			}
		}
	}
	w := &work{status: core.FulfilmentOpen, location: location, units: map[int]core.Quantity{}}
	o.works = append(o.works, w)
	return w
}

// joins is the fulfilment order at a location, but for one, that takes more units: an open one or, of an order with very many, one that lives; nil for none.
func (o *order) joins(location core.LocationID, but *work) *work {
	for _, w := range slices.Backward(o.works) {
		if w != but && w.location == location && w.status == core.FulfilmentOpen {
			return w
		}
	}
	for _, w := range slices.Backward(o.works) {
		if w != but && w.location == location && w.isLive() && len(o.works) >= core.MaxFulfilments {
			return w
		}
	}
	return nil
}

// addWorks adds the fulfilment orders to what became of the order.
func (o *order) addWorks(life *core.LifeImage) {
	for _, w := range o.works {
		f := core.FulfilmentImage{Status: w.status, Location: w.location, Shipped: w.shipped, ScheduledAt: w.from}
		for i := range o.lines {
			if n := w.units[i]; n > 0 {
				life.ToDo = append(life.ToDo, core.LineUnits{Line: i, Quantity: n})
				f.Lines++
			}
		}
		life.Fulfilments = append(life.Fulfilments, f)
	}
}

// refuseWork is how commands on fulfilment orders are refused.
func (o *order) refuseWork(reason core.Reason, lines ...core.RefusedLine) core.Outcome {
	return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version, Lines: lines})
}

func (o *order) refuseStatus(w *work) core.Outcome {
	return refuseOrder(core.Refusal{Reason: core.ReasonFulfilmentStatus, Order: o.id, Version: o.version, Fulfilment: w.status})
}

// named is the place of a fulfilment order at a location: of that with a number, or of the first one that lives; -1 for none.
func named(works []*work, number int, location core.LocationID) int {
	if number > 0 {
		if number <= len(works) && works[number-1].location == location {
			return number - 1
		}
		return -1
	}
	return slices.IndexFunc(works, func(w *work) bool { return w.location == location && w.isLive() })
}

// fulfil carries out a command on a fulfilment order.
func (m *Model) fulfil(c *core.Command, o *order) core.Outcome {
	r := c.Life
	if int(r.Location) >= len(m.locations) {
		return o.refuseWork(core.ReasonLocationNotFound)
	}
	works := o.openWorks()
	at := named(works, r.Fulfilment, r.Location)
	if at < 0 {
		return o.refuseWork(core.ReasonFulfilmentNotFound)
	}
	switch c.Kind {
	case core.CommandWorkFulfilment:
		return m.workOn(c, o, works, at)
	case core.CommandSplitFulfilment:
		return m.splitWork(c, o, works, at)
	case core.CommandMergeFulfilments:
		return m.mergeWorks(c, o, works, at)
	}
	return m.replaceWork(c, o, works, at)
}

// done makes fulfilment orders the order's, and tells what happened to one.
func (m *Model) done(c *core.Command, o *order, works []*work, at int, event core.Event) core.Outcome {
	o.works, o.lives = works, true
	o.version++
	event.Actor, event.Note, event.Fulfilment = copyBytes(c.Actor), copyBytes(c.Life.Note), at+1
	event.Order = o.image()
	m.emit(event)
	return core.Outcome{Changed: true, Order: o.id}
}

func (m *Model) workOn(c *core.Command, o *order, works []*work, at int) core.Outcome {
	r, w := c.Life, works[at]
	switch r.Action {
	case core.FulfilmentStart, core.FulfilmentSubmit, core.FulfilmentPrepare:
		if o.onHold != 0 {
			return o.refuseOnHold()
		}
	}
	target := map[core.FulfilmentAction]core.FulfilmentStatus{
		core.FulfilmentStart: core.FulfilmentInProgress, core.FulfilmentHold: core.FulfilmentOnHold, core.FulfilmentRelease: core.FulfilmentOpen,
		core.FulfilmentStop: core.FulfilmentOpen, core.FulfilmentSubmit: core.FulfilmentSubmitted, core.FulfilmentAccept: core.FulfilmentAccepted,
		core.FulfilmentPrepare: core.FulfilmentReady,
	}
	if w.status == target[r.Action] || r.Action == core.FulfilmentSchedule && w.from == r.At {
		return core.Outcome{Order: o.id}
	}
	to, ok := worksAllow[r.Action][w.status]
	switch {
	case !ok:
		return o.refuseStatus(w)
	case r.Action == core.FulfilmentStart && w.from > m.now:
		return refuseOrder(core.Refusal{Reason: core.ReasonFulfilmentEarly, Order: o.id, Version: o.version, At: w.from})
	case r.Action == core.FulfilmentSubmit && m.locations[w.location].image.Settings.Kind != core.LocationSupplier:
		return o.refuseWork(core.ReasonNotASupplier)
	}
	if w.status = to; r.Action == core.FulfilmentSchedule {
		w.from = r.At
	}
	return m.done(c, o, works, at, core.Event{Kind: core.EventFulfilmentChanged, Action: r.Action})
}

func (m *Model) splitWork(c *core.Command, o *order, works []*work, at int) core.Outcome {
	w := works[at]
	if _, ok := worksAllow[core.FulfilmentSplit][w.status]; !ok {
		return o.refuseStatus(w)
	}
	var over []core.RefusedLine
	taken := core.Quantity(0)
	for row, u := range c.Life.Units {
		taken += u.Quantity
		if u.Quantity > w.units[u.Line] {
			over = append(over, o.refusedOf(row, u, w))
		}
	}
	if len(over) > 0 || taken >= w.left() {
		return o.refuseWork(core.ReasonFulfilmentUnits, over...)
	}
	if len(works) >= core.MaxFulfilments {
		return o.refuseWork(core.ReasonFulfilmentsFull)
	}
	other := &work{status: core.FulfilmentOpen, location: w.location, units: map[int]core.Quantity{}}
	for _, u := range c.Life.Units {
		w.units[u.Line] -= u.Quantity
		other.units[u.Line] = u.Quantity
	}
	works = append(works, other)
	return m.done(c, o, works, at, core.Event{Kind: core.EventFulfilmentSplit, Into: len(works)})
}

// refusedOf is a row that names more than a fulfilment order has.
func (o *order) refusedOf(row int, u core.LineUnits, w *work) core.RefusedLine {
	l := core.RefusedLine{Index: row, Requested: u.Quantity, Available: w.units[u.Line]}
	if u.Line < len(o.lines) {
		l.SKU = o.lines[u.Line].sku
	}
	return l
}

func (m *Model) mergeWorks(c *core.Command, o *order, works []*work, at int) core.Outcome {
	w := works[at]
	if _, ok := worksAllow[core.FulfilmentMerge][w.status]; !ok {
		return o.refuseStatus(w)
	}
	if c.Life.Into > len(works) {
		return o.refuseWork(core.ReasonFulfilmentNotFound)
	}
	into := works[c.Life.Into-1]
	if into == w || into.location != w.location {
		return o.refuseWork(core.ReasonFulfilmentPlace)
	}
	if _, ok := worksAllow[core.FulfilmentMerge][into.status]; !ok {
		return o.refuseStatus(into)
	}
	for line, n := range w.units {
		into.units[line] += n
	}
	w.units = map[int]core.Quantity{}
	return m.done(c, o, works, at, core.Event{Kind: core.EventFulfilmentsMerged, Into: c.Life.Into})
}

// replaceWork has units of a fulfilment order done elsewhere.
func (m *Model) replaceWork(c *core.Command, o *order, works []*work, at int) core.Outcome {
	w := works[at]
	event, action, reason := core.EventFulfilmentDeclined, core.FulfilmentDecline, core.RerouteRejected
	switch c.Kind {
	case core.CommandMoveFulfilment:
		event, action, reason = core.EventFulfilmentMoved, core.FulfilmentMove, core.RerouteManual
	case core.CommandShortPick:
		event, action, reason = core.EventFulfilmentShort, core.FulfilmentShortPick, core.RerouteShortPick
	}
	if _, ok := worksAllow[action][w.status]; !ok {
		return o.refuseStatus(w)
	}
	leaves := map[int]core.Quantity{}
	var over []core.RefusedLine
	if c.Kind == core.CommandShortPick {
		for row, found := range c.Life.Units {
			if has := w.units[found.Line]; found.Quantity > has || has == 0 {
				over = append(over, o.refusedOf(row, found, w))
			} else if found.Quantity < has {
				leaves[found.Line] = has - found.Quantity
			}
		}
		if len(over) > 0 || len(leaves) == 0 {
			return o.refuseWork(core.ReasonFulfilmentUnits, over...)
		}
	} else {
		for line, n := range w.units {
			leaves[line] = n
		}
	}
	var wanted []core.Line
	for _, line := range c.Lines {
		n := core.Quantity(0)
		for i, l := range o.lines {
			if l.sku == line.SKU {
				n += leaves[i]
			}
		}
		if n > 0 {
			wanted = append(wanted, core.Line{SKU: line.SKU, Quantity: n})
		}
	}
	for i, n := range leaves {
		if n > 0 && !slices.ContainsFunc(wanted, func(w core.Line) bool { return w.SKU == o.lines[i].sku }) {
			return o.refuseWork(core.ReasonFulfilmentUnits)
		}
	}
	like := *c
	like.Reroute = &core.Reroute{Location: w.location, Reason: reason, Note: c.Life.Note, Backorder: true}
	var takers map[core.SKUID][]source
	var why *core.RouteImage
	if c.Kind == core.CommandMoveFulfilment {
		var refused *core.Outcome
		if takers, refused = m.target(c, o, w, wanted); refused != nil {
			return *refused
		}
	} else {
		var ok bool
		if takers, why, ok = m.takers(&like, o, wanted); !ok {
			refused := refuse(core.Refusal{Reason: core.ReasonTooManyShipments})
			refused.Order = o.id
			return refused
		}
	}
	missing := m.missing(c, wanted)
	what := o.away(&like, wanted, takers, func(i int) core.Quantity { return leaves[i] })
	m.goAway(&like, o, wanted, what)
	o.works, o.lives = works, true
	o.passOn(c, w, leaves)
	told := core.Event{Kind: event, Fulfilment: at + 1, Actor: copyBytes(c.Actor), Reroute: what}
	for _, l := range missing {
		m.skus[l.SKU].stock[w.location][core.StateSellable] -= l.Quantity
		m.skus[l.SKU].stock[w.location][core.StateOther] += l.Quantity
	}
	for _, l := range missing {
		told.Moves = append(told.Moves, core.MovementImage{
			LevelImage: m.level(l.SKU, c.Life.Location), Kind: core.MovementReclassify, To: core.StateOther, Quantity: l.Quantity,
		})
	}
	told.Order = o.image()
	m.emit(told)
	if why != nil {
		why.Order = o.id
		m.emit(core.Event{Kind: core.EventOrderRouted, Route: *why})
	}
	return core.Outcome{Changed: true, Order: o.id}
}

// passOn has a fulfilment order whose units go elsewhere become what it is then.
func (o *order) passOn(c *core.Command, w *work, leaves map[int]core.Quantity) {
	switch c.Kind {
	case core.CommandMoveFulfilment:
		w.location = c.Life.Target
		if into := o.joins(w.location, w); into != nil && len(o.works) >= core.MaxFulfilments {
			for line, n := range w.units {
				into.units[line] += n
			}
			w.units = map[int]core.Quantity{}
		}
	case core.CommandShortPick:
		w.status = core.FulfilmentIncomplete
	default:
		w.status = core.FulfilmentDeclined
	}
	if c.Kind != core.CommandMoveFulfilment {
		for line, n := range leaves {
			w.units[line] -= n
		}
	}
}

// target gives the one location that is to take the units over.
func (m *Model) target(c *core.Command, o *order, w *work, wanted []core.Line) (map[core.SKUID][]source, *core.Outcome) {
	refused := func(reason core.Reason, lines ...core.RefusedLine) *core.Outcome {
		out := o.refuseWork(reason, lines...)
		return &out
	}
	target := c.Life.Target
	if int(target) >= len(m.locations) {
		return nil, refused(core.ReasonLocationNotFound)
	}
	if target == w.location {
		return nil, refused(core.ReasonFulfilmentPlace)
	}
	takers := map[core.SKUID][]source{}
	var short []core.RefusedLine
	for _, l := range wanted {
		takers[l.SKU] = slices.DeleteFunc(m.sources(l.SKU), func(s source) bool { return s.location != target })
		there := core.Quantity(0)
		for _, s := range takers[l.SKU] {
			there += s.left
		}
		if there < l.Quantity {
			row := slices.IndexFunc(c.Lines, func(named core.Line) bool { return named.SKU == l.SKU })
			short = append(short, core.RefusedLine{Index: row, SKU: l.SKU, Location: target, Requested: l.Quantity, Available: there})
		}
	}
	if len(short) > 0 {
		return nil, refused(core.ReasonFulfilmentMove, short...)
	}
	return takers, nil
}

// missing is what of the units that were not found is no longer sold.
func (m *Model) missing(c *core.Command, wanted []core.Line) (missing []core.Line) {
	for _, l := range wanted {
		if n := min(l.Quantity, m.states(l.SKU, c.Life.Location)[core.StateSellable]); c.Life.Missing && n > 0 {
			missing = append(missing, core.Line{SKU: l.SKU, Quantity: n})
		}
	}
	return missing
}
