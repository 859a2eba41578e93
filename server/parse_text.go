package server

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// textRule says which texts a field takes.
type textRule struct {
	min, max int                 // length in bytes
	allowed  func(c []byte) bool // whether every character may stand in it
	says     string              // the rule in words
}

// The kinds of text in the contract.
var (
	// nameRule is for SKUs, locations, channels and customers.
	nameRule = textRule{1, 128, codec.ValidName, "must be 1 to 128 bytes of printable characters without spaces or slashes"}
	// identifierRule is for ids that clients give, such as an order's external id.
	identifierRule = textRule{1, 64, codec.ValidIdentifier, "must be 1 to 64 characters from [A-Za-z0-9._:-]"}
	// keyRule is for idempotency keys.
	keyRule = textRule{1, maxKeyLength, onlyVisible, "must be 1 to 255 visible ASCII characters"}
	// reasonRule is for what people note with a change of stock: why, who, and what for.
	reasonRule = textRule{1, 64, onlyPrintable, "must be 1 to 64 bytes without control characters"}
	// emailRule is for e-mail addresses: what stands around the @ is for mail servers to judge.
	emailRule = textRule{3, maxEmailLength, isEmail, "must be an e-mail address of at most 254 bytes, such as ann@example.com"}
	// noteRule is for what people write beside an order.
	noteRule = textRule{1, core.MaxNoteLength, onlyLines, "must be 1 to 4000 bytes without control characters but tabs and ends of lines"}
	// titleRule is for what people read: titles, names, address parts.
	titleRule = textRule{0, maxTitleLength, onlyPrintable, "must be at most 256 bytes without control characters"}
	// countryRule and currencyRule are for ISO 3166 and ISO 4217 codes.
	countryRule  = textRule{2, 2, onlyCapitals, "must be two capital letters (ISO 3166-1)"}
	currencyRule = textRule{3, 3, onlyCapitals, "must be three capital letters (ISO 4217)"}
)

// check gives the code of the rule that the text breaks, or "" when it breaks none.
func (r *textRule) check(text []byte) (code string) {
	if len(text) < r.min || len(text) > r.max {
		return codeInvalidLength
	}
	if !r.allowed(text) {
		return codeInvalidCharacters
	}
	return ""
}

// oneOf reads one of some words and gives its place; the empty ones are nobody's. After a fault the answer is 0.
func (d *decoder) oneOf(words []string) int {
	got := d.text(&identifierRule)
	if len(got) == 0 {
		return 0
	}
	var known []string
	for i, word := range words {
		if word == string(got) {
			return i
		}
		if word != "" {
			known = append(known, word)
		}
	}
	last := len(known) - 1
	d.report(codeOutOfRange, "must be "+strings.Join(known[:last], ", ")+" or "+known[last])
	return 0
}

func onlyCapitals(text []byte) bool {
	for _, c := range text {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return true
}

// isEmail takes what has one @ with something before and behind it, and neither spaces nor control characters.
func isEmail(text []byte) bool {
	name, host, found := bytes.Cut(text, []byte{'@'})
	return found && len(name) > 0 && len(host) > 0 && !bytes.ContainsRune(host, '@') && codec.ValidName(bytes.ReplaceAll(text, slash, nil))
}

// onlyLines takes printable characters, tabs and ends of lines.
func onlyLines(text []byte) bool {
	for _, r := range string(text) {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return false
		}
	}
	return utf8.Valid(text)
}

// onlyVisible takes the ASCII characters that leave ink.
func onlyVisible(text []byte) bool {
	for _, c := range text {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// onlyPrintable takes letters, signs and spaces of any script: no control characters, no line breaks,
// no broken UTF-8.
func onlyPrintable(text []byte) bool {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r == utf8.RuneError && size == 1 || !unicode.IsGraphic(r) {
			return false
		}
		text = text[size:]
	}
	return true
}
