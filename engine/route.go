package engine

import (
	"errors"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

// Route gives the explain record of the order that a command made. ErrNotFound says that it was not routed, or that the feed no longer has
// its events.
func (e *Engine) Route(made core.Sequence, route *core.RouteImage) error {
	if made > e.Sequence() {
		return ErrNotFound
	}
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	var finder feed.Finder
	encoded, err := finder.AppendOf(nil, e.feed, made, core.EventOrderRouted)
	if errors.Is(err, wal.ErrNotFound) || errors.Is(err, wal.ErrCut) {
		return ErrNotFound
	}
	if err != nil {
		return translate(err)
	}
	var ev core.Event
	_, err = codec.DecodeEvent(encoded, &ev)
	invariant.Check(err == nil, "the feed's events are codec's")
	*route = ev.Route
	return nil
}

// Preview is what a command that places an order or a hold would come to.
type Preview struct {
	Refusal *core.Refusal // why it would be refused; nil when it would not be
	Order   core.OrderImage
	Routed  bool
	Route   core.RouteImage

	command core.Command
	now     core.Millis
	step    core.Step
}

func (p *Preview) read(m *core.Machine) {
	setRecipes(&p.command, recipesOf(m))
	p.command.Mask, _ = core.SlotsOf(&p.command)
	p.command.Mask |= m.SlotsNow(&p.command)
	outcome, ev, route := m.Preview(&p.step, &p.command, p.now)
	if p.Refusal = outcome.Refusal; p.Refusal == nil {
		p.Order, p.Routed, p.Route = ev.Order, m.IsRouted(), *route
	}
}

// recipesOf gives the recipes as the machine has them.
func recipesOf(m *core.Machine) func(id core.SKUID) *core.Recipe {
	return func(id core.SKUID) *core.Recipe {
		recipe := new(core.Recipe)
		if !m.ReadRecipe(id, recipe) {
			return nil
		}
		return recipe
	}
}

// now is what the next command would be stamped with.
func (e *Engine) now() core.Millis {
	return max(core.Millis(e.journal.LastTime()), core.Millis(e.options.Clock()))
}

// Preview tells what the command would come to now, and changes nothing. What it gives belongs to the caller, but for the command's own texts.
func (e *Engine) Preview(c *core.Command) (*Preview, core.Sequence, error) {
	p := &Preview{command: *c, now: e.now()}
	sequence, err := e.ask(p)
	return p, sequence, err
}
