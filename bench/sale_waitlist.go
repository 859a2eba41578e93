package bench

import (
	"bufio"
	"bytes"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// SaleWaitlist is what became of those who waited for what came back.
type SaleWaitlist struct {
	Joined    int64 `json:"joined"`
	Offered   int64 `json:"offered"`
	Bought    int64 `json:"bought"` // of those offered
	StruckOff int64 `json:"struck_off"`
}

// saleEvent is what the merchant reads of an event.
type saleEvent struct {
	Sequence int64   `json:"sequence"`
	Type     string  `json:"type"`
	Reason   *string `json:"reason"`
	Place    struct {
		ID       string `json:"id"`
		Customer string `json:"customer"`
	} `json:"place"`
	Order struct {
		ID       string `json:"id"`
		Customer string `json:"customer"`
	} `json:"order"`
}

// saleMerchant reads the event stream of the server, as a merchant does who tells customers of their turn, and holds it against what
// a waitlist promises. Its goroutine alone has it until it ended.
type saleMerchant struct {
	run    *saleRun
	line   []string // places that wait, the next one first
	taken  int64    // units held and sold
	tally  SaleWaitlist
	odd    []string // turns that should not have been
	failed error
	ended  chan struct{}
}

// saleLast is the SKU that is defined when all is over: its event is the last that matters.
const saleLast = "the-end"

// readEvents begins to read the events.
func (r *saleRun) readEvents(ctx context.Context) (*saleMerchant, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", r.api.base+"/v1/events?after=0", nil)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	m := &saleMerchant{run: r, ended: make(chan struct{})}
	go func() {
		defer close(m.ended)
		m.failed = errors.Join(m.read(bufio.NewReaderSize(res.Body, 1<<20)), res.Body.Close())
		transport.CloseIdleConnections()
	}()
	return m, nil
}

func (m *saleMerchant) read(in *bufio.Reader) error {
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return fmt.Errorf("events: %w", err)
		}
		data, ok := bytes.CutPrefix(line, []byte("data: "))
		if !ok {
			continue
		}
		var ev saleEvent
		if err := json.Unmarshal(data, &ev); err != nil && !bytes.Contains(data, []byte(`"type":"sku_defined"`)) {
			return fmt.Errorf("events: %w", err)
		}
		if bytes.Contains(data, []byte(`"`+saleLast+`"`)) {
			return nil
		}
		m.take(&ev)
	}
}

// take follows an event. What is held and sold in the sale, and what people wait for, is never more than its quota.
func (m *saleMerchant) take(ev *saleEvent) {
	switch ev.Type {
	case "hold_placed", "order_placed":
		if m.taken++; m.taken+int64(len(m.line)) > m.run.config.Stock {
			m.oddity("%s got a unit at %d although %d waited for those that were left", ev.Order.Customer, ev.Sequence, len(m.line))
		}
	case "hold_released", "hold_expired", "hold_cancelled", "order_cancelled":
		m.taken--
	case "waitlist_joined":
		m.tally.Joined++
		m.line = append(m.line, ev.Place.ID)
	case "waitlist_offered":
		m.taken++
		m.tally.Offered++
		m.leave(ev)
		m.run.offer(ev.Place.Customer, ev.Order.ID)
	case "waitlist_left":
		m.tally.StruckOff++
		m.leave(ev)
		m.run.strikeOff(ev.Place.Customer)
	}
}

// leave makes sure that it is the first one's turn: nobody leaves by themselves.
func (m *saleMerchant) leave(ev *saleEvent) {
	if len(m.line) == 0 || m.line[0] != ev.Place.ID || ev.Type == "waitlist_left" && ev.Reason == nil {
		m.oddity("it was not the turn of %s at %d", ev.Place.Customer, ev.Sequence)
		return
	}
	m.line = m.line[1:]
}

func (m *saleMerchant) oddity(format string, args ...any) {
	if len(m.odd) < 20 {
		m.odd = append(m.odd, fmt.Sprintf(format, args...))
	}
}

// close waits until the merchant has read all that has happened so far.
func (m *saleMerchant) close(ctx context.Context) error {
	if err := m.run.api.call("PUT", "/v1/skus/"+saleLast, []byte("{}"), nil); err != nil {
		return err
	}
	select {
	case <-m.ended:
		return m.failed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// buyerOf is the buyer of a name.
func (r *saleRun) buyerOf(name string) int {
	i, err := strconv.Atoi(name[1:])
	if err != nil || i >= len(r.buyers) {
		return -1
	}
	return i
}

// offer tells a buyer that a unit is held for them.
func (r *saleRun) offer(customer, order string) {
	i := r.buyerOf(customer)
	if i < 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b := &r.buyers[i]
	if b.offer = order; b.parked {
		r.unpark(b)
		heap.Push(&r.visits, saleVisit{time.Now(), i})
	}
}

// strikeOff tells a buyer that they wait no more.
func (r *saleRun) strikeOff(customer string) {
	i := r.buyerOf(customer)
	if i < 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	b := &r.buyers[i]
	if b.struckOff = true; b.parked {
		r.unpark(b)
		b.state = "struck_off"
	}
}

func (r *saleRun) unpark(b *saleBuyer) {
	b.parked = false
	r.parked--
}

// park lets a buyer wait until the merchant tells them of their turn, which may have come already.
func (r *saleRun) park(buyer int) {
	b := &r.buyers[buyer]
	switch {
	case b.struckOff:
		b.state = "struck_off"
	case b.offer != "":
		heap.Push(&r.visits, saleVisit{time.Now(), buyer})
	default:
		b.parked = true
		r.parked++
	}
}

// wait takes a place on the waitlist.
func (r *saleRun) wait(b *saleBuyer, name string) (again time.Duration) {
	status, answer := r.ask(r.joins, "POST", "/v1/sales/drop/waitlist",
		fmt.Appendf(nil, `{"customer":%q,"sku":"drop","quantity":1,"identities":{"device":%q}}`, name, b.device))
	switch {
	case status == 503 || status == 0 || answer.Code == "still_for_sale":
		return time.Second
	case status == 200 || status == 201:
		b.listed = true
	case answer.Code == "waitlist_full":
		b.state = "waitlist_full"
	case answer.Code == "sale_limit_exceeded":
		b.state = "over_the_limit"
	default:
		b.state = "lost"
		r.oddity("a place on the waitlist was answered %d %s", status, answer.Code)
	}
	return 0
}

// look keeps the shop's window up to date: it says when nothing is left that nobody waits for.
func (r *saleRun) look(ended <-chan struct{}) {
	ticker := time.NewTicker(250 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
		}
		var sale saleState
		if err := r.api.call("GET", "/v1/sales/drop", nil, &sale); err == nil && len(sale.Items) == 1 {
			r.soldOut.Store(sale.Items[0].Left <= sale.Items[0].WaitedFor)
		}
	}
}

// saleState is what the server says of the sale.
type saleState struct {
	Items []struct {
		Held, Sold, Left, Waiting int64
		WaitedFor                 int64 `json:"waited_for"`
	} `json:"items"`
}

// checkWaitlist makes sure that what came back went to those who waited, in their order.
func (r *saleRun) checkWaitlist(v *verifier, waiting int64) {
	m := r.merchant
	if waiting != int64(len(m.line)) {
		m.oddity("%d wait, and the events tell of %d", waiting, len(m.line))
	}
	first := ""
	if len(m.odd) > 0 {
		first = "; the first: " + m.odd[0]
	}
	v.report("the waitlist is served in order, and nobody overtakes it", len(m.odd) == 0 && m.tally.Offered >= m.tally.Bought,
		"%d joined, %d were offered a unit, %d paid for it, %d were struck off, %d still wait%s", m.tally.Joined, m.tally.Offered, m.tally.Bought, m.tally.StruckOff, waiting, first)
}
