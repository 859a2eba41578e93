package codec

import "strconv"

// FormatError says where bytes stop being what they should be, and why. Every decoder of this
// package answers malformed input with one, and with nothing else.
type FormatError struct {
	Offset int    // of the faulty value's first byte, counted from the start of the decoded slice
	What   string // the cause, in words
}

// Error tells the place and the cause.
func (e *FormatError) Error() string {
	return "codec: byte " + strconv.Itoa(e.Offset) + ": " + e.What
}
