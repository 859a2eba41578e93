package engine

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
)

// The machine takes an order of a kit only with the kit's recipe, as no slot may look into another. The engine looks the recipes up
// here, in the directory, and puts them into the commands. The directory may be behind: a command whose recipe is not the kit's
// any more is refused by the machine, and tried again with what was released meanwhile. No client ever sees that.

// Recipe is what the SKU is made of, as of the last release; nil when it is no kit. Nobody may change it.
func (s *SKUEntry) Recipe() *core.Recipe { return s.recipe.Load() }

// setRecipe takes over a recipe, which nobody changes any more.
func (d *directory) setRecipe(r *core.Recipe) {
	entry, ok := d.sku(r.Kit)
	invariant.Check(ok, "a kit is a SKU that is known")
	next := &core.Recipe{Kit: r.Kit, Components: r.Components}
	if len(r.Components) == 0 {
		next = nil
	}
	switch before := entry.recipe.Swap(next); {
	case before == nil && next != nil:
		d.kits.Add(1)
	case before != nil && next == nil:
		d.kits.Add(-1)
	}
}

// complete puts into the orders, holds and edits of a request what they have to say of the tables as they are: the recipes of their kits, in the place
// of any that they have, and the slot of bookings. With recipes the request may be too large.
func (e *Engine) complete(r *Request) error {
	var frames []byte // nil until a command is changed
	for at := 0; at < len(r.frames); {
		header, err := codec.PeekCommand(r.frames[at:])
		invariant.Check(err == nil, "a request holds commands that codec takes")
		frame := r.frames[at : at+header.Length]
		switch {
		case (places(header.Kind) || header.Kind == core.CommandEditOrder) && e.completeOne(frame, &r.command):
			if frames == nil {
				frames = append(make([]byte, 0, 2*len(r.frames)), r.frames[:at]...)
			}
			frames = codec.AppendCommand(frames, &r.command)
		case frames != nil:
			frames = append(frames, frame...)
		}
		at += header.Length
		if len(frames) > MaxRequestBytes || len(frames)+r.documentBytes > maxJournalBytes {
			return ErrTooLarge
		}
	}
	if frames != nil {
		r.frames = frames
	}
	return nil
}

// places tells whether commands of a kind place a hold or an order.
func places(kind core.CommandKind) bool {
	return kind == core.CommandPlaceOrder || kind == core.CommandPlaceHold
}

// completeOne decodes a command and completes it. It is false when there is nothing to change.
func (e *Engine) completeOne(frame []byte, c *core.Command) bool {
	_, err := codec.DecodeCommand(frame, c)
	invariant.Check(err == nil, "a request holds commands that codec takes")
	had, mask := len(c.Recipes) > 0, c.Mask
	setRecipes(c, func(id core.SKUID) *core.Recipe {
		if entry, ok := e.directory.sku(id); ok {
			return entry.Recipe()
		}
		return nil
	})
	named, _ := core.SlotsOf(c)
	if c.Kind == core.CommandEditOrder {
		named |= c.Mask // of its order
	}
	c.Mask = named | core.SlotsWith(c, e.directory.capacities.Load() > 0)
	return had || len(c.Recipes) > 0 || c.Mask != mask
}

// setRecipes gives a command the recipes of its lines' SKUs, nil being that of one that is no kit.
func setRecipes(c *core.Command, of func(id core.SKUID) *core.Recipe) {
	c.Recipes = nil
	for i := range c.Lines {
		if recipe := of(c.Lines[i].SKU); recipe != nil && c.Stock != core.StockSkip {
			c.Recipes = append(c.Recipes, *recipe)
		}
	}
	slices.SortStableFunc(c.Recipes, func(a, b core.Recipe) int { return cmp.Compare(a.Kit, b.Kit) })
	c.Recipes = slices.CompactFunc(c.Recipes, func(a, b core.Recipe) bool { return a.Kit == b.Kit })
}

// overtaken takes out of an answered request what was refused since kits had other recipes, or locations got their first capacity, after it was
// completed, or an order had got other slots by an edit: a request of its own, with the keys of these commands, and for each the place of its
// result. It is nil when there are none.
func (e *Engine) overtaken(r *Request) (again *Request, of []int) {
	if r.err != nil || !r.overtaken {
		return nil, nil
	}
	for k, at := 0, 0; at < len(r.frames); k++ {
		header, err := codec.PeekCommand(r.frames[at:])
		invariant.Check(err == nil, "a request holds commands that codec takes")
		frame := r.frames[at : at+header.Length]
		at += header.Length
		result := &r.results[r.place(k)]
		if result.Status != ResultRefused || !isOvertaken(result.Reason) {
			continue
		}
		if again == nil {
			again = AcquireRequest()
			again.WantImages, again.hasKeys, again.externals = r.WantImages, r.hasKeys, r.externals
			again.documents, again.documentBytes, again.follows = r.documents, r.documentBytes, r.follows
		}
		again.addAgain(frame)
		again.count++
		of = append(of, r.place(k))
		if r.hasKeys {
			again.keys, again.claims = append(again.keys, r.keys[k]), append(again.claims, r.claims[r.place(k)])
			r.keys[k] = noKey
		}
	}
	return again, of
}

// addAgain adds a command once more. One that is about an order has all slots: which of them the order has is not known here, and may have changed
// again before anybody could be told.
func (r *Request) addAgain(frame []byte) {
	r.results = append(r.results, Result{})
	if places(core.CommandKind(frame[0])) {
		r.frames = append(r.frames, frame...)
		return
	}
	_, err := codec.DecodeCommand(frame, &r.command)
	invariant.Check(err == nil, "a request holds commands that codec takes")
	r.command.Mask = core.AllSlots
	r.frames = codec.AppendCommand(r.frames, &r.command)
}

// isOvertaken tells whether a command was refused for what it said of the tables, or of the slots of its order.
func isOvertaken(r core.Reason) bool {
	return r == core.ReasonRecipeChanged || r == core.ReasonSlotsChanged
}

// tryAgain carries out commands once more that were overtaken, and puts the results into their places.
func (e *Engine) tryAgain(r, again *Request, of []int) error {
	err := e.passAgain(again)
	for errors.Is(err, ErrOverloaded) { // what was asked for beside them may have been done
		time.Sleep(whileBusy)
		err = e.passAgain(again)
	}
	if errors.Is(err, ErrTooLarge) && again.count > 1 { // each by itself fits, and others of the client's request may have been done
		half := again.count / 2
		rest := again.cut(half)
		return errors.Join(e.tryAgain(r, again, of[:half]), e.tryAgain(r, rest, of[half:]))
	}
	defer ReleaseRequest(again)
	if err != nil {
		e.settleKeys(again) // nothing was done: they are given up
		return err
	}
	if again.err == nil && again.follows {
		again.err = e.answerArchived(again)
	}
	if err := e.conclude(again); err != nil {
		return err
	}
	for i := range again.results {
		result := again.results[i]
		if r.WantImages {
			from := uint32(len(r.images))
			r.images = append(r.images, again.images[result.from:result.to]...)
			result.from, result.to = from, uint32(len(r.images))
		}
		r.results[of[i]] = result
	}
	return nil
}

// cut leaves the first commands of a request that admission has let through whole, and gives a request of the others.
func (r *Request) cut(keep int) (rest *Request) {
	rest = AcquireRequest()
	rest.WantImages, rest.hasKeys, rest.externals = r.WantImages, r.hasKeys, r.externals
	rest.documents, rest.documentBytes, rest.follows = r.documents, r.documentBytes, r.follows
	at := 0
	for range keep {
		n, err := codec.FrameLength(r.frames[at:])
		invariant.Check(err == nil, "a request holds commands that codec takes")
		at += n
	}
	rest.count, r.count = r.count-keep, keep
	rest.frames, r.frames = append(rest.frames, r.frames[at:]...), r.frames[:at]
	rest.results, r.results = append(rest.results, r.results[keep:]...), r.results[:keep]
	if r.hasKeys {
		rest.keys, r.keys = append(rest.keys, r.keys[keep:]...), r.keys[:keep]
		rest.claims, r.claims = append(rest.claims, r.claims[keep:]...), r.claims[:keep]
	}
	return rest
}

// passAgain is pass with the tables of now.
func (e *Engine) passAgain(r *Request) error {
	if err := e.complete(r); err != nil {
		return err
	}
	return e.pass(r)
}

// whileBusy is how long a command that is tried again waits for room in the queue.
const whileBusy = time.Millisecond
