package reference

import (
	"bytes"
	"slices"

	"holdfast/engine/core"
)

// setKit makes a SKU a kit of some others, mostly one that nothing else is done with; or it is no kit any more.
func (g *generator) setKit(c *core.Command, name []byte) {
	c.Kind, c.Document = core.CommandSetKit, nil
	recipe := core.Recipe{Kit: g.sku()}
	if id, known := g.model.skuNumber[string(name)]; known && g.chance(90) {
		recipe.Kit = id
	}
	for range pick(g, []int{0, 1, 2, 2, 3, 3}) {
		part := core.Component{SKU: g.unit(), Quantity: pick(g, []core.Quantity{1, 1, 1, 2, 3})}
		if id, known := g.model.skuNumber[string(g.skus[0])]; known && g.waits && g.chance(50) {
			part.SKU = id // those who wait, wait for this one
		}
		if g.chance(3) {
			part.Quantity = core.MaxComponentQuantity
		}
		if !slices.ContainsFunc(recipe.Components, func(other core.Component) bool { return other.SKU == part.SKU }) {
			recipe.Components = append(recipe.Components, part)
		}
	}
	c.Recipes = []core.Recipe{recipe}
}

// unit is the number of a SKU that has units of its own, rarely of one that is meant to be a kit, or of none.
func (g *generator) unit() core.SKUID {
	id := g.sku()
	for range 4 {
		kits := g.skus[len(g.skus)-g.kits:]
		if !slices.ContainsFunc(kits, func(name []byte) bool { return g.model.isNamed(id, name) }) || g.chance(2) {
			break
		}
		id = g.sku()
	}
	return id
}

func (m *Model) isNamed(id core.SKUID, name []byte) bool {
	return m.skus[id] != nil && bytes.Equal(m.skus[id].image.Name, name)
}

// bringRecipes gives an order the recipes of its kits, rarely other ones.
func (g *generator) bringRecipes(c *core.Command) {
	g.model.BringRecipes(c)
	if len(c.Recipes) > 0 && g.chance(4) {
		g.mistakeRecipe(c)
	}
}

// mistakeRecipe gives an order a recipe that is not the kit's.
func (g *generator) mistakeRecipe(c *core.Command) {
	if g.chance(50) {
		c.Recipes = c.Recipes[1:]
		return
	}
	parts := c.Recipes[0].Components
	switch last := &parts[len(parts)-1]; {
	case last.Quantity == 1:
		last.Quantity++
	default:
		last.Quantity--
	}
}
