package core_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"holdfast/engine/core"
)

// inboundKind tells a transfer from a purchase order by its name.
func inboundKind(name string) core.InboundKind {
	if strings.HasPrefix(name, "TR") {
		return core.Transfer
	}
	return core.PurchaseOrder
}

var discrepancyNames = [...]string{"", "short", "damaged", "lost", "over"}

func (s *story) readInbound(line *sentence, c *core.Command) {
	c.Kind = map[string]core.CommandKind{
		"purchase": core.CommandCreateInbound, "transfer": core.CommandCreateInbound, "send": core.CommandSendInbound,
		"arrive": core.CommandReceiveInbound, "close": core.CommandCloseInbound, "give-up": core.CommandCancelInbound,
	}[line.word]
	name := line.next()
	r := &core.InboundRequest{Kind: inboundKind(name), Number: []byte(name)}
	if name == "PO" || name == "TR" {
		r.Number = nil
	}
	c.Inbound = r
	if line.word == "close" {
		r.Discrepancy = core.Discrepancy(slices.Index(discrepancyNames[:], line.next()))
	}
	s.readInboundSettings(line, c)
	for line.peek() != "" {
		what, quantity, found := strings.Cut(line.next(), "×")
		if !found {
			line.fail("a line is written phone×1")
		}
		n := core.Quantity(line.number(quantity))
		if c.Kind == core.CommandReceiveInbound {
			r.Rows = append(r.Rows, s.readReceipt(line, what, n))
			continue
		}
		l := core.InboundLine{SKU: s.sku(what), Quantity: n}
		line.settings(func(_, value string) { l.Expected = clockTime(line, value) })
		r.Lines = append(r.Lines, l)
	}
}

func (s *story) readInboundSettings(line *sentence, c *core.Command) {
	r := c.Inbound
	line.settings(func(name, value string) {
		switch name {
		case "from":
			r.HasFrom, r.From = true, s.location(value)
		case "to":
			r.To = s.location(value)
		case "supplier":
			r.Supplier = []byte(value)
		case "send":
			r.Send = value == "yes"
		case "by":
			c.Actor = []byte(value)
		case "reason":
			r.Reason = []byte(value)
		case "version":
			c.ExpectedVersion = uint32(line.number(value))
		default:
			line.fail("unknown setting %s", name)
		}
	})
}

// readReceipt reads what became of units of a SKU or, if it is a number, of a line.
func (s *story) readReceipt(line *sentence, what string, n core.Quantity) core.ReceiptRow {
	row := core.ReceiptRow{Quantity: n}
	if number, err := strconv.Atoi(what); err == nil {
		row.Line = number
	} else {
		row.SKU = s.sku(what)
	}
	line.settings(func(name, value string) {
		switch name {
		case "to":
			row.To = core.StockState(slices.Index(stateNames[:], value))
		case "reason":
			row.Reason = []byte(value)
		default:
			row.Discrepancy = core.Discrepancy(slices.Index(discrepancyNames[:], name))
			row.Differing = core.Quantity(line.number(value))
		}
	})
	return row
}

func clockTime(line *sentence, value string) core.Millis {
	clock, err := time.Parse("15:04", value)
	line.check(err)
	return opening + core.Millis(clock.Sub(clock.Truncate(24*time.Hour)).Milliseconds()) - 12*60*60*1000
}

// promise tells what can be promised by an instant.
func (s *story) promise(line *sentence) string {
	var a core.AvailabilityImage
	name := line.next()
	if !s.shop.machine.ReadAvailability(s.sku(name), &a) {
		line.fail("no such SKU")
	}
	out := ""
	line.settings(func(_, value string) {
		by := clockTime(line, value)
		out += fmt.Sprintf("%s: %d now, %d a moment before %s, %d by then\n", name, a.Available, a.AvailableBy(by-1), value, a.AvailableBy(by))
		if len(a.Rules) > 0 || a.IsKit() {
			out += s.promisesIn(line, &a, by)
		}
	})
	line.end()
	return out
}

// promisesIn tells what each channel can sell by an instant.
func (s *story) promisesIn(line *sentence, a *core.AvailabilityImage, by core.Millis) string {
	var list []string
	for channel := range core.ChannelID(s.shop.machine.Channels()) {
		var image core.ChannelImage
		s.shop.machine.ReadChannel(channel, &image)
		n := max(0, a.InBy(channel, image.Settings.Buffer, by))
		if want := s.shop.model.SellableBy(a.SKU, channel, by); n != want {
			line.fail("channel %s may sell %d by then, the model says %d", image.Name, n, want)
		}
		list = append(list, fmt.Sprintf("%s %d", image.Name, n))
	}
	return "  → by then " + strings.Join(list, ", ") + "\n"
}

func inboundStatusWords(kind core.InboundKind, status core.InboundStatus) string {
	if kind == core.Transfer && status == core.InboundSent {
		return "in transit"
	}
	return [...]string{"", "draft", "ordered", "partially received", "received", "cancelled"}[status]
}

func (s *story) inboundWords(img *core.InboundImage) string {
	what, from := "purchase order", ""
	if img.Kind == core.Transfer {
		what = "transfer"
	}
	if img.HasFrom {
		from = " from " + s.locationName(img.From)
	}
	if len(img.Supplier) > 0 {
		from = fmt.Sprintf(" from %s", img.Supplier)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s %s%s to %s: %s, version %d\n", what, img.Number, from, s.locationName(img.To), inboundStatusWords(img.Kind, img.Status), img.Version)
	for i := range img.Lines {
		l := &img.Lines[i]
		fmt.Fprintf(&out, "  line %d: %s×%d%s, %d received", i+1, s.skuName(l.SKU), l.Quantity, dueWords(l.Expected), l.Received)
		for k, n := range l.Differing {
			if n > 0 {
				fmt.Fprintf(&out, ", %d %s", n, discrepancyNames[k+1])
			}
		}
		fmt.Fprintf(&out, ", %d open\n", l.Open())
	}
	return out.String()
}

func (s *story) foundWords(img *core.InboundImage) string {
	var out strings.Builder
	for _, d := range img.Found {
		fmt.Fprintf(&out, "discrepancy in line %d: %d %s, reason %s\n", d.Line, d.Quantity, discrepancyNames[d.Discrepancy], d.Reason)
	}
	return out.String()
}

func dueWords(at core.Millis) string {
	if at == 0 {
		return ""
	}
	return " due " + timeWords(at)[:5]
}
