package main

import (
	"errors"
	"fmt"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/server"
)

// toldAttempt is one command and what became of it.
type toldAttempt struct {
	dumpLine
	Outcome string        `json:"outcome"` // done, unchanged or refused
	OrderID string        `json:"order_id,omitempty"`
	Code    string        `json:"code,omitempty"` // of the refusal, as in the API
	Refused []toldRefusal `json:"refused,omitempty"`
	Stock   []pastStock   `json:"stock,omitempty"`   // that a refused command met
	Holders []toldHolder  `json:"holders,omitempty"` // who had it
	More    int           `json:"more_holders,omitempty"`
}

// toldRefusal is a line or row that could not be served.
type toldRefusal struct {
	Index     int           `json:"index"`
	SKU       string        `json:"sku"`
	Location  string        `json:"location,omitempty"`
	Requested core.Quantity `json:"requested"`
	Available core.Quantity `json:"available"`
}

// toldHolder is an order or hold that has units of a SKU.
type toldHolder struct {
	OrderID    string        `json:"order_id"`
	Status     string        `json:"status"`
	SKU        string        `json:"sku"`
	Quantity   core.Quantity `json:"quantity"`
	Customer   string        `json:"customer"`
	ExternalID string        `json:"external_id,omitempty"`
	Since      string        `json:"since"`
	ExpiresAt  string        `json:"expires_at,omitempty"`
	Sequence   core.Sequence `json:"sequence"` // of the command that made it
}

// maxHolders bounds how many holders are told, the newest first.
const maxHolders = 20

// errFound ends a scan.
var errFound = errors.New("found")

// attempt tells of one command: the state is made up to before it, and then the command is executed.
func (t *teller) attempt(sequence core.Sequence) error {
	if sequence <= t.past.First() && t.past.First() > 1 {
		return usageError{fmt.Errorf("%w: what became of sequence %d cannot be told: the first state that can be made is that of sequence %d",
			engine.ErrOutOfReach, sequence, t.past.First())}
	}
	var told toldAttempt
	var skus []core.SKUID
	err := t.past.Scan(sequence, func(s core.Sequence, at core.Millis, frame []byte, c *core.Command) error {
		told.dumpLine = dumpedCommand(s, int64(at), frame, c)
		for i := range c.Lines {
			skus = append(skus, c.Lines[i].SKU)
		}
		for _, recipe := range c.Recipes {
			for _, part := range recipe.Components {
				skus = append(skus, part.SKU)
			}
		}
		for i := range c.Rows {
			skus = append(skus, c.Rows[i].SKU)
		}
		return errFound
	})
	if !errors.Is(err, errFound) {
		return err
	}
	if err := t.past.Advance(sequence - 1); err != nil {
		return err
	}
	if err := t.past.Advance(sequence); err != nil {
		return err
	}
	if err := t.outcome(&told, skus); err != nil {
		return err
	}
	return t.out.Encode(&told)
}

// outcome tells what became of the command that was executed last. A refused one has changed nothing, so the stock is what it
// met.
func (t *teller) outcome(told *toldAttempt, skus []core.SKUID) error {
	result, refusal, err := t.past.Result()
	if err != nil {
		return err
	}
	if result.Order != 0 {
		told.OrderID = t.orderName(result.Order)
	}
	if result.Status != engine.ResultRefused {
		told.Outcome = "unchanged"
		if result.Changed {
			told.Outcome = "done"
		}
		return nil
	}
	told.Outcome, told.Code = "refused", server.ReasonCode(result.Reason)
	rows := told.Rows != nil
	for i := range refusal.Lines {
		l := &refusal.Lines[i]
		line := toldRefusal{Index: l.Index, SKU: t.skuName(l.SKU), Requested: l.Requested, Available: l.Available}
		if rows {
			line.Location = t.past.Names().LocationName(l.Location)
		}
		told.Refused = append(told.Refused, line)
	}
	t.stock(told, skus)
	return nil
}

// stock tells of the SKUs of a refused command, each once.
func (t *teller) stock(told *toldAttempt, skus []core.SKUID) {
	wanted := map[core.SKUID]bool{}
	for _, sku := range skus {
		if _, known := t.past.Names().SKUByID(sku); known && !wanted[sku] {
			wanted[sku] = true
			told.Stock = append(told.Stock, t.availability(sku))
		}
	}
	if len(wanted) > 0 {
		t.holders(told, wanted)
	}
}

// holders tells who has units of the SKUs.
func (t *teller) holders(told *toldAttempt, skus map[core.SKUID]bool) {
	m := t.past.Machine()
	var o core.OrderImage
	for slot := range core.Slot(core.SlotCount) {
		for place := m.Orders(slot) - 1; place >= 0; place-- {
			id := core.MakeOrderID(slot, false, uint32(place))
			if !m.ReadOrder(id, &o) && !m.ReadOrder(core.MakeOrderID(slot, true, uint32(place)), &o) {
				continue
			}
			if o.Status != core.StatusHeld && o.Status != core.StatusPlaced {
				continue
			}
			for i := range o.Lines {
				if !skus[o.Lines[i].SKU] {
					continue
				}
				if len(told.Holders) == maxHolders {
					told.More++
					continue
				}
				told.Holders = append(told.Holders, t.holder(&o, &o.Lines[i]))
			}
		}
	}
}

func (t *teller) holder(o *core.OrderImage, line *core.LineImage) toldHolder {
	h := toldHolder{
		OrderID: t.orderName(o.ID), Status: "placed", SKU: t.skuName(line.SKU), Quantity: line.Quantity, Customer: string(o.Customer),
		ExternalID: string(o.ExternalID), Since: stamp(int64(o.CreatedAt)), Sequence: o.Created,
	}
	if o.Status == core.StatusHeld {
		h.Status, h.ExpiresAt = "held", stamp(int64(o.Deadline))
	}
	return h
}
