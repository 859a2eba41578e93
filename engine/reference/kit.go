package reference

import (
	"slices"

	"holdfast/engine/core"
)

// setKit says what a SKU is made of, or that it is no kit.
func (m *Model) setKit(c *core.Command) core.Outcome {
	want := c.Recipes[0]
	s := m.skus[want.Kit]
	if s == nil {
		return refuse(core.Refusal{Reason: core.ReasonSKUNotFound})
	}
	if slices.Equal(want.Components, s.recipe) {
		return core.Outcome{}
	}
	var unknown, nested []core.RefusedLine
	for i, part := range want.Components {
		line := core.RefusedLine{Index: i, SKU: part.SKU, Requested: part.Quantity}
		if m.skus[part.SKU] == nil {
			unknown = append(unknown, line)
		} else if part.SKU == want.Kit || m.isKit(part.SKU) {
			nested = append(nested, line)
		}
	}
	if unknown != nil {
		return refuse(core.Refusal{Reason: core.ReasonSKUNotFound, Lines: unknown})
	}
	if nested != nil {
		return refuse(core.Refusal{Reason: core.ReasonNestedKit, Lines: nested})
	}
	if len(want.Components) > 0 && !m.mayBeKit(want.Kit) {
		return refuse(core.Refusal{Reason: core.ReasonNotAKit})
	}
	s.recipe = slices.Clone(want.Components)
	m.emit(core.Event{Kind: core.EventKitSet, Recipe: copyRecipe(want)})
	return core.Outcome{Changed: true}
}

func copyRecipe(r core.Recipe) core.Recipe {
	return core.Recipe{Kit: r.Kit, Components: copyList(r.Components)}
}

func (m *Model) isKit(id core.SKUID) bool { return m.skus[id] != nil && len(m.skus[id].recipe) > 0 }

// mayBeKit tells whether a SKU has no units of its own, and no kit units of it.
func (m *Model) mayBeKit(id core.SKUID) bool {
	for _, other := range m.skus {
		if slices.ContainsFunc(other.recipe, func(part core.Component) bool { return part.SKU == id }) {
			return false
		}
	}
	a := m.unitsOf(id)
	for _, rule := range a.Rules {
		if rule.HasBuffer || rule.HasPool && rule.Phase != core.PoolEnded {
			return false
		}
	}
	return a.OnHand == 0 && a.Reserved == 0 && a.Allocated == 0 && len(a.Incoming) == 0
}

// basket is what an order asks for, with the components of its kits.
type basket struct {
	lines []core.Line
	roles []core.LineRole
	from  []int // the command's line that each comes from
	whole bool  // there is room for all components
}

// basketOf takes kits apart as the command says.
func basketOf(c *core.Command) basket {
	b := basket{whole: true}
	add := func(line core.Line, role core.LineRole, from int) {
		b.lines, b.roles, b.from = append(b.lines, line), append(b.roles, role), append(b.from, from)
	}
	for i, line := range c.Lines {
		recipe := recipeIn(c, line.SKU)
		if recipe == nil {
			add(line, core.LineOfUnits, i)
			continue
		}
		add(line, core.LineOfKits, i)
		behind := len(c.Lines) - i - 1
		if !b.whole || len(b.lines)+len(recipe)+behind > core.MaxLines {
			b.whole = false
			continue
		}
		for _, part := range recipe {
			units := line.Quantity * part.Quantity
			add(core.Line{SKU: part.SKU, Quantity: units}, core.LineOfComponent, i)
			if units > core.MaxLineQuantity {
				b.whole = false
			}
		}
	}
	return b
}

// orderableKits is how many units of a SKU may be ordered at most; of a kit, how many there are with the components that may.
func (m *Model) orderableKits(id core.SKUID) core.Quantity {
	most := m.Orderable(id)
	for _, part := range m.skus[id].recipe {
		switch units := m.Orderable(part.SKU); {
		case most == core.Stopped || units == core.Unlimited:
		case units == core.Stopped:
			most = core.Stopped
		case most == core.Unlimited || units/part.Quantity < most:
			most = units / part.Quantity
		}
	}
	return most
}

// recipeIn is what a command says about a SKU; nil for nothing.
func recipeIn(c *core.Command, id core.SKUID) []core.Component {
	for _, r := range c.Recipes {
		if r.Kit == id {
			return r.Components
		}
	}
	return nil
}

// checkKits holds an order's recipes against those that kits have.
func (m *Model) checkKits(c *core.Command, b basket) (core.Refusal, bool) {
	for i, line := range b.lines {
		if m.skus[line.SKU] == nil {
			continue
		}
		if c.Stock == core.StockSkip {
			continue
		}
		var told []core.Component
		if b.roles[i] == core.LineOfKits {
			told = recipeIn(c, line.SKU)
		}
		if !slices.Equal(told, m.skus[line.SKU].recipe) {
			return core.Refusal{Reason: core.ReasonRecipeChanged}, true
		}
	}
	if lines := m.unknownLines(b.lines); len(lines) > 0 {
		return core.Refusal{Reason: core.ReasonSKUNotFound, Lines: lines}, true
	}
	if !b.whole {
		return core.Refusal{Reason: core.ReasonKitSize}, true
	}
	if len(c.Recipes) > 0 && c.UpTo {
		return core.Refusal{Reason: core.ReasonKitUpTo}, true
	}
	return core.Refusal{}, false
}

// kitLines lists the rows that are about kits.
func (m *Model) kitLines(n int, sku func(i int) core.SKUID) (lines []core.RefusedLine) {
	for i := range n {
		if m.isKit(sku(i)) {
			lines = append(lines, core.RefusedLine{Index: i, SKU: sku(i)})
		}
	}
	return lines
}

// Recipe is what the SKU is made of; nil when it is no kit.
func (m *Model) Recipe(id core.SKUID) []core.Component {
	if m.skus[id] == nil {
		return nil
	}
	return copyList(m.skus[id].recipe)
}

// BringRecipes gives a command the recipes of its kits, as an engine does.
func (m *Model) BringRecipes(c *core.Command) {
	if c.Recipes = nil; c.Stock == core.StockSkip {
		return
	}
	for _, id := range m.SKUIDs() {
		asked := slices.ContainsFunc(c.Lines, func(line core.Line) bool { return line.SKU == id })
		if recipe := m.Recipe(id); asked && recipe != nil {
			c.Recipes = append(c.Recipes, core.Recipe{Kit: id, Components: recipe})
		}
	}
}

// kitsWith lists the kits that a SKU is a component of.
func (m *Model) kitsWith(id core.SKUID) (kits []core.SKUID) {
	for _, kit := range m.SKUIDs() {
		if slices.ContainsFunc(m.skus[kit].recipe, func(part core.Component) bool { return part.SKU == id }) {
			kits = append(kits, kit)
		}
	}
	return kits
}

// kits is how many kits there are when there are so many units of each component.
func (m *Model) kits(id core.SKUID, units func(part core.SKUID) core.Quantity) core.Quantity {
	var most []core.Quantity
	for _, part := range m.skus[id].recipe {
		most = append(most, max(0, units(part.SKU))/part.Quantity)
	}
	return slices.Min(most)
}
