package engine

import (
	"errors"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

// Submit executes a request's commands and returns when they, and everything that their results rest on,
// are durable. An error means that there are no results; a refusal is a result.
//
// Before the queue stands admission, which answers what needs no journal: commands whose idempotency key was
// used before, and orders of what is sold out. It may be wrong about nothing that a client has been told: it
// knows only what was released.
func (e *Engine) Submit(r *Request) error {
	if len(r.results) > MaxRequestCommands || len(r.frames) > MaxRequestBytes ||
		len(r.frames)+r.documentBytes > maxJournalBytes {
		return ErrTooLarge
	}
	if r.malformed != nil {
		return r.malformed
	}
	if err := e.use(); err != nil {
		return err
	}
	defer e.using.RUnlock()
	if e.Following() {
		return ErrNotPrimary
	}
	if r.spread {
		if err := e.resolveSlots(r); err != nil {
			return err
		}
	}
	if e.directory.kits.Load() > 0 || r.recipes || e.directory.capacities.Load() > 0 {
		if err := e.complete(r); err != nil {
			return err
		}
	}
	if err := e.admit(r); err != nil {
		e.unclaim(r)
		return err
	}
	if r.count == 0 {
		return nil
	}
	if err := e.pass(r); err != nil {
		e.unclaim(r)
		return err
	}
	if r.count == 0 {
		return nil
	}
	if r.err == nil && r.follows {
		r.err = e.answerArchived(r)
	}
	return e.conclude(r)
}

// conclude settles the keys of a request that was carried out, and tries again what has to be.
func (e *Engine) conclude(r *Request) error {
	again, of := e.overtaken(r)
	e.settleKeys(r)
	e.checkpoints.settled(r)
	if again != nil {
		r.err = e.tryAgain(r, again, of)
	}
	return r.err
}

// pass brings an admitted request to the sequencer and waits until it is answered. An error means that it was not taken.
func (e *Engine) pass(r *Request) error {
	again, err := e.tryToPass(r)
	if !again {
		return err
	}
	e.archive.sentBack.Add(1)
	defer e.archive.sentBack.Add(-1)
	for again {
		again, err = e.tryToPass(r)
	}
	return err
}

// tryToPass is pass, but that the archive may grow meanwhile: then external ids have to be looked up again.
func (e *Engine) tryToPass(r *Request) (again bool, err error) {
	if err := e.lookUpExternals(r); err != nil || r.count == 0 {
		return false, err
	}
	if err := e.queue.put(r); err != nil {
		return false, err
	}
	<-r.done
	return r.err == errLookUpAgain, nil
}

// admit takes out of the request what can be answered at once. What is left keeps its order.
func (e *Engine) admit(r *Request) error {
	if r.hasKeys {
		e.claimKeys(r)
	}
	admitted, kept := 0, 0
	for i, at := 0, 0; at < len(r.frames); i++ {
		header, err := codec.PeekCommand(r.frames[at:])
		invariant.Check(err == nil, "a request holds commands that codec takes")
		frame := r.frames[at : at+header.Length]
		at += header.Length
		take, err := e.admitOne(r, i, &header, frame)
		if err != nil {
			return err
		}
		if !take {
			r.keepPlaces(admitted)
			continue
		}
		if r.sparse {
			r.places = append(r.places, uint16(i))
			copy(r.frames[kept:], frame)
		}
		kept += len(frame)
		admitted++
	}
	r.frames, r.count = r.frames[:kept], admitted
	return nil
}

// claimKeys claims the keys of all commands that have one.
func (e *Engine) claimKeys(r *Request) {
	r.claims = r.claims[:0]
	for at := 0; at < len(r.frames); {
		header, err := codec.PeekCommand(r.frames[at:])
		invariant.Check(err == nil, "a request holds commands that codec takes")
		c := claim{state: claimNone, value: uint64(noKey)}
		if header.HasKey {
			c = claim{key: header.Key, hash: e.keys.hash(&header.Key), fingerprint: codec.Fingerprint(r.frames[at : at+header.Length])}
		}
		r.claims = append(r.claims, c)
		at += header.Length
	}
	e.keys.claimAll(r.claims, &r.order)
}

// keepPlaces begins to note places when the first command is answered at once.
func (r *Request) keepPlaces(admitted int) {
	if r.sparse {
		return
	}
	r.sparse = true
	for i := range admitted {
		r.places = append(r.places, uint16(i))
	}
}

// admitOne answers a command at once, or lets it through.
func (e *Engine) admitOne(r *Request, i int, h *codec.CommandHeader, frame []byte) (take bool, err error) {
	c := claim{state: claimNone, value: uint64(noKey)}
	if r.hasKeys {
		c = r.claims[i]
	}
	switch c.state {
	case claimReused:
		r.results[i].Status = ResultKeyReused
		return false, nil
	case claimInFlight:
		r.results[i].Status = ResultInProgress
		return false, nil
	case claimBound:
		return false, e.replay(r, i, core.Sequence(c.value))
	}
	r.supplied = r.supplied || !places(h.Kind)
	if !r.supplied && e.soldOut(r, i, frame) {
		if c.state == claimNew {
			e.keys.abandon(keyHandle(c.value))
			r.claims[i].state = claimNone
		}
		return false, nil
	}
	if r.hasKeys {
		r.keys = append(r.keys, keyHandle(c.value))
	}
	return true, nil
}

// replay answers a command with the event of the first one with its key.
func (e *Engine) replay(r *Request, i int, sequence core.Sequence) error {
	invariant.Check(sequence > 0, "a key that is bound has its command's sequence")
	result := &r.results[i]
	result.from = uint32(len(r.images))
	var err error
	r.images, err = r.finder.AppendOwn(r.images, e.feed, sequence)
	if errors.Is(err, wal.ErrNotFound) && sequence <= e.feed.Oldest() {
		// The key was forgotten and its event cut off since it was looked up: who asks again will find it so.
		result.Status = ResultInProgress
		return nil
	}
	if err != nil {
		return err
	}
	result.to = uint32(len(r.images))
	var ev core.Event
	if _, err := codec.DecodeEvent(r.images[result.from:], &ev); err != nil {
		return err
	}
	result.Status, result.Sequence, result.Order, result.Changed = ResultReplayed, sequence, ev.Order.ID, true
	return nil
}

// maxShortLines bounds the orders that admission looks at: it compares each line with the ones before.
const maxShortLines = 16

// soldOut refuses an order or hold that asks for more than was left at the last release, if that is certain. One
// with an external id has to be looked up first: its owner may be asking again. A limit per customer is not looked at: who
// is late for the last unit is told that, whatever else.
func (e *Engine) soldOut(r *Request, i int, frame []byte) bool {
	if e.directory.exhausted.Load() == 0 {
		return false
	}
	c := &r.command
	_, err := codec.DecodeCommand(frame, c)
	invariant.Check(err == nil, "a request holds commands that codec takes")
	if c.Stock != core.StockValidate {
		return false
	}
	origins := r.slots.places[:0]
	if len(c.Recipes) > 0 {
		var whole bool
		if c.Lines, origins, whole = c.ExpandLines(nil, origins); !whole || c.UpTo {
			return false
		}
	}
	if len(c.ExternalID) > 0 || len(c.Lines) > maxShortLines || int(c.Channel) >= e.Channels() {
		return false
	}
	short := e.anyShort(c)
	if !short && (len(c.Recipes) > 0 || !e.anyItemShort(c)) { // which lines of kits count in a sale the machine knows
		return false
	}
	result := &r.results[i]
	reason, fails := core.ReasonInsufficientStock, (*SKUEntry).short
	switch {
	case !short:
		reason = core.ReasonSaleQuota
	case e.anyStopped(c):
		reason, fails = core.ReasonSKUStopped, func(entry *SKUEntry, _ core.Quantity) bool { return entry.stopped() }
	}
	result.Status, result.Reason = ResultRefused, reason
	result.Sequence = core.Sequence(e.released.Load())
	e.stats.soldOut.Add(1)
	if !r.WantImages {
		return true
	}
	refusal := core.Refusal{Reason: reason, Lines: r.slots.lines[:0]}
	for k := range c.Lines {
		entry, total, first := e.lineTotal(c, k)
		if !first {
			continue
		}
		fail, available := fails(entry, leastOf(c, total)), entry.Orderable()
		if !short {
			available = e.itemLeft(c, k)
			fail = available != core.Unlimited && leastOf(c, total) > available
		}
		if fail {
			index := k
			if len(c.Recipes) > 0 {
				index = int(origins[k])
			}
			refusal.Lines = append(refusal.Lines, core.RefusedLine{
				Index: index, SKU: c.Lines[k].SKU, Requested: total, Available: max(0, available),
			})
		}
	}
	r.slots.lines, r.slots.places = refusal.Lines, origins[:0]
	result.from = uint32(len(r.images))
	r.images = codec.AppendRefusal(r.images, &refusal)
	result.to = uint32(len(r.images))
	return true
}

// anyShort tells whether some SKU of an order is short; an unknown SKU is for the machine to refuse.
func (e *Engine) anyShort(c *core.Command) (short bool) {
	for k := range c.Lines {
		entry, total, first := e.lineTotal(c, k)
		if entry == nil {
			return false
		}
		short = short || first && entry.short(leastOf(c, total))
	}
	return short
}

// leastOf is how many units of a SKU a command needs so as not to be refused for certain.
func leastOf(c *core.Command, total core.Quantity) core.Quantity {
	if c.UpTo {
		return 1
	}
	return total
}

// anyStopped tells whether some SKU of an order is not sold now. All of them are known.
func (e *Engine) anyStopped(c *core.Command) bool {
	for k := range c.Lines {
		if entry, _ := e.directory.sku(c.Lines[k].SKU); entry.stopped() {
			return true
		}
	}
	return false
}

// lineTotal gives a line's SKU, its quantity over all lines, and whether the line is the SKU's first.
func (e *Engine) lineTotal(c *core.Command, k int) (entry *SKUEntry, total core.Quantity, first bool) {
	id := c.Lines[k].SKU
	entry, _ = e.directory.sku(id)
	for j := range c.Lines {
		if c.Lines[j].SKU == id {
			if j < k {
				return entry, 0, false
			}
			total += c.Lines[j].Quantity
		}
	}
	return entry, total, true
}

// settleKeys binds the keys of what was done and gives up the others.
func (e *Engine) settleKeys(r *Request) {
	for k, handle := range r.keys {
		if handle == noKey {
			continue
		}
		result := &r.results[r.place(k)]
		if r.err == nil && result.Status == ResultDone && result.Changed {
			e.keys.bind(handle, result.Sequence)
		} else {
			e.keys.abandon(handle)
		}
	}
	r.keys = r.keys[:0]
}

// unclaim gives up the keys of a request that was not taken.
func (e *Engine) unclaim(r *Request) {
	if !r.hasKeys {
		return
	}
	for i := range r.claims {
		if c := &r.claims[i]; c.state == claimNew {
			e.keys.abandon(keyHandle(c.value))
		}
	}
	r.keys = r.keys[:0]
}

// resolveSlots asks for the slots of orders that lie in several, and puts them into the frames. An order
// that does not exist keeps its home slot alone, and is refused there.
func (e *Engine) resolveSlots(r *Request) error {
	q := &r.slots
	q.reset()
	for at := 0; at < len(r.frames); {
		n, err := codec.FrameLength(r.frames[at:])
		if err == nil {
			_, err = codec.DecodeCommand(patchable(r.frames[at:at+n]), &r.command)
		}
		invariant.Check(err == nil, "a request holds commands that codec takes")
		if mask, known := core.SlotsOf(&r.command); !known {
			q.add(r.command.Order, mask, at, at+n)
		}
		at += n
	}
	if _, err := e.ask(q); err != nil {
		return err
	}
	for k := range q.orders {
		err := codec.SetSlots(r.frames[q.froms[k]:q.tos[k]], q.masks[k]|q.known[k])
		if err != nil {
			return errors.Join(ErrNotFound, err)
		}
	}
	return nil
}

// patchable gives a frame that DecodeCommand takes: one whose slots are not known yet gets all of them.
func patchable(frame []byte) []byte {
	if h, err := codec.PeekCommand(frame); err == nil && h.Mask == 0 {
		_ = codec.SetSlots(frame, core.AllSlots) // it has the field, since Add left room
	}
	return frame
}
