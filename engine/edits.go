package engine

import (
	"bytes"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// EditPreview is what an edit of an order would come to.
type EditPreview struct {
	Refusal *core.Refusal // why it would be refused; nil when it would not be
	Before  uint32        // version of the order now, of which an edit that confirms this one has to be
	Event   core.Event    // that would tell of it
	Routed  bool          // what is added would be routed
	Route   core.RouteImage

	command core.Command
	now     core.Millis
	step    core.Step
	order   core.OrderImage
}

func (p *EditPreview) read(m *core.Machine) {
	c := &p.command
	if m.ReadOrder(c.Order, &p.order) {
		p.Before = p.order.Version
	}
	if c.ExpectedVersion == 0 {
		c.ExpectedVersion = p.Before
	}
	setRecipes(c, recipesOf(m))
	slots, _ := m.OrderSlots(c.Order)
	c.Mask, _ = core.SlotsOf(c)
	c.Mask |= slots
	outcome, ev, route := m.PreviewEdit(&p.step, c, p.now)
	if p.Refusal = outcome.Refusal; p.Refusal != nil {
		return
	}
	p.Event, p.Routed, p.Route = *ev, m.IsRouted() && len(c.Lines) > 0, *route
	o := &p.Event.Order
	o.Customer, o.ExternalID, o.Identities = bytes.Clone(o.Customer), bytes.Clone(o.ExternalID), bytes.Clone(o.Identities)
}

// PreviewEdit tells what an edit of an order would come to now, and changes nothing. It may leave out the version of the order: then it is that of
// now. What it gives belongs to the caller, but for the command's own texts.
func (e *Engine) PreviewEdit(c *core.Command) (*EditPreview, core.Sequence, error) {
	p := &EditPreview{command: *c, now: e.now()}
	sequence, err := e.ask(p)
	if err == nil && p.Refusal != nil && p.Refusal.Reason == core.ReasonOrderArchived {
		err = e.refuseArchived(p)
	}
	return p, sequence, err
}

// refuseArchived has the preview say why an edit of an archived order is refused.
func (e *Engine) refuseArchived(p *EditPreview) error {
	encoded, err := e.readArchived(nil, p.command.Order)
	if err != nil {
		return err
	}
	_, err = codec.DecodeOrderImage(encoded, &p.order)
	invariant.Check(err == nil, "an image that was decoded can be decoded again")
	if p.command.ExpectedVersion == 0 {
		p.command.ExpectedVersion = p.order.Version
	}
	p.Before = p.order.Version
	p.Refusal = &core.Refusal{Reason: core.FollowUpClosed(&p.command, &p.order), Order: p.order.ID, Version: p.order.Version}
	return nil
}
