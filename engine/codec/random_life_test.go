package codec

import "holdfast/engine/core"

func isOfLife(kind core.CommandKind) bool { return kind == core.CommandCancelLines }

func (g generator) lifeRequest(c *core.Command) {
	c.Life, c.Actor = &core.LifeRequest{Note: g.reason()}, g.reason()
	for _, line := range g.Perm(core.MaxLines)[:g.between(1, core.MaxLines)] {
		c.Life.Units = append(c.Life.Units, core.LineUnits{Line: line, Quantity: core.Quantity(g.between(0, int64(core.MaxLineQuantity)))})
	}
}

func (g generator) cancelled(ev *core.Event) {
	ev.Note, ev.Actor = g.reason(), g.reason()
	for range g.between(1, 40) {
		ev.Units = append(ev.Units, core.LineUnits{Line: g.IntN(len(ev.Order.Lines)), Quantity: g.quantity()})
	}
	for range g.IntN(40) {
		f := core.FreedUnits{Line: g.IntN(len(ev.Order.Lines)), Beyond: g.bool(), Quantity: g.quantity()}
		if !f.Beyond {
			f.Location = g.location()
		}
		ev.Freed = append(ev.Freed, f)
	}
}

// life is what became of an order with so many lines.
func (g generator) life(lines int) *core.LifeImage {
	life := &core.LifeImage{Lines: make([]core.LineLife, lines)}
	for i := range life.Lines {
		life.Lines[i] = core.LineLife{Cancelled: g.quantity()}
	}
	return life
}
