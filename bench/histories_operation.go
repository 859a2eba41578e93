package bench

import (
	"fmt"
	"strings"
)

// historySKUs is how many SKUs a history may have: baskets go over that many.
const historySKUs = 3

// opKind is what a client asked for.
type opKind uint8

const (
	opPlace opKind = iota
	opHold
	opConfirm
	opRelease
	opCancel
	opRead // of an order
	opAvailability
	opAdjust // by units
	opSet    // to units
	opKinds
)

var opNames = [opKinds]string{"place", "hold", "confirm", "release", "cancel", "read", "availability", "adjust", "set"}

// Words of the contract that the model judges by.
const (
	statusHeld      = "held"
	statusPlaced    = "placed"
	statusCancelled = "cancelled"
	statusReleased  = "released"
	statusExpired   = "expired"

	refusedStock     = "insufficient_stock"
	refusedChanged   = "stock_changed"
	refusedNegative  = "stock_negative"
	refusedExpired   = "hold_expired"
	refusedReleased  = "hold_released"
	refusedConfirmed = "hold_confirmed"
	refusedCancelled = "order_cancelled"
)

// operation is one wish of a client and its answer: an element of a history.
type operation struct {
	kind     opKind
	lane     int    // the row in which a page shows it
	key      string // "" for none
	order    int    // what it is about, or what it makes: the history's own count of orders
	id       string // of that order, as the server calls it; "" while nobody knows
	lines    [historySKUs]int64
	ttl      int    // of a hold, seconds
	sku      int    // of an adjustment or an availability
	units    int64  // of an adjustment
	expected int64  // of opSet; negative for any
	least    uint64 // the sequence that a read wants to see

	call, back     int64  // nanoseconds since the round began
	sent, answered int64  // the same instants in milliseconds since 1970
	floor          uint64 // the highest sequence that anybody had been told before the call
	attempts       int
	rank           int  // how many operations of the history must come before, by their sequences
	unknown        bool // the server died: it was carried out before that, or never
	reply
}

// reply is what an answer says. What it does not say is zero, or as unsaid has it.
type reply struct {
	code     string // of a refusal; "" when it was done
	sequence uint64
	stamp    int64 // the server's time of the operation, milliseconds since 1970
	deadline int64 // of a hold, milliseconds since 1970
	status   string
	version  uint32
	seen     [historySKUs]int64 // the lines of an order that was read
	levels   [historySKUs]toldLevel
	named    bool               // a refusal that tells what is available
	short    [historySKUs]int64 // negative for SKUs that it does not name
	onHand   int64              // by a refused adjustment
}

// unsaid is a reply that says nothing.
var unsaid = reply{deadline: neverEnds, onHand: -1}

// toldLevel is a SKU's units as an answer tells them.
type toldLevel struct {
	known bool
	historyStock
}

// reads reports whether an operation changes nothing.
func (op *operation) reads() bool { return op.kind == opAvailability || op.kind == opRead }

// makes reports whether an operation makes an order or a hold.
func (op *operation) makes() bool { return op.kind == opPlace || op.kind == opHold }

// adjusts reports whether an operation changes units on hand.
func (op *operation) adjusts() bool { return op.kind == opAdjust || op.kind == opSet }

// String tells an operation for the page of a history.
func (op *operation) String() string {
	var b strings.Builder
	b.WriteString(opNames[op.kind])
	switch {
	case op.makes():
		fmt.Fprintf(&b, " #%d %v", op.order, op.lines)
	case op.kind == opAdjust:
		fmt.Fprintf(&b, " SKU %d by %d", op.sku, op.units)
	case op.kind == opSet:
		fmt.Fprintf(&b, " SKU %d to %d, expected %d", op.sku, op.units, op.expected)
	case op.kind == opAvailability:
		fmt.Fprintf(&b, " SKU %d", op.sku)
	default:
		fmt.Fprintf(&b, " #%d", op.order)
	}
	switch {
	case op.unknown:
		b.WriteString(" → no answer")
	case op.code != "":
		fmt.Fprintf(&b, " → %s", op.code)
		if op.named {
			fmt.Fprintf(&b, " %v", op.short)
		}
	default:
		fmt.Fprintf(&b, " → at %d %s", op.sequence, op.status)
	}
	if op.version != 0 {
		fmt.Fprintf(&b, " v%d", op.version)
	}
	for i, level := range op.levels {
		if level.known {
			fmt.Fprintf(&b, ", SKU %d %s", i, level.historyStock)
		}
	}
	if op.attempts > 1 {
		fmt.Fprintf(&b, " (sent %d times)", op.attempts)
	}
	return b.String()
}
