package main

import "holdfast/engine/core"

// dumpedLife is what a command says that goes on with the life of an order.
type dumpedLife struct {
	Note     string            `json:"note,omitempty"`
	Units    []dumpedLineUnits `json:"units,omitempty"`
	Location *core.LocationID  `json:"location,omitempty"`
}

// dumpedLineUnits are units of a line, by its place in the order's record, where those of components follow their kits.
type dumpedLineUnits struct {
	Line     int           `json:"line"`
	Quantity core.Quantity `json:"quantity"`
}

// addLife puts in what goes on with the life of an order.
func (d *dumpLine) addLife(c *core.Command) {
	d.Order, d.ExpectedVersion, d.Actor = new(c.Order), c.ExpectedVersion, string(c.Actor)
	d.Life = &dumpedLife{Note: string(c.Life.Note)}
	if c.Kind == core.CommandShipOrder {
		d.Life.Location = new(c.Life.Location)
	}
	for _, line := range c.Lines {
		d.Lines = append(d.Lines, dumpedLine{line.SKU, line.Quantity})
	}
	for _, u := range c.Life.Units {
		d.Life.Units = append(d.Life.Units, dumpedLineUnits(u))
	}
}
