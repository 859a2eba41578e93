package core

import "slices"

// A sale (a campaign) sells some SKUs, which may be kits, between two instants, under rules of its own. Everything of it that is counted lies in
// one slot, the sale's, which every order and hold in the sale touches: its quotas, the units of each customer, address,
// device and payment over all its SKUs, the tickets that were used, and who waits. It is the slot of the SKU that was named first when the
// sale was first defined, so that a sale of one SKU is a matter of one slot.

// SaleID is a sale's number: its slot in the low six bits, and above them its place in the table of sales, plus one. 0 is no sale.
type SaleID uint32

// MakeSaleID puts a slot and a place together.
func MakeSaleID(slot Slot, place uint32) SaleID { return SaleID((place+1)<<slotBits) | SaleID(slot) }

// Slot is the partition that keeps what is counted of the sale.
func (id SaleID) Slot() Slot { return Slot(id & (SlotCount - 1)) }

// Place is the sale's index in the table of sales; of no sale, it is beyond every table.
func (id SaleID) Place() uint32 { return uint32(id>>slotBits) - 1 }

// IdentityKind says by what a sale knows a buyer. The numbers are in journals and must not change.
type IdentityKind uint8

const (
	IdentityCustomer IdentityKind = 0
	IdentityAddress  IdentityKind = 1
	IdentityDevice   IdentityKind = 2
	IdentityPayment  IdentityKind = 3

	// IdentityKinds is the number of kinds.
	IdentityKinds = 4
)

// IdentitySize is the number of bytes of one secondary identity in a command: its kind, and the hash of what the buyer was known by.
const IdentitySize = 1 + 16

// AppendIdentity appends a secondary identity. In a command they stand in the order of their kinds, at most one of each.
func AppendIdentity(dst []byte, kind IdentityKind, value []byte) []byte {
	h := hashCustomer(value)
	dst = append(dst, byte(kind))
	for _, word := range [...]uint64{h.high, h.low} {
		for shift := 0; shift < 64; shift += 8 {
			dst = append(dst, byte(word>>shift))
		}
	}
	return dst
}

// SaleSettings are the rules of a sale.
type SaleSettings struct {
	StartsAt, EndsAt Millis                  // holds and orders are taken from the first until before the second
	Limits           [IdentityKinds]Quantity // units over the whole sale, in live holds and orders, by the kind of identity; 0 for no limit
	MaxTTL           Millis                  // of holds, extensions included; 0 for what any hold may have
	MaxExpired       uint32                  // with so many expired holds a customer gets no further one; 0 for never
	WaitlistCapacity uint32                  // places for those who find it sold out; 0 for no waitlist
	WaitlistTTL      Millis                  // how long units are held for the next one on the waitlist
	Queue            SaleQueue
	Items            []SaleItem // each names another SKU
}

// SaleQueue says how buyers are let in. The machine itself only looks whether they need a ticket.
type SaleQueue struct {
	Required      bool
	Opening       Millis // tickets of so long after the start are drawn, later ones are in the order of arrival
	RatePerMinute uint32 // buyers let in at most; 0 for as many as there is to sell
	TokenTTL      Millis // how long who was let in may take to order
	Patience      Millis // how long somebody may be silent before they are taken to have left
	Share         uint32 // how many may be in at a time for every hundred units left
}

// SaleItem is what a sale sells of one SKU.
type SaleItem struct {
	SKU     SKUID
	Quota   Quantity // units in live holds and orders; Unlimited for as many as there are. It may be above the stock
	MaxHeld Quantity // units in all live holds at once; 0 for no limit
}

// SaleImage is a sale at one instant.
type SaleImage struct {
	ID          SaleID
	Version     uint32
	Changed     Sequence
	HasDocument bool
	Name        []byte
	Settings    SaleSettings
	Counts      []SaleCount // of each item; in reads only
}

// SaleCount is what became of an item so far.
type SaleCount struct {
	Held      Quantity // in live holds
	Sold      Quantity // in orders that were not cancelled
	Orderable Quantity // what stock and backorder room allow, of a kit those of its components; Unlimited for no end
	Waited    Quantity // units that people wait for
	Waiters   uint32   // and how many these are
}

// minSaleTTL is what no expired hold makes a hold shorter than.
const minSaleTTL Millis = 30_000

// sale is a row of the table of sales.
type sale struct {
	id          SaleID
	name        []byte
	settings    SaleSettings
	version     uint32
	changed     Sequence
	hasDocument bool
}

// saleItemRecord counts the units of a SKU that a sale has sold.
type saleItemRecord struct {
	quota   Quantity
	maxHeld Quantity
	held    Quantity
	sold    Quantity
	waited  Quantity // units that people wait for
	sale    SaleID
	sku     SKUID
	flags   uint32
	waiters uint32 // how many these are
	first   uint32 // of them in waiters, plus one; 0 for none
	last    uint32
	joined  uint32 // how many have come so far
	_       uint32
}

// saleItemListed marks an item that the sale sells now. Others are kept for what was sold of them.
const saleItemListed uint32 = 1

// left is how many units the quota still allows.
func (r *saleItemRecord) left() Quantity {
	if r.quota == Unlimited {
		return MaxBackordered
	}
	return max(0, r.quota-r.held-r.sold)
}

// saleBuyerRecord counts the units that somebody has in a sale, known by one kind of identity.
type saleBuyerRecord struct {
	who     customerHash
	units   Quantity
	waited  Quantity // units that it waits for
	sale    SaleID
	expired uint32 // holds of the customer that expired
	next    uint32 // while the record is free
	kind    IdentityKind
	_       [3]byte
}

// ticketPageShift is the binary logarithm of the number of tickets in a saleTicketRecord.
const ticketPageShift = 9

// saleTicketRecord says which of a run of tickets were used.
type saleTicketRecord struct {
	used [1 << (ticketPageShift - 6)]uint64
	sale SaleID
	page uint32
}

// saleDesk is what a slot keeps of its sales.
type saleDesk struct {
	items   slab[saleItemRecord]
	buyers  recycler[saleBuyerRecord]
	tickets slab[saleTicketRecord]
	queues  slab[saleQueueRecord]
	waiters recycler[saleWaiterRecord]

	itemOf   *Index // (sale, SKU) → items
	buyerOf  *Index // (sale, kind, identity) → buyers
	ticketOf *Index // (sale, page) → tickets
	waiterOf *Index // number → waiters
	waitsFor *Index // (sale, SKU, customer) → waiters

	lines []uint32 // items that somebody waits for, in the order of their places

	touched []uint32 // items whose units changed since the host last asked
	mark    []bool   // by place: is in touched
	idle    []uint64 // by place: that nobody can have anything, by the number of the question; 0 for not known
	text    []byte   // scratch: a customer with identities
}

func (d *saleDesk) open(k *keeper, allocate Allocator) {
	d.items.open(SlabSaleItems, k, allocate)
	d.buyers.open(SlabSaleBuyers, k, allocate)
	d.buyers.next = func(r *saleBuyerRecord) *uint32 { return &r.next }
	d.tickets.open(SlabSaleTickets, k, allocate)
	d.queues.open(SlabSaleQueues, k, allocate)
	d.waiters.open(SlabSaleWaiters, k, allocate)
	d.waiters.next = func(r *saleWaiterRecord) *uint32 { return &r.next }
	d.itemOf, d.buyerOf, d.ticketOf = NewIndex(allocate), NewIndex(allocate), NewIndex(allocate)
	d.waiterOf, d.waitsFor = NewIndex(allocate), NewIndex(allocate)
}

// gatherSaleDefinition looks whether the SKUs of the slot exist.
func (s *slot) gatherSaleDefinition(st *Step) {
	items := st.command.SaleSettings.Items
	for i := range items {
		if items[i].SKU.Slot() == s.id {
			st.skuFound[i] = items[i].SKU.Place() < s.skus.length
		}
	}
}

// decideSale changes the table of sales. It may: every slot stands at this command.
func (m *Machine) decideSale(st *Step) {
	c := st.command
	place, version := m.findSale(c.Name), uint32(0)
	if place < len(m.sales) {
		version = m.sales[place].version
	}
	if st.isStale(version) {
		return
	}
	for i, item := range c.SaleSettings.Items {
		if st.skuFound[i] {
			continue
		}
		if st.Outcome.Reason == ReasonNone {
			st.refuse(ReasonSKUNotFound)
		}
		st.refusal.Lines = append(st.refusal.Lines, RefusedLine{Index: i, SKU: item.SKU})
	}
	if st.Outcome.Reason != ReasonNone {
		return
	}
	if place == len(m.sales) {
		if place == MaxSales {
			st.refuse(ReasonTableFull)
			return
		}
		id := MakeSaleID(c.SaleSettings.Items[0].SKU.Slot(), uint32(place))
		m.sales = append(m.sales, sale{id: id, name: append([]byte(nil), c.Name...)})
	}
	row := &m.sales[place]
	offers := row.settings.WaitlistTTL
	row.settings = c.SaleSettings.copy()
	if row.settings.WaitlistTTL == 0 && m.slots[row.id.Slot()].countWaiters(row.id) > 0 {
		row.settings.WaitlistTTL = offers // those who wait are still served
	}
	row.changed, row.hasDocument = st.sequence, len(c.Document) > 0
	row.version++
	st.event.Kind = EventSaleDefined
	row.image(&st.event.Sale)
	st.Outcome.Changed = true
}

func (s *SaleSettings) copy() SaleSettings {
	c := *s
	c.Items = slices.Clone(s.Items)
	return c
}

// findSale gives the place of the sale of a name, or the one that a new one would get.
func (m *Machine) findSale(name []byte) int {
	for i := range m.sales {
		if string(m.sales[i].name) == string(name) {
			return i
		}
	}
	return len(m.sales)
}

// saleOf gives the row of a sale's number, nil when it is not given out.
func (m *Machine) saleOf(id SaleID) *sale {
	if place := id.Place(); id != 0 && place < uint32(len(m.sales)) && m.sales[place].id == id {
		return &m.sales[place]
	}
	return nil
}

func (r *sale) image(img *SaleImage) {
	*img = SaleImage{
		ID:          r.id,
		Version:     r.version,
		Changed:     r.changed,
		HasDocument: r.hasDocument,
		Name:        r.name,
		Settings:    r.settings,
		Counts:      img.Counts[:0],
	}
}

// applySale puts the new quotas into the records of the sale's slot, which tells of the sale.
func (s *slot) applySale(st *Step, sink Sink) {
	image := &st.event.Sale
	if s.id != image.ID.Slot() {
		return
	}
	d := &s.desk
	for place := range d.items.length {
		if record := d.items.at(place); record.sale == image.ID && record.flags&saleItemListed != 0 {
			d.items.mut(place).flags &^= saleItemListed
			d.touch(place)
		}
	}
	for i := range image.Settings.Items {
		item := &image.Settings.Items[i]
		place, ok := s.findSaleItem(image.ID, item.SKU)
		if !ok {
			place = s.addSaleItem(image.ID, item.SKU)
		}
		record := d.items.mut(place)
		record.quota, record.maxHeld = item.Quota, item.MaxHeld
		record.flags |= saleItemListed
		d.touch(place)
	}
	sink.Event(&st.event)
}

func (s *slot) addSaleItem(id SaleID, sku SKUID) uint32 {
	d := &s.desk
	place := d.items.push()
	record := d.items.mut(place)
	record.sale, record.sku = id, sku
	d.itemOf.Insert(s.saleItemHash(id, sku), place)
	d.mark, d.idle = append(d.mark, false), append(d.idle, 0)
	return place
}

func (s *slot) findSaleItem(id SaleID, sku SKUID) (uint32, bool) {
	cursor := s.desk.itemOf.Search(s.saleItemHash(id, sku))
	for cursor.Next() {
		if r := s.desk.items.at(cursor.Record()); r.sale == id && r.sku == sku {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (s *slot) saleItemHash(id SaleID, sku SKUID) uint64 {
	return finish(uint64(id)<<32 ^ uint64(sku) ^ s.seed)
}

// touch notes that an item's units changed, or those who wait for it, for the host to publish and to ask anew who is to be served.
func (d *saleDesk) touch(place uint32) {
	d.idle[place] = 0
	if !d.mark[place] {
		d.mark[place] = true
		d.touched = append(d.touched, place)
	}
}

// DrainSaleItems calls publish for every item of the slot's sales whose units changed since the last call, with what the
// sale may still sell of it; Unlimited when there is no end.
func (m *Machine) DrainSaleItems(id Slot, publish func(sale SaleID, sku SKUID, left Quantity)) {
	d := &m.slots[id].desk
	for _, place := range d.touched {
		d.mark[place] = false
		record := d.items.at(place)
		left := max(0, record.left()-record.waited)
		switch {
		case record.flags&saleItemListed == 0:
			left = 0
		case record.quota == Unlimited:
			left = Unlimited
		}
		publish(record.sale, record.sku, left)
	}
	d.touched = d.touched[:0]
}

// Sales is the number of sales.
func (m *Machine) Sales() int { return len(m.sales) }

// SaleAt gives the sale at a place of the table, without counts. Like every read of a table it may run in any slot.
func (m *Machine) SaleAt(place int, img *SaleImage) { m.sales[place].image(img) }

// ReadSale gives a sale and what it has sold. All slots must stand still.
func (m *Machine) ReadSale(id SaleID, img *SaleImage) bool {
	row := m.saleOf(id)
	if row == nil {
		return false
	}
	row.image(img)
	s := &m.slots[id.Slot()]
	for _, item := range row.settings.Items {
		place, _ := s.findSaleItem(id, item.SKU)
		record := s.desk.items.at(place)
		img.Counts = append(img.Counts, SaleCount{
			Held: record.held, Sold: record.sold, Orderable: m.orderable(item.SKU),
			Waited: record.waited, Waiters: record.waiters,
		})
	}
	return true
}

// RestoreSale is RestoreLocation for the table of sales.
func (m *Machine) RestoreSale(image *SaleImage) bool {
	if image.ID == 0 || int(image.ID.Place()) != len(m.sales) || len(m.sales) >= MaxSales {
		return false
	}
	m.sales = append(m.sales, sale{
		id:          image.ID,
		name:        append([]byte(nil), image.Name...),
		settings:    image.Settings.copy(),
		version:     image.Version,
		changed:     image.Changed,
		hasDocument: image.HasDocument,
	})
	return true
}

// restoreDesk derives from the records of sales what is not in checkpoints.
func (s *slot) restoreDesk() {
	d := &s.desk
	d.mark, d.idle = make([]bool, d.items.length), make([]uint64, d.items.length)
	for place := range d.items.length {
		record := d.items.at(place)
		d.itemOf.Insert(s.saleItemHash(record.sale, record.sku), place)
		d.touch(place)
		if record.first != 0 {
			d.lines = append(d.lines, place)
		}
	}
	for place := range d.buyers.length {
		if record := d.buyers.at(place); record.sale != 0 {
			d.buyerOf.Insert(s.saleBuyerHash(record.sale, record.kind, record.who), place)
		}
	}
	for place := range d.tickets.length {
		record := d.tickets.at(place)
		d.ticketOf.Insert(s.saleTicketHash(record.sale, record.page), place)
	}
	for place := range d.waiters.length {
		if d.waiters.at(place).number != 0 {
			s.indexWaiter(place)
		}
	}
}

// digestSale takes a row of the table of sales into a digest.
func (d Digest) addSale(row *sale) Digest {
	s := &row.settings
	flags := uint64(0)
	if row.hasDocument {
		flags |= 1
	}
	if s.Queue.Required {
		flags |= 2
	}
	d = d.addBytes(row.name).add(uint64(row.id), flags).add(uint64(row.version), uint64(row.changed)).
		add(uint64(s.StartsAt), uint64(s.EndsAt)).add(uint64(s.MaxTTL), uint64(s.MaxExpired)).
		add(uint64(s.Queue.Opening), uint64(s.Queue.RatePerMinute)).add(uint64(s.Queue.TokenTTL), uint64(s.Queue.Patience)).
		add(uint64(s.Queue.Share), uint64(len(s.Items))).add(uint64(s.WaitlistCapacity), uint64(s.WaitlistTTL))
	for _, limit := range s.Limits {
		d = d.add(uint64(limit), 0)
	}
	for _, item := range s.Items {
		d = d.add(uint64(item.SKU), uint64(item.Quota)).add(uint64(item.MaxHeld), 0)
	}
	return d
}
