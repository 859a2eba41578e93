package server

import (
	"strconv"
	"strings"

	"holdfast/engine/core"
)

// parseResolution reads the body of POST /v1/oversold/{case}/resolve. The id of the order is left in order, the name of the location in locations.
func (in *intake) parseResolution(body []byte) {
	in.begin(core.CommandResolveCase, body)
	r := &core.Resolution{}
	in.command.Resolution = r
	if in.object() {
		for in.more() {
			in.resolutionField(r, in.name())
		}
		if r.Action == 0 && len(in.faults) == 0 {
			in.missing("action")
		}
		if r.Action == core.OversoldReSource && len(in.locations) == 0 && len(in.faults) == 0 {
			in.missing("location")
		}
		if r.Action != core.OversoldReSource && len(in.locations) > 0 && len(in.faults) == 0 {
			in.faults = append(in.faults, fault{codeOutOfRange, "location", "is for re_source only: leave it out"})
		}
	}
	in.end()
}

func (in *intake) resolutionField(r *core.Resolution, name []byte) {
	switch string(name) {
	case "order":
		in.order = in.text(&identifierRule)
	case "action":
		r.Action = core.OversoldAction(in.oneOf(oversoldActions[:]))
	case "location":
		in.locations = append(in.locations, in.text(&nameRule))
	case "note":
		r.Note = in.text(&reasonRule)
	case "actor":
		in.command.Actor = in.text(&reasonRule)
	default:
		in.unknown()
	}
}

// appendCaseID appends the id of an oversold case: that of its order and the number of its SKU.
func (s *Server) appendCaseID(dst []byte, id core.CaseID) []byte {
	dst = appendID(dst, s.engine.PublicOrderID(id.Order))
	return strconv.AppendUint(append(dst, '-'), uint64(id.SKU), 10)
}

// caseID reads what appendCaseID writes, and nothing else.
func (s *Server) caseID(text []byte) (id core.CaseID, ok bool) {
	if len(text) <= idLength || text[idLength] != '-' {
		return id, false
	}
	number, isID := parseID(text[:idLength])
	sku, err := strconv.ParseUint(string(text[idLength+1:]), 10, 32)
	if !isID || err != nil || strconv.FormatUint(sku, 10) != string(text[idLength+1:]) {
		return id, false
	}
	id = core.CaseID{Order: s.engine.OrderFromPublic(number), SKU: core.SKUID(sku)}
	_, known := s.engine.SKUByID(id.SKU)
	return id, known && s.engine.OrderMayExist(id.Order)
}

// maxPolicyChannels bounds how many channels a policy names.
const maxPolicyChannels = 32

// victimPolicy reads by which policy victims are ranked: the newest first if none is named.
func (s *Server) victimPolicy(q *queryReader) (policy core.VictimPolicy, channels []core.ChannelID) {
	text := q.args.Peek("policy")
	if text == nil {
		return core.VictimsNewest, nil
	}
	name, list, named := strings.Cut(string(text), ":")
	if at := indexOf(victimPolicies[:], name); at >= 0 && named == (at == int(core.VictimsChannels)) {
		policy = core.VictimPolicy(at)
	} else {
		q.fault("policy", "must be newest_first, oldest_first, smallest_first, largest_first, or channels: with names of channels, as in channels:web,amazon")
		return 0, nil
	}
	if !named {
		return policy, nil
	}
	names := strings.Split(list, ",")
	if len(names) > maxPolicyChannels {
		q.fault("policy", "must name at most "+strconv.Itoa(maxPolicyChannels)+" channels")
		return 0, nil
	}
	for _, name := range names {
		id, known := s.engine.Channel([]byte(name))
		if !known {
			q.fault("policy", "names a channel that there is not: "+quoteEchoed([]byte(name)))
			return 0, nil
		}
		channels = append(channels, id)
	}
	return policy, channels
}
