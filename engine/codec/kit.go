package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

func appendRecipe(dst []byte, r *core.Recipe) []byte {
	dst = appendUvarint(dst, uint64(r.Kit))
	dst = appendUvarint(dst, uint64(len(r.Components)))
	for i := range r.Components {
		dst = appendUvarint(dst, uint64(r.Components[i].SKU))
		dst = appendQuantity(dst, r.Components[i].Quantity)
	}
	return dst
}

// recipe reads a recipe with at least so many components into memory of its own.
func (c *cursor) recipe(r *core.Recipe, least int) {
	r.Kit = c.sku()
	n := c.count(least, core.MaxComponents, 2, "components are not 1 to 32")
	r.Components = make([]core.Component, n)
	for i := range r.Components {
		at := c.pos
		part := &r.Components[i]
		part.SKU, part.Quantity = c.sku(), c.componentQuantity()
		if slices.ContainsFunc(r.Components[:i], func(other core.Component) bool { return other.SKU == part.SKU }) {
			c.fail(at, "component is named twice")
		}
	}
}

func (c *cursor) componentQuantity() core.Quantity {
	return core.Quantity(c.between(1, uint64(core.MaxComponentQuantity), "quantity of a component is not 1 to 1000000"))
}

// maxRecipesSize is what the recipes of an order take at most, one for each line: number and count of components, and of each
// number and quantity.
const maxRecipesSize = 2 + core.MaxLines*(5+1+core.MaxComponents*(5+3)) + recipesTail

// recipesTail is the size of the length behind the recipes of a command.
const recipesTail = 4

// appendRecipes appends the recipes of an order's kits. They stand at the end of the frame, with their length behind them, so that they
// can be told from what the client asked for.
func appendRecipes(dst []byte, recipes []core.Recipe) []byte {
	start := len(dst)
	dst = appendUvarint(dst, uint64(len(recipes)))
	for i := range recipes {
		dst = appendRecipe(dst, &recipes[i])
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(len(dst)-start))
}

func (c *cursor) recipes(cmd *core.Command) {
	start := c.pos
	n := c.count(1, core.MaxLines, 4, "recipes are not 1 to 500")
	cmd.Recipes = make([]core.Recipe, n)
	for i := range cmd.Recipes {
		at := c.pos
		r := &cmd.Recipes[i]
		c.recipe(r, 1)
		if i > 0 && r.Kit <= cmd.Recipes[i-1].Kit {
			c.fail(at, "recipes are not in the order of their kits' numbers")
		}
		if !slices.ContainsFunc(cmd.Lines, func(line core.Line) bool { return line.SKU == r.Kit }) {
			c.fail(at, "recipe of a kit that no line asks for")
		}
	}
	at := c.pos
	if length := c.uint32(); uint64(length) != uint64(at-start) {
		c.fail(at, "length of the recipes is wrong")
	}
}

// withoutRecipes cuts the recipes off the end of a frame's body.
func withoutRecipes(body []byte, flags byte) []byte {
	if flags&flagRecipes == 0 || len(body) < recipesTail {
		return body
	}
	end := len(body) - recipesTail
	return body[:end-min(end, int(binary.LittleEndian.Uint32(body[end:])))]
}
