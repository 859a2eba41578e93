package server

import (
	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

var (
	definedSale = submission{render: (*Server).renderSale}
	unknownSale = &problem{kind: kindOf(codeSaleNotFound), detail: "there is no sale of this name"}
)

// putSale serves PUT /v1/sales/{sale}.
func (s *Server) putSale(x *exchange) {
	x.intake.parseSale(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	for i, name := range x.intake.skus {
		entry, ok := s.engine.SKU(name)
		if !ok {
			x.fail(s.unknownSKUs(&x.intake))
			return
		}
		x.intake.command.SaleSettings.Items[i].SKU = entry.ID
	}
	s.define(x, "sale", &definedSale)
}

// getSale serves GET /v1/sales/{sale}.
func (s *Server) getSale(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	entry, ok := s.engine.Sale(x.variable)
	if !ok {
		x.fail(unknownSale)
		return
	}
	sequence, err := s.readSale(x, entry.ID)
	if err != nil {
		s.failRead(x, err, unknownSale)
		return
	}
	s.renderSale(x, sequence)
}

// readSale reads a sale, with what it has sold, into the exchange's event.
func (s *Server) readSale(x *exchange, id core.SaleID) (core.Sequence, error) {
	image, err := s.engine.ReadSale(x.image[:0], id)
	x.image = image.Bytes
	if err == nil {
		_, err = codec.DecodeSaleImage(x.image, &x.event.Sale)
		invariant.Check(err == nil, "the engine's images are codec's")
	}
	return image.Sequence, err
}

// renderSale answers with the sale in the exchange's event.
func (s *Server) renderSale(x *exchange, sequence core.Sequence) {
	dst, err := s.appendSaleItem(x.out[:0], x, sequence)
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.answerDefined(x.event.Sale.Version, dst)
}

// appendSaleItem appends the sale in the exchange's event, with its document.
func (s *Server) appendSaleItem(dst []byte, x *exchange, sequence core.Sequence) ([]byte, error) {
	sale := &x.event.Sale
	var document *orderDocument
	if sale.HasDocument {
		text, err := s.documentOf(x, sale.Changed)
		if err != nil {
			return dst, err
		}
		x.intake.readDocument(text, &x.document)
		document = &x.document
	}
	return s.appendSale(dst, sale, document, sequence), nil
}

// listSales serves GET /v1/sales, in the order in which they were made.
func (s *Server) listSales(x *exchange) {
	p, ok := s.page(x)
	if !ok {
		return
	}
	from := -1
	if p.after != nil {
		entry, known := s.engine.Sale(p.after)
		if !known {
			x.failAfter()
			return
		}
		from = int(entry.ID.Place())
	}
	var listed []*engine.SaleEntry
	s.engine.SaleNames(func(entry *engine.SaleEntry) bool {
		if int(entry.ID.Place()) > from {
			listed = append(listed, entry)
		}
		return len(listed) <= p.limit
	})
	sequence := s.engine.Sequence()
	dst, last := append(x.out[:0], `{"items":[`...), ""
	for i, entry := range listed[:min(len(listed), p.limit)] {
		at, err := s.readSale(x, entry.ID)
		if err == nil {
			dst, err = s.appendSaleItem(appendComma(dst, i), x, 0)
		}
		if err != nil {
			s.failEngine(x, err)
			return
		}
		sequence, last = at, entry.Name
	}
	x.answerPage(dst, last, len(listed) > p.limit, sequence)
}

// resolveSale puts the number of the sale that a body names into the command.
func (s *Server) resolveSale(in *intake) *problem {
	if in.sale == nil {
		return nil
	}
	entry, ok := s.engine.Sale(in.sale)
	if !ok {
		return &problem{kind: kindSaleInBody, detail: "there is no sale " + quoteEchoed(in.sale)}
	}
	in.command.Sale = entry.ID
	return nil
}
