package core

import "math/bits"

// What an order costs is given when it is placed, line by line, and never computed here: taxes and discounts are the merchant's. What is due of it
// follows from that and from the units that were cancelled.
//
// A line's units are numbered from 1 to n. Those that are cancelled are the last ones, those that are shipped the first, and the first k of a line
// that costs A are worth floor(A × k / n). So parts of a line always add up to what it costs, whatever is cancelled, shipped or sent back.

// Currency is three capital letters (ISO 4217), or zeros for none.
type Currency [3]byte

func (c Currency) String() string {
	if c == (Currency{}) {
		return ""
	}
	return string(c[:])
}

// MaxAmount bounds every amount, in minor units: even those of all entries of an account together stay far below 2^63.
const MaxAmount = 1_000_000_000_000_000

// OrderMoney is what an order costs. All amounts are in minor units of the currency.
type OrderMoney struct {
	Currency Currency
	Extra    int64   // shipping, tax and discount of the order as a whole; may be less than nothing
	Sets     bool    // of an edit: Extra is what they come to then, and not by how much that changes
	Amounts  []int64 // of each asked line, all its units; 0 to MaxAmount
}

// Total is what the order costs.
func (m *OrderMoney) Total() int64 {
	total := m.Extra
	for _, amount := range m.Amounts {
		total += amount
	}
	return total
}

// IsValid tells whether the amounts are within their limits: those of all lines, and the total.
func (m *OrderMoney) IsValid() bool {
	if m.Extra < -MaxAmount || m.Extra > MaxAmount {
		return false
	}
	total := m.Extra
	for _, amount := range m.Amounts {
		if amount < 0 || amount > MaxAmount || total > MaxAmount {
			return false
		}
		total += amount
	}
	return total >= 0 && total <= MaxAmount
}

// valueOf is what the first units of a line are worth, of which all cost so much.
func valueOf(amount int64, units, all Quantity) int64 {
	if units == all || all == 0 {
		return amount
	}
	high, low := bits.Mul64(uint64(amount), uint64(units))
	value, _ := bits.Div64(high, low, uint64(all)) // units are fewer than all, so it fits
	return int64(value)
}

// HasMoney tells whether it is known what the order costs.
func (o *OrderImage) HasMoney() bool { return o.Account != nil && o.Account.HasMoney() }

// Total is what an order cost when it was placed.
func (o *OrderImage) Total() int64 {
	if !o.HasMoney() {
		return 0
	}
	total := o.Account.Extra
	for _, amount := range o.Account.Amounts {
		total += amount
	}
	return total
}

// Due is what is to be paid for what is left of an order: nothing of one that has ended without being delivered.
func (o *OrderImage) Due() int64 {
	if !o.HasMoney() || o.hasEnded() {
		return 0
	}
	due := o.Account.Extra
	for i, amount := range o.Account.Amounts {
		if amount != 0 {
			n := o.Lines[i].Quantity
			life := o.LineLife(i)
			due += valueOf(amount, n-life.Cancelled, n)
		}
	}
	return max(0, due) + o.exchanged()
}

// hasEnded tells whether the order came to nothing.
func (o *OrderImage) hasEnded() bool {
	return o.Status == StatusCancelled || o.Status == StatusReleased || o.Status == StatusExpired
}

// shippedValue is what the units are worth that have left, with what is to be paid for exchanges, and with the first of them what the order costs beside its lines.
func (o *OrderImage) shippedValue() int64 {
	if o.Life == nil || len(o.Life.Shipments) == 0 {
		return 0
	}
	value := o.Account.Extra
	for i, amount := range o.Account.Amounts {
		value += valueOf(amount, o.shippedOf(i), o.Lines[i].Quantity)
	}
	return max(0, value) + o.exchanged()
}

// shippedOf is how many units of a line have left; of kits, as many as the components that have left make.
func (o *OrderImage) shippedOf(line int) Quantity {
	if o.Lines[line].Role != LineOfKits {
		return o.Life.Lines[line].Shipped
	}
	kits := o.Lines[line].Quantity
	most := kits - o.Life.Lines[line].Cancelled
	for i := line + 1; i < len(o.Lines) && o.Lines[i].Role == LineOfComponent; i++ {
		most = min(most, o.Life.Lines[i].Shipped/(o.Lines[i].Quantity/kits))
	}
	return most
}
