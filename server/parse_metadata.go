package server

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"holdfast/engine/core"
)

// Metadata of an order is what its merchant wants to keep beside it: members with names of their own and any values but null, which takes a member away. No
// decision needs it, so it lies in the order's document.

// metadataMember is one member; raw is nil of one that is taken away.
type metadataMember struct{ name, raw []byte }

// parseMetadata reads metadata. Where it is changed, null takes a member away.
func (in *intake) parseMetadata(changes bool) {
	in.metadata = in.metadata[:0]
	if !in.object() {
		return
	}
	for in.more() {
		name := bytes.Clone(in.name())
		raw, ok := in.value()
		switch code := reasonRule.check(name); {
		case !ok:
			return
		case code != "":
			in.report(code, "has a name that "+reasonRule.says)
		case raw[0] == 'n' && !changes:
			in.report(codeWrongType, "must not be null: leave it out")
		case raw[0] == 'n':
			in.metadata = append(in.metadata, metadataMember{name: name})
		default:
			value := jsontext.Value(bytes.Clone(raw))
			if value.Compact() != nil { // it was read as JSON
				return
			}
			in.metadata = append(in.metadata, metadataMember{name, value})
		}
	}
	if !changes {
		in.checkMetadata(in.report)
	}
}

// checkMetadata finds fault with metadata of too many members, or with too many bytes.
func (in *intake) checkMetadata(report func(code, says string)) {
	if n := len(in.metadata); n > maxMetadata {
		report(codeInvalidLength, "must have at most "+strconv.Itoa(maxMetadata)+" members, and would have "+strconv.Itoa(n))
	}
	if n := len(appendMetadata(nil, in.metadata)); n > maxMetadataLength {
		report(codeInvalidLength, "must be at most "+strconv.Itoa(maxMetadataLength)+" bytes as JSON without spaces, and would be "+strconv.Itoa(n))
	}
}

// appendMetadata appends metadata in its one form, which is in journals and must not change.
func appendMetadata(dst []byte, members []metadataMember) []byte {
	dst = append(dst, '{')
	for i, m := range members {
		dst = append(appendText(appendComma(dst, i), m.name), ':')
		dst = append(dst, m.raw...)
	}
	return append(dst, '}')
}

// mergeMetadata makes of changes and what there was so far the metadata after them. Members keep their places, and new ones come last.
func (in *intake) mergeMetadata(before []metadataMember) {
	changes := in.metadata
	in.metadata = append([]metadataMember(nil), before...)
	for _, change := range changes {
		at := len(in.metadata)
		for i := range in.metadata {
			if bytes.Equal(in.metadata[i].name, change.name) {
				at = i
			}
		}
		switch {
		case change.raw == nil && at < len(in.metadata):
			in.metadata = append(in.metadata[:at], in.metadata[at+1:]...)
		case change.raw == nil:
		case at < len(in.metadata):
			in.metadata[at] = change
		default:
			in.metadata = append(in.metadata, change)
		}
	}
	in.checkMetadata(func(code, says string) { in.fault(code, "metadata", says) })
}

// parseMetadataChange reads the body of POST /v1/orders/{order}/metadata.
func (in *intake) parseMetadataChange(body []byte) {
	in.begin(core.CommandEditOrder, body)
	life := &core.LifeRequest{}
	in.command.Life = life
	if in.object() {
		for in.more() {
			switch name := in.name(); {
			case string(name) == "metadata":
				in.seen |= fieldMetadata
				in.parseMetadata(true)
			case !in.noteField(life, name):
				in.unknown()
			}
		}
		in.require(in.seen&fieldMetadata != 0, "metadata")
	}
	in.end()
}
