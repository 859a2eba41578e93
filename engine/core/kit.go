package core

import (
	"math"

	"holdfast/engine/invariant"
)

// A kit is a SKU that is sold as units of others, its components. It has no units of its own: an order of it takes those of the
// components, which the same order may ask for elsewhere too. A component is never a kit.
//
// A slot looks only at what is its own, so an order brings the recipes of its kits with it: whoever sends the command looks them up, and
// the kit's slot refuses it (ReasonRecipeChanged) if it knows another one. An order keeps its kits with the components that it took,
// whatever becomes of the recipe.

// Recipe says what a kit is made of.
type Recipe struct {
	Kit        SKUID
	Components []Component // 1 to MaxComponents, each another SKU; none: it is no kit
}

// Component is so many units of a SKU in each kit.
type Component struct {
	SKU      SKUID
	Quantity Quantity // 1 to MaxComponentQuantity
}

// slots are those of the components.
func (r *Recipe) slots() (mask SlotMask) {
	for i := range r.Components {
		mask |= r.Components[i].SKU.Slot().Mask()
	}
	return mask
}

// LineRole says what a line of an order stands for. The numbers are in checkpoints and feeds and must not change.
type LineRole uint8

const (
	LineOfUnits     LineRole = 0 // units of a SKU
	LineOfKits      LineRole = 1 // kits: their units are in the lines behind it
	LineOfComponent LineRole = 2 // units of one component of the kits before
	LineUntracked   LineRole = 3 // units that stock knows nothing of: StockSkip
)

// lineOrigin says where a line comes from when a command has kits.
type lineOrigin struct {
	line   int32 // of the command
	recipe int32 // of a line of kits
	role   LineRole
}

// ExpandLines appends the lines of a hold or an order with the components of each kit behind it, and for each the command's line that it
// comes from. whole is false when there are too many lines or units, and components are left out.
func (c *Command) ExpandLines(lines []Line, from []int32) (_ []Line, _ []int32, whole bool) {
	var origins []lineOrigin
	lines, origins, whole = c.expand(lines, nil)
	for _, o := range origins {
		from = append(from, o.line)
	}
	return lines, from, whole
}

func (c *Command) expand(lines []Line, origins []lineOrigin) (_ []Line, _ []lineOrigin, whole bool) {
	whole = true
	for i, line := range c.Lines {
		recipe := c.recipeOf(line.SKU)
		lines, origins = append(lines, line), append(origins, lineOrigin{line: int32(i), recipe: int32(recipe)})
		if recipe < 0 {
			continue
		}
		origins[len(origins)-1].role = LineOfKits
		components := c.Recipes[recipe].Components
		if whole = whole && len(lines)+len(components)+len(c.Lines)-i-1 <= MaxLines; !whole {
			continue
		}
		for _, part := range components {
			whole = whole && line.Quantity*part.Quantity <= MaxLineQuantity
			lines = append(lines, Line{SKU: part.SKU, Quantity: line.Quantity * part.Quantity})
			origins = append(origins, lineOrigin{line: int32(i), role: LineOfComponent})
		}
	}
	return lines, origins, whole
}

// recipeOf is the place of a SKU's recipe in the command; −1 for none.
func (c *Command) recipeOf(id SKUID) int {
	for i := range c.Recipes {
		if c.Recipes[i].Kit == id {
			return i
		}
	}
	return -1
}

// originOf is the line of the command that a line comes from.
func (st *Step) originOf(i int) int {
	if st.hasKits {
		return int(st.origins[i].line)
	}
	return i
}

// gatherKit compares what the command says about a line's SKU with what it is.
func (s *slot) gatherKit(st *Step, i int, sku *skuRecord, f *lineFinding) {
	recipe, isKit := -1, sku.flags&skuKit != 0
	if st.hasKits && st.origins[i].role == LineOfKits {
		recipe = int(st.origins[i].recipe)
	}
	if isKit != (recipe >= 0) || isKit && !s.isRecipe(&st.command.Recipes[recipe]) {
		f.found, f.recipeChanged = false, true
		return
	}
	if isKit {
		f.ofKits, f.available, f.room = true, 0, Unlimited // the components' units count
	}
}

// isRecipe tells whether a recipe is the one of its kit now.
func (s *slot) isRecipe(r *Recipe) bool {
	at := s.firstComponent(r.Kit)
	for _, part := range r.Components {
		if at == 0 {
			return false
		}
		record := s.components.at(at - 1)
		if record.sku != part.SKU || Quantity(record.quantity) != part.Quantity {
			return false
		}
		at = record.next
	}
	return at == 0
}

// refusesKits refuses orders of kits that are too large, or that may get less than they ask for.
func (st *Step) refusesKits() bool {
	switch {
	case !st.whole:
		st.refuse(ReasonKitSize)
	case st.command.UpTo:
		st.refuse(ReasonKitUpTo)
	}
	return st.Outcome.Reason != ReasonNone
}

// ofComponent tells whether a line is one of a kit's component: no line that somebody asked for.
func (st *Step) ofComponent(i int) bool {
	return st.hasKits && st.origins[i].role == LineOfComponent
}

// orderable is how many units of a SKU, or kits, an order may ask for at most; Unlimited when there is no end. All slots stand still.
func (m *Machine) orderable(id SKUID) Quantity {
	s := &m.slots[id.Slot()]
	most := s.orderable(s.skus.at(id.Place()))
	for at := s.firstComponent(id); at != 0 && most != Stopped; {
		part := s.components.at(at - 1)
		owner := &m.slots[part.sku.Slot()]
		switch units := owner.orderable(owner.skus.at(part.sku.Place())); {
		case units == Stopped:
			most = Stopped
		case units != Unlimited && (most == Unlimited || units/Quantity(part.quantity) < most):
			most = units / Quantity(part.quantity)
		}
		at = part.next
	}
	return most
}

// firstComponent is the place of a kit's first component, plus one; 0 for a SKU that is no kit.
func (s *slot) firstComponent(id SKUID) uint32 {
	place, ok := s.kitOf.Find(s.componentHash(id), func(place uint32) bool { return s.components.at(place).kit == id })
	if !ok {
		return 0
	}
	return place + 1
}

func (s *slot) componentHash(id SKUID) uint64 { return finish(uint64(id) ^ s.seed ^ digestB) }

// isKit tells whether a SKU is a kit. Like the other looks at any slot, it is for commands at which all slots stand.
func (m *Machine) isKit(id SKUID) bool {
	s := &m.slots[id.Slot()]
	return id.Place() < s.skus.length && s.skus.at(id.Place()).flags&skuKit != 0
}

// isComponent tells whether some kit has a SKU as a component.
func (m *Machine) isComponent(id SKUID) bool {
	for i := range m.slots {
		s := &m.slots[i]
		if _, ok := s.componentOf.Find(s.componentHash(id), func(place uint32) bool { return s.components.at(place).sku == id }); ok {
			return true
		}
	}
	return false
}

// decideKit plans what a SKU is made of. It may look at any slot: all stand at this command.
func (m *Machine) decideKit(st *Step) {
	r := &st.command.Recipes[0]
	s := &m.slots[r.Kit.Slot()]
	if r.Kit.Place() >= s.skus.length {
		st.refuse(ReasonSKUNotFound)
		return
	}
	sku := s.skus.at(r.Kit.Place())
	if s.isRecipe(r) || m.refusesComponents(st, r) {
		return
	}
	switch {
	case len(r.Components) > 0 && (m.isComponent(r.Kit) || !s.mayBeKit(sku)):
		st.refuse(ReasonNotAKit)
		return
	case s.components.length > math.MaxUint32-MaxComponents:
		st.refuse(ReasonTableFull)
		return
	}
	st.event.Kind, st.event.Recipe = EventKitSet, *r
	st.Outcome.Changed = true
}

// refusesComponents refuses components that do not exist, and those that are kits.
func (m *Machine) refusesComponents(st *Step, r *Recipe) bool {
	for _, check := range []struct {
		reason Reason
		fails  func(id SKUID) bool
	}{
		{ReasonSKUNotFound, func(id SKUID) bool { return id.Place() >= m.slots[id.Slot()].skus.length }},
		{ReasonNestedKit, func(id SKUID) bool { return id == r.Kit || m.isKit(id) }},
	} {
		for i, part := range r.Components {
			if !check.fails(part.SKU) {
				continue
			}
			if st.Outcome.Reason == ReasonNone {
				st.refuse(check.reason)
			}
			st.refusal.Lines = append(st.refusal.Lines, RefusedLine{Index: i, SKU: part.SKU, Requested: part.Quantity})
		}
		if st.Outcome.Reason != ReasonNone {
			return true
		}
	}
	return false
}

// mayBeKit tells whether nothing is known of a SKU's own units: none lie anywhere, are promised, on their way or set apart.
func (s *slot) mayBeKit(sku *skuRecord) bool {
	free := sku.onHand|sku.reserved|sku.allocated|sku.backorderedHeld|sku.backorderedPlaced == 0 && sku.incoming == 0
	s.eachRulePlace(sku, func(place uint32) {
		rule := s.rules.at(place)
		free = free && rule.flags&ruleBuffer == 0 && !rule.hasPool()
	})
	return free
}

// applyKit writes the recipe down.
func (s *slot) applyKit(st *Step, sink Sink) {
	r := &st.event.Recipe
	if r.Kit.Slot() != s.id {
		return
	}
	sku := s.skus.mut(r.Kit.Place())
	s.dropRecipe(r.Kit)
	if sku.flags &^= skuKit; len(r.Components) > 0 {
		sku.flags |= skuKit
		s.addRecipe(r)
	}
	s.touch(sku, r.Kit)
	sink.Event(&st.event)
}

func (s *slot) addRecipe(r *Recipe) {
	next := uint32(0)
	for i := len(r.Components) - 1; i >= 0; i-- {
		place := s.components.acquire()
		*s.components.mut(place) = componentRecord{
			kit: r.Kit, sku: r.Components[i].SKU, quantity: uint32(r.Components[i].Quantity), position: uint32(i), next: next,
		}
		s.indexComponent(place)
		next = place + 1
	}
}

// indexComponent enters a component where kits are found by their SKU, and by those of their components.
func (s *slot) indexComponent(place uint32) {
	record := s.components.at(place)
	s.componentOf.Insert(s.componentHash(record.sku), place)
	if record.position == 0 {
		s.kitOf.Insert(s.componentHash(record.kit), place)
	}
}

func (s *slot) dropRecipe(id SKUID) {
	for at := s.firstComponent(id); at != 0; {
		record := *s.components.at(at - 1)
		found := s.componentOf.Delete(s.componentHash(record.sku), at-1)
		if record.position == 0 {
			found = found && s.kitOf.Delete(s.componentHash(record.kit), at-1)
		}
		invariant.Check(found, "a component is in its indexes")
		s.components.release(at - 1)
		at = record.next
	}
}

// ReadRecipe gives what a kit is made of; false for a SKU that is none.
func (m *Machine) ReadRecipe(id SKUID, r *Recipe) bool {
	s := &m.slots[id.Slot()]
	r.Kit, r.Components = id, r.Components[:0]
	for at := s.firstComponent(id); at != 0; {
		record := s.components.at(at - 1)
		r.Components = append(r.Components, Component{SKU: record.sku, Quantity: Quantity(record.quantity)})
		at = record.next
	}
	return len(r.Components) > 0
}

// ComponentAvailability is everything there is to say about a component of a kit.
type ComponentAvailability struct {
	Quantity Quantity // units in each kit
	AvailabilityImage
}

// IsKit tells whether the SKU is one.
func (a *AvailabilityImage) IsKit() bool { return len(a.Components) > 0 }

// kits is how many kits there are when there are so many units of each component.
func (a *AvailabilityImage) kits(units func(part *AvailabilityImage) Quantity) Quantity {
	most := Quantity(math.MaxInt64)
	for i := range a.Components {
		part := &a.Components[i]
		most = min(most, max(0, units(&part.AvailabilityImage))/part.Quantity)
	}
	return most
}

// IsStopped tells whether no hold or order of the SKU is taken: as it is stopped, or one of its components.
func (a *AvailabilityImage) IsStopped() bool {
	stopped := a.Settings.Stopped
	for i := range a.Components {
		stopped = stopped || a.Components[i].Settings.Stopped
	}
	return stopped
}

// IsBackorderable tells whether units are sold beyond stock: of a kit, those of the components that there are too few of for one more.
func (a *AvailabilityImage) IsBackorderable() bool {
	if !a.IsKit() {
		return a.Preordering || a.Settings.BackorderLimit != 0
	}
	for i := range a.Components {
		part := &a.Components[i]
		if !part.IsBackorderable() && part.isShortFor(a) {
			return false
		}
	}
	return true
}

// isShortFor tells whether there are too few units of a component for one more kit.
func (part *ComponentAvailability) isShortFor(kit *AvailabilityImage) bool {
	return part.Available < part.Quantity*(max(0, kit.Available)+1)
}

// PreorderShipsAt is when what is sold beyond stock now ships, if that is a preorder; 0 if it is not. A kit ships with the last of its
// components that there are too few of.
func (a *AvailabilityImage) PreorderShipsAt() Millis {
	if !a.IsKit() {
		if a.Preordering {
			return a.Settings.Preorder.ShipsAt
		}
		return 0
	}
	ships := Millis(0)
	for i := range a.Components {
		if part := &a.Components[i]; part.isShortFor(a) {
			ships = max(ships, part.PreorderShipsAt())
		}
	}
	return ships
}

// Narrow makes the units to sell those that a channel may, if it keeps back so many where no rule says otherwise. While an
// exclusive pool is live there are none beyond it.
func (a *AvailabilityImage) Narrow(channel ChannelID, buffer Quantity) {
	a.Available = a.In(channel, buffer)
	if rule, ok := a.Rule(channel); ok && rule.Phase == PoolLive && rule.Pool.Exclusive {
		a.Settings.BackorderLimit, a.Preordering = 0, false
	}
	for i := range a.Components {
		a.Components[i].Narrow(channel, buffer)
	}
}
