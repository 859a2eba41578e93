package bench

// orderIDLength is the length of an order's id as the server writes it: 64 bits in base 32.
const orderIDLength = 13

const orderIDAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

var orderIDValues = func() (values [256]uint8) {
	for i := range values {
		values[i] = 0xff
	}
	for i := range orderIDAlphabet {
		values[orderIDAlphabet[i]] = uint8(i)
	}
	return values
}()

// parseOrderID reads an id into its number. Clients treat ids as opaque; a generator that keeps
// twenty million of them keeps numbers, and a binary answer has only those.
func parseOrderID(text []byte) (uint64, bool) {
	if len(text) != orderIDLength || orderIDValues[text[0]] > 15 {
		return 0, false
	}
	var number uint64
	for _, c := range text {
		v := orderIDValues[c]
		if v == 0xff {
			return 0, false
		}
		number = number<<5 | uint64(v)
	}
	return number, true
}

// appendOrderID appends the id of a number.
func appendOrderID(dst []byte, number uint64) []byte {
	for shift := 5 * (orderIDLength - 1); shift >= 0; shift -= 5 {
		dst = append(dst, orderIDAlphabet[number>>shift&31])
	}
	return dst
}
