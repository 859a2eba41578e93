package server

import (
	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

var (
	definedSKU = submission{render: (*Server).renderSKU}
	unknownSKU = &problem{kind: kindOf(codeSKUNotFound), detail: "there is no SKU of this name"}
)

// putSKU serves PUT /v1/skus/{sku}.
func (s *Server) putSKU(x *exchange) {
	x.intake.parseSKU(x.ctx.PostBody())
	s.define(x, "sku", &definedSKU)
}

// getSKU serves GET /v1/skus/{sku}.
func (s *Server) getSKU(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	entry, ok := s.engine.SKU(x.variable)
	if !ok {
		x.fail(unknownSKU)
		return
	}
	sequence, err := s.readSKU(x, entry.ID)
	if err != nil {
		s.failRead(x, err, unknownSKU)
		return
	}
	s.renderSKU(x, sequence)
}

// readSKU reads a SKU into the exchange's event.
func (s *Server) readSKU(x *exchange, id core.SKUID) (core.Sequence, error) {
	image, err := s.engine.ReadSKU(x.image[:0], id)
	x.image = image.Bytes
	if err == nil {
		_, err = codec.DecodeSKUImage(x.image, &x.event.SKU)
		invariant.Check(err == nil, "the engine's images are codec's")
	}
	return image.Sequence, err
}

// renderSKU answers with the SKU in the exchange's event.
func (s *Server) renderSKU(x *exchange, sequence core.Sequence) {
	dst, err := s.appendSKUItem(x.out[:0], x, sequence)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.answerDefined(x.event.SKU.Version, dst)
}

func (s *Server) appendSKUItem(dst []byte, x *exchange, sequence core.Sequence) ([]byte, error) {
	k := &x.event.SKU
	title, err := s.textOf(x, k.HasDocument, k.Changed)
	return appendSKUImage(dst, k, title, sequence), err
}

// titleOf gives a SKU's title as JSON, empty when it has none.
func (s *Server) titleOf(x *exchange, id core.SKUID) ([]byte, error) {
	if _, err := s.readSKU(x, id); err != nil {
		return nil, err
	}
	return s.textOf(x, x.event.SKU.HasDocument, x.event.SKU.Changed)
}

// listSKUs serves GET /v1/skus. Numbers are given out within each slot one after another, so walking
// places, and slots within each, meets every SKU, and one made meanwhile never moves another.
func (s *Server) listSKUs(x *exchange) {
	p, ok := s.page(x)
	if !ok {
		return
	}
	var cursor skuCursor
	if p.after != nil {
		entry, known := s.engine.SKU(p.after)
		if !known {
			x.failAfter()
			return
		}
		cursor = afterSKU(entry.ID)
	}
	sequence := s.engine.Sequence()
	dst, last := append(x.out[:0], `{"items":[`...), ""
	for range p.limit {
		entry := cursor.next(s.engine)
		if entry == nil {
			break
		}
		at, err := s.readSKU(x, entry.ID)
		if err == nil {
			dst, err = s.appendSKUItem(appendComma(dst, len(last)), x, 0)
		}
		if err != nil {
			s.failEngine(x, err)
			return
		}
		sequence, last = at, entry.Name
	}
	x.answerPage(dst, last, cursor.next(s.engine) != nil, sequence)
}

// skuCursor walks over the SKUs.
type skuCursor struct {
	place uint32
	slot  int
	met   bool // whether some slot has the place
}

func afterSKU(id core.SKUID) skuCursor {
	return skuCursor{place: id.Place(), slot: int(id.Slot()) + 1, met: true}
}

// next gives the next SKU, nil at the end.
func (c *skuCursor) next(e *engine.Engine) *engine.SKUEntry {
	for {
		if c.slot == core.SlotCount {
			if !c.met {
				return nil
			}
			*c = skuCursor{place: c.place + 1}
		}
		entry, ok := e.SKUByID(core.MakeSKUID(core.Slot(c.slot), c.place))
		c.slot++
		if ok {
			c.met = true
			return entry
		}
	}
}
