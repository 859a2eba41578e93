package codec

import "github.com/cespare/xxhash/v2"

// Fingerprint is 64 bits that tell two requests under one idempotency key apart. It covers kind,
// version, sale, body, destination, stock policy, money and document; it does not cover what may differ between two tries of the same
// request: key, slots, expected version and the
// recipes of kits. Kinds with equal bodies never have equal fingerprints.
// Frame must be exactly one frame that PeekCommand takes.
//
// Fingerprints are kept with the keys, so the function must not change.
func Fingerprint(frame []byte) uint64 {
	if len(frame) < frameFixed {
		return 0
	}
	// Odd, so that multiplying loses nothing: the fractional part of the golden ratio × 2^64.
	const spread = 0x9E3779B97F4A7C15
	flags := frame[frameFlags]
	about := uint64(frame[frameKind]) | uint64(frame[frameVersion])<<8 | uint64(flags&(flagDocument|flagSale|flagDestination|flagStock))<<16
	body := withoutRecipes(frame[min(bodyOffset(flags), len(frame)):], flags)
	return xxhash.Sum64(body) ^ about*spread
}
