package codec

import (
	"encoding/binary"
	"hash/crc32"

	"holdfast/engine/core"
)

// feedFormat is the version of the feed's values. It must not change without reading the older one.
const feedFormat = 1

// Places in a value of the feed. They are in stored feeds and must not change.
const (
	feedCount    = 4
	feedFirst    = 8
	feedLast     = 16
	feedHeader   = 24
	feedChecksum = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// AppendFeedHeader begins the feed's value for the commands first to last. After it the caller appends
// their events with AppendEvent, and then closes the value with SealFeed.
func AppendFeedHeader(dst []byte, first, last core.Sequence) []byte {
	dst = append(dst, feedFormat, 0, 0, 0, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(first))
	return binary.LittleEndian.AppendUint64(dst, uint64(last))
}

// SealFeed closes the value whose header was appended at start, and which holds count events.
func SealFeed(dst []byte, start int, count int) []byte {
	value := dst[start:]
	binary.LittleEndian.PutUint32(value[feedCount:], uint32(count))
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(value, castagnoli))
}

// DecodeFeed checks a value of the feed and gives the commands it is about and its events, which are
// to be read one after another with DecodeEvent. Checked are header, checksum, the number of events
// and that their sequences lie in the range and never go back; not what the events say.
func DecodeFeed(value []byte) (first, last core.Sequence, events []byte, err error) {
	if len(value) < feedHeader+feedChecksum {
		return 0, 0, nil, &FormatError{len(value), "ends in the middle of a feed group's header"}
	}
	if binary.LittleEndian.Uint32(value) != feedFormat {
		return 0, 0, nil, &FormatError{0, "unknown format of a feed group"}
	}
	end := len(value) - feedChecksum
	if crc32.Checksum(value[:end], castagnoli) != binary.LittleEndian.Uint32(value[end:]) {
		return 0, 0, nil, &FormatError{end, "checksum of a feed group does not match"}
	}
	first = core.Sequence(binary.LittleEndian.Uint64(value[feedFirst:]))
	last = core.Sequence(binary.LittleEndian.Uint64(value[feedLast:]))
	if first == 0 || last < first {
		return 0, 0, nil, &FormatError{feedFirst, "feed group has no commands"}
	}
	if err := checkFeedEvents(value[:end], first, last); err != nil {
		return 0, 0, nil, err
	}
	return first, last, value[feedHeader:end:end], nil
}

// checkFeedEvents walks over the events of a value without its checksum.
func checkFeedEvents(value []byte, first, last core.Sequence) error {
	left := binary.LittleEndian.Uint32(value[feedCount:])
	for pos := feedHeader; pos < len(value); left-- {
		c := cursor{buf: value[pos:]}
		h := c.eventHeader()
		switch {
		case c.what != "":
			return &FormatError{pos + c.at, c.what}
		case h.Sequence < first || h.Sequence > last:
			return &FormatError{pos, "event is out of the feed group's order"}
		case left == 0:
			return &FormatError{feedCount, "feed group has more events than it counts"}
		}
		first = h.Sequence
		pos += h.Length
	}
	if left != 0 {
		return &FormatError{feedCount, "feed group has fewer events than it counts"}
	}
	return nil
}
