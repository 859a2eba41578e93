package server

import (
	"bytes"
	"slices"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// A return is exchanged by an order of its own: its units are reserved before the return is approved, and the approval names it. Its external id is made from
// the return's number, so that whoever tries again after a crash finds it. If the return cannot be approved it is cancelled again.

// maxReplacements bounds how often a replacement is tried anew whose order was cancelled, as that keeps its external id.
const maxReplacements = 20

// exchangeReturn approves a return with a replacement. The intake has the replacement's lines.
func (s *Server) exchangeReturn(x *exchange, r *returnIntake) {
	s.exchanging.Lock() // two approvals of one return would use one replacement, and the one that is refused would cancel it
	defer s.exchanging.Unlock()
	c, o := &x.intake.command, &x.event.Order
	if _, ok := s.loadOrderOf(x, c.Order); !ok { // as it is now: another approval may have gone before
		return
	}
	if o.Life == nil || c.Life.Return.Number > len(o.Life.Returns) {
		failUnknownReturn(x)
		return
	}
	image := o.Life.Returns[c.Life.Return.Number-1]
	replacement, p := s.replacementIntake(x, r)
	if p != nil {
		x.fail(p)
		return
	}
	if !s.setDifference(x, r, replacement, &image) {
		return
	}
	terms := &c.Life.Return.Terms
	switch {
	case image.Terms.Replacement != 0:
		terms.Replacement = image.Terms.Replacement // repeated, it changes nothing
	case image.Status != core.ReturnRequested: // is refused
	default:
		id, ok := s.placeReplacement(x, replacement)
		if !ok {
			return
		}
		terms.Replacement = id
	}
	if terms.Remedy == core.RemedyNone {
		terms.Remedy = core.RemedyReplacement
	}
	c.Lines, c.Destination = c.Lines[:0], core.Destination{}
	order, number := c.Order, c.Life.Return.Number
	s.submit(x, &changedReturn)
	if status := x.ctx.Response.StatusCode(); status >= 400 && status < 500 && image.Terms.Replacement == 0 && terms.Replacement != 0 {
		s.dropReplacement(order, number, terms.Replacement)
	}
}

// replacementIntake makes the order that replaces units of a return, which goes where that order went unless the body says otherwise.
func (s *Server) replacementIntake(x *exchange, r *returnIntake) (*intake, *problem) {
	in, o := &x.intake, &x.event.Order
	again := &intake{}
	again.clear(core.CommandPlaceOrder)
	if document, err := s.documentNow(o); err == nil && len(document) > 0 {
		again.canonicalDocument(document, len(o.Lines))
	}
	again.faults = again.faults[:0]
	c := &again.command
	c.Kind, c.Version, c.Customer, c.Document = core.CommandPlaceOrder, 1, slices.Clone(o.Customer), nil
	again.document, again.tags, again.metadata = nil, nil, nil
	again.skus, again.prices, again.priced = slices.Clone(in.skus), slices.Clone(in.prices), in.priced
	again.lineMoney, again.amounts = slices.Clone(in.lineMoney), orderMoney{}
	c.Lines = slices.Clone(in.command.Lines)
	if len(in.shipTo) > 0 {
		method := c.Destination.Method
		again.shipTo, c.Destination = slices.Clone(in.shipTo), in.command.Destination
		c.Destination.Method = method
	}
	again.composeDocument()
	if p := s.resolve(again); p != nil {
		return nil, p
	}
	c.Channel = o.Channel
	return again, nil
}

// setDifference works out what the replacement costs more than what comes back, where all prices are known and nobody says; it answers and gives false when the
// currencies are not one. Of a return that was exchanged already it is what it was.
func (s *Server) setDifference(x *exchange, r *returnIntake, replacement *intake, had *core.ReturnImage) bool {
	terms := &x.intake.command.Life.Return.Terms
	difference, known, ok := r.difference, r.expects, true
	switch {
	case known:
	case had.Terms.Replacement != 0 && had.Terms.Currency != core.Currency{}:
		difference, known = price{amount: had.Terms.Difference, currency: []byte(had.Terms.Currency.String())}, true
	case x.event.Order.HasMoney():
		difference, known, ok = differenceOfPaid(x, replacement)
	default:
		difference, known = s.differenceOf(x, replacement)
	}
	if !known {
		return ok
	}
	currency := core.Currency(difference.currency)
	if terms.Currency != (core.Currency{}) && terms.Currency != currency {
		x.failField(codeOutOfRange, "replacement.difference.currency", "must be that of restocking_fee: a return has amounts in one currency")
		return false
	}
	terms.Difference, terms.Currency = difference.amount, currency
	return true
}

// differenceOfPaid is the price of the replacement less what the return's units cost by the order's own prices; known is false when some price is not. It answers
// and ok is false when the replacement's prices cannot be.
func differenceOfPaid(x *exchange, replacement *intake) (difference price, known, ok bool) {
	o := &x.event.Order
	value, known := o.ValueOfReturn(x.intake.command.Life.Return.Number)
	if !known || !replacement.isPriced() && len(replacement.faults) == 0 {
		return price{}, false, true
	}
	difference = price{amount: -value, currency: []byte(o.Account.Currency.String())}
	for i := range replacement.command.Lines {
		if len(replacement.faults) == 0 && string(replacement.prices[i].currency) != string(difference.currency) {
			replacement.fault(codeCurrencyMismatch, replacement.lineField(i, "unit_price.currency"), "must be "+string(difference.currency)+", as that of the order's prices")
		}
		if len(replacement.faults) == 0 {
			difference.amount += replacement.lineAmount(i)
		}
	}
	if len(replacement.faults) == 0 && difference.amount > core.MaxAmount {
		replacement.fault(codeOutOfRange, "lines", "must come to at most "+strconv.Itoa(core.MaxAmount)+" beyond what comes back")
	}
	if len(replacement.faults) > 0 {
		for i := range replacement.faults {
			replacement.faults[i].field = "replacement." + replacement.faults[i].field
		}
		x.fail(faultProblem(replacement.faults))
		return price{}, false, false
	}
	return difference, true, true
}

// differenceOf is the price of the replacement less that of the return's units; known is false when some price is not, or they are not in one currency. It is for
// orders without an account.
func (s *Server) differenceOf(x *exchange, replacement *intake) (difference price, known bool) {
	o, number := &x.event.Order, x.intake.command.Life.Return.Number
	add := func(unit price, n core.Quantity, sign int64) bool {
		if !unit.set || unit.amount > int64(core.MaxAmount)/int64(n) || difference.currency != nil && string(difference.currency) != string(unit.currency) {
			return false
		}
		difference.currency = unit.currency
		difference.amount += sign * unit.amount * int64(n)
		return difference.amount <= int64(core.MaxAmount) && difference.amount >= -int64(core.MaxAmount)
	}
	for i, line := range replacement.command.Lines {
		if !add(replacement.prices[i], line.Quantity, 1) {
			return price{}, false
		}
	}
	document, err := s.documentNow(o)
	if len(document) == 0 || err != nil {
		return price{}, false
	}
	paid := &intake{}
	paid.canonicalDocument(document, len(o.Lines))
	for _, l := range linesOfReturn(o, number) {
		shown := shownLine(o, l.Line)
		if o.Lines[l.Line].Role != core.LineOfUnits || shown >= len(paid.prices) || !add(paid.prices[shown], l.Quantity, -1) {
			return price{}, false
		}
	}
	return difference, difference.currency != nil
}

// replacementPrefix begins the external ids of replacements, behind which the order and the number of its return follow.
const replacementPrefix = "exchange:"

// isForExchange tells whether an order was placed as the replacement of a return.
func (s *Server) isForExchange(o *core.OrderImage) bool {
	rest, ok := bytes.CutPrefix(o.ExternalID, []byte(replacementPrefix))
	text, _, _ := bytes.Cut(rest, []byte(":"))
	number, known := parseID(text)
	return ok && known && s.engine.OrderMayExist(s.engine.OrderFromPublic(number))
}

// placeReplacement orders the replacement, or finds the one that was ordered before; it answers and gives false when that is refused.
func (s *Server) placeReplacement(x *exchange, replacement *intake) (core.OrderID, bool) {
	c := &x.intake.command
	base := append(append([]byte(replacementPrefix), appendID(nil, s.engine.PublicOrderID(c.Order))...), ':')
	base = strconv.AppendInt(base, int64(c.Life.Return.Number), 10)
	for try := range maxReplacements {
		if replacement.command.ExternalID = base; try > 0 {
			replacement.command.ExternalID = strconv.AppendInt(append(slices.Clone(base), ':'), int64(try+1), 10)
		}
		id, refusal, err := s.placeOnce(x, &replacement.command)
		switch {
		case err != nil:
			s.failEngine(x, err)
			return 0, false
		case refusal == nil:
			return id, true
		case refusal.Reason != core.ReasonDuplicateExternal:
			x.out = s.appendRefusal(x.out[:0], refusal, &placedOrder, replacement, nil)
			x.answer(refusalKind(refusal.Reason, false).status, typeProblem, x.out)
			return 0, false
		}
		same, err := s.isReplacement(refusal.Order, replacement.command.Lines)
		if err != nil {
			s.failEngine(x, err)
			return 0, false
		}
		if same {
			return refusal.Order, true
		}
	}
	x.failWith(codeDuplicateExternalID, "replacements of this return were ordered and cancelled too often: decline it, and ask for another")
	return 0, false
}

// placeOnce sends an order, and gives its number or why it was refused.
func (s *Server) placeOnce(x *exchange, c *core.Command) (core.OrderID, *core.Refusal, error) {
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.WantImages = true
	r.Add(c)
	if err := s.engine.Submit(r); err != nil {
		return 0, nil, err
	}
	result := &r.Results()[0]
	if result.Status == engine.ResultRefused {
		_, err := codec.DecodeRefusal(r.Image(0), &x.refusal)
		invariant.Check(err == nil, "the engine's refusals are codec's")
		return 0, &x.refusal, nil
	}
	return result.Order, nil, nil
}

// isReplacement tells whether an order that was made for a return before is the one that is wanted now. One of other units is cancelled.
func (s *Server) isReplacement(id core.OrderID, lines []core.Line) (bool, error) {
	image, err := s.engine.ReadOrder(nil, id)
	if err != nil {
		return false, err
	}
	var o core.OrderImage
	_, err = codec.DecodeOrderImage(image.Bytes, &o)
	invariant.Check(err == nil, "the engine's images are codec's")
	if o.Status.IsClosed() {
		return false, nil
	}
	asked := lines
	for i := range o.Lines {
		if o.Lines[i].Role == core.LineOfComponent {
			continue
		}
		if len(asked) == 0 || asked[0].SKU != o.Lines[i].SKU || asked[0].Quantity != o.Lines[i].Quantity {
			return false, s.cancelQuietly(id)
		}
		asked = asked[1:]
	}
	if len(asked) > 0 {
		return false, s.cancelQuietly(id)
	}
	return true, nil
}

// dropReplacement cancels the replacement of a return that was not approved with it.
func (s *Server) dropReplacement(order core.OrderID, number int, replacement core.OrderID) {
	image, err := s.engine.ReadOrder(nil, order)
	var o core.OrderImage
	if err == nil {
		_, err = codec.DecodeOrderImage(image.Bytes, &o)
	}
	if err == nil && o.Life != nil && number <= len(o.Life.Returns) && o.Life.Returns[number-1].Terms.Replacement == replacement {
		return
	}
	if err == nil {
		err = s.cancelQuietly(replacement)
	}
	if err != nil {
		s.options.Log.Error("the replacement of a return that was not approved could not be cancelled", "order", s.engine.PublicOrderID(replacement), "error", err)
	}
}

// cancelQuietly cancels an order whatever becomes of that.
func (s *Server) cancelQuietly(id core.OrderID) error {
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.Add(&core.Command{Kind: core.CommandCancelOrder, Version: 1, Order: id})
	return s.engine.Submit(r)
}
