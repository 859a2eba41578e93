package core_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"holdfast/engine/core"
)

var oversoldActions = map[string]core.OversoldAction{
	"cancel": core.OversoldCancel, "backorder": core.OversoldBackorder, "re-source": core.OversoldReSource,
}

// readResolve reads what is done about the case that an order has of a SKU: "resolve o3 phone by=cancel with=o1".
func (s *story) readResolve(line *sentence, c *core.Command) {
	what := &core.Resolution{Case: s.order(line.next()), SKU: s.sku(line.next())}
	c.Kind, c.Resolution, c.Order = core.CommandResolveCase, what, what.Case
	line.settings(func(name, value string) {
		switch name {
		case "by":
			what.Action = oversoldActions[value]
		case "with":
			c.Order = s.order(value)
		case "from":
			what.Location = s.location(value)
		case "note":
			what.Note = []byte(value)
		case "actor":
			c.Actor = []byte(value)
		case "version":
			c.ExpectedVersion = uint32(line.number(value))
		default:
			if !s.readDestination(line, c, name, value) {
				line.fail("unknown setting %s", name)
			}
		}
	})
	c.Mask = s.shop.model.OrderMask(c.Order) | what.SKU.Slot().Mask()
}

func (s *story) caseWords(k *core.CaseImage) string {
	left := fmt.Sprintf("%d left", k.Left)
	if k.Left == 0 {
		left = "resolved"
	}
	return fmt.Sprintf("case of %s, %s: %d oversold, %s, version %d", s.orderName(k.ID.Order), s.skuName(k.ID.SKU), k.Units, left, k.Version)
}

// resolvedWords tells what was done about a case, and with which order.
func (s *story) resolvedWords(e *core.Event) string {
	var out strings.Builder
	r := &e.Resolution
	for words, action := range oversoldActions {
		if action == r.Action {
			fmt.Fprintf(&out, "resolved by %s of %s for %s, version %d: %d", words, s.orderName(e.Order.ID), e.Order.Customer, e.Order.Version, r.Units)
		}
	}
	if len(r.Note) > 0 || len(e.Actor) > 0 {
		fmt.Fprintf(&out, ", note %q by %q", r.Note, e.Actor)
	}
	for _, f := range e.Fills {
		verb := "gets"
		if r.Action == core.OversoldBackorder {
			verb = "gives up"
		}
		fmt.Fprintf(&out, ", line %d %s %d from %s", f.Line+1, verb, f.Quantity, s.locationName(f.Location))
	}
	return out.String() + "\n  " + s.caseWords(&r.Case) + "\n" + s.linesWords(&e.Order)
}

// cases lists cases as machine and model know them, page by page.
func (s *story) cases(line *sentence) string {
	q := core.CaseQuery{Most: 2}
	line.settings(func(name, value string) {
		switch name {
		case "status":
			q.Status = map[string]core.CaseStatus{"open": core.CasesOpen, "resolved": core.CasesResolved, "all": core.CasesAll}[value]
		case "sku":
			q.OfSKU, q.SKU = true, s.sku(value)
		case "order":
			q.OfOrder, q.Order = true, s.order(value)
		default:
			line.fail("unknown setting %s", name)
		}
	})
	line.end()
	var out strings.Builder
	var list []core.CaseImage
	for more := true; more; {
		var ok bool
		page, again, ok := s.shop.machine.ReadCases(&q, nil)
		if !ok || again && len(page) != q.Most {
			line.fail("a page of %d cases, more %t, found %t", len(page), again, ok)
		}
		if list, more = append(list, page...), again; more {
			q.HasAfter, q.After = true, page[len(page)-1].ID
		}
	}
	want := slices.DeleteFunc(s.shop.model.Cases(), func(k core.CaseImage) bool {
		return q.OfSKU && k.ID.SKU != q.SKU || q.OfOrder && k.ID.Order != q.Order ||
			q.Status != core.CasesAll && (k.Left == 0) != (q.Status == core.CasesResolved)
	})
	if !reflect.DeepEqual(list, want) && len(list)+len(want) > 0 {
		line.fail("machine lists %+v, model %+v", list, want)
	}
	for i := range list {
		out.WriteString(s.caseWords(&list[i]) + "\n")
	}
	if len(list) == 0 {
		return "no cases\n"
	}
	return out.String()
}

// victims ranks those who might not be served with a SKU: "victims phone policy=newest most=2".
func (s *story) victims(line *sentence) string {
	q := core.VictimQuery{SKU: s.sku(line.next()), Most: 100}
	line.settings(func(name, value string) {
		switch name {
		case "policy":
			policy, channels, _ := strings.Cut(value, ":")
			q.Policy = core.VictimPolicy(slices.Index([]string{"newest", "oldest", "smallest", "largest", "channels"}, policy))
			for _, channel := range strings.FieldsFunc(channels, func(r rune) bool { return r == ',' }) {
				q.Channels = append(q.Channels, s.channel(channel))
			}
		case "most":
			q.Most = int(line.number(value))
		default:
			line.fail("unknown setting %s", name)
		}
	})
	line.end()
	var r core.VictimRanking
	s.shop.machine.RankVictims(&q, &r)
	want := s.shop.model.Victims(q.SKU, q.Policy, q.Channels)
	if more := len(want) > q.Most; more != r.More || !r.Complete || !slices.Equal(r.Victims, want[:min(q.Most, len(want))]) {
		line.fail("machine ranks %+v, model %+v", r, want)
	}
	var out strings.Builder
	for i, v := range r.Victims {
		own := ""
		if v.HasCase {
			own = ", with a case"
		}
		fmt.Fprintf(&out, "%d. %s (%s, %s): %d, of which %d wait%s\n", i+1, s.orderName(v.Order), statusWords[v.Status], s.channelName(v.Channel), v.Quantity, v.Backordered, own)
	}
	if r.More {
		out.WriteString("and others\n")
	}
	return out.String()
}
