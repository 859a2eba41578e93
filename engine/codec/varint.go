package codec

import "holdfast/engine/core"

// maxVarintLength is the longest varint: ten groups of seven bits hold 64.
const maxVarintLength = 10

// appendUvarint appends a LEB128 varint. Most numbers of a command are below 128, so that case is
// small enough to be inlined.
func appendUvarint(dst []byte, v uint64) []byte {
	if v < 0x80 {
		return append(dst, byte(v))
	}
	return appendLongUvarint(dst, v)
}

func appendLongUvarint(dst []byte, v uint64) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

// appendVarint appends a signed number: zigzag, so that small negative ones are short too.
func appendVarint(dst []byte, v int64) []byte {
	return appendUvarint(dst, uint64(v)<<1^uint64(v>>63))
}

// appendString appends a length and the bytes.
func appendString(dst, s []byte) []byte {
	dst = appendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendQuantity(dst []byte, q core.Quantity) []byte { return appendUvarint(dst, uint64(q)) }

func appendSigned(dst []byte, q core.Quantity) []byte { return appendVarint(dst, int64(q)) }

func appendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}
