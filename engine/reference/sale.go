package reference

import (
	"bytes"
	"slices"

	"holdfast/engine/core"
)

// sale is a campaign.
type sale struct {
	image   core.SaleImage
	queue   *core.QueueCounters // nil while nothing was told of one
	tickets map[uint32]bool     // used ones
	expired map[string]uint32   // holds that expired, by customer
	waiters []*waiter           // in the order in which they came
	turns   map[core.SKUID]uint32
}

// saleOf is the sale that an order was made in; nil for none.
func (m *Model) saleOf(id core.SaleID) *sale {
	for _, s := range m.sales {
		if s.image.ID == id && id != 0 {
			return s
		}
	}
	return nil
}

func (m *Model) defineSale(c *core.Command) core.Outcome {
	if stale, is := isStale(c, m.settingsVersion(c)); is {
		return stale
	}
	var unknown []core.RefusedLine
	for i, item := range c.SaleSettings.Items {
		if m.skus[item.SKU] == nil {
			unknown = append(unknown, core.RefusedLine{Index: i, SKU: item.SKU})
		}
	}
	if len(unknown) > 0 {
		return refuse(core.Refusal{Reason: core.ReasonSKUNotFound, Lines: unknown})
	}
	at := slices.IndexFunc(m.sales, func(s *sale) bool { return bytes.Equal(s.image.Name, c.Name) })
	if at < 0 {
		at = len(m.sales)
		image := core.SaleImage{ID: core.MakeSaleID(c.SaleSettings.Items[0].SKU.Slot(), uint32(at)), Name: bytes.Clone(c.Name)}
		m.sales = append(m.sales, &sale{image: image, tickets: map[uint32]bool{}, expired: map[string]uint32{}, turns: map[core.SKUID]uint32{}})
	}
	image := &m.sales[at].image
	image.Version++
	image.Changed, image.HasDocument = m.seq, len(c.Document) > 0
	offers := image.Settings.WaitlistTTL
	image.Settings = *c.SaleSettings
	if image.Settings.WaitlistTTL == 0 && len(m.sales[at].waiters) > 0 {
		image.Settings.WaitlistTTL = offers
	}
	image.Settings.Items = slices.Clone(image.Settings.Items)
	m.emit(core.Event{Kind: core.EventSaleDefined, Sale: copySale(*image)})
	return core.Outcome{Changed: true}
}

// item is what a sale says of a SKU; nil when it does not sell it.
func (s *sale) item(id core.SKUID) *core.SaleItem {
	for i := range s.image.Settings.Items {
		if s.image.Settings.Items[i].SKU == id {
			return &s.image.Settings.Items[i]
		}
	}
	return nil
}

// soldIn sums the units of a SKU that the orders of a sale have, by what they count as in its slot.
func (m *Model) soldIn(id core.SaleID, sku core.SKUID, as claim) (sum core.Quantity) {
	for _, o := range m.orders {
		if o.sale != id || o.claims[id.Slot()] != as {
			continue
		}
		for _, l := range o.lines {
			if l.sku == sku && l.role != core.LineOfComponent {
				sum += l.quantity
			}
		}
	}
	return sum
}

// boughtIn sums the units that somebody has in a sale.
func (m *Model) boughtIn(id core.SaleID, kind core.IdentityKind, who string) (sum core.Quantity) {
	for _, o := range m.orders {
		if o.sale != id || o.claims[id.Slot()] == claimNone || identity(o.customer, o.identities, kind) != who {
			continue
		}
		for _, l := range o.lines {
			if l.role != core.LineOfComponent {
				sum += l.quantity
			}
		}
	}
	return sum
}

// identity is what a buyer is known by, "" for nothing.
func identity(customer string, identities []byte, kind core.IdentityKind) string {
	if kind == core.IdentityCustomer {
		return customer
	}
	for ; len(identities) > 0; identities = identities[core.IdentitySize:] {
		if identities[0] == byte(kind) {
			return string(identities[1:core.IdentitySize])
		}
	}
	return ""
}

// checkSale goes through what a sale asks of an order as a whole.
func (m *Model) checkSale(c *core.Command) (core.Refusal, bool) {
	s := m.saleOf(c.Sale)
	if s == nil {
		return core.Refusal{Reason: core.ReasonSaleNotFound}, true
	}
	rules := s.image.Settings
	if m.now < rules.StartsAt {
		return core.Refusal{Reason: core.ReasonSaleNotStarted, At: rules.StartsAt}, true
	}
	if m.now >= rules.EndsAt {
		return core.Refusal{Reason: core.ReasonSaleEnded, At: rules.EndsAt}, true
	}
	var others []core.RefusedLine
	for _, want := range countedInSale(c, c.Lines) {
		if s.item(want.SKU) == nil {
			others = append(others, want)
		}
	}
	if len(others) > 0 {
		return core.Refusal{Reason: core.ReasonSKUNotInSale, Lines: others}, true
	}
	places := c.Kind == core.CommandPlaceHold || c.Kind == core.CommandPlaceOrder
	if places && rules.Queue.Required && c.Ticket == 0 {
		return core.Refusal{Reason: core.ReasonTicketRequired}, true
	}
	if c.Ticket != 0 && s.tickets[c.Ticket] {
		return core.Refusal{Reason: core.ReasonTicketUsed}, true
	}
	if c.Kind != core.CommandPlaceOrder && rules.MaxExpired > 0 && s.expired[string(c.Customer)] >= rules.MaxExpired {
		return core.Refusal{Reason: core.ReasonExpiredTooOften}, true
	}
	return core.Refusal{}, false
}

// ofHolds and ofQuota are bounds for a SKU in an order's sale.
func (m *Model) ofHolds(c *core.Command) func(core.SKUID) (core.Quantity, bool) {
	return func(id core.SKUID) (core.Quantity, bool) {
		if c.Sale == 0 || c.Kind == core.CommandPlaceOrder {
			return 0, false
		}
		most := m.saleOf(c.Sale).item(id).MaxHeld
		return max(0, most-m.soldIn(c.Sale, id, claimReserved)-m.ahead(c, id)), most > 0
	}
}

func (m *Model) ofQuota(c *core.Command) func(core.SKUID) (core.Quantity, bool) {
	return func(id core.SKUID) (core.Quantity, bool) {
		if c.Sale == 0 {
			return 0, false
		}
		quota := m.saleOf(c.Sale).item(id).Quota
		left := quota - m.soldIn(c.Sale, id, claimReserved) - m.soldIn(c.Sale, id, claimAllocated)
		return max(0, left-m.ahead(c, id)), quota != core.Unlimited
	}
}

// checkBuyer holds the lines against what the buyer may have in the whole sale; a hold up to what there is gets fewer.
func (m *Model) checkBuyer(c *core.Command, wanted []core.Line) ([]core.Line, core.Refusal, bool) {
	if c.Sale == 0 {
		return wanted, core.Refusal{}, false
	}
	left, by := core.MaxBackordered, core.IdentityCustomer
	for kind := core.IdentityCustomer; kind < core.IdentityKinds; kind++ {
		limit, who := m.saleOf(c.Sale).image.Settings.Limits[kind], identity(string(c.Customer), c.Identities, kind)
		rest := limit - m.boughtIn(c.Sale, kind, who)
		if c.Kind == core.CommandJoinWaitlist {
			rest -= m.saleOf(c.Sale).waitedForBy(kind, who)
		}
		if limit > 0 && who != "" && rest < left {
			left, by = rest, kind
		}
	}
	refusal := core.Refusal{Reason: core.ReasonSaleLimit, Identity: by,
		Lines: []core.RefusedLine{{SKU: c.Lines[0].SKU, Requested: countedUnits(c, c.Lines), Available: max(0, left)}}}
	if !c.UpTo {
		return wanted, refusal, countedUnits(c, wanted) > left
	}
	var cut []core.Line
	for _, l := range wanted {
		l.Quantity = min(l.Quantity, left-units(cut))
		if l.Quantity <= 0 {
			return nil, refusal, true
		}
		cut = append(cut, l)
	}
	return cut, core.Refusal{}, false
}

// countedInSale sums, of each SKU, the lines of a basket that are units of its sale: those of kits are, and not those of their components.
func countedInSale(c *core.Command, lines []core.Line) (sums []core.RefusedLine) {
	for i := 0; i < len(lines); i++ {
		l := lines[i]
		at := slices.IndexFunc(sums, func(s core.RefusedLine) bool { return s.SKU == l.SKU })
		if at < 0 {
			at = len(sums)
			sums = append(sums, core.RefusedLine{Index: i, SKU: l.SKU})
		}
		sums[at].Requested += l.Quantity
		i += len(recipeIn(c, l.SKU))
	}
	return sums
}

func countedUnits(c *core.Command, lines []core.Line) (sum core.Quantity) {
	for _, counted := range countedInSale(c, lines) {
		sum += counted.Requested
	}
	return sum
}

func units(lines []core.Line) (sum core.Quantity) {
	for _, l := range lines {
		sum += l.Quantity
	}
	return sum
}

// ttl is how long a hold lasts.
func (m *Model) ttl(c *core.Command) core.Millis {
	s := m.saleOf(c.Sale)
	if s == nil {
		return c.TTL
	}
	if c.Kind == core.CommandServeWaitlist {
		return s.image.Settings.WaitlistTTL
	}
	ttl := c.TTL
	if most := s.image.Settings.MaxTTL; most != 0 && ttl > most {
		ttl = most
	}
	return s.shortened(ttl, string(c.Customer))
}

// shortened is how much of a time is left to a customer whose holds expired.
func (s *sale) shortened(ttl core.Millis, customer string) core.Millis {
	for range s.expired[customer] {
		if ttl/2 < 30_000 {
			return min(ttl, 30_000)
		}
		ttl /= 2
	}
	return ttl
}

// extended is the deadline that an extension gives a hold.
func (m *Model) extended(o *order, ttl core.Millis) core.Millis {
	s := m.saleOf(o.sale)
	switch {
	case s == nil:
		return m.now + ttl
	case o.offered:
		return min(m.now+ttl, o.createdAt+s.image.Settings.WaitlistTTL)
	}
	deadline := m.now + s.shortened(ttl, o.customer)
	if most := s.image.Settings.MaxTTL; most != 0 {
		deadline = min(deadline, o.createdAt+s.shortened(most, o.customer))
	}
	return deadline
}

// Sale is the sale of a number with what it has sold; false if the number was not given out.
func (m *Model) Sale(id core.SaleID) (core.SaleImage, bool) {
	s := m.saleOf(id)
	if s == nil {
		return core.SaleImage{}, false
	}
	image := copySale(s.image)
	for _, item := range image.Settings.Items {
		image.Counts = append(image.Counts, core.SaleCount{
			Held: m.soldIn(id, item.SKU, claimReserved), Sold: m.soldIn(id, item.SKU, claimAllocated), Orderable: m.orderableKits(item.SKU),
			Waited: s.waitedFor(item.SKU), Waiters: uint32(len(s.line(item.SKU))),
		})
	}
	return image, true
}

// SaleIDs lists the numbers given out, oldest first.
func (m *Model) SaleIDs() (ids []core.SaleID) {
	for _, s := range m.sales {
		ids = append(ids, s.image.ID)
	}
	return ids
}
