package server

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/engine/search"
	"holdfast/server/paper"
)

// A pick list is what somebody takes with them to pick several orders at once: units by SKU, and whom they are for. Nothing is kept of it: it is what is in
// progress at a location, of some orders or of all; but one that was asked for with an Idempotency-Key can be told again (picklist_keys.go).

// maxPicked bounds the orders of a pick list, which somebody carries.
const maxPicked = 100

// pickRequest is the body of POST /v1/picklists.
type pickRequest struct {
	limit  int
	orders [][]byte
	header []byte // the Idempotency-Key; nil for none
	list   uint64 // core.LifeRequest.List of the commands; 0 without a key
}

// picked is a fulfilment order of a pick list.
type picked struct {
	order  core.OrderID
	number int
}

// picks are the units of a pick list, by SKU.
type picks struct {
	location core.LocationID
	units    map[core.SKUID][]pickedUnits
	orders   int
	sequence core.Sequence
	made     core.Millis // when the last of them was begun; 0 for none
}

// pickedUnits are units for one fulfilment order.
type pickedUnits struct {
	picked
	quantity core.Quantity
}

// makePickList serves POST /v1/picklists: open fulfilment orders of a location are started, and listed by what is to be picked.
func (s *Server) makePickList(x *exchange) {
	in := &x.intake
	request := in.parsePickList(x.body())
	if x.hasFaults() {
		return
	}
	header, given, ok := x.headerKey()
	if !ok {
		return
	}
	p := picks{units: map[core.SKUID][]pickedUnits{}}
	if len(in.locations) > 0 {
		if p.location, ok = s.engine.Location(in.locations[0]); !ok {
			x.fail(unknownNamed("location", in.locations[0]))
			return
		}
	}
	if given {
		request.setKey(header)
		s.makePicksOnce(x, request, &p)
		return
	}
	s.makePicks(x, request, &p)
}

// makePicks starts what a request asks for, and answers with what is to be picked.
func (s *Server) makePicks(x *exchange, request *pickRequest, p *picks) {
	ids, ok := s.ordersToPick(x, request, p.location)
	if !ok {
		return
	}
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.WantImages = true
	err := s.addStarts(x, r, ids, request, p)
	if err == nil && r.Len() > 0 {
		err = s.engine.Submit(r)
	}
	if err != nil {
		s.failEngine(x, err)
		return
	}
	for i := range r.Results() {
		if result := &r.Results()[i]; result.Status == engine.ResultDone && result.Changed {
			s.addBegun(x, p, r.Image(i))
		}
	}
	if p.orders > 0 || r.Len() == 0 || !x.failKey(r.Results()[0].Status) {
		s.answerPicks(x, p)
	}
}

// addBegun adds the fulfilment order that an event says was started, as it was then.
func (s *Server) addBegun(x *exchange, p *picks, event []byte) {
	ev := &x.event
	_, err := codec.DecodeEvent(event, ev)
	invariant.Check(err == nil, "the engine's events are codec's")
	p.add(&ev.Order, ev.Order.Life, ev.Fulfilment)
	p.sequence, p.made = max(p.sequence, ev.Sequence), max(p.made, ev.At)
}

// parsePickList reads the body of POST /v1/picklists. The name of the location is left in locations.
func (in *intake) parsePickList(body []byte) *pickRequest {
	in.begin(core.CommandWorkFulfilment, body)
	in.command.Life = &core.LifeRequest{Action: core.FulfilmentStart}
	request := &pickRequest{limit: defaultPage}
	if in.object() {
		for in.more() {
			switch name := in.name(); string(name) {
			case "location":
				in.locations = append(in.locations, in.text(&nameRule))
			case "limit":
				request.limit = int(in.integer(1, maxPicked))
			case "orders":
				in.pickOrders(request)
			default:
				if !in.noteField(in.command.Life, name) {
					in.unknown()
				}
			}
		}
	}
	in.end()
	return request
}

// pickOrders reads the orders of a request, each of which is named once.
func (in *intake) pickOrders(request *pickRequest) {
	count := in.items(func() {
		order := in.text(&identifierRule)
		if len(order) > 0 && slices.ContainsFunc(request.orders, func(other []byte) bool { return string(other) == string(order) }) {
			in.report(codeDuplicateItem, "is there already: name each order once")
		}
		request.orders = append(request.orders, order)
	})
	if count == 0 || count > maxPicked {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(maxPicked)+" items")
	}
}

// ordersToPick gives the orders that a request names, or else those that have units at the location, the oldest of them first; it answers and gives false when
// that cannot be done.
func (s *Server) ordersToPick(x *exchange, request *pickRequest, location core.LocationID) (ids []core.OrderID, ok bool) {
	if request.orders == nil {
		if s.options.Search == nil {
			x.failWith(codeSearch, "this server keeps no index of orders: name the orders, or start it with --search")
			return nil, false
		}
		page, err := s.options.Search.Find(&search.Query{Terms: []search.Term{search.Status(core.StatusPlaced), search.Location(location)}, Limit: maxPage})
		if err != nil {
			s.failSearch(x, err)
			return nil, false
		}
		slices.Reverse(page.Orders)
		return page.Orders, true
	}
	for i, text := range request.orders {
		number, known := parseID(text)
		id := s.engine.OrderFromPublic(number)
		if !known || !s.engine.OrderMayExist(id) {
			x.fail(unknownIn(kindOrderInBody, "orders["+strconv.Itoa(i)+"]", "there is no order "+quoteEchoed(text)))
			return nil, false
		}
		ids = append(ids, id)
	}
	return ids, true
}

// addStarts adds a command for each fulfilment order at the location that may be started. Of orders that a request without a key names those are listed,
// too, that are in progress already: the request may have come before. With a key it would be known, and they are on somebody else's list.
func (s *Server) addStarts(x *exchange, r *engine.Request, ids []core.OrderID, request *pickRequest, p *picks) (err error) {
	var scratch core.LifeImage
	p.sequence, err = s.engine.ReadOrders(ids, func(_ int, image []byte) error {
		o := &x.event.Order
		_, err := codec.DecodeOrderImage(image, o)
		invariant.Check(err == nil, "the engine's images are codec's")
		life := fulfilmentsOf(o, &scratch)
		for i := range life.Fulfilments {
			f := &life.Fulfilments[i]
			if f.Location == p.location && f.Status == core.FulfilmentInProgress && request.orders != nil && request.header == nil {
				p.add(o, life, i+1)
			}
			if f.Location != p.location || f.Status != core.FulfilmentOpen || o.OnHold != 0 || r.Len() == request.limit {
				continue
			}
			r.Add(request.start(&x.intake.command, r.Len(), p.location, o.ID, i+1))
		}
		return nil
	})
	return err
}

// start is the command of a list, by its place among them, that starts a fulfilment order.
func (request *pickRequest) start(asked *core.Command, place int, location core.LocationID, order core.OrderID, number int) *core.Command {
	c := &core.Command{
		Kind: core.CommandWorkFulfilment, Version: 1, Order: order, Actor: asked.Actor,
		Life: &core.LifeRequest{Location: location, Fulfilment: number, Action: core.FulfilmentStart, Note: asked.Life.Note, List: request.list},
	}
	if request.header != nil {
		c.HasKey, c.Key = true, keyOfStart(request.header, place)
	}
	return c
}

// getPickList serves GET /v1/picklists: all that is in progress at a location.
func (s *Server) getPickList(x *exchange) {
	q := x.query("location", "limit", "at_least")
	p, known := picks{units: map[core.SKUID][]pickedUnits{}}, true
	if name := q.name("location"); name != nil {
		p.location, known = s.engine.Location(name)
	}
	limit := int(q.number("limit", 1, maxPicked, defaultPage))
	if !s.waitForIndex(q) {
		return
	}
	if !known {
		x.fail(unknownLocation)
		return
	}
	page, err := s.options.Search.Find(&search.Query{Terms: []search.Term{search.Work(p.location, core.FulfilmentInProgress)}, Limit: limit})
	if err != nil {
		s.failSearch(x, err)
		return
	}
	slices.Reverse(page.Orders)
	p.sequence, err = s.engine.ReadOrders(page.Orders, func(_ int, image []byte) error {
		_, err := codec.DecodeOrderImage(image, &x.event.Order)
		invariant.Check(err == nil, "the engine's images are codec's")
		p.addInProgress(&x.event.Order)
		return nil
	})
	if err != nil {
		s.failEngine(x, err)
		return
	}
	s.answerPicks(x, &p)
}

// answerPicks answers with what is to be picked: on paper, if the client asks for that.
func (s *Server) answerPicks(x *exchange, p *picks) {
	show := s.renderPicks
	if strings.Contains(string(x.ctx.Request.Header.Peek("Accept")), string(typePDF)) {
		show = s.printPicks
	}
	if err := show(x, p); err != nil {
		s.failEngine(x, err)
	}
}

// addInProgress adds what is in progress of an order.
func (p *picks) addInProgress(o *core.OrderImage) {
	if o.Life == nil {
		return
	}
	for i := range o.Life.Fulfilments {
		if f := &o.Life.Fulfilments[i]; f.Location == p.location && f.Status == core.FulfilmentInProgress {
			p.add(o, o.Life, i+1)
		}
	}
}

// add adds the units of a fulfilment order.
func (p *picks) add(o *core.OrderImage, life *core.LifeImage, number int) {
	of := picked{o.ID, number}
	p.orders++
	for _, u := range toDoOf(life, number) {
		id := o.Lines[u.Line].SKU
		if list := p.units[id]; len(list) > 0 && list[len(list)-1].picked == of {
			list[len(list)-1].quantity += u.Quantity
			continue
		}
		p.units[id] = append(p.units[id], pickedUnits{of, u.Quantity})
	}
}

// pickedRows gives what is to be picked, by the names of the SKUs.
func (s *Server) pickedRows(x *exchange, p *picks) (rows []paper.Row, ids []core.SKUID, err error) {
	byName := map[core.SKUID]paper.Row{}
	for id, list := range p.units {
		row, err := s.printedRow(x, id)
		if err != nil {
			return nil, nil, err
		}
		for _, u := range list {
			row.Quantity += int64(u.quantity)
			row.For = append(row.For, fmt.Sprintf("%d × %s/%d", u.quantity, appendID(nil, s.engine.PublicOrderID(u.order)), u.number))
		}
		byName[id] = row
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b core.SKUID) int { return cmp.Compare(byName[a].SKU, byName[b].SKU) })
	for _, id := range ids {
		rows = append(rows, byName[id])
	}
	return rows, ids, nil
}

func (s *Server) printPicks(x *exchange, p *picks) error {
	rows, _, err := s.pickedRows(x, p)
	if err != nil {
		return err
	}
	now := time.UnixMilli(cmp.Or(int64(p.made), s.engine.Options().Clock())).UTC()
	x.print(&paper.Sheet{
		Title: "Pick list", Number: strconv.FormatUint(uint64(p.sequence), 10), Made: now, Rows: rows,
		Facts: []string{"At " + strings.Trim(string(s.appendLocation(nil, p.location)), `"`), now.Format(time.DateTime) + " UTC", strconv.Itoa(p.orders) + " fulfillment orders"},
	})
	return nil
}

func (s *Server) renderPicks(x *exchange, p *picks) error {
	rows, ids, err := s.pickedRows(x, p)
	if err != nil {
		return err
	}
	dst := s.appendLocation(append(x.out[:0], `{"location":`...), p.location)
	dst = append(dst, `,"items":[`...)
	for i, id := range ids {
		dst = appendTextField(appendComma(dst, i), `{"sku":`, rows[i].SKU)
		if rows[i].Title != "" {
			dst = appendTextField(dst, `,"title":`, rows[i].Title)
		}
		dst = append(appendNumberField(dst, `,"quantity":`, rows[i].Quantity), `,"orders":[`...)
		for k, u := range p.units[id] {
			dst = appendID(append(appendComma(dst, k), `{"order_id":"`...), s.engine.PublicOrderID(u.order))
			dst = append(appendNumberField(appendNumberField(append(dst, '"'), `,"fulfillment":`, u.number), `,"quantity":`, u.quantity), '}')
		}
		dst = append(dst, `]}`...)
	}
	dst = appendNumberField(append(dst, ']'), `,"fulfillments":`, p.orders)
	x.answerJSON(200, append(appendNumberField(dst, `,"sequence":`, p.sequence), '}'))
	return nil
}
