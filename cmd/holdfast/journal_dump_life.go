package main

import "holdfast/engine/core"

// dumpedLife is what a command says that goes on with the life of an order.
type dumpedLife struct {
	Note  string            `json:"note,omitempty"`
	Units []dumpedLineUnits `json:"units,omitempty"`
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
	for _, u := range c.Life.Units {
		d.Life.Units = append(d.Life.Units, dumpedLineUnits(u))
	}
}
