package codec

import (
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"holdfast/engine/core"
)

// ValidName reports whether b may name a SKU, location, channel or customer: 1 to
// core.MaxNameLength bytes of UTF-8, every character printable (unicode.IsPrint), none a space or a
// slash. Later versions of Unicode only add printable characters, so a name that was accepted once
// stays acceptable.
func ValidName(b []byte) bool {
	n := len(b)
	if n == 0 || n > core.MaxNameLength {
		return false
	}
	if n < 8 {
		for _, c := range b {
			if c-'!' > '~'-'!' || c == '/' {
				return validUnicodeName(b)
			}
		}
		return true
	}
	for i := 0; i+8 < n; i += 8 {
		if !plain8(binary.LittleEndian.Uint64(b[i:])) {
			return validUnicodeName(b)
		}
	}
	return plain8(binary.LittleEndian.Uint64(b[n-8:])) || validUnicodeName(b)
}

// plain8 reports whether each of eight bytes is '!' to '~' and no slash. The tests for "some byte is
// below n", "above n" and "equal to n" are from Sean Anderson's Bit Twiddling Hacks; they are exact as
// to whether there is such a byte.
func plain8(x uint64) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	low := (x - '!'*ones) & ^x
	high := (x + (127-'~')*ones) | x
	y := x ^ '/'*ones
	slash := (y - ones) & ^y
	return (low|high|slash)&highs == 0
}

func validUnicodeName(b []byte) bool {
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 || r == ' ' || r == '/' || !unicode.IsPrint(r) {
			return false
		}
		b = b[size:]
	}
	return true
}

// ValidIdentifier reports whether b is an identifier: 1 to core.MaxExternalIDLength characters of
// [A-Za-z0-9._:-].
func ValidIdentifier(b []byte) bool {
	const (
		digits  = (1<<10 - 1) << '0'
		letters = (1<<26 - 1) << ('A' - 64)
		low     = uint64(digits | 1<<'.' | 1<<':' | 1<<'-')
		high    = uint64(letters | letters<<('a'-'A') | 1<<('_'-64))
	)
	if len(b) == 0 || len(b) > core.MaxExternalIDLength {
		return false
	}
	for _, c := range b {
		set := low
		if c&64 != 0 {
			set = high
		}
		if c >= utf8.RuneSelf || set>>(c&63)&1 == 0 {
			return false
		}
	}
	return true
}
