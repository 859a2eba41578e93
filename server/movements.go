package server

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/engine/feed"
)

// movementNames are the names of the types of movements in a list, by number.
var movementNames = [feed.MovementTypes]string{
	feed.Receive:    "receive",
	feed.Adjust:     "adjust",
	feed.Count:      "count",
	feed.Reclassify: "reclassify",
	feed.WriteOff:   "write_off",
	feed.Reserve:    "reserve",
	feed.Extend:     "extend",
	feed.Release:    "release",
	feed.Expire:     "expire",
	feed.Allocate:   "allocate",
	feed.Deallocate: "deallocate",

	feed.TransferOut: "transfer_out",
	feed.TransferIn:  "transfer_in",
	feed.Reallocate:  "reallocate",
	feed.Ship:        "ship",
	feed.ReturnIn:    "return_in",
}

// promiseNames are what units are that somebody has been promised.
var promiseNames = [...]string{feed.ToNobody: "", feed.ToHold: "reserved", feed.ToOrder: "allocated"}

// listMovements serves GET /v1/skus/{sku}/movements.
func (s *Server) listMovements(x *exchange) {
	q := x.query("location", "type", "from", "to", "limit", "after", "at_least")
	query := engine.MovementQuery{
		Type:  feed.MovementType(q.oneOf("type", movementNames[:])),
		From:  q.instant("from"),
		Until: q.instant("to"),
		Limit: int(q.number("limit", 1, maxPage, defaultPage)),
		After: q.movementCursor("after"),
	}
	if query.Until != 0 && query.Until <= query.From {
		q.fault("to", "must be later than from")
	}
	location := q.name("location")
	if !s.waitFor(q) {
		return
	}
	entry, ok := s.engine.SKU(x.variable)
	if !ok {
		x.fail(unknownSKU)
		return
	}
	query.SKU = entry.ID
	if query.After != nil && query.After.SKU != entry.ID {
		x.fail(faultProblem([]fault{cursorFault}))
		return
	}
	if query.AtLocation = location != nil; query.AtLocation {
		if query.Location, ok = s.engine.Location(location); !ok {
			x.fail(unknownLocation)
			return
		}
	}
	page, err := s.engine.Movements(&query)
	if err != nil {
		s.failRead(x, err, unknownSKU)
		return
	}
	x.answerJSON(200, s.appendMovementPage(x.out[:0], &page))
}

func (s *Server) appendMovementPage(dst []byte, page *engine.MovementPage) []byte {
	dst = append(dst, `{"items":[`...)
	for i := range page.Movements {
		dst = s.appendListedMovement(appendComma(dst, i), &page.Movements[i])
	}
	dst = append(dst, `],"next":`...)
	if page.Next == nil {
		dst = append(dst, "null"...)
	} else {
		dst = appendText(dst, movementCursorText(page.Next))
	}
	dst = appendBoolField(dst, `,"complete":`, page.Oldest == 0)
	dst = appendNumberField(dst, `,"oldest":`, page.Oldest+1)
	return append(appendNumberField(dst, `,"sequence":`, page.Sequence), '}')
}

func (s *Server) appendListedMovement(dst []byte, m *feed.Movement) []byte {
	dst = appendNumberField(dst, `{"sequence":`, m.Sequence)
	dst = appendTimeField(dst, `,"at":`, m.At)
	dst = appendTextField(dst, `,"type":`, movementNames[m.Type])
	dst = appendTextField(dst, `,"event":`, eventTypes[m.Event])
	if m.Beyond {
		dst = append(dst, `,"location":null`...)
	} else {
		dst = s.appendLocation(append(dst, `,"location":`...), m.Location)
	}
	dst = appendNumberField(dst, `,"quantity":`, m.Quantity)
	from, to := promiseNames[m.Promise.From], promiseNames[m.Promise.To]
	switch m.Event {
	case core.EventStockMoved, core.EventPurchaseOrderChanged, core.EventTransferChanged, core.EventOrderShipped,
		core.EventShipmentTakenBack, core.EventReturnReceived, core.EventReturnInspected:
		from, to = movedStates(m)
	}
	if from != "" {
		dst = appendTextField(dst, `,"from":`, from)
	}
	if to != "" {
		dst = appendTextField(dst, `,"to":`, to)
	}
	if m.Type == feed.Reallocate {
		dst = s.appendMovementPlace(append(dst, `,"from_location":`...), &m.Moves[0])
		dst = s.appendMovementPlace(append(dst, `,"to_location":`...), &m.Moves[1])
	}
	if m.IsOfOrder() {
		dst = append(appendID(append(dst, `,"order":"`...), s.engine.PublicOrderID(m.Order)), '"')
	}
	if m.Deadline != 0 {
		dst = appendTimeField(dst, `,"expires_at":`, m.Deadline)
	}
	for _, text := range []struct {
		name  string
		bytes []byte
	}{{`,"actor":`, m.Actor}, {`,"cause":`, m.Cause}, {`,"reason":`, m.Reason}} {
		if len(text.bytes) > 0 {
			dst = appendTextField(dst, text.name, text.bytes)
		}
	}
	if !m.Known {
		return append(dst, `,"before":null,"after":null}`...)
	}
	dst = appendListedLevel(append(dst, `,"before":`...), &m.Before)
	return append(appendListedLevel(append(dst, `,"after":`...), &m.After), '}')
}

// appendMovementPlace appends a location, or null for units that wait.
func (s *Server) appendMovementPlace(dst []byte, p *feed.Place) []byte {
	if p.Beyond {
		return append(dst, "null"...)
	}
	return s.appendLocation(dst, p.Location)
}

// movedStates are the states that units left and came to.
func movedStates(m *feed.Movement) (from, to string) {
	switch m.Type {
	case feed.WriteOff, feed.TransferOut, feed.Ship:
		return stockStates[m.From], ""
	case feed.Reclassify:
		return stockStates[m.From], stockStates[m.To]
	}
	return "", stockStates[m.To]
}

// appendListedLevel appends the units at a level by state, and those that are promised.
func appendListedLevel(dst []byte, l *core.LevelImage) []byte {
	dst = appendStates(dst, l)
	dst = appendNumberField(dst[:len(dst)-1], `,"reserved":`, l.Reserved)
	return append(appendNumberField(dst, `,"allocated":`, l.Allocated), '}')
}

// instant reads a time, and rounds it up to a millisecond; 0 when the parameter is absent.
func (q *queryReader) instant(name string) core.Millis {
	text := q.args.Peek(name)
	if text == nil {
		return 0
	}
	at, err := time.Parse(time.RFC3339Nano, string(text))
	if err != nil {
		q.fault(name, "must be a time as in 2026-11-27T12:00:00.137Z")
		return 0
	}
	return max(1, core.Millis(at.Add(time.Millisecond-time.Nanosecond).UnixMilli()))
}

// oneOf reads one of some names and gives its place, 0 when the parameter is absent. The first name is none.
func (q *queryReader) oneOf(name string, names []string) int {
	text := q.args.Peek(name)
	if text == nil {
		return 0
	}
	at := indexOf(names, string(text))
	if at < 1 {
		q.fault(name, "must be one of "+strings.Join(names[1:], ", "))
		return 0
	}
	return at
}

// cursorLevels is how many levels a cursor carries at most. Beyond that those who go on with it learn of what units were before and
// after a movement only from movements that say so.
const cursorLevels = 16

// movementCursorText is the text that a client gives back to go on: in base64 the SKU's number, the sequence, how many of its
// events were passed and how many movements of the next one, and the levels, all as varints.
func movementCursorText(c *engine.MovementCursor) string {
	levels := c.Levels
	if len(levels) > cursorLevels {
		levels = nil
	}
	bytes := binary.AppendUvarint(nil, uint64(c.SKU))
	bytes = binary.AppendUvarint(bytes, uint64(c.Sequence))
	bytes = binary.AppendUvarint(bytes, uint64(c.Events))
	bytes = binary.AppendUvarint(bytes, uint64(c.Passed))
	for i := range levels {
		l := &levels[i]
		bytes = binary.AppendUvarint(bytes, uint64(l.Location))
		for _, n := range append(l.Unavailable[:], l.OnHand, l.Reserved, l.Allocated) {
			bytes = binary.AppendVarint(bytes, int64(n))
		}
	}
	return base64.RawURLEncoding.EncodeToString(bytes)
}

// cursorFault is what is wrong with a cursor that no list of the SKU has given.
var cursorFault = fault{codeInvalidQuery, "after", "must be taken from next of a list of the same SKU"}

// movementCursor reads what movementCursorText wrote; nil when the parameter is absent.
func (q *queryReader) movementCursor(name string) *engine.MovementCursor {
	text := q.args.Peek(name)
	if text == nil {
		return nil
	}
	bytes, err := base64.RawURLEncoding.Strict().DecodeString(string(text))
	r := varints{rest: bytes, failed: err != nil}
	c := &engine.MovementCursor{
		SKU: core.SKUID(r.unsigned(math.MaxUint32)), Sequence: core.Sequence(r.unsigned(maxSequence)),
		Events: int(r.unsigned(1 << 32)), Passed: int(r.unsigned(1 << 32)),
	}
	for len(r.rest) > 0 && !r.failed && len(c.Levels) < cursorLevels {
		l := core.LevelImage{Location: core.LocationID(r.unsigned(core.MaxLocations - 1))}
		for i := range l.Unavailable {
			l.Unavailable[i] = r.quantity()
		}
		l.OnHand, l.Reserved, l.Allocated = r.quantity(), r.quantity(), r.quantity()
		c.Levels = append(c.Levels, l)
	}
	if r.failed || len(r.rest) > 0 || c.Sequence == 0 {
		q.fault(cursorFault.field, cursorFault.detail)
		return nil
	}
	return c
}

// varints reads numbers from bytes of a client.
type varints struct {
	rest   []byte
	failed bool
}

func (r *varints) unsigned(most uint64) uint64 {
	number, n := binary.Uvarint(r.rest)
	if n <= 0 || number > most {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return number
}

// quantity reads units that may be at a level.
func (r *varints) quantity() core.Quantity {
	number, n := binary.Varint(r.rest)
	if n <= 0 || number < -maxLevelUnits || number > maxLevelUnits {
		r.failed = true
		return 0
	}
	r.rest = r.rest[n:]
	return core.Quantity(number)
}

// maxLevelUnits is more than there ever are at a level, and sums of it fit into a quantity.
const maxLevelUnits = 1 << 61
