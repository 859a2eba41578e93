package server

import "holdfast/engine/core"

// movementTypes are the names of the kinds of movements, by number.
var movementTypes = [...]string{
	core.MovementReceive:    "receive",
	core.MovementAdjust:     "adjust",
	core.MovementCount:      "count",
	core.MovementReclassify: "reclassify",
	core.MovementWriteOff:   "write_off",

	core.MovementTransferOut: "transfer_out",
	core.MovementTransferIn:  "transfer_in",
}

// stockStates are the names of the states of stock, by number.
var stockStates = [...]string{
	core.StateSellable:       "sellable",
	core.StateDamaged:        "damaged",
	core.StateQualityControl: "quality_control",
	core.StateOther:          "other",
}

// moveFields are the values of one movement as they are read.
type moveFields struct {
	row           core.MovementRow
	sku, location []byte
	hasFrom       bool
	hasTo         bool
	hasQuantity   bool
}

func (in *intake) parseMove() {
	var m moveFields
	if !in.object() {
		return
	}
	before := len(in.faults)
	for in.more() {
		in.moveField(&m, in.name())
	}
	if m.sku == nil {
		in.missing("sku")
	}
	if !m.hasQuantity {
		in.missing("quantity")
	}
	if len(in.faults) == before { // else a type that could not be read would be blamed for the rest
		in.checkMove(&m)
	}
	in.skus = append(in.skus, m.sku)
	in.locations = append(in.locations, m.location)
	in.command.Moves = append(in.command.Moves, m.row)
}

func (in *intake) moveField(m *moveFields, name []byte) {
	const most = int64(core.MaxOnHand)
	switch string(name) {
	case "type":
		m.row.Kind = core.MovementKind(in.oneOf(movementTypes[:core.MovementWriteOff+1]))
	case "sku":
		m.sku = in.text(&nameRule)
	case "location":
		m.location = in.text(&nameRule)
	case "quantity":
		m.row.Quantity, m.hasQuantity = core.Quantity(in.wide()), true
	case "from":
		m.row.From, m.hasFrom = core.StockState(in.oneOf(stockStates[:])), true
	case "to":
		m.row.To, m.hasTo = core.StockState(in.oneOf(stockStates[:])), true
	case "expected":
		m.row.Expected, m.row.HasExpected = core.Quantity(in.integer(0, most)), true
	case "reason":
		m.row.Reason = in.text(&reasonRule)
	default:
		in.unknown()
	}
}

// checkMove checks what depends on the movement's type: which states it has, and how many units can move.
func (in *intake) checkMove(m *moveFields) {
	r := &m.row
	name := movementTypes[r.Kind]
	least := int64(1)
	switch r.Kind {
	case 0:
		in.missing("type")
		return
	case core.MovementAdjust:
		if r.Quantity == 0 {
			in.faultIn("quantity", codeOutOfRange, "must not be 0")
		}
		least = -int64(core.MaxOnHand)
	case core.MovementCount:
		least = 0
	case core.MovementReclassify:
		if !m.hasFrom {
			in.missing("from")
		}
		if !m.hasTo {
			in.missing("to")
		}
		if m.hasFrom && m.hasTo && r.From == r.To {
			in.faultIn("to", codeOutOfRange, "must be another state than from")
		}
	}
	if int64(r.Quantity) < least || r.Quantity > core.MaxOnHand {
		in.faultIn("quantity", codeOutOfRange, rangeSays(least, int64(core.MaxOnHand))+" for "+name)
	}
	if m.hasFrom && !r.Kind.HasFrom() {
		in.faultIn("from", codeUnknownField, "is not a field of "+name)
	}
	if m.hasTo && !r.Kind.HasTo() {
		in.faultIn("to", codeUnknownField, "is not a field of "+name)
	}
	if r.HasExpected && r.Kind != core.MovementCount {
		in.faultIn("expected", codeUnknownField, "is not a field of "+name)
	}
}
