package core_test

import (
	"fmt"
	"strings"

	"holdfast/engine/core"
)

var fulfilmentActions = map[string]core.FulfilmentAction{
	"start": core.FulfilmentStart, "schedule": core.FulfilmentSchedule, "hold": core.FulfilmentHold, "release": core.FulfilmentRelease,
	"submit": core.FulfilmentSubmit, "accept": core.FulfilmentAccept, "stop": core.FulfilmentStop, "ready": core.FulfilmentPrepare,
}

// readWork reads what is done with a fulfilment order, "work o1 start at=berlin number=2".
func (s *story) readWork(line *sentence, c *core.Command) {
	c.Kind, c.Life = core.CommandWorkFulfilment, &core.LifeRequest{}
	c.Order = s.order(line.next())
	c.Mask = s.shop.model.OrderMask(c.Order)
	switch what := line.next(); what {
	case "split", "short":
		c.Kind = core.CommandSplitFulfilment
		if what == "short" {
			c.Kind = core.CommandShortPick
		}
	case "merge":
		c.Kind = core.CommandMergeFulfilments
	case "move":
		c.Kind = core.CommandMoveFulfilment
	case "decline":
		c.Kind = core.CommandDeclineFulfilment
	default:
		if c.Life.Action = fulfilmentActions[what]; c.Life.Action == 0 {
			line.fail("unknown action")
		}
	}
	s.readWorkSettings(line, c)
	for line.peek() != "" {
		place, quantity, _ := strings.Cut(line.next(), "×")
		c.Life.Units = append(c.Life.Units, core.LineUnits{Line: int(line.number(place)) - 1, Quantity: core.Quantity(line.number(quantity))})
	}
	switch c.Kind {
	case core.CommandMoveFulfilment, core.CommandShortPick, core.CommandDeclineFulfilment:
		c.Lines = s.readSKUs(line, c.Order)
	}
}

func (s *story) readWorkSettings(line *sentence, c *core.Command) {
	line.settings(func(name, value string) {
		switch name {
		case "at":
			c.Life.Location = s.location(value)
		case "number":
			c.Life.Fulfilment = int(line.number(value))
		case "from":
			c.Life.At = line.clock(value)
		case "into":
			c.Life.Into = int(line.number(value))
		case "to":
			c.Life.Target = s.location(value)
		case "missing":
			c.Life.Missing = value == "yes"
		case "note":
			c.Life.Note = []byte(value)
		default:
			line.common(c, name, value)
		}
	})
}

var fulfilmentWords = [...]string{
	core.FulfilmentOpen: "open", core.FulfilmentInProgress: "in_progress", core.FulfilmentScheduled: "scheduled", core.FulfilmentOnHold: "on_hold",
	core.FulfilmentSubmitted: "submitted", core.FulfilmentAccepted: "accepted", core.FulfilmentDeclined: "declined",
	core.FulfilmentIncomplete: "incomplete", core.FulfilmentReady: "ready_for_pickup", core.FulfilmentClosed: "closed", core.FulfilmentCancelled: "cancelled",
}

// worksWords tells of an order's fulfilment orders, once somebody has done something about one.
func (s *story) worksWords(o *core.OrderImage) string {
	if o.Life == nil {
		return ""
	}
	var out strings.Builder
	todo := o.Life.ToDo
	for i := range o.Life.Fulfilments {
		f := &o.Life.Fulfilments[i]
		fmt.Fprintf(&out, "  %d. at %s, %s", i+1, s.locationName(f.Location), fulfilmentWords[f.Status])
		if f.ScheduledAt != 0 {
			fmt.Fprintf(&out, " from %s", timeWords(f.ScheduledAt))
		}
		for k, u := range todo[:f.Lines] {
			separator := ","
			if k == 0 {
				separator = ":"
			}
			fmt.Fprintf(&out, "%s %d of line %d", separator, u.Quantity, u.Line+1)
		}
		todo = todo[f.Lines:]
		out.WriteByte('\n')
	}
	return out.String()
}

// fulfilledWords tells what became of a fulfilment order.
func (s *story) fulfilledWords(e *core.Event, who string) string {
	o := &e.Order
	what := ""
	switch e.Kind {
	case core.EventFulfilmentChanged:
		for word, action := range fulfilmentActions {
			if action == e.Action {
				what = word + noteWords(e)
			}
		}
	case core.EventFulfilmentSplit:
		what = fmt.Sprintf("split, %d is new%s", e.Into, noteWords(e))
	case core.EventFulfilmentsMerged:
		what = fmt.Sprintf("merged into %d%s", e.Into, noteWords(e))
	case core.EventFulfilmentMoved:
		what = "moved" + s.rerouteWords(e)
	case core.EventFulfilmentShort:
		what = "short" + s.rerouteWords(e)
	default:
		what = "declined" + s.rerouteWords(e)
	}
	words := fmt.Sprintf("fulfilment %d: %s, %s\n", e.Fulfilment, who, what)
	if e.Kind == core.EventFulfilmentShort {
		words += s.movementWords(e)
	}
	return words + s.linesWords(o) + s.worksWords(o)
}
