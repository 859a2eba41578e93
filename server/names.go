package server

import (
	"errors"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/core"
)

// appendSKU appends a SKU's name; null for a number that no SKU has, which only a refusal can speak of.
func (s *Server) appendSKU(dst []byte, id core.SKUID) []byte {
	entry, ok := s.engine.SKUByID(id)
	if !ok {
		return append(dst, "null"...)
	}
	return appendText(dst, entry.Name)
}

func (s *Server) appendLocation(dst []byte, id core.LocationID) []byte {
	return appendText(dst, s.engine.LocationName(id))
}

func (s *Server) appendChannel(dst []byte, id core.ChannelID) []byte {
	return appendText(dst, s.engine.ChannelName(id))
}

// appendSaleName appends a sale's name; every sale that an order was made in has one.
func (s *Server) appendSaleName(dst []byte, id core.SaleID) []byte {
	entry, ok := s.engine.SaleByID(id)
	if !ok {
		return append(dst, "null"...)
	}
	return appendText(dst, entry.Name)
}

// resolve turns the names of a command into numbers. It gives a problem when one of them means nothing. A
// channel that is not there yet gets the number NewChannel: whoever carries the command out makes it (nameChannel).
func (s *Server) resolve(in *intake) *problem {
	if len(in.command.Rows)+len(in.command.Moves) > 0 {
		return s.resolveRows(in)
	}
	for i, name := range in.skus {
		entry, ok := s.engine.SKU(name)
		if !ok {
			return s.unknownSKUs(in)
		}
		in.command.Lines[i].SKU = entry.ID
	}
	if unknown := s.resolveSale(in); unknown != nil {
		return unknown
	}
	if in.pickup != nil {
		id, ok := s.engine.Location(in.pickup)
		if !ok {
			return unknownNamed("pickup_location", in.pickup)
		}
		in.command.Destination.HasPickup, in.command.Destination.Pickup = true, id
	}
	if in.channel == nil {
		return nil // the web's channel is number 0
	}
	id, known := s.engine.Channel(in.channel)
	if !known {
		id = core.NewChannel
	}
	in.command.Channel = id
	return nil
}

// nameChannel gives an order or a hold of a channel that is not there yet the channel's number, and makes the channel, if the command
// would be accepted. A key that is remembered belongs to another command, as its channel is there.
func (s *Server) nameChannel(in *intake) (*core.Refusal, *problem, error) {
	if in.command.HasKey && s.engine.Remembers(in.command.Key) {
		return nil, keyReused, nil
	}
	refusal, err := s.engine.ChannelFor(in.channel, &in.command)
	if errors.Is(err, engine.ErrNotFound) {
		return nil, tooManyNamed, nil
	}
	return refusal, nil, err
}

var tooManyNamed = newProblem(codeTableFull, "channel: there are "+strconv.Itoa(engine.MaxNamedChannels)+
	" channels or more, so no other comes into being by an order that names it: make it with PUT /v1/channels/{channel} first")

// unknownChannelIn says that a field of the body names a channel that does not exist.
func unknownChannelIn(field string, name []byte) *problem {
	return newProblem(codeChannelNotFound, field+": there is no channel "+quoteEchoed(name))
}

func (s *Server) resolveRows(in *intake) *problem {
	for i, name := range in.skus {
		entry, ok := s.engine.SKU(name)
		if !ok {
			return s.unknownSKUs(in)
		}
		*skuOfRow(&in.command, i) = entry.ID
	}
	for i, name := range in.locations {
		if name == nil {
			continue // the main location is number 0
		}
		id, ok := s.engine.Location(name)
		if !ok {
			return s.unknownLocations(in)
		}
		*locationOfRow(&in.command, i) = id
	}
	return nil
}

func skuOfRow(c *core.Command, i int) *core.SKUID {
	if c.Kind == core.CommandMoveStock {
		return &c.Moves[i].SKU
	}
	return &c.Rows[i].SKU
}

func locationOfRow(c *core.Command, i int) *core.LocationID {
	if c.Kind == core.CommandMoveStock {
		return &c.Moves[i].Location
	}
	return &c.Rows[i].Location
}

// unknownSKUs lists every line that names no SKU.
func (s *Server) unknownSKUs(in *intake) *problem {
	p := &problem{kind: kindSKUInBody}
	for i, name := range in.skus {
		if _, ok := s.engine.SKU(name); name != nil && !ok {
			p.lines = append(p.lines, unknownName{i, "sku", string(name)})
		}
	}
	p.detail = "there is no SKU " + quoteEchoed([]byte(p.lines[0].name))
	return p
}

// unknownLocations lists every row that names no location.
func (s *Server) unknownLocations(in *intake) *problem {
	p := &problem{kind: kindLocationInBody}
	for i, name := range in.locations {
		if _, ok := s.engine.Location(name); name != nil && !ok {
			p.lines = append(p.lines, unknownName{i, "location", string(name)})
		}
	}
	p.detail = "there is no location " + quoteEchoed([]byte(p.lines[0].name))
	return p
}
