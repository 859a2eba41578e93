package reference

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"holdfast/engine/core"
)

// Step is a command and the instant that it is stamped with. Its sequence is its place in the list.
type Step struct {
	Command core.Command
	Now     core.Millis
}

// epoch is when every generated shop opens.
const epoch core.Millis = 1_700_000_000_000

// Generate makes random commands over a small shop. The same seed and count give the same steps.
//
// The shops differ from seed to seed in size, in how much lies in one slot and in how fast time runs.
// Masks are those that an engine would give, but for follow-ups whose mask is too small or larger
// than it must be now and then.
func Generate(seed uint64, count int) []Step {
	g := newGenerator(seed)
	var steps []Step
	for len(steps) < count {
		g.passTime()
		c := g.command(len(steps))
		g.money(&c)
		g.setMask(&c)
		g.model.Execute(&c, core.Sequence(len(steps)+1), g.now)
		steps = append(steps, Step{Command: c, Now: g.now})
	}
	return steps
}

// Generator makes the same kind of commands for a shop that somebody else runs: each is chosen by the shop as it is when it
// is asked for, so it suits the shop whatever became of those before.
type Generator struct {
	generator
	commands int
}

// NewGenerator gives the generator of a seed. It only reads the shop.
func NewGenerator(seed uint64, shop *Model) *Generator {
	g := newGenerator(seed)
	g.model = shop
	return &Generator{generator: *g}
}

// Next makes a command, of any kind that clients send. Its mask is for whoever sends it to work out.
func (g *Generator) Next() core.Command {
	for {
		c := g.command(g.commands)
		g.money(&c)
		g.commands++
		switch c.Kind {
		case core.CommandTick, core.CommandArchiveOrders, core.CommandFillOrder, core.CommandServeWaitlist, core.CommandExpireUnpaid:
		default:
			return c
		}
	}
}

type generator struct {
	random *rand.Rand
	model  *Model
	now    core.Millis

	skus      [][]byte // names, defined or not yet
	kits      int      // how many of them, from the last on, are to be kits: little else happens to them
	locations [][]byte
	channels  [][]byte
	customers [][]byte
	externals [][]byte

	hurry   int  // of 100 commands, how many wait for the next deadline
	baskets bool // orders have many lines
	scarce  bool // stock comes in a few units at a time
	sales   bool // there is much going on in sales
	waits   bool // much is sold beyond stock, and those who wait are served
	pays    bool // orders cost something, and are paid
	lines   bool // sales sell out and go on, and people wait
	returns bool // much is delivered, and sent back
	edits   bool // orders are changed again and again
}

func newGenerator(seed uint64) *generator {
	g := &generator{random: rand.New(rand.NewPCG(seed, 0)), model: New(), now: epoch}
	g.hurry = pick(g, []int{2, 5, 20})
	g.baskets = g.chance(10)
	g.scarce = g.chance(60)
	g.sales = g.chance(50)
	g.lines = g.sales && g.chance(60)
	g.waits = !g.sales && g.chance(50) || g.lines && g.chance(30)
	g.scarce = g.scarce || g.waits
	g.pays = seed%4 == 0
	g.returns = g.chance(30)
	skus, slots := g.between(2, 8), g.between(1, 5)
	if g.baskets {
		skus, slots = g.between(10, 30), g.between(4, 24)
	}
	g.skus = g.namesInSlots(skus, slots)
	g.kits = g.random.IntN(min(4, skus))
	locations, customers, externals := g.between(1, 5), g.between(1, 4), g.between(2, 8)
	if g.chance(10) {
		locations, customers, externals = g.between(10, 40), g.between(50, 400), g.between(100, 1000)
	}
	g.locations = names("location", locations)
	g.locations[0] = []byte("main")
	g.channels = names("channel", 3)
	g.channels[0] = []byte("web")
	g.customers = names("customer", customers)
	g.customers[0] = bytes.Repeat([]byte("c"), core.MaxNameLength)
	g.externals = names("external", externals)
	g.externals[0] = bytes.Repeat([]byte("x"), core.MaxExternalIDLength)
	g.edits = g.chance(25)
	return g
}

// namesInSlots finds SKU names that hash to a few slots only, so that slots hold several SKUs.
func (g *generator) namesInSlots(count, slots int) [][]byte {
	var wanted core.SlotMask
	for range slots {
		wanted |= core.Slot(g.random.IntN(core.SlotCount)).Mask()
	}
	if g.chance(30) {
		wanted |= core.CapacitySlot.Mask() // where bookings lie, too
	}
	var found [][]byte
	for i := 0; len(found) < count; i++ {
		name := fmt.Appendf(nil, "sku-%d", i)
		if wanted.Has(core.NameSlot(name)) {
			found = append(found, name)
		}
	}
	return found
}

func names(prefix string, count int) [][]byte {
	var list [][]byte
	for i := range count {
		list = append(list, fmt.Appendf(nil, "%s-%d", prefix, i))
	}
	return list
}

// passTime moves the clock: often not at all, often to just before, at, or just after a deadline.
func (g *generator) passTime() {
	deadline, waiting := g.nextDeadline()
	switch roll := g.random.IntN(100); {
	case roll < g.hurry && waiting:
		g.now = max(g.now, deadline+core.Millis(g.random.IntN(3)-1))
	case roll < 60:
	case roll < 99:
		g.now += core.Millis(g.random.IntN(100))
	default:
		g.now += core.Millis(g.random.IntN(6000))
	}
}

func (g *generator) nextDeadline() (core.Millis, bool) {
	var next core.Millis
	for _, o := range g.model.orders {
		if at := o.dueAt(); (o.status == core.StatusHeld || o.isDueIn(o.id.Home())) && at > g.now && (next == 0 || at < next) {
			next = at
		}
	}
	if at, ok := g.nextPayBy(); ok && (next == 0 || at < next) {
		next = at
	}
	for _, s := range g.model.skus {
		for _, r := range s.rules {
			if at := r.instant(); at > g.now && (next == 0 || at < next) {
				next = at
			}
		}
	}
	return next, next != 0
}

// command chooses what happens next. A shop mostly opens with its SKUs, locations and stock.
func (g *generator) command(step int) core.Command {
	c := core.Command{Version: 1}
	roll := g.random.IntN(100)
	if opening := step < len(g.skus)+len(g.locations)+g.kits; opening && roll < 90 {
		g.open(&c, step)
		return c
	}
	if g.waits && g.chance(45) {
		g.comeAndWait(&c)
		return c
	}
	if roll < 3 {
		c.HasKey, c.Key = true, core.IdempotencyKey{1, byte(step)}
	}
	if g.chance(10) {
		c.Document = fmt.Appendf(nil, "document of step %d", step)
	}
	if (g.lines && g.chance(35) || g.sales && g.chance(5)) && g.atWaitlist(&c) {
		return c
	}
	if g.pays && g.chance(28) {
		g.pay(&c)
		return c
	}
	if g.edits && g.chance(12) {
		g.edit(&c)
		return c
	}
	if k := g.openCase(); k != nil && g.chance(15) {
		g.resolve(&c, k)
		return c
	}
	if g.returns && g.chance(40) {
		g.sendBack(&c)
		return c
	}
	switch roll = g.random.IntN(100); {
	case roll < 1 && g.kits > 0:
		g.setKit(&c, g.skus[len(g.skus)-1-g.random.IntN(g.kits)])
	case roll < 4:
		g.defineSKU(&c, pick(g, g.skus))
	case roll < 6:
		g.defineLocation(&c, pick(g, g.locations))
	case roll < 7:
		g.defineChannel(&c)
	case roll < 8 && !g.chance(45):
		g.defineRouting(&c)
	case roll < 8 || roll < 9 && g.sales:
		g.defineSale(&c)
	case roll < 10:
		g.setChannel(&c)
	case roll < 12 && g.chance(70):
		g.setRule(&c)
	case roll < 12 && len(g.model.sales) > 0:
		g.advanceQueue(&c)
	case roll < 18:
		g.adjustStock(&c)
	case roll < 21:
		g.moveStock(&c)
	case roll < 28:
		g.inbound(&c)
	case roll < 44:
		g.placeHold(&c)
	case roll < 60:
		g.placeOrder(&c)
	case roll < 71:
		g.followUp(&c, core.CommandConfirmHold)
	case roll < 73:
		g.reroute(&c)
	case roll < 80:
		g.goOn(&c)
	case roll < 83:
		g.followUp(&c, core.CommandExtendHold)
	case roll < 86:
		g.followUp(&c, core.CommandReleaseHold)
	case roll < 94:
		g.followUp(&c, core.CommandCancelOrder)
	case roll < 96 && g.chance(70):
		g.archive(&c)
	case roll < 96:
		g.addNote(&c)
	case roll < 98:
		g.fillOrders(&c)
	default:
		g.tick(&c)
	}
	g.expectVersion(&c)
	return c
}

// setMask names the slots that the command touches. One more does no harm and lets time pass there
// too, so there is one more now and then; ticks and follow-ups have chosen their own.
func (g *generator) setMask(c *core.Command) {
	if c.Mask == 0 {
		c.Mask, _ = core.SlotsOf(c)
		if !g.chance(3) { // else it was made before the first capacity was set, or after the last
			c.Mask |= core.SlotsWith(c, g.model.HasCapacities())
		}
		if (c.Kind == core.CommandAdjustStock || c.Kind == core.CommandMoveStock) && g.chance(5) {
			c.Mask |= core.Slot(g.random.IntN(core.SlotCount)).Mask()
		}
	}
}

func (g *generator) open(c *core.Command, step int) {
	if step < len(g.skus) {
		g.defineSKU(c, g.skus[step])
		return
	}
	if step -= len(g.skus); step < len(g.locations) {
		g.defineLocation(c, g.locations[step])
		return
	}
	g.setKit(c, g.skus[len(g.skus)-1-(step-len(g.locations))])
}

func (g *generator) chance(percent int) bool { return g.random.IntN(100) < percent }

// between gives a number from low to high, both included.
func (g *generator) between(low, high int) int { return low + g.random.IntN(high-low+1) }

func pick[T any](g *generator, list []T) T { return list[g.random.IntN(len(list))] }
