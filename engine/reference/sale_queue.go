package reference

import "holdfast/engine/core"

// advanceQueue notes how far the line before a sale has come.
func (m *Model) advanceQueue(c *core.Command) core.Outcome {
	s := m.saleOf(c.Sale)
	if s == nil {
		return refuse(core.Refusal{Reason: core.ReasonSaleNotFound})
	}
	var before core.QueueCounters
	if s.queue != nil {
		before = *s.queue
	}
	now := c.Queue
	if before.Opened {
		now.Opened, now.Drawn = true, before.Drawn
	}
	now.Reserved, now.Admitted, now.Settled = max(now.Reserved, before.Reserved), max(now.Admitted, before.Admitted), max(now.Settled, before.Settled)
	if s.queue != nil && now == before {
		return core.Outcome{}
	}
	s.queue = &now
	m.emit(core.Event{Kind: core.EventQueueAdvanced, Queue: core.QueueImage{Sale: c.Sale, Counters: now}})
	return core.Outcome{Changed: true}
}
