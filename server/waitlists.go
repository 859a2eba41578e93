package server

import (
	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

var (
	joinedWaitlist = submission{status: 201, render: (*Server).renderPlace, same: (*Server).showPlaceTaken}
	leftWaitlist   = submission{status: 204, render: (*Server).renderNothing, same: (*Server).failPlace}
	unknownPlace   = &problem{kind: kindOf(codePlaceNotFound), detail: "nobody has this place: it was given up, or its turn has come"}
)

// joinWaitlist serves POST /v1/sales/{sale}/waitlist. A customer has one place for each SKU, and gets it again.
func (s *Server) joinWaitlist(x *exchange) {
	x.intake.parsePlace(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	entry, ok := s.saleInPath(x)
	if !ok {
		return
	}
	if unknown := s.resolve(&x.intake); unknown != nil {
		x.fail(unknown)
	} else if x.intake.command.Channel == core.NewChannel {
		x.fail(unknownChannelIn("channel", x.intake.channel)) // a place may be waited for long: it makes no channel
	} else {
		x.intake.command.Sale = entry.ID
		s.submit(x, &joinedWaitlist)
	}
}

// parsePlace reads the body of POST /v1/sales/{sale}/waitlist.
func (in *intake) parsePlace(body []byte) {
	in.begin(core.CommandJoinWaitlist, body)
	c := &in.command
	c.Lines = append(c.Lines[:0], core.Line{Quantity: 1})
	var sku []byte
	if in.object() {
		for in.more() {
			switch string(in.name()) {
			case "customer":
				c.Customer = in.text(&nameRule)
			case "channel":
				in.channel = in.text(&nameRule)
			case "sku":
				sku = in.text(&nameRule)
			case "quantity":
				c.Lines[0].Quantity = core.Quantity(in.integer(1, int64(core.MaxLineQuantity)))
			case "identities":
				in.parseIdentities()
			default:
				in.unknown()
			}
		}
		if c.Customer == nil {
			in.missing("customer")
		}
		if sku == nil {
			in.missing("sku")
		}
	}
	in.skus = append(in.skus, sku)
	in.end()
}

// renderPlace answers with the place in the exchange's event.
func (s *Server) renderPlace(x *exchange, sequence core.Sequence) {
	dst := s.appendPlace(x.out[:0], &x.event.Waiter)
	dst = appendNumberField(dst[:len(dst)-1], `,"sequence":`, sequence)
	x.answerJSON(x.ctx.Response.StatusCode(), append(dst, '}'))
}

// showPlaceTaken answers who has joined already with the place that they have.
func (s *Server) showPlaceTaken(x *exchange) {
	c := &x.intake.command
	image, err := s.engine.ReadWaiterNamed(x.image[:0], c.Sale, c.Lines[0].SKU, c.Customer)
	s.showPlace(x, &image, err)
}

func (s *Server) failPlace(x *exchange) { x.fail(unknownPlace) }

// showPlace answers with a place that was read.
func (s *Server) showPlace(x *exchange, image *engine.Image, err error) {
	if x.image = image.Bytes; err != nil {
		s.failRead(x, err, unknownPlace)
		return
	}
	_, err = codec.DecodeWaiterImage(x.image, &x.event.Waiter)
	invariant.Check(err == nil, "the engine's images are codec's")
	x.ctx.Response.SetStatusCode(200)
	s.renderPlace(x, image.Sequence)
}

// placeInPath reads the sale and the place in the path; it answers and gives false when one of them is none.
func (s *Server) placeInPath(x *exchange) (sale core.SaleID, number core.Sequence, ok bool) {
	entry, ok := s.saleInPath(x)
	if !ok {
		return 0, 0, false
	}
	if number, ok = s.placeNumber(x.variable); !ok {
		x.fail(unknownPlace)
	}
	return entry.ID, number, ok
}

// placeNumber is the number of a place's id. Ids of places are made like those of orders, so that nobody can count them, but are no ids
// of orders.
func (s *Server) placeNumber(id []byte) (core.Sequence, bool) {
	public, ok := parseID(id)
	if !ok {
		return 0, false
	}
	number := s.engine.PlaceFromPublic(public)
	return number, number > 0 && number <= s.engine.Sequence()
}

// getPlace serves GET /v1/sales/{sale}/waitlist/{place}.
func (s *Server) getPlace(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	sale, number, ok := s.placeInPath(x)
	if !ok {
		return
	}
	image, err := s.engine.ReadWaiter(x.image[:0], sale, number)
	s.showPlace(x, &image, err)
}

// leaveWaitlist serves DELETE /v1/sales/{sale}/waitlist/{place}.
func (s *Server) leaveWaitlist(x *exchange) {
	x.intake.clear(core.CommandLeaveWaitlist)
	sale, number, ok := s.placeInPath(x)
	if ok {
		x.intake.command.Sale, x.intake.command.Waiter = sale, number
		s.submit(x, &leftWaitlist)
	}
}

// listWaitlist serves GET /v1/sales/{sale}/waitlist: who waits for a SKU, the next one first.
func (s *Server) listWaitlist(x *exchange) {
	q := x.query("sku", "limit", "after", "at_least")
	limit, sku, after := int(q.number("limit", 1, maxPage, defaultPage)), q.name("sku"), q.identifier("after")
	if !s.waitFor(q) {
		return
	}
	entry, ok := s.saleInPath(x)
	if !ok {
		return
	}
	id, ok := s.itemOf(x, entry, sku)
	if !ok {
		return
	}
	number := core.Sequence(0)
	if after != nil {
		if number, ok = s.placeNumber(after); !ok {
			x.failAfter()
			return
		}
	}
	image, more, err := s.engine.ReadWaitlist(x.image[:0], entry.ID, id, number, limit)
	if x.image = image.Bytes; err != nil {
		s.failEngine(x, err)
		return
	}
	var sale core.SaleImage
	counted, err := s.engine.ReadSale(nil, entry.ID)
	if err == nil {
		_, err = codec.DecodeSaleImage(counted.Bytes, &sale)
	}
	if err != nil {
		s.failRead(x, err, unknownSale)
		return
	}
	x.answerJSON(200, s.appendWaitlist(x.out[:0], x, &sale, id, more, image.Sequence))
}

// appendWaitlist appends the places in the exchange's image, and how many there are in the line.
func (s *Server) appendWaitlist(dst []byte, x *exchange, sale *core.SaleImage, sku core.SKUID, more bool, sequence core.Sequence) []byte {
	waiter := &x.event.Waiter
	dst = append(dst, `{"items":[`...)
	waiter.Number = 0
	for i, rest := 0, x.image; len(rest) > 0; i++ {
		n, err := codec.DecodeWaiterImage(rest, waiter)
		invariant.Check(err == nil, "the engine's images are codec's")
		dst, rest = s.appendPlace(appendComma(dst, i), waiter), rest[n:]
	}
	dst = append(dst, `],"next":`...)
	if more {
		dst = append(s.appendPlaceID(append(dst, '"'), waiter.Number), '"')
	} else {
		dst = append(dst, "null"...)
	}
	for i := range sale.Counts {
		if n := &sale.Counts[i]; sale.Settings.Items[i].SKU == sku {
			dst = appendNumberField(dst, `,"length":`, n.Waiters)
			dst = appendNumberField(dst, `,"units":`, n.Waited)
		}
	}
	return append(appendNumberField(dst, `,"sequence":`, sequence), '}')
}

// itemOf gives the SKU of a sale that a request names, or its only one; it answers and gives false when there is none.
func (s *Server) itemOf(x *exchange, entry *engine.SaleEntry, name []byte) (core.SKUID, bool) {
	items := entry.Settings().Items
	if name == nil {
		if len(items) != 1 {
			x.fail(faultProblem([]fault{{codeInvalidQuery, "sku", "is required: the sale sells more than one"}}))
		}
		return items[0].SKU, len(items) == 1
	}
	sku, ok := s.engine.SKU(name)
	for i := range items {
		if ok && items[i].SKU == sku.ID {
			return sku.ID, true
		}
	}
	x.fail(faultProblem([]fault{{codeInvalidQuery, "sku", "must be a SKU that the sale sells"}}))
	return 0, false
}

// appendPlace appends a place on a waitlist. One that is given up has no position.
func (s *Server) appendPlace(dst []byte, w *core.WaiterImage) []byte {
	dst = append(s.appendPlaceID(append(dst, `{"id":"`...), w.Number), '"')
	dst = s.appendSaleName(append(dst, `,"sale":`...), w.Sale)
	dst = s.appendSKU(append(dst, `,"sku":`...), w.SKU)
	dst = appendNumberField(dst, `,"quantity":`, w.Quantity)
	dst = appendTextField(dst, `,"customer":`, w.Customer)
	dst = s.appendChannel(append(dst, `,"channel":`...), w.Channel)
	dst = appendOrNone(append(dst, `,"position":`...), core.Quantity(w.Position))
	return append(appendTimeField(dst, `,"since":`, w.Since), '}')
}

func (s *Server) appendPlaceID(dst []byte, number core.Sequence) []byte {
	return appendID(dst, s.engine.PublicPlaceID(number))
}

// appendLeft appends why a place was given up: null when its customer left, or the code of what a hold would be refused with.
func appendLeft(dst []byte, reason core.Reason) []byte {
	if reason == core.ReasonNone {
		return append(dst, `,"reason":null`...)
	}
	return appendTextField(dst, `,"reason":`, refusalKind(reason, true).code)
}
