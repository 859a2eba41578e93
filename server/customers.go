package server

import (
	"bytes"
	"errors"
	"maps"
	"slices"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/engine/search"
)

// What is shown of a customer beside the first page of orders.
const (
	shownHolds  = 100
	shownLimits = 500
	shownPlaces = 100
	// creditOrders is how many orders are looked through for store credit, the newest first.
	creditOrders = 1000
)

var unknownCustomer = &problem{kind: kindOf(codeCustomerNotFound), detail: "nobody of this name has an order, a hold or a place on a waitlist"}

// getCustomer serves GET /v1/customers/{customer}: all that is known of who orders under a name.
func (s *Server) getCustomer(x *exchange) {
	q := x.query("limit", "at_least")
	query := search.Query{Limit: int(q.number("limit", 1, maxPage, defaultPage))}
	name := append([]byte(nil), x.variable...)
	if nameRule.check(name) != "" {
		x.fail(unknownCustomer)
		return
	}
	if !s.waitForIndex(q) {
		return
	}
	at := s.indexed()
	query.Terms = []search.Term{search.Customer(name)}
	c := customer{server: s, exchange: x, name: name, index: s.options.Search}
	dst, err := c.append(append(x.out[:0], `{"customer":`...), &query)
	switch {
	case err != nil:
		s.failSearch(x, err)
	case c.shown == 0:
		x.fail(unknownCustomer)
	default:
		x.answerJSON(200, at.append(dst, c.sequence))
	}
}

// customer is a customer on the way into an answer.
type customer struct {
	server   *Server
	exchange *exchange
	index    *search.Index
	name     []byte
	shown    int           // what there is of it
	sequence core.Sequence // of the first thing that was read: all others are of then or later
}

func (c *customer) append(dst []byte, q *search.Query) ([]byte, error) {
	page, err := c.index.Find(q)
	if err != nil {
		return dst, err
	}
	dst = append(appendText(dst, c.name), `,"orders":[`...)
	if dst, c.sequence, err = c.server.appendOrders(dst, c.exchange, page.Orders, q.Terms); err != nil {
		return dst, err
	}
	c.shown += len(page.Orders)
	dst = c.server.appendOrdersNext(append(dst, ']'), &page)
	if dst, err = c.appendHolds(append(dst, `,"holds":[`...), q); err != nil {
		return dst, err
	}
	if dst, err = c.appendLimits(append(dst, `],"limits":[`...)); err != nil {
		return dst, err
	}
	if dst, err = c.appendPlaces(append(dst, `],"waitlists":[`...)); err != nil {
		return dst, err
	}
	return c.appendCredit(append(dst, `],"store_credit":[`...))
}

// appendHolds appends the holds that are live, the newest first.
func (c *customer) appendHolds(dst []byte, q *search.Query) ([]byte, error) {
	live := search.Query{Terms: append(q.Terms[:1:1], search.Status(core.StatusHeld)), Limit: shownHolds}
	page, err := c.index.Find(&live)
	if err == nil {
		dst, _, err = c.server.appendOrders(dst, c.exchange, page.Orders, live.Terms)
	}
	return dst, err
}

// appendLimits appends what the customer has of SKUs with a limit.
func (c *customer) appendLimits(dst []byte) ([]byte, error) {
	skus, _, err := c.index.CustomerSKUs(c.name, shownLimits)
	if err != nil || len(skus) == 0 {
		return dst, err
	}
	limits := make([]engine.Limit, len(skus))
	for i := range skus {
		limits[i].SKU = skus[i]
	}
	if _, err := c.server.engine.ReadLimits(c.name, limits); err != nil {
		return dst, err
	}
	listed := 0
	for i := range limits {
		l := &limits[i]
		if l.Limit == 0 {
			continue
		}
		dst = c.server.appendSKU(append(appendComma(dst, listed), `{"sku":`...), l.SKU)
		dst = appendNumberField(dst, `,"limit":`, l.Limit)
		dst = append(appendNumberField(dst, `,"used":`, l.Used), '}')
		listed++
	}
	return dst, nil
}

// appendPlaces appends the places on waitlists that the customer still has.
func (c *customer) appendPlaces(dst []byte) ([]byte, error) {
	places, err := c.index.CustomerPlaces(c.name, shownPlaces)
	if err != nil {
		return dst, err
	}
	listed := 0
	for _, p := range places {
		image, err := c.server.engine.ReadWaiter(nil, p.Sale, p.Number)
		if errors.Is(err, engine.ErrNotFound) {
			continue // given up since the index was there
		}
		if err != nil {
			return dst, err
		}
		waiter := &c.exchange.event.Waiter
		_, err = codec.DecodeWaiterImage(image.Bytes, waiter)
		invariant.Check(err == nil, "the engine's images are codec's")
		dst = c.server.appendPlace(appendComma(dst, listed), waiter)
		listed++
		c.shown++
	}
	return dst, nil
}

// appendCredit appends how much credit was given to the customer for returns, by currency.
func (c *customer) appendCredit(dst []byte) ([]byte, error) {
	q := search.Query{Terms: []search.Term{search.Customer(c.name), search.Credited()}, Limit: maxPage}
	sums := map[core.Currency]int64{}
	for looked := 0; looked < creditOrders; looked += maxPage {
		page, err := c.index.Find(&q)
		if err != nil {
			return dst, err
		}
		if err := c.addCredit(sums, page.Orders); err != nil {
			return dst, err
		}
		if q.Before = page.Next; page.Next == 0 {
			break
		}
	}
	currencies := slices.SortedFunc(maps.Keys(sums), func(a, b core.Currency) int { return bytes.Compare(a[:], b[:]) })
	for i, currency := range currencies {
		dst = appendAmountOf(appendComma(dst, i), sums[currency], currency)
	}
	return append(dst, ']'), nil
}

// addCredit adds the credit of some orders.
func (c *customer) addCredit(sums map[core.Currency]int64, ids []core.OrderID) error {
	_, err := c.server.engine.ReadOrders(ids, func(_ int, image []byte) error {
		o := &c.exchange.event.Order
		_, err := codec.DecodeOrderImage(image, o)
		invariant.Check(err == nil, "the engine's images are codec's")
		if o.Life == nil {
			return nil
		}
		for i := range o.Life.Refunds {
			if f := &o.Life.Refunds[i]; f.Credit {
				sums[f.Currency] += f.Amount
			}
		}
		return nil
	})
	return err
}
