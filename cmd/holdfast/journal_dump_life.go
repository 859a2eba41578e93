package main

import (
	"holdfast/engine/core"
	"holdfast/server"
)

// dumpedLife is what a command says that goes on with the life of an order.
type dumpedLife struct {
	Note     string            `json:"note,omitempty"`
	Units    []dumpedLineUnits `json:"units,omitempty"`
	Location *core.LocationID  `json:"location,omitempty"`
	Shipment int               `json:"shipment,omitempty"`
	Reports  []dumpedReport    `json:"reports,omitempty"`
	To       string            `json:"to,omitempty"`
	OnHold   []string          `json:"on_hold,omitempty"`
	Return   *dumpedReturn     `json:"return,omitempty"`

	Fulfilment  int              `json:"fulfillment,omitempty"`
	Action      string           `json:"action,omitempty"`
	ScheduledAt string           `json:"scheduled_at,omitempty"`
	Into        int              `json:"into,omitempty"`
	Target      *core.LocationID `json:"target,omitempty"`
	Missing     bool             `json:"missing,omitempty"`
	PickedUp    bool             `json:"picked_up,omitempty"`

	DocumentOnly bool `json:"document_only,omitempty"`
}

// dumpedReport is what a carrier says about a shipment.
type dumpedReport struct {
	At     string `json:"at"`
	Status string `json:"status"`
	ID     string `json:"id,omitempty"`
}

// dumpedLineUnits are units of a line, by its place in the order's record, where those of components follow their kits.
type dumpedLineUnits struct {
	Line     int           `json:"line"`
	Quantity core.Quantity `json:"quantity"`
}

// addLife puts in what goes on with the life of an order.
func (d *dumpLine) addLife(c *core.Command) {
	d.Order, d.ExpectedVersion, d.Actor = new(c.Order), c.ExpectedVersion, string(c.Actor)
	d.Life = &dumpedLife{Note: string(c.Life.Note), DocumentOnly: c.Life.DocumentOnly}
	d.Life.Shipment, d.Life.OnHold = c.Life.Shipment, server.OnHoldReasonNames(c.Life.OnHold)
	d.addFulfilment(c)
	switch c.Kind {
	case core.CommandTakeBack:
		d.Life.To = server.StockStateName(c.Life.To)
		fallthrough
	case core.CommandShipOrder, core.CommandReceiveReturn, core.CommandInspectReturn:
		d.Life.Location = new(c.Life.Location)
	}
	if c.Kind.IsOfReturn() {
		d.Life.Return = dumpReturn(c.Kind, c.Life.Return)
	}
	for _, r := range c.Life.Reports {
		d.Life.Reports = append(d.Life.Reports, dumpedReport{stamp(int64(r.At)), server.ShipmentStatusName(r.Status), string(r.ID)})
	}
	for _, line := range c.Lines {
		d.Lines = append(d.Lines, dumpedLine{line.SKU, line.Quantity})
	}
	for _, u := range c.Life.Units {
		d.Life.Units = append(d.Life.Units, dumpedLineUnits(u))
	}
}

// addFulfilment puts in what is done with a fulfilment order, or that what leaves is of one.
func (d *dumpLine) addFulfilment(c *core.Command) {
	r := c.Life
	d.Life.Fulfilment, d.Life.Into, d.Life.Missing, d.Life.PickedUp = r.Fulfilment, r.Into, r.Missing, r.PickedUp
	if c.Kind >= core.CommandWorkFulfilment {
		d.Life.Location = new(r.Location)
	}
	switch c.Kind {
	case core.CommandWorkFulfilment:
		if d.Life.Action = server.FulfilmentActionName(r.Action); r.At != 0 {
			d.Life.ScheduledAt = stamp(int64(r.At))
		}
	case core.CommandMoveFulfilment:
		d.Life.Target = new(r.Target)
	case core.CommandShortPick, core.CommandDeclineFulfilment:
		d.Destination = dumpPlace(&c.Destination)
	}
}
