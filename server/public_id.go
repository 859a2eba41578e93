package server

// An order's public number is written in 13 characters of base 32, of which the first carries only
// the top four bits. The alphabet has neither i, l, o nor u, so that an id can be read out on the
// telephone; there is exactly one spelling of each number.
const (
	idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"
	idLength   = 13
)

// idValues gives each byte its value in the alphabet, or idInvalid.
var idValues = func() (values [256]byte) {
	for i := range values {
		values[i] = idInvalid
	}
	for i := range idAlphabet {
		values[idAlphabet[i]] = byte(i)
	}
	return values
}()

const idInvalid = 0xff

// appendID appends a public order number as clients see it.
func appendID(dst []byte, number uint64) []byte {
	var text [idLength]byte
	for i := idLength - 1; i >= 0; i-- {
		text[i] = idAlphabet[number&31]
		number >>= 5
	}
	return append(dst, text[:]...)
}

// parseID reads what appendID writes, and nothing else.
func parseID(text []byte) (number uint64, ok bool) {
	if len(text) != idLength || idValues[text[0]] > 15 {
		return 0, false
	}
	for _, c := range text {
		value := idValues[c]
		if value == idInvalid {
			return 0, false
		}
		number = number<<5 | uint64(value)
	}
	return number, true
}
