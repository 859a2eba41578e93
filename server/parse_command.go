package server

import (
	"math/bits"

	"holdfast/engine/core"
)

// intake is a command on its way in: what a body said, with the names that are not numbers yet. It is
// reused from request to request, and what it holds points into the body that was parsed.
type intake struct {
	decoder
	seen      fieldSet
	command   core.Command
	operation []byte   // batch lines only
	key       []byte   // batch lines only; nil for none
	order     []byte   // batch lines only: the hold or order that is meant
	channel   []byte   // nil when the body names none
	sale      []byte   // nil when the body names none
	ticket    []byte   // the text of the entrance that an order shows; nil for none
	names     [][]byte // of channels of a location, of preferred locations
	pickup    []byte   // the location where the order is fetched; nil for none
	skus      [][]byte // names, one for each line or row
	rows      []int    // of each row of a command on an order, which one of the body it is of; none where they are the same
	locations [][]byte // names, one for each row; nil for main
	prices    []price  // one for each line
	priced    bool     // whether any line has a price
	lineMoney []lineMoney
	amounts   orderMoney
	mostMoney int64  // what an amount may be at most: more in a document than in a request
	shipTo    []byte // canonical JSON, empty for none
	email     []byte // of whoever ordered; nil for none
	tags      [][]byte
	metadata  []metadataMember
	document  []byte

	identities []byte // of an order or a hold in a sale
}

// fieldSet is a set of fields that a command's body may have at its top.
type fieldSet uint32

const (
	fieldOperation fieldSet = 1 << iota
	fieldKey
	fieldID
	fieldCustomer
	fieldChannel
	fieldExternalID
	fieldTTL
	fieldLines
	fieldShipTo
	fieldAdjustments
	fieldMovements
	fieldActor
	fieldCause
	fieldUpTo
	fieldSale
	fieldIdentities
	fieldTicket
	fieldDeliveryMethod
	fieldPickupLocation
	fieldStockPolicy
	fieldEmail
	fieldTags
	fieldAmounts
	fieldMetadata
	anyField = 1<<iota - 1
)

// fieldDelivery is what an order or a hold may say of its delivery, beside the address, and fieldFind by what else it can be found, and what is
// kept beside it.
const (
	fieldDelivery = fieldDeliveryMethod | fieldPickupLocation
	fieldFind     = fieldEmail | fieldTags | fieldMetadata
)

// fieldNames are the fields' names, by bit.
var fieldNames = [...]string{"op", "idempotency_key", "id", "customer", "channel", "external_id",
	"ttl_seconds", "lines", "ship_to", "adjustments", "movements", "actor", "cause", "up_to", "sale", "identities", "ticket",
	"delivery_method", "pickup_location", "stock_policy", "email", "tags", "amounts", "metadata"}

// shape says which fields a command's body has.
type shape struct{ required, optional fieldSet }

// shapes has the bodies of all commands whose fields do not depend on each other, by kind.
var shapes = [...]shape{
	core.CommandPlaceHold: {fieldCustomer | fieldLines, fieldChannel | fieldTTL | fieldShipTo | fieldUpTo | fieldSale | fieldIdentities | fieldTicket |
		fieldDelivery | fieldFind | fieldAmounts},
	core.CommandPlaceOrder: {fieldCustomer | fieldLines, fieldChannel | fieldExternalID | fieldShipTo | fieldSale | fieldIdentities | fieldTicket |
		fieldDelivery | fieldFind | fieldStockPolicy | fieldAmounts},
	core.CommandAdjustStock: {fieldAdjustments, 0},
	core.CommandMoveStock:   {fieldMovements, fieldActor | fieldCause},
	core.CommandExtendHold:  {0, fieldTTL},
	core.CommandConfirmHold: {},
	core.CommandReleaseHold: {},
	core.CommandCancelOrder: {},
}

// stockPolicies are the names of what stock has to do with an order, by number.
var stockPolicies = [...]string{core.StockValidate: "validate", core.StockSkip: "skip", core.StockForce: "force"}

// lineShape is what the lines of a batch have besides their command's fields.
var lineShape = shape{fieldOperation, fieldKey}

// begin forgets the last command and starts reading a body.
func (in *intake) begin(kind core.CommandKind, body []byte) {
	in.reset(body)
	in.clear(kind)
}

// clear forgets the last command.
func (in *intake) clear(kind core.CommandKind) {
	in.faults = in.faults[:0]
	lines, rows, moves := in.command.Lines[:0], in.command.Rows[:0], in.command.Moves[:0]
	in.command = core.Command{Kind: kind, Version: 1, Lines: lines, Rows: rows, Moves: moves}
	in.seen, in.priced = 0, false
	in.operation, in.key, in.order, in.channel, in.sale, in.ticket = nil, nil, nil, nil, nil, nil
	in.skus, in.locations, in.prices = in.skus[:0], in.locations[:0], in.prices[:0]
	in.names, in.pickup, in.rows = in.names[:0], nil, in.rows[:0]
	in.email, in.tags, in.metadata = nil, in.tags[:0], in.metadata[:0]
	in.lineMoney, in.amounts = in.lineMoney[:0], orderMoney{}
	in.mostMoney = core.MaxAmount
	in.shipTo, in.document = in.shipTo[:0], in.document[:0]
}

// parseCommand reads the body of a request for one command.
func (in *intake) parseCommand(kind core.CommandKind, body []byte) {
	s := shapes[kind]
	in.clear(kind)
	if in.parseUsual(body, s.required|s.optional) && in.complete(s) {
		in.fill(s)
		return
	}
	in.decodeCommand(kind, body)
}

// parseNothing reads the body of a request that has no fields.
func (in *intake) parseNothing(body []byte) {
	in.begin(0, body)
	if in.object() {
		for in.more() {
			in.name()
			in.unknown()
		}
	}
	in.end()
}

// decodeCommand is parseCommand for every body.
func (in *intake) decodeCommand(kind core.CommandKind, body []byte) {
	s := shapes[kind]
	in.begin(kind, body)
	if in.object() {
		for in.more() {
			in.field(in.name(), s.required|s.optional)
		}
		in.finish(s)
	}
	in.end()
}

// parseBatchLine reads a line of an NDJSON batch. The operation may stand behind the fields that
// depend on it, so they are checked against it at the end.
func (in *intake) parseBatchLine(line []byte) (op *operation) {
	in.clear(0)
	if in.parseUsual(line, anyField) {
		if op = in.namedOperation(); op != nil && in.complete(op.shape()) {
			in.command.Kind = op.kind
			in.fill(op.shape())
			return op
		}
	}
	return in.decodeBatchLine(line)
}

// decodeBatchLine is parseBatchLine for every line.
func (in *intake) decodeBatchLine(line []byte) (op *operation) {
	in.begin(0, line)
	if in.object() {
		for in.more() {
			in.field(in.name(), anyField)
		}
		op = in.findOperation()
	}
	if op != nil {
		in.command.Kind = op.kind
		s := op.shape()
		for unfit := in.seen &^ (s.required | s.optional); unfit != 0; unfit &= unfit - 1 {
			name := fieldNames[bits.TrailingZeros32(uint32(unfit))]
			in.fault(codeUnknownField, name, "is not a field of "+op.name)
		}
		in.finish(s)
	}
	in.end()
	return op
}

// field reads the value of the field of the name, if it is one of those allowed.
func (in *intake) field(name []byte, allowed fieldSet) {
	field := findField(name)
	if field&allowed == 0 {
		in.unknown()
		return
	}
	in.seen |= field
	switch field {
	case fieldOperation:
		in.operation = in.text(&identifierRule)
	case fieldKey:
		in.key = in.text(&keyRule)
	case fieldID:
		in.order = in.text(&identifierRule)
	case fieldCustomer:
		in.command.Customer = in.text(&nameRule)
	case fieldChannel:
		in.channel = in.text(&nameRule)
	case fieldExternalID:
		in.command.ExternalID = in.text(&identifierRule)
	case fieldTTL:
		in.command.TTL = core.Millis(in.integer(int64(core.MinTTL/1000), int64(core.MaxTTL/1000))) * 1000
	case fieldLines:
		in.parseLines()
	case fieldShipTo:
		in.parseShipTo()
	case fieldAdjustments:
		in.parseRows(in.parseRow)
	case fieldMovements:
		in.parseRows(in.parseMove)
	case fieldUpTo:
		in.command.UpTo = in.boolean()
	case fieldSale:
		in.sale = in.text(&nameRule)
	case fieldIdentities:
		in.parseIdentities()
	case fieldDeliveryMethod:
		in.parseDeliveryMethod()
	case fieldPickupLocation:
		in.pickup = in.text(&nameRule)
	case fieldStockPolicy:
		in.command.Stock = core.StockPolicy(in.oneOf(stockPolicies[:]))
	case fieldEmail:
		in.email = in.text(&emailRule)
	case fieldTags:
		in.parseTags()
	case fieldAmounts:
		in.parseAmounts()
	case fieldMetadata:
		in.parseMetadata(false)
	case fieldActor:
		in.command.Actor = in.text(&reasonRule)
	case fieldCause:
		in.command.Cause = in.text(&reasonRule)
	case fieldTicket:
		in.ticket = in.text(&identifierRule)
	}
}

// findField gives the field of a name, or none. It is a switch, as every order looks up four.
func findField(name []byte) fieldSet {
	switch string(name) {
	case "op":
		return fieldOperation
	case "idempotency_key":
		return fieldKey
	case "id":
		return fieldID
	case "customer":
		return fieldCustomer
	case "channel":
		return fieldChannel
	case "external_id":
		return fieldExternalID
	case "ttl_seconds":
		return fieldTTL
	case "lines":
		return fieldLines
	case "ship_to":
		return fieldShipTo
	case "adjustments":
		return fieldAdjustments
	case "movements":
		return fieldMovements
	case "up_to":
		return fieldUpTo
	case "sale":
		return fieldSale
	case "identities":
		return fieldIdentities
	case "delivery_method":
		return fieldDeliveryMethod
	case "pickup_location":
		return fieldPickupLocation
	case "stock_policy":
		return fieldStockPolicy
	case "email":
		return fieldEmail
	case "tags":
		return fieldTags
	case "amounts":
		return fieldAmounts
	case "metadata":
		return fieldMetadata
	case "actor":
		return fieldActor
	case "cause":
		return fieldCause
	case "ticket":
		return fieldTicket
	}
	return 0
}

// finish checks that nothing is missing, and completes the command.
func (in *intake) finish(s shape) {
	for absent := s.required &^ in.seen; absent != 0; absent &= absent - 1 {
		in.missing(fieldNames[bits.TrailingZeros32(uint32(absent))])
	}
	if in.command.Stock != core.StockValidate && in.seen&fieldSale != 0 {
		in.faultIn(fieldNames[bits.TrailingZeros32(uint32(fieldStockPolicy))], codeOutOfRange, "must be validate for an order in a sale")
	}
	if len(in.faults) == 0 {
		in.fill(s)
	}
}

// complete reports whether the fields that were seen are those of the shape.
func (in *intake) complete(s shape) bool {
	return in.seen&s.required == s.required && in.seen&^(s.required|s.optional) == 0
}

// fill fills in what may be left out, and makes the document.
func (in *intake) fill(s shape) {
	if s.optional&fieldTTL != 0 && in.seen&fieldTTL == 0 {
		in.command.TTL = defaultTTL
	}
	if in.seen&fieldIdentities != 0 && in.seen&fieldSale == 0 {
		in.command.Identities = nil // they mean nothing outside a sale
	}
	in.composeMoney()
	in.composeDocument()
}

// operation is what a line of an NDJSON batch may ask for.
type operation struct {
	name   string
	kind   core.CommandKind
	status int      // of the answer when it was done
	extra  fieldSet // required besides the fields of the command's own body
}

var operations = [...]operation{
	{"place_order", core.CommandPlaceOrder, 201, 0},
	{"hold", core.CommandPlaceHold, 201, 0},
	{"confirm", core.CommandConfirmHold, 200, fieldID},
	{"release", core.CommandReleaseHold, 204, fieldID},
	{"cancel", core.CommandCancelOrder, 200, fieldID},
	{"adjust", core.CommandAdjustStock, 200, 0},
	{"move", core.CommandMoveStock, 200, 0},
}

// shape says which fields a line with the operation has.
func (op *operation) shape() shape {
	s := shapes[op.kind]
	return shape{s.required | lineShape.required | op.extra, s.optional | lineShape.optional}
}

// namedOperation gives the operation that the line names, or nil.
func (in *intake) namedOperation() *operation {
	for i := range operations {
		if string(in.operation) == operations[i].name {
			return &operations[i]
		}
	}
	return nil
}

// findOperation gives the operation that the line names. Without one it reports why.
func (in *intake) findOperation() *operation {
	if op := in.namedOperation(); op != nil {
		return op
	}
	switch {
	case in.seen&fieldOperation == 0:
		in.missing("op")
	case len(in.operation) > 0:
		in.fault(codeWrongType, "op", "must be place_order, hold, confirm, release, cancel, adjust or move")
	}
	return nil
}
