package bench

// Names have a fixed width, so that requests of one kind have one length and a name is one copy.
const (
	skuPrefix     = "bench-"
	skuNameLength = len(skuPrefix) + 5
	customerWidth = 1 + customerBits/4
	hexDigits     = "0123456789abcdef"
)

// appendSKUName appends the name of the SKU at a place of the catalogue: bench-00042.
func appendSKUName(dst []byte, place int) []byte {
	dst = append(dst, skuPrefix...)
	return append(dst, byte('0'+place/10000%10), byte('0'+place/1000%10), byte('0'+place/100%10), byte('0'+place/10%10), byte('0'+place%10))
}

// appendCustomer appends a customer's name: the letter c and eleven hexadecimal digits.
func appendCustomer(dst []byte, customer uint64) []byte {
	dst = append(dst, 'c')
	return appendHex(dst, customer, customerBits/4)
}

// externalWidth is the length of an external id.
const externalWidth = 16

// appendExternal appends an external id: sixteen hexadecimal digits.
func appendExternal(dst []byte, external uint64) []byte {
	return appendHex(dst, external, externalWidth)
}

// appendHex appends the low digits of v, most significant first.
func appendHex(dst []byte, v uint64, digits int) []byte {
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		dst = append(dst, hexDigits[v>>shift&15])
	}
	return dst
}

// appendKey appends an idempotency key as 32 hexadecimal digits.
func appendKey(dst []byte, key [16]byte) []byte {
	for _, b := range key {
		dst = append(dst, hexDigits[b>>4], hexDigits[b&15])
	}
	return dst
}
