package bench

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/valyala/fasthttp"
)

// shopLife is an order of a shop that goes through a life.
type shopLife struct {
	lifeAnswer
	unit    int64 // the price of one
	picked  bool
	returns returnsAnswer
}

type shopAmount struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// beginLife makes an order that was placed with prices one with a life.
func (s *shop) beginLife(number uint64, body []byte) {
	var asked struct {
		Channel  string `json:"channel"`
		Customer string `json:"customer"`
		Lines    []struct {
			SKU      string     `json:"sku"`
			Quantity int64      `json:"quantity"`
			Price    shopAmount `json:"unit_price"`
		} `json:"lines"`
		Amounts struct {
			Total shopAmount `json:"total"`
		} `json:"amounts"`
	}
	if json.Unmarshal(body, &asked) != nil || asked.Channel != lifeChannel {
		return
	}
	o := &shopLife{unit: asked.Lines[0].Price.Amount}
	o.ID, o.Customer, o.Status = string(appendOrderID(nil, number)), asked.Customer, "placed"
	o.Amounts.Currency, o.Amounts.Total = asked.Amounts.Total.Currency, asked.Amounts.Total.Amount
	o.Lines = make([]struct {
		SKU         string            `json:"sku"`
		Quantity    int64             `json:"quantity"`
		Allocations []json.RawMessage `json:"allocations"`
		Units       map[string]int64  `json:"units"`
	}, 1)
	o.Lines[0].SKU, o.Lines[0].Quantity = asked.Lines[0].SKU, asked.Lines[0].Quantity
	o.Lines[0].Units = map[string]int64{"ordered": asked.Lines[0].Quantity}
	s.lives[number] = o
}

// live takes an order through the stage that the request's path names.
func (s *shop) live(c *fasthttp.RequestCtx, id, path string) {
	number, _ := parseOrderID([]byte(id))
	o := s.lives[number]
	at := slices.IndexFunc(lifeSteps[:], func(step lifeStep) bool { return step.path == path })
	switch {
	case o == nil || at < 0:
		c.SetStatusCode(404)
		return
	case s.ignored == stage(at) && s.refuse:
		c.SetStatusCode(409)
		c.SetBodyString(`{"status":409,"code":"other"}`)
		return
	case s.ignored != stage(at):
		s.passStage(o, stage(at))
	}
	fmt.Fprintf(c, `{"id":"%s"}`, id)
}

// passStage does what a stage is about.
func (s *shop) passStage(o *shopLife, at stage) {
	line, units := &o.Lines[0], o.Lines[0].Units
	switch at {
	case stageAuthorize:
		o.Amounts.Authorized, o.Payment = o.Amounts.Total, "authorized"
	case stagePick:
		o.picked = true
	case stageShip:
		s.move(line.SKU, -line.Quantity)
		units["shipped"], o.Fulfillment, o.Amounts.ToCapture = line.Quantity, "fulfilled", o.Amounts.Total
	case stageCapture:
		o.Amounts.Captured, o.Amounts.ToCapture, o.Payment = o.Amounts.ToCapture, 0, "paid"
	case stageDeliver:
		units["delivered"], o.Status = line.Quantity, statusCompleted
	default:
		s.passReturn(o, at)
	}
}

// passReturn does what a stage of a return is about. A shop that has ignored what must come before goes no further.
func (s *shop) passReturn(o *shopLife, at stage) {
	if at == stageAskReturn {
		text := fmt.Sprintf(`{"items":[{"number":1,"status":"requested","lines":[{"quantity":%d}]}]}`, returnedUnits)
		_ = json.Unmarshal([]byte(text), &o.returns)
		return
	}
	back := &o.returns.Items[0]
	advance := func(from, to string) bool {
		if back.Status == from {
			back.Status = to
		}
		return back.Status == to
	}
	switch at {
	case stageApproveReturn:
		advance("requested", "approved")
	case stageReceiveReturn:
		if advance("approved", "received") {
			s.move(o.Lines[0].SKU, returnedUnits)
			back.Lines[0].Received = map[string]int64{"restock": returnedUnits}
			o.Lines[0].Units["returned_restock"] = returnedUnits
		}
	case stageDecideRefund:
		_ = json.Unmarshal(fmt.Appendf(nil, `[{"kind":"refund","amount":%d}]`, o.unit*returnedUnits), &back.Refunds)
		for _, r := range back.Refunds {
			o.Amounts.ToRefund += r.Amount
		}
	case stageRefund:
		o.Amounts.Refunded, o.Amounts.ToRefund, o.Payment = o.Amounts.ToRefund, 0, "partially_refunded"
	case stageCloseReturn:
		o.Return = "partially_returned"
		if o.Lines[0].Quantity == returnedUnits {
			o.Return = "returned"
		}
		advance("received", "closed")
	}
}

// move has units leave stock, or come back to it.
func (s *shop) move(sku string, n int64) {
	level := s.skus[sku]
	switch {
	case n > 0 && s.keepBack:
	case n > 0:
		level.OnHand += n
		level.Available += n
	case s.shipMore:
		level.OnHand += 2 * n
		level.Allocated += n
		level.Available += n
	default:
		level.OnHand += n
		level.Allocated += n
	}
}

// auditLives tells how many orders with lives are in which status.
func (s *shop) auditLives(c *fasthttp.RequestCtx) {
	completed := 0
	for _, o := range s.lives {
		if o.Status == statusCompleted {
			completed++
		}
	}
	fmt.Fprintf(c, `{"sequence":1,"ok":%t,"violations":[],"by_status":{"placed":%d,"completed":%d}}`, !s.badAudit, len(s.orders)-completed, completed)
}
