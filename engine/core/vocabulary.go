package core

// SlotCount is the number of partitions of the state. It must not change: a SKU's slot is stored in
// its number, and numbers are in journals.
const SlotCount = 64

// slotBits is the number of low bits of a number that name its slot.
const slotBits = 6

// Slot is one of the 64 fixed partitions.
type Slot uint8

// SlotMask is a set of slots: bit i stands for slot i.
type SlotMask uint64

// AllSlots is the mask of commands that change what every slot reads.
const AllSlots = ^SlotMask(0)

// Sequence is a command's place in the journal, counted from 1. Zero means "before everything".
type Sequence uint64

// Millis is an instant in milliseconds since 1970-01-01 UTC, or a duration in milliseconds.
type Millis int64

// Quantity counts units of one SKU.
type Quantity int64

// SKUID is a SKU's number: its slot in the low six bits, its place in the slot's slab above.
type SKUID uint32

// OrderID is an order's number: its home slot in the low six bits, then one bit that is set when the
// order touches other slots than its home, then its place in the home slot's slab.
type OrderID uint64

// LocationID is the place of a location in the table of locations. Location 0 is "main".
type LocationID uint16

// ChannelID is the place of a channel in the table of channels. Channel 0 is "web".
type ChannelID uint16

// IdempotencyKey is what an order remembers of a client's key: 128 bits, all zero for "none".
type IdempotencyKey [16]byte

// orderSpreadBit marks an order whose lines, or whose external id, lie in more than its home slot.
const orderSpreadBit = 1 << slotBits

// MakeSKUID puts a slot and a place together.
func MakeSKUID(slot Slot, place uint32) SKUID { return SKUID(place<<slotBits) | SKUID(slot) }

// Slot is the partition that owns the SKU.
func (id SKUID) Slot() Slot { return Slot(id & (SlotCount - 1)) }

// Place is the SKU's index in its slot's slab.
func (id SKUID) Place() uint32 { return uint32(id >> slotBits) }

// MakeOrderID puts a home slot, the spread mark and a place together.
func MakeOrderID(home Slot, spread bool, place uint32) OrderID {
	id := OrderID(place)<<(slotBits+1) | OrderID(home)
	if spread {
		id |= orderSpreadBit
	}
	return id
}

// Home is the slot that keeps the order's record.
func (id OrderID) Home() Slot { return Slot(id & (SlotCount - 1)) }

// Spread reports whether the order touches other slots than its home, so that its mask has to be
// asked for; without it the mask is the home slot alone.
func (id OrderID) Spread() bool { return id&orderSpreadBit != 0 }

// Place is the order's index in its home slot's slab. It is below 2^32 for every number that a
// machine has given out.
func (id OrderID) Place() uint64 { return uint64(id >> (slotBits + 1)) }

// Mask is the set that holds only this slot.
func (s Slot) Mask() SlotMask { return 1 << s }

// Has reports whether the set holds the slot.
func (m SlotMask) Has(s Slot) bool { return m>>s&1 != 0 }
