package search

import (
	"encoding/binary"
	"errors"

	"holdfast/engine/core"
)

// The first byte of each key.
const (
	keyMeta     = 'v'
	keyRow      = 'o'
	keyPosting  = 'p'
	keyEvent    = 'e'
	keyCustomer = 'c'
	keyWaiter   = 'w'
)

// attribute is what a term is about. The bytes are in keys: another meaning is another format.
type attribute byte

const (
	attributeAll      attribute = 'a' // every order has it, and no value
	attributeCustomer attribute = 'c'
	attributeExternal attribute = 'x'
	attributeEmail    attribute = 'm'
	attributeSKU      attribute = 's'
	attributeStatus   attribute = 't'
	attributeChannel  attribute = 'h'
	attributeLocation attribute = 'l'
	attributeTag      attribute = 'g'
	attributeOnHold   attribute = 'n'
	attributeReturn   attribute = 'r' // the status of one of its returns; 0 for any
	attributeCredit   attribute = 'k' // some return gave credit in the store; no value
	attributePayment  attribute = 'y'
	attributeTask     attribute = 'j'
	attributeFailed   attribute = 'i'
	attributeWork     attribute = 'f'
)

// Term is one thing that orders have in common.
type Term struct {
	attribute attribute
	value     string
}

// Customer is the term of the orders of a customer.
func Customer(name []byte) Term { return Term{attributeCustomer, string(name)} }

// External is the term of the orders with an external id, one in each channel.
func External(id []byte) Term { return Term{attributeExternal, string(id)} }

// Email is the term of the orders whose document has an e-mail address, however it is written.
func Email(address []byte) Term { return Term{attributeEmail, NormalEmail(string(address))} }

// Tag is the term of the orders whose document has a tag.
func Tag(tag []byte) Term { return Term{attributeTag, string(tag)} }

// SKU is the term of the orders with a line of a SKU, those of components of kits included.
func SKU(id core.SKUID) Term {
	return Term{attributeSKU, string(binary.BigEndian.AppendUint32(nil, uint32(id)))}
}

// Payment is the term of the orders whose payment comes to a status.
func Payment(status core.PaymentStatus) Term {
	return Term{attributePayment, string([]byte{byte(status)})}
}

// Tasks is the term of the orders of whose payments something of a type is to be carried out, 0 for anything.
func Tasks(t core.PaymentType) Term { return Term{attributeTask, string([]byte{byte(t) + '0'})} }

// Failed is the term of the orders with a task of a type that failed, or was undone, and that nothing has made good yet; 0 for any type.
func Failed(t core.PaymentType) Term { return Term{attributeFailed, string([]byte{byte(t) + '0'})} }

// Status is the term of the orders of a status.
func Status(status core.OrderStatus) Term { return Term{attributeStatus, string([]byte{byte(status)})} }

// OnHold is the term of the orders that are on hold for a reason; of 0, of all that are on hold.
func OnHold(reason core.OnHold) Term { return Term{attributeOnHold, string([]byte{byte(reason)})} }

// Work is the term of the orders with a fulfilment order at a location and of a status, but for open ones, which are mostly implied by where an order
// has units.
func Work(location core.LocationID, status core.FulfilmentStatus) Term {
	return Term{attributeWork, string(append(binary.BigEndian.AppendUint16(nil, uint16(location)), byte(status)))}
}

// AnyWork is Work at any location.
func AnyWork(status core.FulfilmentStatus) Term { return Work(anywhere, status) }

// anywhere is the number of no location.
const anywhere core.LocationID = 1<<16 - 1

// Channel is the term of the orders of a channel.
func Channel(id core.ChannelID) Term {
	return Term{attributeChannel, string(binary.BigEndian.AppendUint16(nil, uint16(id)))}
}

// Location is the term of the orders that have units allocated at a location, or had when they ended.
func Location(id core.LocationID) Term {
	return Term{attributeLocation, string(binary.BigEndian.AppendUint16(nil, uint16(id)))}
}

// Return is the term of the orders with a return of a status, or with any if that is 0.
func Return(status core.ReturnStatus) Term {
	return Term{attributeReturn, string([]byte{byte(status)})}
}

// Credited is the term of the orders for whose returns credit was given.
func Credited() Term { return Term{attributeCredit, ""} }

// prefix is what the keys of the term's postings begin with.
func (t Term) prefix() []byte {
	key := make([]byte, 0, 3+len(t.value)+8)
	return append(append(append(key, keyPosting, byte(t.attribute)), t.value...), 0)
}

func postingKey(t Term, created core.Sequence) []byte {
	return binary.BigEndian.AppendUint64(t.prefix(), uint64(created))
}

const postingLength = 8 + 8

func postingValue(id core.OrderID, at core.Millis) []byte {
	value := binary.BigEndian.AppendUint64(make([]byte, 0, postingLength), uint64(id))
	return binary.BigEndian.AppendUint64(value, uint64(at))
}

var errDamaged = errors.New("search: an entry of the index is not what this program writes")

func readPosting(key, value []byte) (created core.Sequence, id core.OrderID, at core.Millis, err error) {
	if len(key) < 8 || len(value) != postingLength {
		return 0, 0, 0, errDamaged
	}
	created = core.Sequence(binary.BigEndian.Uint64(key[len(key)-8:]))
	return created, core.OrderID(binary.BigEndian.Uint64(value)), core.Millis(binary.BigEndian.Uint64(value[8:])), nil
}

func rowKey(id core.OrderID) []byte {
	return binary.BigEndian.AppendUint64([]byte{keyRow}, uint64(id))
}

func eventPrefix(id core.OrderID) []byte {
	return binary.BigEndian.AppendUint64([]byte{keyEvent}, uint64(id))
}

func eventKey(id core.OrderID, sequence core.Sequence) []byte {
	return binary.BigEndian.AppendUint64(eventPrefix(id), uint64(sequence))
}

func customerPrefix(family byte, customer []byte) []byte {
	return append(append([]byte{family}, customer...), 0)
}

func customerSKUKey(customer []byte, id core.SKUID) []byte {
	return binary.BigEndian.AppendUint32(customerPrefix(keyCustomer, customer), uint32(id))
}

func waiterKey(w *core.WaiterImage) []byte {
	return binary.BigEndian.AppendUint64(customerPrefix(keyWaiter, w.Customer), uint64(w.Number))
}

func waiterValue(w *core.WaiterImage) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(w.Sale)), uint32(w.SKU))
}

// row is what is kept of an order.
type row struct {
	id        core.OrderID
	version   uint32
	created   core.Sequence
	createdAt core.Millis
	terms     []Term
}

func (r *row) encode() []byte {
	value := binary.AppendUvarint(nil, uint64(r.version))
	value = binary.AppendUvarint(value, uint64(r.created))
	value = binary.AppendUvarint(value, uint64(r.createdAt))
	for _, t := range r.terms {
		value = append(value, byte(t.attribute), byte(len(t.value)))
		value = append(value, t.value...)
	}
	return value
}

func decodeRow(id core.OrderID, value []byte) (*row, error) {
	r := &row{id: id}
	number := func() uint64 {
		n, length := binary.Uvarint(value)
		if length <= 0 {
			value = nil
			return 0
		}
		value = value[length:]
		return n
	}
	r.version, r.created, r.createdAt = uint32(number()), core.Sequence(number()), core.Millis(number())
	for len(value) > 0 {
		if len(value) < 2 || len(value) < 2+int(value[1]) {
			return nil, errDamaged
		}
		end := 2 + int(value[1])
		r.terms = append(r.terms, Term{attribute(value[0]), string(value[2:end])})
		value = value[end:]
	}
	if r.version == 0 || len(r.terms) == 0 {
		return nil, errDamaged
	}
	return r, nil
}

// format is the version of all keys and values. It rises when one of them gets another meaning: the index is then made anew.
const format = 2

// phase says how far an index has come.
type phase byte

const (
	phaseWalking phase = 1 // all orders are being walked
	phaseReading phase = 2 // they were, and the feed is read
)

// meta is where the reader stands.
type meta struct {
	phase  phase
	cursor core.Sequence // events up to here were taken in
	walked core.Sequence // what the walk has seen is of a sequence up to here
	slot   core.Slot     // where the walk goes on
	place  uint32
}

const metaLength = 1 + 1 + 8 + 8 + 1 + 4

func (m *meta) encode() []byte {
	value := []byte{format, byte(m.phase)}
	value = binary.BigEndian.AppendUint64(value, uint64(m.cursor))
	value = binary.BigEndian.AppendUint64(value, uint64(m.walked))
	return binary.BigEndian.AppendUint32(append(value, byte(m.slot)), m.place)
}

// decodeMeta gives ok false for what another version of the program has written.
func decodeMeta(value []byte) (m meta, ok bool) {
	if len(value) != metaLength || value[0] != format {
		return m, false
	}
	return meta{
		phase: phase(value[1]), cursor: core.Sequence(binary.BigEndian.Uint64(value[2:])), walked: core.Sequence(binary.BigEndian.Uint64(value[10:])),
		slot: core.Slot(value[18]), place: binary.BigEndian.Uint32(value[19:]),
	}, true
}
