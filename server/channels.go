package server

import (
	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

var (
	definedChannel     = submission{render: (*Server).renderChannel}
	setChannelRule     = submission{render: (*Server).renderChannelRule}
	removedChannelRule = submission{status: 204, render: (*Server).renderNothing}
	unknownChannel     = &problem{
		kind: problemKind{codeChannelNotFound, 404, "No such channel"}, detail: "there is no channel of this name",
	}
	unknownChannelRule = newProblem(codeChannelRuleNotFound, "nothing was said about this SKU in this channel")
)

// putChannel serves PUT /v1/channels/{channel}.
func (s *Server) putChannel(x *exchange) {
	x.intake.parseChannel(x.ctx.PostBody())
	s.define(x, "channel", &definedChannel)
}

// getChannel serves GET /v1/channels/{channel}.
func (s *Server) getChannel(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	id, ok := s.engine.Channel(x.variable)
	if !ok {
		x.fail(unknownChannel)
		return
	}
	sequence, err := s.readChannel(x, id)
	if err != nil {
		s.failRead(x, err, unknownChannel)
		return
	}
	s.renderChannel(x, sequence)
}

// readChannel reads a channel into the exchange's event.
func (s *Server) readChannel(x *exchange, id core.ChannelID) (core.Sequence, error) {
	image, err := s.engine.ReadChannel(x.image[:0], id)
	x.image = image.Bytes
	if err == nil {
		_, err = codec.DecodeChannelImage(x.image, &x.event.Channel)
		invariant.Check(err == nil, "the engine's images are codec's")
	}
	return image.Sequence, err
}

// renderChannel answers with the channel in the exchange's event.
func (s *Server) renderChannel(x *exchange, sequence core.Sequence) {
	dst, err := s.appendChannelItem(x.out[:0], x, sequence)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.answerDefined(x.event.Channel.Version, dst)
}

func (s *Server) appendChannelItem(dst []byte, x *exchange, sequence core.Sequence) ([]byte, error) {
	c := &x.event.Channel
	name, err := s.textOf(x, c.HasDocument, c.Changed)
	return appendChannelImage(dst, c, name, sequence), err
}

// listChannels serves GET /v1/channels, in the order in which they were made.
func (s *Server) listChannels(x *exchange) {
	p, ok := s.page(x)
	if !ok {
		return
	}
	first := 0
	if p.after != nil {
		id, known := s.engine.Channel(p.after)
		if !known {
			x.failAfter()
			return
		}
		first = int(id) + 1
	}
	sequence := s.engine.Sequence()
	end := min(s.engine.Channels(), first+p.limit)
	dst := append(x.out[:0], `{"items":[`...)
	for i := first; i < end; i++ {
		at, err := s.readChannel(x, core.ChannelID(i))
		if err == nil {
			dst, err = s.appendChannelItem(appendComma(dst, i-first), x, 0)
		}
		if err != nil {
			s.failEngine(x, err)
			return
		}
		sequence = at
	}
	last := s.engine.ChannelName(core.ChannelID(max(end, 1) - 1))
	x.answerPage(dst, last, end < s.engine.Channels(), sequence)
}

// ruleInPath finds the SKU and the channel that a path names; it answers and gives false when there are none.
func (s *Server) ruleInPath(x *exchange) (sku *engine.SKUEntry, channel core.ChannelID, ok bool) {
	const placeOfSKU = 2
	if sku, ok = s.engine.SKU(x.segment(placeOfSKU)); !ok {
		x.fail(unknownSKU)
		return nil, 0, false
	}
	if channel, ok = s.engine.Channel(x.variable); !ok {
		x.fail(unknownChannel)
	}
	return sku, channel, ok
}

// putChannelRule serves PUT /v1/skus/{sku}/channels/{channel}.
func (s *Server) putChannelRule(x *exchange) {
	x.intake.parseChannelRule(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	sku, channel, ok := s.ruleInPath(x)
	if !ok {
		return
	}
	x.intake.command.Rule.SKU, x.intake.command.Rule.Channel = sku.ID, channel
	if x.setVersion(&x.intake.command) {
		s.submit(x, &setChannelRule)
	}
}

// deleteChannelRule serves DELETE /v1/skus/{sku}/channels/{channel}.
func (s *Server) deleteChannelRule(x *exchange) {
	sku, channel, ok := s.ruleInPath(x)
	if !ok {
		return
	}
	x.intake.clear(core.CommandSetChannelRule)
	x.intake.command.Rule.SKU, x.intake.command.Rule.Channel = sku.ID, channel
	if x.setVersion(&x.intake.command) {
		s.submit(x, &removedChannelRule)
	}
}

// getChannelRule serves GET /v1/skus/{sku}/channels/{channel}.
func (s *Server) getChannelRule(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	sku, channel, ok := s.ruleInPath(x)
	if !ok {
		return
	}
	sequence, ok := s.readAvailability(x, sku.ID)
	if !ok {
		return
	}
	rule, ok := x.availability.Rule(channel)
	if !ok || rule.IsNothing() {
		x.fail(unknownChannelRule)
		return
	}
	x.event.Rule = *rule
	s.renderChannelRule(x, sequence)
}

// listChannelRules serves GET /v1/skus/{sku}/channels: what holds for a SKU in channels, in the order in which pools are covered.
func (s *Server) listChannelRules(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	sku, ok := s.engine.SKU(x.variable)
	if !ok {
		x.fail(unknownSKU)
		return
	}
	sequence, ok := s.readAvailability(x, sku.ID)
	if !ok {
		return
	}
	dst, n := append(x.out[:0], `{"items":[`...), 0
	for i := range x.availability.Rules {
		if rule := &x.availability.Rules[i]; !rule.IsNothing() {
			dst = s.appendChannelRule(appendComma(dst, n), rule, 0)
			n++
		}
	}
	x.answerJSON(200, append(appendNumberField(dst, `],"sequence":`, sequence), '}'))
}

// renderChannelRule answers with the rule in the exchange's event.
func (s *Server) renderChannelRule(x *exchange, sequence core.Sequence) {
	x.answerDefined(x.event.Rule.Version, s.appendChannelRule(x.out[:0], &x.event.Rule, sequence))
}
