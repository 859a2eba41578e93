package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// makeKit says what a SKU is made of.
func makeKit(kit core.SKUID, components ...core.Component) core.Command {
	return core.Command{Kind: core.CommandSetKit, Recipes: []core.Recipe{{Kit: kit, Components: components}}}
}

// placed decodes the order of an answer.
func placed(tb testing.TB, a answer) core.OrderImage {
	tb.Helper()
	var ev core.Event
	if _, err := codec.DecodeEvent(a.image, &ev); err != nil {
		tb.Fatal(err)
	}
	return ev.Order
}

func skuNamed(tb testing.TB, e *engine.Engine, name string) core.SKUID {
	tb.Helper()
	done(tb, e, core.Command{Kind: core.CommandDefineSKU, Name: []byte(name)})
	entry, ok := e.SKU([]byte(name))
	if !ok {
		tb.Fatal(name)
	}
	return entry.ID
}

// TestRecipesAreLookedUpAgain changes what a kit is made of in the same request that orders it, before and after: the engine has looked
// the recipe up before that. Each order takes what the recipe says in its turn, keys keep their answers, also after restarts.
func TestRecipesAreLookedUpAgain(t *testing.T) {
	leavesNothing(t)
	for _, shards := range []int{1, 3} {
		d, o := newDisk(), engine.Options{Shards: shards}
		e := openOn(t, d, o)
		skus := stock(t, e, 3, 50)
		kit := skuNamed(t, e, "kit")
		one, two := core.Component{SKU: skus[0], Quantity: 1}, core.Component{SKU: skus[1], Quantity: 2}
		first := withKey(lines("ann", core.Line{SKU: kit, Quantity: 3}, core.Line{SKU: skus[2], Quantity: 1}), 1)
		first.Document = []byte("at the door")
		commands := []core.Command{makeKit(kit, one), first, withKey(order("bob", skus[2], 1), 2), makeKit(kit, one, two),
			withKey(hold("cem", kit, 1, core.MaxTTL), 3)}
		answers := done(t, e, commands...)
		image := placed(t, answers[1])
		if len(image.Lines) < 3 || image.Lines[0].Role != core.LineOfKits || image.Lines[1].Role != core.LineOfComponent {
			t.Errorf("ordered %+v", image)
		}
		if document, err := e.Document(image.Created); err != nil || string(document) != "at the door" {
			t.Errorf("document %q %v", document, err)
		}
		if again := placed(t, done(t, e, order("dee", kit, 1))[0]); len(again.Lines) != 3 || again.Lines[2].Quantity != 2 {
			t.Errorf("then ordered %+v", again)
		}
		done(t, e, makeKit(kit, two))
		for range 2 {
			for _, i := range []int{1, 2, 4} {
				replayed(t, ask(t, e, commands[i])[0], answers[i])
			}
			if report, _, err := e.Audit(); err != nil || report.Found != 0 {
				t.Errorf("%+v %v", report, err)
			}
			if _, err := e.Checkpoint(); err != nil {
				t.Fatal(err)
			}
			closeEngine(t, e)
			e = openOn(t, d, o)
			if entry, _ := e.SKUByID(kit); entry.Recipe() == nil || !slices.Equal(entry.Recipe().Components, []core.Component{two}) {
				t.Errorf("the recipe is %+v", entry.Recipe())
			}
		}
		done(t, e, makeKit(kit))
		if r := refusalOf(t, ask(t, e, order("eve", kit, 1))[0]); r.Reason != core.ReasonInsufficientStock {
			t.Errorf("no kit any more: %+v", r)
		}
		closeEngine(t, e)
	}
}

// TestSoldOutKits asks for more kits than there are components: admission refuses in the words of the machine, and costs no disk.
func TestSoldOutKits(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	skus := stock(t, e, 2, 5)
	kit := skuNamed(t, e, "kit")
	done(t, e, makeKit(kit, core.Component{SKU: skus[0], Quantity: 2}, core.Component{SKU: skus[1], Quantity: 1}))
	done(t, e, order("ann", kit, 2), order("ann", skus[0], 1))
	c := lines("bob", core.Line{SKU: skus[1], Quantity: 1}, core.Line{SKU: kit, Quantity: 3})
	want := []core.RefusedLine{{Index: 0, SKU: skus[1], Requested: 4, Available: 3}, {Index: 1, SKU: skus[0], Requested: 6}}
	sequence, external := e.Sequence(), c
	external.ExternalID = []byte("web-1")
	for i, c := range []core.Command{c, external} {
		if r := refusalOf(t, ask(t, e, c)[0]); r.Reason != core.ReasonInsufficientStock || !slices.Equal(r.Lines, want) || e.Sequence() != sequence+core.Sequence(i) {
			t.Errorf("%d: %+v, and the sequence was %d and is %d", i, r, sequence, e.Sequence())
		}
	}
	closeEngine(t, e)
}

// TestKitsThatFillARequest orders so many kits at once that their recipes make the request too large: nothing is taken of it, and half
// of it is.
func TestKitsThatFillARequest(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	var components []core.Component
	for _, id := range stock(t, e, core.MaxComponents, core.MaxOnHand) {
		components = append(components, core.Component{SKU: id, Quantity: core.MaxComponentQuantity})
	}
	var basket []core.Line
	for i := range 14 {
		kit := skuNamed(t, e, fmt.Sprintf("kit-%d", i))
		done(t, e, makeKit(kit, components...))
		basket = append(basket, core.Line{SKU: kit, Quantity: 1})
	}
	var orders []core.Command
	for range 6000 {
		orders = append(orders, lines("ann", basket...))
	}
	sequence := e.Sequence()
	if _, err := tryAsk(e, orders...); !errors.Is(err, engine.ErrTooLarge) || e.Sequence() != sequence {
		t.Errorf("%v, and the sequence was %d and is %d", err, sequence, e.Sequence())
	}
	done(t, e, orders[:1000]...)
	closeEngine(t, e)
}

// TestRecipesThatOutgrowARequest defines kits and orders so many of them with one request that their recipes make it too large, when they are looked up
// again: all are ordered nevertheless, as the kits were defined already. Keys keep their answers.
func TestRecipesThatOutgrowARequest(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{})
	var components []core.Component
	for _, id := range stock(t, e, core.MaxComponents, core.MaxOnHand) {
		components = append(components, core.Component{SKU: id, Quantity: 1000})
	}
	var commands []core.Command
	var basket []core.Line
	for i := range 14 {
		kit := skuNamed(t, e, fmt.Sprintf("kit-%d", i))
		commands = append(commands, makeKit(kit, components...))
		basket = append(basket, core.Line{SKU: kit, Quantity: 1})
	}
	const orders = 8000
	for i := range orders {
		c := lines("ann", basket...)
		if i%100 == 0 {
			c.HasKey, c.Key = true, core.IdempotencyKey{byte(i), byte(i >> 8), 1}
		}
		commands = append(commands, c)
	}
	answers := done(t, e, commands...)
	made := map[core.OrderID]bool{}
	for _, a := range answers[14:] {
		made[a.order] = true
	}
	if len(made) != orders {
		t.Errorf("%d orders were made, want %d", len(made), orders)
	}
	if a := ask(t, e, commands[14+100])[0]; a.status != engine.ResultReplayed || a.order != answers[14+100].order {
		t.Errorf("the key gives %+v, want %+v", a, answers[14+100])
	}
	closeEngine(t, e)
}

// TestRecipeChangesUnderLoad has many order a kit while somebody changes what it is made of all the time. Nobody is told of it, and each
// order has a recipe that there was.
func TestRecipeChangesUnderLoad(t *testing.T) {
	leavesNothing(t)
	e := openOn(t, newDisk(), engine.Options{Shards: 2})
	skus := stock(t, e, 2, 1_000_000)
	kit := skuNamed(t, e, "kit")
	recipes := [][]core.Component{{{SKU: skus[0], Quantity: 1}}, {{SKU: skus[0], Quantity: 2}, {SKU: skus[1], Quantity: 3}}}
	done(t, e, makeKit(kit, recipes[0]...))
	var clients, cook sync.WaitGroup
	stop := make(chan struct{})
	cook.Go(func() {
		for i := 1; ; i++ {
			select {
			case <-stop:
				return
			default:
				done(t, e, makeKit(kit, recipes[i%2]...))
			}
		}
	})
	for range 4 {
		clients.Go(func() {
			for range 50 {
				a := ask(t, e, order("ann", kit, 2), order("ann", skus[1], 1))
				image := placed(t, a[0])
				n := len(image.Lines)
				if n != 2 && n != 3 || image.Lines[1].Quantity != core.Quantity(2*(n-1)) || a[1].status != engine.ResultDone {
					t.Errorf("ordered %+v", image)
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	cook.Wait()
	if report, _, err := e.Audit(); err != nil || report.Found != 0 || report.Placed != 400 {
		t.Errorf("%+v %v", report, err)
	}
	closeEngine(t, e)
}
