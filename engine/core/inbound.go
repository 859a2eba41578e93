package core

import "slices"

// What is on its way comes with a document: a purchase order, whose units come from a supplier, or a transfer, whose units leave
// one location and come to another. Commands on documents touch all slots. They are rare beside orders, and while one is decided
// every slot stands at it, so that the decision may look at the document in its home and at the levels and lots of all its SKUs.

// InboundKind says what kind of document units come with. The numbers are in journals and must not change.
type InboundKind uint8

const (
	PurchaseOrder InboundKind = 1
	Transfer      InboundKind = 2
)

// InboundStatus is where a document is in its life. The numbers are in checkpoints and feeds and must not change.
type InboundStatus uint8

const (
	InboundDraft     InboundStatus = 1 // nothing has happened yet
	InboundSent      InboundStatus = 2 // ordered from the supplier; of a transfer: in transit
	InboundPartial   InboundStatus = 3 // of some units it is known what became of them
	InboundReceived  InboundStatus = 4 // of all
	InboundCancelled InboundStatus = 5
)

// isOpen tells whether units are expected of a document of the status.
func (s InboundStatus) isOpen() bool { return s == InboundSent || s == InboundPartial }

// Discrepancy says why the units that came are not those that were sent. The numbers are in journals and must not change.
type Discrepancy uint8

const (
	DiscrepancyNone    Discrepancy = 0
	DiscrepancyShort   Discrepancy = 1 // they were never sent
	DiscrepancyDamaged Discrepancy = 2 // they arrived broken and were not taken in
	DiscrepancyLost    Discrepancy = 3 // they were sent and never arrived
	DiscrepancyOver    Discrepancy = 4 // they came beyond what was expected
)

// Discrepancies is the number of kinds of discrepancies.
const Discrepancies = 4

// InboundRequest is what a command on a document has.
type InboundRequest struct {
	Kind   InboundKind
	Number []byte // create: not a reserved one; empty for one that is made of the command's sequence

	HasFrom  bool
	From     LocationID    // create: where the units come from; a purchase order may have one, a location of kind supplier
	To       LocationID    // create: where they come to
	Supplier []byte        // create a purchase order: who sends the units; empty where From says it, or nobody needs to know
	Send     bool          // create: and order or dispatch at once
	Lines    []InboundLine // create: 1 to MaxLines

	Rows []ReceiptRow // receive: 1 to MaxRows

	Discrepancy Discrepancy // close: what became of all units that are still open: short, damaged or lost
	Reason      []byte      // close: why; never empty
}

// InboundLine asks for units of a SKU.
type InboundLine struct {
	SKU      SKUID
	Quantity Quantity // 1 to MaxLineQuantity
	Expected Millis   // when they come; 0 for not known
}

// ReceiptRow says what became of units of one line.
type ReceiptRow struct {
	Line        int         // counted from 1; 0 for the first line of the SKU of which units are open
	SKU         SKUID       // only without a line
	Quantity    Quantity    // units that came, 0 to MaxLineQuantity
	To          StockState  // into which state
	Discrepancy Discrepancy // what happened to others
	Differing   Quantity    // units of the discrepancy, 1 to MaxLineQuantity; 0 without one
	Reason      []byte      // never empty with a discrepancy
}

// InboundImage is a document at one instant.
type InboundImage struct {
	Kind      InboundKind
	Status    InboundStatus
	Version   uint32 // 1 when made, one more with every change
	Created   Sequence
	CreatedAt Millis
	HasFrom   bool
	From      LocationID
	To        LocationID
	Number    []byte
	Supplier  []byte
	Lines     []InboundLineImage
	Found     []DiscrepancyImage // events: discrepancies that the command told of
}

// InboundLineImage is one line of a document.
type InboundLineImage struct {
	InboundLine
	Received  Quantity
	Differing [Discrepancies]Quantity // units by discrepancy: short first
}

// Open is how many units are yet to come. At the end it is nothing: what was sent is what was received, less what came beyond
// it, and what was short, damaged or lost.
func (l *InboundLineImage) Open() Quantity {
	d := &l.Differing
	return l.Quantity - l.Received - d[DiscrepancyShort-1] - d[DiscrepancyDamaged-1] - d[DiscrepancyLost-1] + d[DiscrepancyOver-1]
}

// DiscrepancyImage is a discrepancy as it was told.
type DiscrepancyImage struct {
	Line        int // counted from 1
	Discrepancy Discrepancy
	Quantity    Quantity
	Reason      []byte
}

// What numbers begin with that are made. No number that somebody gives may, so that neither is ever taken by the other.
const (
	madePurchaseOrder = "PO:"
	madeTransfer      = "TR:"
)

// IsReservedNumber tells whether a document's number is one of those that are made where nobody gives one.
func IsReservedNumber(number []byte) bool {
	prefix := string(number[:min(len(number), len(madeTransfer))])
	return prefix == madePurchaseOrder || prefix == madeTransfer
}

// appendMadeNumber appends the number of a document to which nobody gave one: there is one command of a sequence.
func appendMadeNumber(dst []byte, kind InboundKind, seq Sequence) []byte {
	prefix := madePurchaseOrder
	if kind == Transfer {
		prefix = madeTransfer
	}
	dst = append(dst, prefix...)
	start := len(dst)
	for ; seq > 0; seq /= 10 {
		dst = append(dst, byte('0'+seq%10))
	}
	slices.Reverse(dst[start:])
	return dst
}

// beginInbound finds out where the document's home is.
func (st *Step) beginInbound() {
	r := st.command.Inbound
	st.number = append(st.number[:0], r.Number...)
	if len(r.Number) == 0 {
		st.number = appendMadeNumber(st.number, r.Kind, st.sequence)
	}
	st.home = InboundSlot(r.Kind, st.number)
}

// decideInbound plans what a command does to a document, to lots and to stock. Every slot stands at the command.
func (m *Machine) decideInbound(st *Step) {
	c, img := st.command, &st.inbound
	home := &m.slots[st.home]
	st.place, st.known = home.findInbound(c.Inbound.Kind, st.number)
	st.event.Kind = EventPurchaseOrderChanged
	if c.Inbound.Kind == Transfer {
		st.event.Kind = EventTransferChanged
	}
	st.event.Inbound, st.event.Moves, st.event.Actor, st.event.Cause = img, st.event.Moves[:0], c.Actor, st.number
	img.Found = img.Found[:0]
	if c.Kind == CommandCreateInbound {
		m.planInbound(st)
	} else if st.followsInbound(home) {
		m.planInboundChange(st)
	}
	st.Outcome.Changed = st.Outcome.Reason == ReasonNone && img.Version > 0
}

// planInbound makes a new document.
func (m *Machine) planInbound(st *Step) {
	r, img := st.command.Inbound, &st.inbound
	home := &m.slots[st.home]
	switch {
	case m.refuseUnknownLines(st), m.refuseKitLines(st, len(r.Lines), func(i int) SKUID { return r.Lines[i].SKU }):
		return
	case int(r.To) >= len(m.locations) || r.HasFrom && int(r.From) >= len(m.locations):
		st.refuse(ReasonLocationNotFound)
		return
	case r.Kind == PurchaseOrder && r.HasFrom && m.locations[r.From].settings.Kind != LocationSupplier:
		st.refuse(ReasonNotASupplier)
		return
	case st.known:
		st.refuse(ReasonInboundExists)
		return
	case home.inbounds.length >= MaxInboundsPerSlot || home.inboundLines.length > 1<<32-1-MaxLines:
		st.refuse(ReasonTableFull)
		return
	}
	st.place = home.inbounds.length
	*img = InboundImage{
		Kind: r.Kind, Status: InboundDraft, Version: 1, Created: st.sequence, CreatedAt: st.now,
		HasFrom: r.HasFrom, From: r.From, To: r.To, Number: st.number, Supplier: r.Supplier,
		Lines: img.Lines[:0], Found: img.Found,
	}
	for _, line := range r.Lines {
		img.Lines = append(img.Lines, InboundLineImage{InboundLine: line})
	}
	if r.Send {
		m.planSending(st)
	}
}

// refuseUnknownLines refuses lines that name no SKU.
func (m *Machine) refuseUnknownLines(st *Step) bool {
	for i, line := range st.command.Inbound.Lines {
		if line.SKU.Place() >= m.slots[line.SKU.Slot()].skus.length {
			st.refuseInbound(ReasonSKUNotFound, RefusedLine{Index: i, SKU: line.SKU, Requested: line.Quantity})
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// refuseKitLines refuses lines or rows about units of kits, which have none.
func (m *Machine) refuseKitLines(st *Step, n int, sku func(i int) SKUID) bool {
	for i := range n {
		if id := sku(i); m.isKit(id) {
			st.refuseInbound(ReasonKitUnits, RefusedLine{Index: i, SKU: id})
		}
	}
	return st.Outcome.Reason != ReasonNone
}

// refuseInbound adds a line or row to the refusal.
func (st *Step) refuseInbound(reason Reason, line RefusedLine) {
	if st.Outcome.Reason == ReasonNone {
		st.refuse(reason)
	}
	st.refusal.Lines = append(st.refusal.Lines, line)
}

// followsInbound loads the document that a command is about, and tells whether its status allows the command and there is
// something to do.
func (st *Step) followsInbound(home *slot) bool {
	c, img := st.command, &st.inbound
	img.Version = 0
	if !st.known {
		st.refuse(ReasonInboundNotFound)
		return false
	}
	home.inboundImage(st.place, img)
	version := img.Version
	if st.isStale(version) {
		return false
	}
	change, allowed := inboundTransition(c.Kind, img.Kind, img.Status)
	if !allowed {
		r := st.refuse(ReasonInboundStatus)
		r.Version, r.Status = version, img.Status
	}
	if !change {
		img.Version = 0
	}
	return change
}

// inboundTransition tells whether a command changes a document, and whether its status allows it: the table in doc.go.
func inboundTransition(command CommandKind, kind InboundKind, status InboundStatus) (change, allowed bool) {
	switch command {
	case CommandSendInbound:
		return status == InboundDraft, status != InboundCancelled
	case CommandReceiveInbound:
		return status.isOpen(), status.isOpen()
	case CommandCloseInbound:
		return status.isOpen(), status.isOpen() || status == InboundReceived
	}
	change = status == InboundDraft || status == InboundSent && kind == PurchaseOrder
	return change, change || status == InboundCancelled
}

// ChangesInbound tells whether a command would change a document of a kind that has a status.
func ChangesInbound(command CommandKind, kind InboundKind, status InboundStatus) bool {
	change, _ := inboundTransition(command, kind, status)
	return change
}

// planInboundChange makes the loaded image into the one after the change.
func (m *Machine) planInboundChange(st *Step) {
	img := &st.inbound
	switch st.command.Kind {
	case CommandSendInbound:
		m.planSending(st)
	case CommandReceiveInbound:
		m.planReceipt(st)
	case CommandCloseInbound:
		st.planClosing()
	case CommandCancelInbound:
		img.Status = InboundCancelled
	}
	img.Version++
}

// planSending orders the document's units, or has them leave where they lie.
func (m *Machine) planSending(st *Step) {
	img := &st.inbound
	img.Status = InboundSent
	if m.refuseKitLines(st, len(img.Lines), func(i int) SKUID { return img.Lines[i].SKU }) {
		return // they have become kits since the document was drafted
	}
	for i := range img.Lines {
		if img.Kind == Transfer {
			m.planDeparture(st, i)
		}
	}
	if st.Outcome.Reason != ReasonNone {
		return
	}
	for i := range img.Lines {
		id := img.Lines[i].SKU
		if n := m.slots[id.Slot()].lotsOf(id) + linesOf(img, id); n > MaxLots {
			st.refuseInbound(ReasonTooManyLots, RefusedLine{Index: i, SKU: id, Requested: Quantity(n), Available: MaxLots})
		}
	}
}

// linesOf is how many lines of a document have a SKU.
func linesOf(img *InboundImage, id SKUID) (n int) {
	for i := range img.Lines {
		if img.Lines[i].SKU == id {
			n++
		}
	}
	return n
}

// planDeparture takes a line's units from where they lie. Those that are promised stay.
func (m *Machine) planDeparture(st *Step, i int) {
	line, from := &st.inbound.Lines[i], st.inbound.From
	level := m.plannedLevel(st, line.SKU, from)
	if n := level.fulfillable(); n < line.Quantity {
		st.refuseInbound(ReasonInsufficientStock,
			RefusedLine{Index: i, SKU: line.SKU, Location: from, Requested: line.Quantity, Available: max(0, n)})
		return
	}
	st.planMove(MovementImage{LevelImage: level, Kind: MovementTransferOut, Quantity: line.Quantity})
}

func (l *LevelImage) fulfillable() Quantity {
	return l.OnHand - l.unavailable() - l.Reserved - l.Allocated
}

// planMove adds a movement to the plan, whose image still has the level before it.
func (st *Step) planMove(image MovementImage) *MovementImage {
	image.move(image.Kind, image.From, image.To, image.Quantity)
	st.event.Moves = append(st.event.Moves, image)
	return &st.event.Moves[len(st.event.Moves)-1]
}

// plannedLevel is a level as what is planned so far leaves it.
func (m *Machine) plannedLevel(st *Step, id SKUID, location LocationID) LevelImage {
	for i := len(st.event.Moves) - 1; i >= 0; i-- {
		if move := &st.event.Moves[i]; move.SKU == id && move.Location == location {
			return move.LevelImage
		}
	}
	image := LevelImage{SKU: id, Location: location}
	s := &m.slots[id.Slot()]
	if level, ok := s.findLevel(s.skus.at(id.Place()), location); ok {
		level.image(&image)
	}
	return image
}

// planReceipt notes what became of units, row by row, and puts on hand what came.
func (m *Machine) planReceipt(st *Step) {
	img, rows := &st.inbound, st.command.Inbound.Rows
	st.sorted = resize(st.sorted, len(rows)) // each row's line
	for i := range rows {
		if st.sorted[i] = int32(img.findLine(&rows[i])); st.sorted[i] < 0 {
			st.refuseInbound(ReasonInboundLine, RefusedLine{Index: i, SKU: rows[i].SKU, Requested: rows[i].Quantity})
		}
	}
	if st.Outcome.Reason != ReasonNone || m.refuseKitLines(st, len(rows), func(i int) SKUID { return img.Lines[st.sorted[i]].SKU }) {
		return
	}
	for i := range rows {
		row := &rows[i]
		k := img.findLine(row) // again, as the rows before it may have used up a line of its SKU
		st.sorted[i] = int32(k)
		if line := &img.Lines[k]; !line.take(row) {
			st.refuseReceipt(i, line)
		} else if row.Discrepancy != DiscrepancyNone {
			img.Found = append(img.Found, DiscrepancyImage{k + 1, row.Discrepancy, row.Differing, row.Reason})
		}
	}
	if st.Outcome.Reason == ReasonNone {
		m.planArrival(st)
	}
	img.settle()
}

// refuseReceipt refuses a row: it tells of more units than are open, or of units over while others are open or beyond what may be over.
func (st *Step) refuseReceipt(i int, line *InboundLineImage) {
	row := &st.command.Inbound.Rows[i]
	refused := RefusedLine{Index: i, SKU: line.SKU, Location: st.inbound.To, Requested: row.units(), Available: line.Open()}
	if row.Discrepancy == DiscrepancyOver {
		refused.Requested = row.Quantity
		refused.Available += line.Quantity - line.Differing[DiscrepancyOver-1]
	}
	st.refuseInbound(ReasonInboundQuantity, refused)
}

// findLine gives the place of the line that a row is about, −1 when there is none.
func (img *InboundImage) findLine(row *ReceiptRow) int {
	if row.Line > len(img.Lines) {
		return -1
	}
	if row.Line > 0 {
		return row.Line - 1
	}
	first := -1
	for i := range img.Lines {
		if line := &img.Lines[i]; line.SKU == row.SKU {
			if line.Open() > 0 {
				return i
			}
			if first < 0 {
				first = i
			}
		}
	}
	return first
}

// units is what a row takes of what is open.
func (r *ReceiptRow) units() Quantity {
	if r.Discrepancy == DiscrepancyOver {
		return r.Quantity - r.Differing
	}
	return r.Quantity + r.Differing
}

// take notes what became of units of the line; false says that no so many are open. Units come beyond what was expected only when
// all of that has come, and no more than it was: a number that is typed twice is no receipt.
func (l *InboundLineImage) take(row *ReceiptRow) bool {
	open, units := l.Open(), row.units()
	switch {
	case units > open:
		return false
	case row.Discrepancy == DiscrepancyOver && (units < open || l.Differing[DiscrepancyOver-1]+row.Differing > l.Quantity):
		return false
	}
	l.Received += row.Quantity
	if row.Discrepancy != DiscrepancyNone {
		l.Differing[row.Discrepancy-1] += row.Differing
	}
	return true
}

// planArrival puts the rows' units on hand.
func (m *Machine) planArrival(st *Step) {
	img, rows := &st.inbound, st.command.Inbound.Rows
	kind := MovementReceive
	if img.Kind == Transfer {
		kind = MovementTransferIn
	}
	for i := range rows {
		row, line := &rows[i], &img.Lines[st.sorted[i]]
		if row.Quantity == 0 {
			continue
		}
		before := m.plannedLevel(st, line.SKU, img.To)
		after := st.planMove(MovementImage{LevelImage: before, Kind: kind, To: row.To, Quantity: row.Quantity, Reason: row.Reason})
		if after.OnHand > MaxOnHand {
			st.refuseInbound(ReasonStockTooLarge, RefusedLine{
				Index: i, SKU: line.SKU, Location: img.To, Requested: after.OnHand, Available: before.OnHand,
			})
		}
	}
}

// settle gives the document the status that follows from its lines.
func (img *InboundImage) settle() {
	img.Status = InboundReceived
	for i := range img.Lines {
		if img.Lines[i].Open() > 0 {
			img.Status = InboundPartial
		}
	}
}

// planClosing notes for all that is open why it will not come.
func (st *Step) planClosing() {
	r, img := st.command.Inbound, &st.inbound
	for i := range img.Lines {
		line := &img.Lines[i]
		if open := line.Open(); open > 0 {
			line.Differing[r.Discrepancy-1] += open
			img.Found = append(img.Found, DiscrepancyImage{i + 1, r.Discrepancy, open, r.Reason})
		}
	}
	img.settle()
}

// applyInbound changes the slot's stock and lots as planned and, in the home slot, the document.
func (s *slot) applyInbound(st *Step, sink Sink) {
	img := &st.inbound
	for i := range st.event.Moves {
		if move := &st.event.Moves[i]; move.SKU.Slot() == s.id {
			s.setStock(&move.LevelImage)
		}
	}
	for i := range img.Lines {
		if img.Lines[i].SKU.Slot() == s.id {
			s.setLot(st, i)
		}
	}
	if s.id != st.home {
		return
	}
	if st.command.Kind == CommandCreateInbound {
		s.storeInbound(st)
	}
	s.updateInbound(st.place, img)
	sink.Event(&st.event)
}

// storeInbound makes the records of a new document, which updateInbound fills up.
func (s *slot) storeInbound(st *Step) {
	img := &st.inbound
	record := s.inbounds.mut(s.inbounds.push())
	*record = inboundRecord{
		created: img.Created, createdAt: img.CreatedAt,
		firstLine: s.inboundLines.length, lines: uint16(len(img.Lines)),
		from: img.From, to: img.To, kind: img.Kind,
		numberLength: uint8(len(img.Number)), supplierLength: uint8(len(img.Supplier)),
	}
	if img.HasFrom {
		record.flags = inboundHasFrom
	}
	copy(record.number[:], img.Number)
	copy(record.supplier[:], img.Supplier)
	for i := range img.Lines {
		line := &img.Lines[i]
		*s.inboundLines.mut(s.inboundLines.push()) = inboundLineRecord{
			expected: line.Expected, sku: line.SKU, quantity: uint32(line.Quantity),
		}
	}
	s.indexInbound(st.place)
}

// indexInbound makes a document findable, by its number and in the list of its kind.
func (s *slot) indexInbound(place uint32) {
	record := s.inbounds.at(place)
	s.inboundOf.Insert(s.inboundHash(record.kind, record.number[:record.numberLength]), place)
	list := &s.inboundList[record.kind-1]
	*list.mut(list.push()) = place
}

func (s *slot) updateInbound(place uint32, img *InboundImage) {
	record := s.inbounds.mut(place)
	record.status, record.version = img.Status, img.Version
	for i := range img.Lines {
		line, kept := &img.Lines[i], s.inboundLines.mut(record.firstLine+uint32(i))
		kept.received = uint32(line.Received)
		for k, n := range line.Differing {
			kept.differing[k] = uint32(n)
		}
	}
}

func (s *slot) inboundHash(kind InboundKind, number []byte) uint64 {
	return indexHash(s.seed+uint64(kind)*digestD, number)
}

// findInbound gives the place of a document.
func (s *slot) findInbound(kind InboundKind, number []byte) (uint32, bool) {
	return s.inboundOf.Find(s.inboundHash(kind, number), func(place uint32) bool {
		record := s.inbounds.at(place)
		return record.kind == kind && string(record.number[:record.numberLength]) == string(number)
	})
}

// inboundImage fills img from a document's records, in which its texts lie.
func (s *slot) inboundImage(place uint32, img *InboundImage) {
	record := s.inbounds.at(place)
	*img = InboundImage{
		Kind: record.kind, Status: record.status, Version: record.version,
		Created: record.created, CreatedAt: record.createdAt,
		HasFrom: record.flags&inboundHasFrom != 0, From: record.from, To: record.to,
		Number:   record.number[:record.numberLength:record.numberLength],
		Supplier: record.supplier[:record.supplierLength:record.supplierLength],
		Lines:    img.Lines[:0], Found: img.Found[:0],
	}
	for i := range uint32(record.lines) {
		kept := s.inboundLines.at(record.firstLine + i)
		line := InboundLineImage{
			InboundLine: InboundLine{SKU: kept.sku, Quantity: Quantity(kept.quantity), Expected: kept.expected},
			Received:    Quantity(kept.received),
		}
		for k, n := range kept.differing {
			line.Differing[k] = Quantity(n)
		}
		img.Lines = append(img.Lines, line)
	}
}
