package codec

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"holdfast/engine/core"
)

// moneyVersion is the version of place hold, place order and edit order whose frames say what the order costs, behind the stock policy; of an edit, what
// the lines cost that are added, and by how much it changes what the order costs beside its lines.
const moneyVersion = 2

// settingVersion is that of an edit order which says what the order costs beside its lines then, and not by how much that changes.
const settingVersion = 3

// frameVersionOf is the version with which a command is written.
func frameVersionOf(c *core.Command) byte {
	if c.Money != nil && mayHaveMoney(c.Kind) {
		if c.Money.Sets {
			return settingVersion
		}
		return moneyVersion
	}
	return max(c.Version, commandVersion)
}

// knowsVersion tells whether there are frames of a kind in a version.
func knowsVersion(kind core.CommandKind, version byte) bool {
	return version == commandVersion || version == moneyVersion && mayHaveMoney(kind) || version == settingVersion && kind == core.CommandEditOrder
}

func mayHaveMoney(kind core.CommandKind) bool {
	return kind == core.CommandPlaceHold || kind == core.CommandPlaceOrder || kind == core.CommandEditOrder
}

// appendMoney appends what an order costs. There are as many amounts as lines.
func appendMoney(dst []byte, m *core.OrderMoney) []byte {
	dst = appendVarint(append(dst, m.Currency[:]...), m.Extra)
	for _, amount := range m.Amounts {
		dst = appendUvarint(dst, uint64(amount))
	}
	return dst
}

// money reads what an order of so many lines costs.
func (c *cursor) money(kind core.CommandKind, lines int) *core.OrderMoney {
	at := c.pos
	m := &core.OrderMoney{Currency: c.currency(), Extra: c.varint(), Amounts: make([]int64, lines)}
	for i := range m.Amounts {
		m.Amounts[i] = c.positive(0)
	}
	if kind == core.CommandEditOrder && m.Extra >= -core.MaxAmount && m.Extra <= core.MaxAmount {
		return m
	}
	if !m.IsValid() {
		c.fail(at, "what an order costs is outside its limits")
	}
	return m
}

// appendPrices appends what a placed order, or a hold, costs from now on.
func appendPrices(dst []byte, c *core.Command) []byte {
	dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Order))
	dst = appendNotes(dst, c.Life.Note, c.Actor)
	return appendMoney(appendUvarint(dst, uint64(len(c.Money.Amounts))), c.Money)
}

func (c *cursor) prices(cmd *core.Command) {
	cmd.Life, cmd.Order = &core.LifeRequest{}, core.OrderID(c.uint64())
	cmd.Life.Note, cmd.Actor = c.rerouteNote(), c.actor()
	lines := c.count(1, core.MaxLines, 1, "amounts are not 1 to 500")
	cmd.Money = c.money(cmd.Kind, lines)
}

// positive reads an amount from so much on.
func (c *cursor) positive(least uint64) int64 {
	return int64(c.between(least, core.MaxAmount, "amount is outside its limits"))
}

// amount reads one of an entry, which only an adjustment's may be less than nothing of.
func (c *cursor) amount(t core.PaymentType) int64 {
	at := c.pos
	amount := c.varint()
	if amount == 0 || amount > core.MaxAmount || amount < -core.MaxAmount || amount < 0 && t != core.PaymentAdjustment {
		c.fail(at, "amount is outside its limits")
	}
	return amount
}

// ValidCurrency tells whether a currency is three capital letters.
func ValidCurrency(currency core.Currency) bool {
	for _, letter := range currency {
		if letter < 'A' || letter > 'Z' {
			return false
		}
	}
	return true
}

func (c *cursor) currency() (currency core.Currency) {
	at := c.pos
	copy(currency[:], c.take(len(currency)))
	if !ValidCurrency(currency) {
		c.fail(at, "currency is not three capital letters")
	}
	return currency
}

// ValidReference tells whether b may name a provider, or be its reference: 1 to so many bytes of UTF-8, every character printable and none a space.
func ValidReference(b []byte, most int) bool {
	if len(b) == 0 || len(b) > most || !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if r == ' ' || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func (c *cursor) provider() []byte {
	return c.reference(1, core.MaxProviderLength, "provider is not 1 to 32 bytes of printable characters")
}

// reference reads a provider's reference, or its name, of at least so many bytes.
func (c *cursor) reference(least, most int, what string) []byte {
	at := c.pos
	b := c.string(least, most, what)
	if len(b) > 0 && !ValidReference(b, most) {
		c.fail(at, what)
	}
	return b
}

const badReference = "reference is not 1 to 128 bytes of printable characters"
