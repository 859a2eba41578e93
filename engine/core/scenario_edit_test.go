package core_test

import (
	"fmt"
	"strings"

	"holdfast/engine/core"
)

// readEdit reads what changes an order: off=1×2,2 for two of the first line and all that are left of the second, add=phone×1,case×2 for lines more, document=yes
// for another document, metadata=INV-7 for one in which only that is new, and where the order goes.
func (s *story) readEdit(line *sentence, c *core.Command) {
	c.Kind, c.Order, c.Life = core.CommandEditOrder, s.order(line.next()), &core.LifeRequest{}
	line.settings(func(name, value string) {
		switch name {
		case "off":
			for _, word := range strings.Split(value, ",") {
				c.Life.Units = append(c.Life.Units, line.lineUnits(word))
			}
		case "add":
			for _, word := range strings.Split(value, ",") {
				sku, quantity, _ := strings.Cut(word, "×")
				c.Lines = append(c.Lines, core.Line{SKU: s.sku(sku), Quantity: core.Quantity(line.number(quantity))})
			}
		case "document":
			c.Document = []byte(value)
		case "metadata":
			c.Document, c.Life.DocumentOnly = []byte(value), true
		case "note":
			c.Life.Note = []byte(value)
		case "actor":
			c.Actor = []byte(value)
		case "version":
			c.ExpectedVersion = uint32(line.number(value))
		case "amounts":
			s.readPrice(line, c, "extra", value)
			c.Version, c.Money.Sets = 3, true
		case "slots":
			s.slotsNamed = value == "named"
		default:
			if !s.readPrice(line, c, name, value) && !s.readDestination(line, c, name, value) {
				line.fail("unknown setting %s", name)
			}
		}
	})
	if s.shop.model.BringRecipes(c); s.stale != nil {
		c.Recipes, s.stale = s.stale, nil
	}
	if c.Mask, _ = core.SlotsOf(c); !s.slotsNamed {
		c.Mask |= s.shop.model.OrderMask(c.Order)
	}
}

// lineUnits reads units of a line, "1×2" for two of the first and "1" for all that are left of it.
func (l *sentence) lineUnits(word string) core.LineUnits {
	place, quantity, found := strings.Cut(word, "×")
	u := core.LineUnits{Line: int(l.number(place)) - 1}
	if found {
		u.Quantity = core.Quantity(l.number(quantity))
	}
	return u
}

// editedWords tells what an edit changed.
func (s *story) editedWords(e *core.Event) string {
	o := &e.Order
	words := noteWords(e)
	if off := s.cancelledWords(e); off != "" {
		words += ", off" + off[1:]
	}
	if e.Added > 0 {
		words += fmt.Sprintf(", %d more from line %d on", e.Added, len(o.Lines)-e.Added+1)
	}
	if o.Edited != 0 && o.Edited == e.Sequence {
		words += ", another document"
	}
	return fmt.Sprintf("edited: %s, now version %d%s, %s\n%s%s", s.orderName(o.ID), o.Version, words, statusOf(o), s.linesWords(o), s.shipmentsWords(o))
}

// previewEdit tells what an edit would come to.
func (s *story) previewEdit(c *core.Command) string {
	var step core.Step
	outcome, ev, route := s.shop.machine.PreviewEdit(&step, c, s.now)
	if outcome.Refusal != nil {
		return s.refusalWords(c, outcome.Refusal)
	}
	words := "it would be so:\n" + s.editedWords(ev)
	if s.shop.machine.IsRouted() && len(c.Lines) > 0 {
		words += s.routeWords(route)
	}
	return words
}
