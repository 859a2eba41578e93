package server

import (
	"bytes"
	"strconv"
)

// parseTags reads by which words an order can be found.
func (in *intake) parseTags() {
	in.tags = in.tags[:0]
	if !in.array() {
		return
	}
	for in.more() {
		if len(in.tags) == maxTags {
			in.skipRest()
			in.report(codeInvalidLength, "must have at most "+strconv.Itoa(maxTags)+" items")
			return
		}
		tag := in.text(&reasonRule)
		for _, other := range in.tags {
			if len(tag) > 0 && bytes.Equal(other, tag) {
				in.report(codeOutOfRange, "is there already")
				break
			}
		}
		in.tags = append(in.tags, tag)
	}
}

func appendTags(dst []byte, tags [][]byte) []byte {
	dst = append(dst, '[')
	for i, tag := range tags {
		dst = appendText(appendComma(dst, i), tag)
	}
	return append(dst, ']')
}
