package codec

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"holdfast/engine/core"
)

// cursor reads values one after another from buf. The first failure is kept and moves the cursor to
// the end, so that a decoder may read on and ask once: what it reads after a failure is zero.
type cursor struct {
	buf  []byte
	pos  int
	at   int    // where the failure is
	what string // the failure's cause; empty while all is well

	spare *core.LifeImage // memory for the life of an order; nil for none

	spareAccount *core.AccountImage // likewise
}

// fail keeps the first failure.
func (c *cursor) fail(at int, what string) {
	if c.what == "" {
		c.at, c.what = at, what
	}
	c.pos = len(c.buf)
}

// end checks that everything was read, and gives the failure if there is one.
func (c *cursor) end(trailing string) error {
	if c.what == "" && c.pos != len(c.buf) {
		c.fail(c.pos, trailing)
	}
	return c.err()
}

// done gives how much was read, or the failure.
func (c *cursor) done() (int, error) {
	if err := c.err(); err != nil {
		return 0, err
	}
	return c.pos, nil
}

func (c *cursor) err() error {
	if c.what == "" {
		return nil
	}
	return &FormatError{Offset: c.at, What: c.what}
}

func (c *cursor) byte() byte {
	if c.pos >= len(c.buf) {
		c.fail(c.pos, "ends in the middle of a value")
		return 0
	}
	b := c.buf[c.pos]
	c.pos++
	return b
}

// take gives the next n bytes.
func (c *cursor) take(n int) []byte {
	if n > len(c.buf)-c.pos {
		c.fail(c.pos, "ends in the middle of a value")
		return nil
	}
	b := c.buf[c.pos : c.pos+n : c.pos+n]
	c.pos += n
	return b
}

func (c *cursor) uint32() uint32 {
	if b := c.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (c *cursor) uint64() uint64 {
	if b := c.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// notShort is what short gives for anything but a varint of one byte.
const notShort = 0x80

// short reads a varint of one byte, and nothing if there is none. Most numbers are that short, and
// this much the compiler is willing to inline: whoever calls it goes on with longUvarint.
func (c *cursor) short() uint64 {
	if c.pos < len(c.buf) && c.buf[c.pos] < notShort {
		c.pos++
		return uint64(c.buf[c.pos-1])
	}
	return notShort
}

func (c *cursor) uvarint() uint64 {
	v := c.short()
	if v == notShort {
		v = c.longUvarint()
	}
	return v
}

// longUvarint reads a varint of any length and refuses all but the shortest form of its number:
// one command has one encoding, so that equal commands have equal fingerprints.
func (c *cursor) longUvarint() uint64 {
	if rest := c.buf[c.pos:]; len(rest) > 1 && rest[1]-1 < 0x7f { // SKU numbers, mostly
		c.pos += 2
		return uint64(rest[0]&0x7f) | uint64(rest[1])<<7
	}
	var v uint64
	var shift uint
	for i := c.pos; i < len(c.buf); i++ {
		b := c.buf[i]
		if shift == 63 && b > 1 {
			c.fail(c.pos, "varint exceeds 64 bits")
			return 0
		}
		v |= uint64(b&0x7f) << (shift & 63)
		if b < 0x80 {
			if b == 0 && shift != 0 {
				c.fail(c.pos, "varint is not minimal")
				return 0
			}
			c.pos = i + 1
			return v
		}
		shift += 7
	}
	c.fail(c.pos, "ends in the middle of a varint")
	return 0
}

func (c *cursor) varint() int64 {
	u := c.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// upTo reads a varint of at most max.
func (c *cursor) upTo(max uint64, what string) uint64 {
	at := c.pos
	v := c.short()
	if v == notShort {
		v = c.longUvarint()
	}
	if v > max {
		c.fail(at, what)
		return 0
	}
	return v
}

// between reads a varint of min to max.
func (c *cursor) between(min, max uint64, what string) uint64 {
	at := c.pos
	v := c.short()
	if v == notShort {
		v = c.longUvarint()
	}
	if v-min > max-min {
		c.fail(at, what)
		return 0
	}
	return v
}

// count reads how many things follow, each of at least size bytes, so that whoever makes room for
// them never makes more than the input can fill.
func (c *cursor) count(min, max, size int, what string) int {
	at := c.pos
	n := c.short()
	if n == notShort {
		n = c.longUvarint()
	}
	if n-uint64(min) > uint64(max-min) {
		c.fail(at, what)
		return 0
	}
	if int(n)*size > len(c.buf)-c.pos {
		c.fail(at, "more things are counted than bytes follow")
		return 0
	}
	return int(n)
}

// string reads a length of min to max and the bytes.
func (c *cursor) string(min, max int, what string) []byte {
	at := c.pos
	n := c.short()
	if n == notShort {
		n = c.longUvarint()
	}
	if n-uint64(min) > uint64(max-min) {
		c.fail(at, what)
		return nil
	}
	if n == 0 {
		return nil
	}
	return c.take(int(n))
}

func (c *cursor) name(what string) []byte {
	at := c.pos
	n := c.short()
	if n == notShort {
		n = c.longUvarint()
	}
	if n <= core.MaxNameLength {
		if b := c.take(int(n)); ValidName(b) {
			return b
		}
	}
	c.fail(at, what)
	return nil
}

func (c *cursor) externalID() []byte {
	at := c.pos
	n := c.short()
	if n == notShort {
		n = c.longUvarint()
	}
	if n == 0 {
		return nil
	}
	if n > core.MaxExternalIDLength {
		c.fail(at, "external id is longer than 64 bytes")
		return nil
	}
	b := c.take(int(n))
	if !ValidIdentifier(b) {
		c.fail(at, "external id has a character outside [A-Za-z0-9._:-]")
	}
	return b
}

func (c *cursor) reason() []byte {
	return c.note("reason is longer than 64 bytes", "reason is not UTF-8")
}

// note reads what people wrote about a change of stock.
func (c *cursor) note(tooLong, notText string) []byte {
	at := c.pos
	b := c.string(0, core.MaxReasonLength, tooLong)
	if !utf8.Valid(b) {
		c.fail(at, notText)
	}
	return b
}

func (c *cursor) sku() core.SKUID {
	at := c.pos
	v := c.short()
	if v == notShort {
		if v = c.longUvarint(); v > math.MaxUint32 {
			c.fail(at, "SKU number exceeds 32 bits")
			return 0
		}
	}
	return core.SKUID(v)
}

func (c *cursor) location() core.LocationID {
	return core.LocationID(c.upTo(math.MaxUint16, "location number exceeds 16 bits"))
}

func (c *cursor) channel() core.ChannelID {
	return core.ChannelID(c.upTo(math.MaxUint16, "channel number exceeds 16 bits"))
}

func (c *cursor) version() uint32 {
	return uint32(c.upTo(math.MaxUint32, "version exceeds 32 bits"))
}

func (c *cursor) sequence() core.Sequence { return core.Sequence(c.uvarint()) }

func (c *cursor) millis() core.Millis {
	return core.Millis(c.upTo(math.MaxInt64, "time exceeds 63 bits"))
}

func (c *cursor) quantity() core.Quantity {
	return core.Quantity(c.upTo(math.MaxInt64, "quantity exceeds 63 bits"))
}

func (c *cursor) signed() core.Quantity { return core.Quantity(c.varint()) }

func (c *cursor) bool(what string) bool {
	at := c.pos
	b := c.byte()
	if b > 1 {
		c.fail(at, what)
	}
	return b == 1
}
