package core

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"holdfast/engine/invariant"
)

// nobody listens to events.
type nobody struct{}

func (nobody) Event(*Event) {}

// auditShop is a small shop in which every kind of record is in use: orders with one and with several allocations,
// backordered, counted, with an external id, and ended in every way; holds in one slot and over two, live and gone.
type auditShop struct {
	*Machine
	t    *testing.T
	step Step
	seq  Sequence
	now  Millis
}

func (s *auditShop) run(c Command) OrderID {
	s.t.Helper()
	s.seq++
	if c.Mask == 0 {
		c.Mask, _ = SlotsOf(&c)
	}
	if c.Order.Spread() {
		c.Mask, _ = s.OrderSlots(c.Order)
	}
	out := s.Execute(&s.step, &c, s.seq, s.now, nobody{})
	if out.Reason != ReasonNone {
		s.t.Fatalf("command %d is refused: %d", s.seq, out.Reason)
	}
	return out.Order
}

// skuIn defines a SKU whose name lies in a slot.
func (s *auditShop) skuIn(slot Slot, settings SKUSettings) SKUID {
	s.t.Helper()
	for i := 0; ; i++ {
		name := fmt.Appendf(nil, "sku-%d", i)
		if _, taken := s.slots[slot].findSKU(name); NameSlot(name) == slot && !taken {
			s.run(Command{Kind: CommandDefineSKU, Name: name, SKU: settings})
			return MakeSKUID(slot, s.slots[slot].skus.length-1)
		}
	}
}

func newAuditShop(t *testing.T) *auditShop {
	t.Helper()
	s := &auditShop{Machine: New(Options{}), t: t, now: 1000}
	s.run(Command{Kind: CommandDefineLocation, Name: []byte("east")})
	a := s.skuIn(3, SKUSettings{LimitPerCustomer: 100})
	b := s.skuIn(9, SKUSettings{BackorderLimit: 50})
	c := s.skuIn(9, SKUSettings{LimitPerCustomer: 100})
	s.run(Command{Kind: CommandAdjustStock, Rows: []AdjustmentRow{
		{SKU: a, Value: 20}, {SKU: a, Location: 1, Value: 10}, {SKU: b, Value: 3}, {SKU: c, Value: 30},
	}})
	order := func(kind CommandKind, ttl Millis, external string, lines ...Line) OrderID {
		return s.run(Command{Kind: kind, TTL: ttl, Customer: []byte("ann"), ExternalID: []byte(external), Lines: lines})
	}
	order(CommandPlaceOrder, 0, "", Line{a, 22}) // from both locations
	order(CommandPlaceOrder, 0, "web-1", Line{b, 4}, Line{c, 2})
	order(CommandPlaceHold, 60_000, "", Line{a, 1}, Line{b, 2}, Line{c, 3}) // home is a's slot, a part is in the other
	order(CommandPlaceHold, 60_000, "", Line{c, 1})
	order(CommandPlaceHold, 60_000, "", Line{b, 1})
	s.run(Command{Kind: CommandCancelOrder, Order: order(CommandPlaceOrder, 0, "", Line{a, 1}, Line{c, 1})})
	s.run(Command{Kind: CommandReleaseHold, Order: order(CommandPlaceHold, 60_000, "", Line{a, 1}, Line{c, 1})})
	order(CommandPlaceHold, 1_000, "", Line{a, 1}, Line{c, 1})
	s.now += 1_000
	s.run(Command{Kind: CommandTick, Mask: AllSlots})
	if r := s.Audit(); r.Found != 0 || r.Held != 3 || r.Placed != 2 || r.Cancelled != 1 || r.Released != 1 || r.Expired != 1 {
		t.Fatalf("the shop itself: %+v", r)
	}
	return s
}

// sight is what an audit says after a field was changed.
type sight struct {
	field   string
	kinds   []ViolationKind
	stopped string // by the assertion that met the change before the audit could tell of it
}

// look audits and survives assertions.
func (s *auditShop) look(field string) (seen sight) {
	seen.field = field
	defer func() {
		if r := recover(); r != nil {
			seen.stopped = fmt.Sprint(r)
			if v, ok := r.(*invariant.Violation); ok {
				seen.stopped = v.What
			}
		}
	}()
	for _, v := range s.Audit().Violations {
		if !slices.Contains(seen.kinds, v.Kind) {
			seen.kinds = append(seen.kinds, v.Kind)
		}
	}
	slices.Sort(seen.kinds)
	return seen
}

// sabotage changes one field of one record after the other, audits, and puts the field back.
func sabotage[T any](s *auditShop, records *slab[T], see func(sight)) {
	for place := range records.length {
		saboteur(s, reflect.ValueOf(records.at(place)).Elem(), reflect.TypeFor[T]().Name(), see)
	}
}

func saboteur(s *auditShop, v reflect.Value, name string, see func(sight)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Name != "_" {
				saboteur(s, v.Field(i), name+"."+f.Name, see)
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			saboteur(s, v.Index(i), name, see)
		}
	default:
		field := reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
		before := reflect.ValueOf(field.Interface())
		if field.CanInt() {
			field.SetInt(field.Int() + 1)
		} else {
			field.SetUint(field.Uint() + 1)
		}
		see(s.look(name))
		field.Set(before)
	}
}

func TestAuditSabotagePrint(t *testing.T) {
	s := newAuditShop(t)
	all := map[string]map[string]int{}
	see := func(x sight) {
		if all[x.field] == nil {
			all[x.field] = map[string]int{}
		}
		all[x.field][fmt.Sprint(x.kinds, x.stopped)]++
	}
	for i := range s.slots {
		slot := &s.slots[i]
		sabotage(s, &slot.skus, see)
		sabotage(s, &slot.levels, see)
		sabotage(s, &slot.orders, see)
		sabotage(s, &slot.lines, see)
		sabotage(s, &slot.allocations, see)
		sabotage(s, &slot.parts.slab, see)
		sabotage(s, &slot.partLines.slab, see)
		sabotage(s, &slot.limits.slab, see)
	}
	for f, m := range all {
		t.Log(f, m)
	}
	_ = strings.ToUpper
}
