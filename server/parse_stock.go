package server

import (
	"strconv"

	"holdfast/engine/core"
)

// parseRows reads the rows of a change of stock.
func (in *intake) parseRows(row func()) {
	if !in.array() {
		return
	}
	count := 0
	for in.more() {
		if count++; count > core.MaxRows {
			in.skipRest()
			break
		}
		row()
	}
	if count == 0 || count > core.MaxRows {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxRows)+" items")
	}
}

// rowFields are the values of one adjustment as they are read.
type rowFields struct {
	sku, location, reason []byte
	delta, set, expected  int64
	hasDelta, hasSet      bool
	hasExpected           bool
}

func (in *intake) parseRow() {
	var r rowFields
	if !in.object() {
		return
	}
	for in.more() {
		in.rowField(&r, in.name())
	}
	if r.sku == nil {
		in.missing("sku")
	}
	switch {
	case r.hasDelta && r.hasSet:
		in.report(codeWrongType, "must have delta or set, not both")
	case !r.hasDelta && !r.hasSet:
		in.missing("delta")
	case r.hasExpected && !r.hasSet:
		in.report(codeWrongType, "must have expected only together with set")
	}
	in.skus = append(in.skus, r.sku)
	in.locations = append(in.locations, r.location)
	in.command.Rows = append(in.command.Rows, r.row())
}

func (in *intake) rowField(r *rowFields, name []byte) {
	const most = int64(core.MaxOnHand)
	switch string(name) {
	case "sku":
		r.sku = in.text(&nameRule)
	case "location":
		r.location = in.text(&nameRule)
	case "delta":
		r.delta, r.hasDelta = in.integer(-most, most), true
	case "set":
		r.set, r.hasSet = in.integer(0, most), true
	case "expected":
		r.expected, r.hasExpected = in.integer(0, most), true
	case "reason":
		r.reason = in.text(&reasonRule)
	default:
		in.unknown()
	}
}

// row is the adjustment for the core, without its SKU and location.
func (r *rowFields) row() core.AdjustmentRow {
	row := core.AdjustmentRow{Mode: core.AdjustDelta, Value: core.Quantity(r.delta), Reason: r.reason}
	if r.hasSet {
		row.Mode, row.Value = core.AdjustSet, core.Quantity(r.set)
	}
	if r.hasSet && r.hasExpected {
		row.Mode, row.Expected = core.AdjustSetExpected, core.Quantity(r.expected)
	}
	return row
}
