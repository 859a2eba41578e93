package bench

import "encoding/binary"

// workload turns an ordinal into an order. Everything about an order follows from the seed and its
// ordinal, so the verification can say what a given acknowledged order must look like without
// anybody having kept it.
type workload struct {
	spec  workloadSpec
	alias *aliasTable // nil: every SKU is wanted alike
}

// workloadSpec is what decides a workload's orders; it heads the ledger.
type workloadSpec struct {
	Scenario     Scenario `json:"scenario"`
	Mode         Mode     `json:"mode"`
	Seed         uint64   `json:"seed"`
	SKUs         int      `json:"skus"`
	ZipfExponent float64  `json:"zipf_exponent"`
	Stock        int64    `json:"stock"`
	Customers    int64    `json:"customers"`
	Keys         bool     `json:"keys"`
	TTLSeconds   int64    `json:"ttl_seconds"`
}

// maxOrderLines is the largest basket.
const maxOrderLines = 5

// order is one buyer's wish. It is a value without pointers, filled again for every request.
type order struct {
	ordinal  uint64
	customer uint64
	external uint64 // 0: none
	count    int    // lines in use
	lines    [maxOrderLines]orderLine
}

type orderLine struct {
	sku      int // place in the catalogue
	quantity int64
}

// fate is what a buyer does with a hold.
type fate uint8

const (
	fateConfirm fate = iota
	fateRelease
	fateExpire
	fateCancel // of an order, in the endless scenario
)

func newWorkload(spec workloadSpec) *workload {
	w := &workload{spec: spec}
	switch spec.Scenario {
	case Zipf, Holds, Mixed, Endless, Lifecycle:
		w.alias = newZipf(spec.SKUs, spec.ZipfExponent)
	}
	return w
}

// spec extracts from an effective configuration what decides its orders.
func (c *Config) spec() workloadSpec {
	return workloadSpec{
		Scenario: c.Scenario, Mode: c.Mode, Seed: c.Seed, SKUs: c.SKUs, ZipfExponent: c.ZipfExponent,
		Stock: c.Stock, Customers: c.Customers, Keys: c.Keys == On, TTLSeconds: int64(c.HoldTTL.Seconds()),
	}
}

// Every property of an order is drawn from its own stream, so that one can change without the others.
const (
	streamSKU uint64 = iota + 1
	streamKeyHigh
	streamKeyLow
	streamCustomer
	streamFate
	streamRead
	streamExternal
	streamUnits
	streamReturn
	streamReference
)

// random gives the 64 bits of an ordinal in a stream.
func (w *workload) random(stream, ordinal uint64) uint64 {
	return mix(mix(w.spec.Seed+stream*0x9e3779b97f4a7c15) + ordinal*0x9e3779b97f4a7c15)
}

// mix is the finalizer of splitmix64 (S. Vigna, public domain): a bijection whose output passes for
// random even when the inputs are consecutive.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// fill makes o the order of the ordinal.
func (w *workload) fill(o *order, ordinal uint64) {
	o.ordinal = ordinal
	o.customer = w.customer(ordinal)
	o.external = w.external(ordinal)
	r := w.random(streamSKU, ordinal)
	if w.spec.Scenario == Basket {
		w.fillBasket(o, r)
		return
	}
	o.count = 1
	o.lines[0] = orderLine{sku: w.pick(r), quantity: 1}
	if w.spec.Scenario == Lifecycle {
		o.lines[0].quantity += int64(w.random(streamUnits, ordinal) % maxLifeUnits)
	}
}

// fillBasket draws one to five lines of one to three units. The same SKU may come twice, as it does
// in real baskets.
func (w *workload) fillBasket(o *order, r uint64) {
	o.count = 1 + int(r>>32*maxOrderLines>>32)
	for i := range o.count {
		r = mix(r + 0x9e3779b97f4a7c15)
		o.lines[i] = orderLine{sku: w.pick(r), quantity: 1 + int64(r>>48%3)}
	}
}

// pick chooses a SKU.
func (w *workload) pick(r uint64) int {
	if w.alias != nil {
		return w.alias.draw(r)
	}
	return int(r & 0xffffffff * uint64(w.spec.SKUs) >> 32)
}

// customerBits is how many bits of a customer's number its name has room for.
const customerBits = 44

func (w *workload) customer(ordinal uint64) uint64 {
	if w.spec.Customers == 0 {
		return ordinal & (1<<customerBits - 1)
	}
	return w.random(streamCustomer, ordinal) % uint64(w.spec.Customers)
}

// external is what an ordinal's external id is made of, 0 for an order that has none.
func (w *workload) external(ordinal uint64) uint64 {
	if w.spec.Scenario != Endless || !sampled(ordinal, externalFirst, externalEvery) {
		return 0
	}
	return w.random(streamExternal, ordinal) | 1
}

// key is the idempotency key of an ordinal: 16 bytes that pass for random, as keys do in the field,
// and that no two ordinals of a seed share, since each half is a bijection of the ordinal.
func (w *workload) key(ordinal uint64) (key [16]byte) {
	binary.LittleEndian.PutUint64(key[:8], w.random(streamKeyHigh, ordinal))
	binary.LittleEndian.PutUint64(key[8:], w.random(streamKeyLow, ordinal))
	return key
}

// fate says what becomes of the hold of an ordinal.
func (w *workload) fate(ordinal uint64) fate {
	switch r := w.random(streamFate, ordinal) % 10; {
	case r < 7:
		return fateConfirm
	case r < 9:
		return fateRelease
	default:
		return fateExpire
	}
}
