package core

import "math/bits"

// hashSeed and hashPrime are those of FNV-1a, 64 bits (RFC 9923, section 5).
const (
	hashSeed  uint64 = 0xcbf29ce484222325
	hashPrime uint64 = 0x00000100000001b3
)

// hashBytes adds bytes to a hash, FNV-1a. It must not change: slots follow from it.
func hashBytes(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * hashPrime
	}
	return h
}

// finish spreads a hash over all its bits (the finaliser of MurmurHash3, 64 bits), as FNV-1a leaves
// the high ones weak. It must not change.
func finish(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// NameSlot is the slot that a SKU's name belongs to, for ever.
func NameSlot(name []byte) Slot { return Slot(hashName(name) & (SlotCount - 1)) }

// ExternalSlot is the slot that keeps the orders of a channel's external id.
func ExternalSlot(channel ChannelID, id []byte) Slot {
	return Slot(hashExternal(channel, id) & (SlotCount - 1))
}

// InboundSlot is the slot that keeps the purchase order or transfer of a number.
func InboundSlot(kind InboundKind, number []byte) Slot {
	return Slot(finish(hashBytes((hashSeed^uint64(kind))*hashPrime, number)) & (SlotCount - 1))
}

func hashName(name []byte) uint64 { return finish(hashBytes(hashSeed, name)) }

func hashExternal(channel ChannelID, id []byte) uint64 {
	h := (hashSeed ^ uint64(channel&0xff)) * hashPrime
	h = (h ^ uint64(channel>>8)) * hashPrime
	return finish(hashBytes(h, id))
}

// customerHash identifies a customer in the table of limits: 128 bits, so that among a billion
// customers two share one by accident with a chance below 10^-20.
type customerHash struct{ high, low uint64 }

func hashCustomer(name []byte) customerHash {
	high := finish(hashBytes(hashSeed, name))
	low := finish(hashBytes(^hashSeed, name) + uint64(len(name)))
	return customerHash{high: high, low: low}
}

// Digest identifies a state, or a part of one. Two states that differ have the same digest with a
// chance of about 2^-128. It detects accidents, not attacks.
type Digest struct{ High, Low uint64 }

// The four odd constants of the digest are fractional digits of √2, √3, √5 and √7.
const (
	digestA uint64 = 0x6a09e667f3bcc909
	digestB uint64 = 0xbb67ae8584caa73b
	digestC uint64 = 0x3c6ef372fe94f82b
	digestD uint64 = 0xa54ff53a5f1d36f1
)

// fold multiplies to 128 bits and folds the halves: every bit of both factors reaches every bit.
func fold(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// add takes two more words into the digest; their order matters.
func (d Digest) add(a, b uint64) Digest {
	return Digest{
		High: fold(d.High^a^digestA, d.Low^b^digestB) + bits.RotateLeft64(d.High, 23),
		Low:  fold(d.Low^a^digestC, d.High^b^digestD) + bits.RotateLeft64(d.Low, 41),
	}
}

// addDigest takes another digest into this one.
func (d Digest) addDigest(o Digest) Digest { return d.add(o.High, o.Low) }

// addBytes takes bytes into the digest, sixteen at a time; their number counts too.
func (d Digest) addBytes(b []byte) Digest {
	n := len(b)
	for len(b) >= 16 {
		d = d.add(load64(b), load64(b[8:]))
		b = b[16:]
	}
	var tail [16]byte
	copy(tail[:], b)
	return d.add(load64(tail[:8]), load64(tail[8:])).add(uint64(n), 0)
}

// load64 reads eight bytes, little endian.
func load64(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// indexHash is the hash that indexes use. Unlike the slots' it may differ from process to process:
// the seed keeps clients from choosing names that all fall into one segment.
func indexHash(seed uint64, b []byte) uint64 {
	h := seed ^ uint64(len(b))*digestA
	for len(b) >= 8 {
		h = fold(h^load64(b), digestB)
		b = b[8:]
	}
	var tail [8]byte
	copy(tail[:], b)
	return finish(fold(h^load64(tail[:]), digestC) ^ seed)
}
