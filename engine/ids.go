package engine

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"holdfast/engine/core"
)

// speckRounds is the number of rounds of Speck64/128.
const speckRounds = 27

// permutation turns order numbers into public ones and back, so that nobody can count a shop's orders or walk
// through them. It is the block cipher Speck64/128 (Beaulieu, Shors, Smith, Treatman-Clark, Weeks,
// Wingers, "The SIMON and SPECK Families of Lightweight Block Ciphers", 2013) under a key that is made with the
// data directory.
type permutation [speckRounds]uint32

func newPermutation(key [16]byte) *permutation {
	var p permutation
	var l [speckRounds + 2]uint32
	p[0] = binary.LittleEndian.Uint32(key[0:])
	l[0] = binary.LittleEndian.Uint32(key[4:])
	l[1] = binary.LittleEndian.Uint32(key[8:])
	l[2] = binary.LittleEndian.Uint32(key[12:])
	for i := range uint32(speckRounds - 1) {
		l[i+3] = (p[i] + bits.RotateLeft32(l[i], -8)) ^ i
		p[i+1] = bits.RotateLeft32(p[i], 3) ^ l[i+3]
	}
	return &p
}

func (p *permutation) public(id core.OrderID) uint64 {
	x, y := uint32(id>>32), uint32(id)
	for _, k := range p {
		x = (bits.RotateLeft32(x, -8) + y) ^ k
		y = bits.RotateLeft32(y, 3) ^ x
	}
	return uint64(x)<<32 | uint64(y)
}

func (p *permutation) internal(public uint64) core.OrderID {
	x, y := uint32(public>>32), uint32(public)
	for i := speckRounds - 1; i >= 0; i-- {
		y = bits.RotateLeft32(y^x, -3)
		x = bits.RotateLeft32((x^p[i])-y, 8)
	}
	return core.OrderID(x)<<32 | core.OrderID(y)
}

// openIDs makes the permutations. Places on waitlists have one of their own, as their numbers are sequences and those of orders are not:
// under one key the id of a place would be that of somebody's order.
func (e *Engine) openIDs() {
	e.ids = newPermutation(e.journal.Identity().OrderKey)
	places := e.Secret("places")
	e.places = newPermutation([16]byte(places[:16]))
}

// PublicOrderID gives the number by which the outside knows an order.
func (e *Engine) PublicOrderID(id core.OrderID) uint64 { return e.ids.public(id) }

// OrderFromPublic undoes PublicOrderID. Every number has an origin; whether there is such an order is
// another question.
func (e *Engine) OrderFromPublic(public uint64) core.OrderID { return e.ids.internal(public) }

// PublicPlaceID gives the number by which the outside knows a place on a waitlist, which is the sequence of the command that took it.
func (e *Engine) PublicPlaceID(number core.Sequence) uint64 {
	return e.places.public(core.OrderID(number))
}

// PlaceFromPublic undoes PublicPlaceID. Every number has an origin; whether there is such a place is another question.
func (e *Engine) PlaceFromPublic(public uint64) core.Sequence {
	return core.Sequence(e.places.internal(public))
}

// Secret derives a key for a purpose from what only this data directory knows, and its replicas and restored backups.
func (e *Engine) Secret(purpose string) (key [sha256.Size]byte) {
	order := e.journal.Identity().OrderKey
	mac := hmac.New(sha256.New, order[:])
	_, _ = mac.Write([]byte(purpose)) // a hash takes everything
	mac.Sum(key[:0])
	return key
}
