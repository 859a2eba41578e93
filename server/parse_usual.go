package server

import (
	"unicode/utf8"

	"holdfast/engine/core"
)

// scanner reads JSON of the usual kind: no escapes, no characters beyond ASCII, whole numbers. What it does not take,
// good or bad, it leaves to the decoder, which reads the text from its beginning and says what is wrong. An order
// with names in ASCII and without prices and address is read in a third of the time; the others pay a little for the attempt.
type scanner struct {
	text []byte
	at   int
}

// blank skips white space and reports whether something stands behind it.
func (s *scanner) blank() bool {
	for s.at < len(s.text) {
		if c := s.text[s.at]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return true
		}
		s.at++
	}
	return false
}

// take skips white space, and c if it stands there.
func (s *scanner) take(c byte) bool {
	if !s.blank() || s.text[s.at] != c {
		return false
	}
	s.at++
	return true
}

// plain reads a string without escapes.
func (s *scanner) plain() (text []byte, ok bool) {
	if !s.take('"') {
		return nil, false
	}
	for i, c := range s.text[s.at:] {
		switch {
		case c == '"':
			end := s.at + i
			text = s.text[s.at:end:end]
			s.at = end + 1
			return text, true
		case c < ' ' || c == '\\' || c >= utf8.RuneSelf:
			return nil, false
		}
	}
	return nil, false
}

// ruled reads a string that keeps the rule.
func (s *scanner) ruled(rule *textRule) (text []byte, ok bool) {
	text, ok = s.plain()
	return text, ok && rule.check(text) == ""
}

// name reads the name of an object's next member, and the colon.
func (s *scanner) name() (name []byte, ok bool) {
	name, ok = s.plain()
	return name, ok && s.take(':')
}

// whole reads a number without sign, fraction and exponent, of at most 18 digits.
func (s *scanner) whole(least, most int64) (number int64, ok bool) {
	if !s.blank() {
		return 0, false
	}
	start := s.at
	for s.at < len(s.text) && s.text[s.at]-'0' <= 9 {
		number = number*10 + int64(s.text[s.at]-'0')
		s.at++
	}
	digits := s.at - start
	leadingZero := digits > 1 && s.text[start] == '0'
	return number, digits > 0 && digits <= 18 && !leadingZero && number >= least && number <= most
}

// boolean reads true or false.
func (s *scanner) boolean() (value, ok bool) {
	s.blank()
	rest := s.text[s.at:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "true":
		s.at += 4
		return true, true
	case len(rest) >= 5 && string(rest[:5]) == "false":
		s.at += 5
		return false, true
	}
	return false, false
}

// members reads an object with at least one member; read is to read the value of each.
func (s *scanner) members(read func(name []byte) bool) bool {
	if !s.take('{') {
		return false
	}
	for more := true; more; {
		name, ok := s.name()
		if !ok || !read(name) {
			return false
		}
		if more, ok = s.next('}'); !ok {
			return false
		}
	}
	return true
}

// next reports whether a list that closes with c goes on, after one of its items; ok is false when neither a comma nor
// its end stands there.
func (s *scanner) next(c byte) (more, ok bool) {
	if s.take(',') {
		return true, true
	}
	return false, s.take(c)
}

// parseUsual reads a command's body that is of the usual kind. The values are right; whether the fields are those of
// the command remains to be seen. After false the intake is to be cleared.
func (in *intake) parseUsual(body []byte, allowed fieldSet) bool {
	s := scanner{text: body}
	return s.members(func(name []byte) bool {
		field := findField(name)
		fresh := field & allowed &^ in.seen
		in.seen |= field
		return fresh != 0 && in.usualField(&s, field)
	}) && !s.blank()
}

// usualField reads the value of a field.
func (in *intake) usualField(s *scanner, field fieldSet) (ok bool) {
	switch field {
	case fieldOperation:
		in.operation, ok = s.ruled(&identifierRule)
	case fieldKey:
		in.key, ok = s.ruled(&keyRule)
	case fieldID:
		in.order, ok = s.ruled(&identifierRule)
	case fieldCustomer:
		in.command.Customer, ok = s.ruled(&nameRule)
	case fieldChannel:
		in.channel, ok = s.ruled(&nameRule)
	case fieldExternalID:
		in.command.ExternalID, ok = s.ruled(&identifierRule)
	case fieldTTL:
		var seconds int64
		seconds, ok = s.whole(int64(core.MinTTL/1000), int64(core.MaxTTL/1000))
		in.command.TTL = core.Millis(seconds) * 1000
	case fieldSale:
		in.sale, ok = s.ruled(&nameRule)
	case fieldTicket:
		in.ticket, ok = s.ruled(&identifierRule)
	case fieldUpTo:
		in.command.UpTo, ok = s.boolean()
	case fieldLines:
		ok = in.usualLines(s)
	}
	return ok
}

func (in *intake) usualLines(s *scanner) bool {
	if !s.take('[') {
		return false
	}
	for more := true; more; {
		if len(in.skus) == core.MaxLines || !in.usualLine(s) {
			return false
		}
		var ok bool
		if more, ok = s.next(']'); !ok {
			return false
		}
	}
	return true
}

// usualLine reads a line without a price.
func (in *intake) usualLine(s *scanner) bool {
	var sku []byte
	var quantity int64
	whole := s.members(func(name []byte) (ok bool) {
		switch {
		case string(name) == "sku" && sku == nil:
			sku, ok = s.ruled(&nameRule)
		case string(name) == "quantity" && quantity == 0:
			quantity, ok = s.whole(1, int64(core.MaxLineQuantity))
		}
		return ok
	})
	in.skus = append(in.skus, sku)
	in.command.Lines = append(in.command.Lines, core.Line{Quantity: core.Quantity(quantity)})
	in.prices, in.lineMoney = append(in.prices, price{}), append(in.lineMoney, lineMoney{})
	return whole && sku != nil && quantity != 0
}
