package server

import (
	"strconv"

	"holdfast/engine/core"
)

// parseCancel reads the body of POST /v1/orders/{order}/cancel. With lines some units are cancelled, else all: then nothing else may be said.
func (in *intake) parseCancel(body []byte) {
	in.begin(core.CommandCancelOrder, body)
	life := &core.LifeRequest{}
	if in.object() {
		noted := false
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "lines":
				in.command.Kind, in.command.Life = core.CommandCancelLines, life
				in.lineUnits(life)
			case in.noteField(life, name):
				noted = true
			default:
				in.unknown()
			}
		}
		if noted && in.command.Life == nil {
			in.missing("lines")
		}
	}
	in.end()
}

// noteField reads what is noted with a command that goes on with an order's life, if the field is such a one.
func (in *intake) noteField(life *core.LifeRequest, name []byte) bool {
	switch string(name) {
	case "note":
		life.Note = in.text(&reasonRule)
	case "actor":
		in.command.Actor = in.text(&reasonRule)
	default:
		return false
	}
	return true
}

// lineUnits reads units of lines, each of which is named by its place among those that are shown.
func (in *intake) lineUnits(life *core.LifeRequest) {
	count := in.items(func() {
		u := core.LineUnits{Line: -1}
		if !in.object() {
			return
		}
		for in.more() {
			switch string(in.name()) {
			case "line":
				u.Line = int(in.integer(0, core.MaxLines-1))
				for _, other := range life.Units {
					if other.Line == u.Line {
						in.report(codeOutOfRange, "is there already: name each line once, with all its units")
					}
				}
			case "quantity":
				u.Quantity = core.Quantity(in.integer(1, int64(core.MaxLineQuantity)))
			default:
				in.unknown()
			}
		}
		if u.Line < 0 {
			in.missing("line")
		}
		life.Units = append(life.Units, u)
	})
	if count == 0 || count > core.MaxLines {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxLines)+" items")
	}
}

// items calls read for each item of an array, of MaxLines at most, and counts them; 1 when it is no array.
func (in *intake) items(read func()) (count int) {
	if !in.array() {
		return 1
	}
	for in.more() {
		if count++; count > core.MaxLines {
			in.skipRest()
			break
		}
		read()
	}
	return count
}
