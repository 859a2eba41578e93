package server

import (
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"holdfast/engine/core"
)

// appendText appends a JSON string. Names and ids are nearly always plain, which one pass over the
// bytes finds out; the rest goes to jsontext. The text is valid UTF-8, as all text is checked on its
// way in; should it not be, the broken bytes are replaced.
func appendText[T ~string | ~[]byte](dst []byte, text T) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			dst, _ = jsontext.AppendQuote(dst, text)
			return dst
		}
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}

// appendTextField appends `"name":"text"` after what stands before it, name with its quotes, comma and colon.
func appendTextField[T ~string | ~[]byte](dst []byte, name string, text T) []byte {
	return appendText(append(dst, name...), text)
}

func appendNumberField[N ~int64 | ~uint64 | ~uint32 | ~int | ~int32](dst []byte, name string, number N) []byte {
	dst = append(dst, name...)
	if number < 0 {
		return strconv.AppendInt(dst, int64(number), 10)
	}
	return strconv.AppendUint(dst, uint64(number), 10)
}

func appendBoolField(dst []byte, name string, value bool) []byte {
	return strconv.AppendBool(append(dst, name...), value)
}

// appendTimeField appends an instant as RFC 3339 in UTC with milliseconds.
func appendTimeField(dst []byte, name string, at core.Millis) []byte {
	dst = append(dst, name...)
	dst = append(dst, '"')
	dst = appendTime(dst, at)
	return append(dst, '"')
}

const (
	millisPerDay = 24 * 60 * 60 * 1000
	daysPer400Y  = 146_097
	// daysToEpoch are the days from 0000-03-01 to 1970-01-01.
	daysToEpoch = 719_468
)

// appendTime appends 2006-01-02T15:04:05.000Z. Every answer about an order has one or two of these,
// and package time's formatter costs more than all the rest of the answer. The date is Howard Hinnant's
// civil_from_days (https://howardhinnant.github.io/date_algorithms.html), for instants from 1970 on.
func appendTime(dst []byte, at core.Millis) []byte {
	at = max(at, 0)
	days, millis := uint64(at)/millisPerDay+daysToEpoch, uint64(at)%millisPerDay
	era, dayOfEra := days/daysPer400Y, days%daysPer400Y
	yearOfEra := (dayOfEra - dayOfEra/1460 + dayOfEra/36524 - dayOfEra/146096) / 365
	dayOfYear := dayOfEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	shifted := (5*dayOfYear + 2) / 153 // months since March
	day := dayOfYear - (153*shifted+2)/5 + 1
	month, year := shifted+3, era*400+yearOfEra
	if month > 12 {
		month, year = month-12, year+1
	}
	dst = append(appendTwo(appendTwo(dst, year/100%100), year%100), '-')
	dst = append(appendTwo(dst, month), '-')
	dst = append(appendTwo(dst, day), 'T')
	dst = append(appendTwo(dst, millis/3_600_000), ':')
	dst = append(appendTwo(dst, millis/60_000%60), ':')
	dst = append(appendTwo(dst, millis/1000%60), '.')
	millis %= 1000
	return append(dst, byte('0'+millis/100), byte('0'+millis/10%10), byte('0'+millis%10), 'Z')
}

func appendTwo(dst []byte, number uint64) []byte {
	return append(dst, byte('0'+number/10), byte('0'+number%10))
}

// degreesE7 is the scale of a position's integers.
const degreesE7 = 10_000_000

// appendDegrees appends degrees × 10^7 as a decimal number without trailing zeros.
func appendDegrees(dst []byte, e7 int32) []byte {
	value := int64(e7)
	if value < 0 {
		dst = append(dst, '-')
		value = -value
	}
	dst = strconv.AppendInt(dst, value/degreesE7, 10)
	fraction := value % degreesE7
	if fraction == 0 {
		return dst
	}
	dst = append(dst, '.')
	for scale := int64(degreesE7 / 10); fraction > 0; scale /= 10 {
		dst = append(dst, byte('0'+fraction/scale))
		fraction %= scale
	}
	return dst
}
