package engine

import (
	"cmp"
	"slices"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// release lets a group's effects out, in this order: archive, feed, names and availability, the released sequence, answers. It
// is called when the group is executed and durable and every earlier one was released. This is the gate: nothing
// that a crash could undo passes it, since nothing else in the engine lets anything out.
func (e *Engine) release(g *group) error {
	if err := e.storeArchive(g); err != nil {
		return err
	}
	if err := e.storeFeed(g); err != nil {
		return err
	}
	e.publish(g)
	e.released.Store(uint64(g.last()))
	e.notify()
	e.filler.note(g)
	e.settler.note(g)
	e.answer(g)
	return nil
}

// storeFeed appends the group's events to the feed, unless it has them already.
func (e *Engine) storeFeed(g *group) error {
	events := 0
	for i := range g.shards {
		events += g.shards[i].events
	}
	if events == 0 || g.stored {
		return nil
	}
	value := g.shards[0].feed
	if len(g.shards) > 1 {
		e.merged = mergeFeed(e.merged[:0], g)
		value = e.merged
	}
	value = codec.SealFeed(value, 0, events)
	if len(g.shards) == 1 {
		g.shards[0].feed = value // keeps the buffer if it has grown
	}
	e.stats.events.Add(uint64(events))
	return e.feed.Append(g.first, g.last(), value)
}

// mergeFeed puts the events of several shards in the order in which one shard would have made them.
func mergeFeed(dst []byte, g *group) []byte {
	type place struct {
		eventRef
		shard int
	}
	var all []place
	for i := range g.shards {
		for _, ref := range g.shards[i].refs {
			all = append(all, place{ref, i})
		}
	}
	slices.SortStableFunc(all, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.sequence, b.sequence), cmp.Compare(a.rank, b.rank), cmp.Compare(a.slot, b.slot))
	})
	dst = codec.AppendFeedHeader(dst, g.first, g.last())
	for _, p := range all {
		dst = append(dst, g.shards[p.shard].feed[p.from:p.to]...)
	}
	return dst
}

// publish brings the directory up to the group.
func (e *Engine) publish(g *group) {
	for i := range g.shards {
		out := &g.shards[i]
		for k := range out.defined {
			e.directory.define(&out.defined[k])
		}
	}
	for i := range g.shards {
		for _, p := range g.shards[i].changed {
			e.directory.publish(p.sku, p.orderable)
		}
		for _, p := range g.shards[i].items {
			e.directory.publishItem(p.sale, p.sku, p.left)
		}
	}
	for slot := range core.Slot(core.SlotCount) {
		if n := uint32(e.machine.Orders(slot)); n != e.orders[slot].Load() {
			e.orders[slot].Store(n)
		}
	}
}

// answer hands results out and wakes those who wait.
func (e *Engine) answer(g *group) {
	e.checkpoints.count(g.requests)
	overtaken := false
	for i := range g.shards {
		overtaken = overtaken || g.shards[i].overtaken
	}
	for _, r := range g.requests {
		r.overtaken = overtaken
		if r.WantImages {
			for k := range r.count {
				r.keepImage(&r.results[r.place(k)], g)
			}
		}
		r.finish(nil)
	}
	for _, q := range g.queries {
		q.sequence = g.last()
		q.err = nil
		q.done <- struct{}{}
	}
}

// keepImage copies a result's event or refusal out of the group's buffers, which are about to be reused.
func (r *Request) keepImage(result *Result, g *group) {
	out := &g.shards[result.shard]
	source := out.feed
	if result.Status == ResultRefused {
		source = out.refusals
	}
	source = source[result.from:result.to]
	result.from = uint32(len(r.images))
	r.images = append(r.images, source...)
	result.to = uint32(len(r.images))
}

// fail answers everything that waits when the journal is dead.
func (e *Engine) fail(g *group) {
	e.queue.close(ErrJournal)
	for {
		for _, r := range g.requests {
			r.finish(ErrJournal)
		}
		for _, q := range g.queries {
			q.err = ErrJournal
			q.done <- struct{}{}
		}
		if g.batch != nil {
			g.batch.finish(ErrJournal)
		}
		g.reset()
		if e.queue.take(g, e.timer) {
			return
		}
	}
}

// putPayload copies the requests' frames into the group's payload, behind the engine's own commands.
func (g *group) putPayload(dst []byte) {
	dst = dst[copy(dst, g.own):]
	for _, r := range g.requests {
		dst = dst[copy(dst, r.frames):]
	}
}

// putDocuments gives the journal the documents of the group's commands.
func (g *group) putDocuments() {
	sequence := g.first + core.Sequence(g.owned)
	for _, r := range g.requests {
		if r.documents {
			g.putDocumentsOf(r, sequence)
		}
		sequence += core.Sequence(r.count)
	}
}

// putDocumentsOf passes on what one request brings; the bytes stay where they are until the group is committed.
func (g *group) putDocumentsOf(r *Request, sequence core.Sequence) {
	for rest := r.frames; len(rest) > 0; sequence++ {
		n, err := codec.DecodeCommand(rest, &r.command)
		invariant.Check(err == nil, "a request holds commands that codec takes")
		if len(r.command.Document) > 0 {
			g.pending.AddDocument(uint64(sequence), r.command.Document)
		}
		rest = rest[n:]
	}
}
