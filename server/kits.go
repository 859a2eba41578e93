package server

import (
	"holdfast/engine"
	"holdfast/engine/core"
)

var (
	setKit     = submission{status: 200, kit: true, render: (*Server).renderRecipe}
	removedKit = submission{status: 204, kit: true, render: (*Server).renderNothing}
	unknownKit = newProblem(codeKitNotFound, "the SKU is no kit")
)

// kitInPath finds the SKU that a path names; it answers and gives false when there is none.
func (s *Server) kitInPath(x *exchange) (*engine.SKUEntry, bool) {
	entry, ok := s.engine.SKU(x.variable)
	if !ok {
		x.fail(unknownSKU)
	}
	return entry, ok
}

// putComponents serves PUT /v1/skus/{sku}/components.
func (s *Server) putComponents(x *exchange) {
	x.intake.parseComponents(x.ctx.PostBody())
	if x.hasFaults() {
		return
	}
	entry, ok := s.kitInPath(x)
	if !ok {
		return
	}
	recipe := &x.intake.command.Recipes[0]
	recipe.Kit = entry.ID
	for i, name := range x.intake.skus {
		part, ok := s.engine.SKU(name)
		if !ok {
			x.fail(s.unknownSKUs(&x.intake))
			return
		}
		recipe.Components[i].SKU = part.ID
	}
	s.submit(x, &setKit)
}

// deleteComponents serves DELETE /v1/skus/{sku}/components: the SKU is no kit any more.
func (s *Server) deleteComponents(x *exchange) {
	entry, ok := s.kitInPath(x)
	if !ok {
		return
	}
	x.intake.clear(core.CommandSetKit)
	x.intake.command.Recipes = []core.Recipe{{Kit: entry.ID}}
	s.submit(x, &removedKit)
}

// getComponents serves GET /v1/skus/{sku}/components.
func (s *Server) getComponents(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	entry, ok := s.kitInPath(x)
	if !ok {
		return
	}
	sequence := s.engine.Sequence()
	recipe := entry.Recipe()
	if recipe == nil {
		x.fail(unknownKit)
		return
	}
	x.answerJSON(200, s.appendRecipe(x.out[:0], recipe, sequence))
}

// answerKit answers a command that says of a SKU what it was already.
func (s *Server) answerKit(x *exchange, how *submission) {
	x.event.Recipe = x.intake.command.Recipes[0]
	x.ctx.Response.SetStatusCode(how.status)
	how.render(s, x, s.engine.Sequence())
}

// renderRecipe answers with the recipe in the exchange's event.
func (s *Server) renderRecipe(x *exchange, sequence core.Sequence) {
	x.answerJSON(x.ctx.Response.StatusCode(), s.appendRecipe(x.out[:0], &x.event.Recipe, sequence))
}

// appendRecipe appends what a SKU is made of; sequence is 0 inside an event, which says it itself.
func (s *Server) appendRecipe(dst []byte, r *core.Recipe, sequence core.Sequence) []byte {
	dst = s.appendSKU(append(dst, `{"sku":`...), r.Kit)
	dst = append(dst, `,"components":[`...)
	for i := range r.Components {
		dst = s.appendSKU(append(appendComma(dst, i), `{"sku":`...), r.Components[i].SKU)
		dst = append(appendNumberField(dst, `,"quantity":`, r.Components[i].Quantity), '}')
	}
	dst = append(dst, ']')
	if sequence != 0 {
		dst = appendNumberField(dst, `,"sequence":`, sequence)
	}
	return append(dst, '}')
}

// appendComponents appends what there is of a kit's components.
func (s *Server) appendComponents(dst []byte, a *core.AvailabilityImage) []byte {
	dst = append(dst, `,"kit":true,"components":[`...)
	for i := range a.Components {
		part := &a.Components[i]
		dst = s.appendSKU(append(appendComma(dst, i), `{"sku":`...), part.SKU)
		dst = appendNumberField(dst, `,"quantity":`, part.Quantity)
		dst = append(appendNumberField(dst, `,"available":`, part.Available), '}')
	}
	return append(dst, ']')
}
