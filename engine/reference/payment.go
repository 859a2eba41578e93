package reference

import (
	"bytes"
	"math/big"
	"slices"

	"holdfast/engine/core"
)

// account is what an order costs and what was paid of it.
type account struct {
	currency core.Currency
	extra    int64
	payBy    core.Millis
	lock     core.LockImage
	ledger   []core.PaymentEntry
}

// openAccount gives an order the prices that it was placed with.
func (m *Model) openAccount(c *core.Command, o *order) {
	if c.Money == nil {
		return
	}
	o.account = &account{currency: c.Money.Currency, extra: c.Money.Extra}
	k, sum := 0, int64(0)
	for i, l := range o.lines {
		if l.role != core.LineOfComponent {
			l.price = part(c.Money.Amounts[k], l.quantity, c.Lines[i].Quantity)
			k++
			sum += l.price
		}
	}
	if sum+o.account.extra < 0 {
		o.account.extra = -sum
	}
	m.startPaying(o)
}

// startPaying sets the instant by which an order that has just been placed is to be paid.
func (m *Model) startPaying(o *order) {
	within := m.channels[o.channel].image.Settings.PayWithin
	if o.hasMoney() && o.status == core.StatusPlaced && within > 0 && o.due() > 0 {
		o.account.payBy = m.now + within
	}
}

func (o *order) hasMoney() bool { return o.account != nil && o.account.currency != core.Currency{} }

// part is what so many units are worth of all, which are worth the price.
func part(price int64, units, all core.Quantity) int64 {
	n := new(big.Int).Mul(big.NewInt(price), big.NewInt(int64(units)))
	return n.Div(n, big.NewInt(int64(all))).Int64()
}

func (o *order) cameToNothing() bool {
	return slices.Contains([]core.OrderStatus{core.StatusCancelled, core.StatusReleased, core.StatusExpired}, o.status)
}

func (o *order) isSold() bool {
	return slices.Contains([]core.OrderStatus{core.StatusPlaced, core.StatusCompleted, core.StatusClosed}, o.status)
}

// due is what the customer owes for the units that are left.
func (o *order) due() int64 {
	if o.cameToNothing() {
		return 0
	}
	due := o.account.extra
	for _, l := range o.lines {
		due += part(l.price, l.kept(), l.quantity)
	}
	return max(0, due) + o.extra()
}

// sent is what the units are worth that have left.
func (o *order) sent() int64 {
	if len(o.shipments) == 0 {
		return 0
	}
	worth := o.account.extra
	for i, l := range o.lines {
		units := l.shipped
		if l.role == core.LineOfKits {
			units = l.kept()
			for k, each := range o.componentsOf(i) {
				units = min(units, o.lines[k].shipped/each)
			}
		}
		worth += part(l.price, units, l.quantity)
	}
	return max(0, worth) + o.extra()
}

// sum adds up the entries of a type with one of the statuses.
func (a *account) sum(t core.PaymentType, statuses ...core.EntryStatus) (sum int64) {
	for _, e := range a.ledger {
		if e.Type == t && slices.Contains(statuses, e.Status) {
			sum += e.Amount
		}
	}
	return sum
}

func (a *account) did(t core.PaymentType) int64 { return a.sum(t, core.EntrySucceeded) }

// doing is what was done, and what may be.
func (a *account) doing(t core.PaymentType) int64 {
	return a.sum(t, core.EntrySucceeded, core.EntryRequested, core.EntryActionRequired)
}

// setAside is what is authorized and neither captured nor void, nor about to be.
func (a *account) setAside() int64 {
	return max(0, a.did(core.PaymentAuthorization)-a.doing(core.PaymentVoid)-a.doing(core.PaymentCapture))
}

// left is what is left of one entry: the others of the ledger that belong to it have taken the rest.
func (a *account) left(number int) int64 {
	left := a.ledger[number-1].Amount
	for _, e := range a.ledger {
		done := e.Status == core.EntrySucceeded || e.Status == core.EntryRequested || e.Status == core.EntryActionRequired
		if e.Of == number && done {
			left -= e.Amount
		}
	}
	return left
}

// tillIn is what was put into tills; what was taken out again is another matter.
func (a *account) tillIn() (sum int64) {
	for _, e := range a.ledger {
		if e.Type == core.PaymentAdjustment && e.Status == core.EntrySucceeded && e.Amount > 0 {
			sum += e.Amount
		}
	}
	return sum
}

// overpaid is what came in beyond what is due.
func (o *order) overpaid() int64 {
	a := o.account
	return a.did(core.PaymentCapture) + a.did(core.PaymentAdjustment) - a.did(core.PaymentChargeback) - o.due()
}

// toCapture is what ought to be captured, after the policy of the order's channel.
func (m *Model) toCapture(o *order) int64 {
	if !o.isSold() || o.waitsToCapture() {
		return 0
	}
	most := max(0, min(o.due()-o.account.tillIn(), o.account.did(core.PaymentAuthorization)-o.account.doing(core.PaymentVoid)))
	switch m.channels[o.channel].image.Settings.Capture {
	case core.CaptureConfirm:
		return most
	case core.CaptureShipment:
		return min(most, o.sent())
	}
	return 0
}

// waitsToCapture tells whether an order is on hold for something else than its payment.
func (o *order) waitsToCapture() bool { return o.stopped()&^core.OnHoldPayment != 0 }

// givenUp is what was to be captured by itself, could not be, and nobody else has captured since.
func (a *account) givenUp() (left int64) {
	for _, e := range a.ledger {
		if e.Type != core.PaymentCapture {
			continue
		}
		switch byItself := e.Task && !e.Asked; {
		case byItself && (e.Status == core.EntryFailed || e.Status == core.EntryReversed):
			left += e.Amount
		case !byItself && (e.Status == core.EntrySucceeded || e.Status.IsOpen()):
			left -= min(left, e.Amount)
		}
	}
	return left
}

// moneyBefore is where an order's money stood before something happened to it.
type moneyBefore struct {
	overpaid, toCapture, promised int64
	waited                        bool // nothing was captured, as it was on hold
}

func (m *Model) moneyBefore(o *order) (b moneyBefore) {
	if o != nil && o.hasMoney() {
		b = moneyBefore{o.overpaid(), m.toCapture(o), o.promised(false), o.waitsToCapture()}
	}
	return b
}

// settleMoney asks for what has to be done about an order's money after what has just happened to it, and been told.
func (m *Model) settleMoney(o *order, before moneyBefore) {
	if o == nil || o.account == nil {
		return
	}
	a, had := o.account, len(o.account.ledger)
	if o.cameToNothing() {
		a.lock, a.payBy = core.LockImage{}, 0
	}
	if o.hasMoney() {
		now := m.moneyBefore(o)
		beside := max(0, a.doing(core.PaymentRefund)-before.promised)
		a.request(core.PaymentRefund, min(now.overpaid-beside, now.overpaid-max(0, before.overpaid)), m)
		others := len(a.ledger)
		a.request(core.PaymentRefund, now.promised-before.promised, m)
		for i := range a.ledger[others:] {
			a.ledger[others+i].Decided = true
		}
		if !o.cameToNothing() {
			missing := now.toCapture - a.doing(core.PaymentCapture)
			if before.waited {
				missing -= a.givenUp()
			}
			a.request(core.PaymentCapture, min(missing, now.toCapture-before.toCapture), m)
		}
		m.letGo(o)
	}
	m.tellTasks(o, had, 0)
}

// promised is what was decided to be given for the order's returns: money, or credit.
func (o *order) promised(credit bool) (sum int64) {
	for _, r := range o.returns {
		for _, f := range r.refunds {
			if f.Credit == credit && f.Currency == o.account.currency {
				sum += f.Amount
			}
		}
	}
	return sum
}

// mayPromise is how much money may be given beside what was promised. All that goes out was paid as money, and nothing is given as credit and as money.
func (o *order) mayPromise() int64 {
	a := o.account
	in := a.did(core.PaymentCapture) - a.did(core.PaymentChargeback)
	out := max(a.doing(core.PaymentRefund), o.promised(false)+max(0, o.overpaid()))
	all := in + a.did(core.PaymentAdjustment) - out - o.promised(true)
	var open int64 // of captures: what a bank is about to take back is not
	for i, e := range a.ledger {
		if e.Type == core.PaymentCapture && e.Status == core.EntrySucceeded {
			open += max(0, a.left(i+1))
		}
	}
	return max(0, min(all, in-out, open))
}

// letGo asks for what is set aside to be made void, as far as nobody will capture it: all of it of an order that came to nothing, and what is not due of one
// that has arrived. What an exchange would cost that nobody has decided about is not known. An authorization of which it failed is left alone.
func (m *Model) letGo(o *order) {
	a, wanted := o.account, int64(0)
	switch undecided := slices.ContainsFunc(o.returns, func(r *orderReturn) bool { return r.image.Status == core.ReturnRequested }); {
	case o.cameToNothing():
	case (o.status == core.StatusCompleted || o.status == core.StatusClosed) && !undecided:
		wanted = max(0, o.due()-a.tillIn()-a.doing(core.PaymentCapture))
	default:
		return
	}
	spare := a.setAside() - wanted
	for i, e := range a.ledger {
		failed := slices.ContainsFunc(a.ledger, func(v core.PaymentEntry) bool {
			return v.Type == core.PaymentVoid && v.Of == i+1 && v.Status == core.EntryFailed
		})
		if e.Type != core.PaymentAuthorization || e.Status != core.EntrySucceeded {
			continue
		}
		left := max(0, a.left(i+1))
		stays := min(wanted, left)
		wanted -= stays
		if free := min(spare, left-stays); free > 0 && !failed {
			a.request(core.PaymentVoid, free, m, i+1)
			spare -= free
		}
	}
}

// tellTasks tells of the tasks behind the first so many entries of a ledger, and shows them in the event before.
func (m *Model) tellTasks(o *order, had, told int) {
	own := slices.IndexFunc(m.events, func(e core.Event) bool {
		return e.Order.ID == o.id && e.Kind.HasOrder() && e.Order.Version == o.version
	})
	if own < 0 {
		return
	}
	m.events[own].Order = o.image()
	for number := had + told + 1; number <= len(o.account.ledger); number++ {
		m.emit(core.Event{Kind: core.EventTaskRequested, At: m.events[own].At, Order: o.image(), Payment: number})
	}
}

// request adds tasks over an amount: one for each entry that has something left, or only for those that are named.
func (a *account) request(t core.PaymentType, amount int64, m *Model, named ...int) {
	of := core.PaymentAuthorization
	if t == core.PaymentRefund {
		of = core.PaymentCapture
	}
	if len(named) == 0 {
		for i, e := range a.ledger {
			if e.Type == of && e.Status == core.EntrySucceeded {
				named = append(named, i+1)
			}
		}
		if t == core.PaymentRefund {
			slices.Reverse(named)
		}
	}
	for _, number := range named {
		n := min(amount, a.left(number))
		if n <= 0 {
			continue
		}
		amount -= n
		a.ledger = append(a.ledger, core.PaymentEntry{
			Type: t, Status: core.EntryRequested, Task: true, Of: number, Amount: n, Created: m.seq, CreatedAt: m.settledAt, Provider: a.ledger[number-1].Provider,
		})
	}
}

// hasTasks tells whether somebody has still to do something about the order's money.
func (o *order) hasTasks() bool {
	return o.account != nil && slices.ContainsFunc(o.account.ledger, func(e core.PaymentEntry) bool {
		return e.Task && (e.Status == core.EntryRequested || e.Status == core.EntryActionRequired)
	})
}

// roomForReport leaves room behind each authorization and capture for what may become of it.
func (a *account) roomForReport(t core.PaymentType) bool {
	places := map[core.PaymentType]int{core.PaymentAuthorization: 2, core.PaymentCapture: 2}
	used := max(1, places[t])
	for _, e := range a.ledger {
		used += max(1, places[e.Type])
	}
	return used <= core.MaxPayments
}

// accountImage is the account at this instant, sharing nothing with it.
func (o *order) accountImage() *core.AccountImage {
	if o.account == nil {
		return nil
	}
	a := o.account
	image := &core.AccountImage{Currency: a.currency, Extra: a.extra, PayBy: a.payBy, Lock: a.lock}
	image.Lock.Provider, image.Lock.Reference = copyBytes(a.lock.Provider), copyBytes(a.lock.Reference)
	if o.hasMoney() {
		for _, l := range o.lines {
			image.Amounts = append(image.Amounts, l.price)
		}
	}
	image.Entries = copyEntries(a.ledger)
	return image
}

func copyEntries(list []core.PaymentEntry) []core.PaymentEntry {
	list = copyList(list)
	for i := range list {
		e := &list[i]
		e.Provider, e.Reference, e.Note = copyBytes(e.Provider), copyBytes(e.Reference), copyBytes(e.Note)
	}
	return list
}

// reportPayment notes what a provider reports.
func (m *Model) reportPayment(c *core.Command, o *order) core.Outcome {
	p := c.Payment
	refused := func(reason core.Reason, lines ...core.RefusedLine) core.Outcome {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version, Lines: lines})
	}
	switch {
	case !o.hasMoney():
		return refused(core.ReasonNoAccount)
	case p.Currency != o.account.currency:
		return refused(core.ReasonCurrencyMismatch)
	case p.At > m.now+24*60*60*1000:
		return refused(core.ReasonReportAhead)
	}
	a := o.account
	known := slices.IndexFunc(a.ledger, func(e core.PaymentEntry) bool {
		return e.Type == p.Type && bytes.Equal(e.Provider, p.Provider) && bytes.Equal(e.Reference, p.Reference)
	})
	at := known
	if p.Entry > 0 {
		if at = p.Entry - 1; at >= len(a.ledger) || !a.ledger[at].Task || a.ledger[at].Type != p.Type {
			return refused(core.ReasonPaymentNotFound)
		}
	}
	owners := map[core.PaymentType]core.PaymentType{
		core.PaymentCapture: core.PaymentAuthorization, core.PaymentVoid: core.PaymentAuthorization,
		core.PaymentRefund: core.PaymentCapture, core.PaymentChargeback: core.PaymentCapture,
	}
	if at < 0 {
		if p.Of > 0 && (p.Of > len(a.ledger) || a.ledger[p.Of-1].Type != owners[p.Type]) {
			return refused(core.ReasonPaymentNotFound)
		}
		tried := 0
		for _, e := range a.ledger {
			if !e.Task && e.Status != core.EntrySucceeded && (e.Type == core.PaymentAuthorization || e.Type == core.PaymentCapture) {
				tried++
			}
		}
		again := p.Status != core.EntrySucceeded && (p.Type == core.PaymentAuthorization || p.Type == core.PaymentCapture)
		if lock := &a.lock; o.isLocked(m.now) && p.Status == core.EntryFailed && bytes.Equal(lock.Provider, p.Provider) && bytes.Equal(lock.Reference, p.Reference) {
			again = false // it ends the lock
		}
		if !a.roomForReport(p.Type) || again && tried >= core.MaxAttempts {
			return refused(core.ReasonPaymentsFull)
		}
		return m.noteReport(c, o, core.PaymentEntry{Type: p.Type, Of: p.Of, Amount: p.Amount, Created: m.seq, CreatedAt: m.now}, len(a.ledger))
	}
	e := a.ledger[at]
	other := len(e.Reference) > 0 && string(e.Provider)+" "+string(e.Reference) != string(p.Provider)+" "+string(p.Reference)
	if e.Amount != p.Amount || other || known >= 0 && known != at {
		return refused(core.ReasonPaymentChanged, core.RefusedLine{Index: at, Requested: core.Quantity(p.Amount), Available: core.Quantity(e.Amount)})
	}
	if len(e.Reference) > 0 && (p.At < e.At || p.At == e.At && p.Status <= e.Status) {
		return core.Outcome{Order: o.id}
	}
	return m.noteReport(c, o, e, at)
}

// noteReport makes the entry at a place what the report says, if that can be.
func (m *Model) noteReport(c *core.Command, o *order, e core.PaymentEntry, at int) core.Outcome {
	p, a := c.Payment, o.account
	refused := func(reason core.Reason, requested, available int64) core.Outcome {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version, Lines: []core.RefusedLine{
			{Index: at, Requested: core.Quantity(requested), Available: core.Quantity(available)},
		}})
	}
	wasPaid := o.isPaid()
	counted := e.Status == core.EntrySucceeded || e.Status.IsOpen()
	e.Status, e.At, e.Provider, e.Reference, e.Note = p.Status, p.At, copyBytes(p.Provider), copyBytes(p.Reference), copyBytes(p.Note)
	counts := e.Status == core.EntrySucceeded || e.Status.IsOpen()
	before := a.ledger
	a.ledger = slices.Clone(a.ledger[:at])
	a.ledger = append(append(a.ledger, e), before[min(at+1, len(before)):]...)
	out := a.did(core.PaymentRefund)
	if e.Type == core.PaymentRefund && counts {
		out = a.doing(core.PaymentRefund)
	}
	if in := a.did(core.PaymentCapture); out > in {
		a.ledger = before
		return refused(core.ReasonRefundTooLarge, out, in)
	}
	if e.Type == core.PaymentCapture && e.Of > 0 && counts && !counted {
		if left := a.left(e.Of); left < 0 {
			a.ledger = before
			return refused(core.ReasonPaymentTooLarge, e.Amount, max(0, left+e.Amount))
		}
	}
	if wasPaid {
		m.paidInTime(o)
	}
	if o.isLocked(m.now) && p.Status == core.EntryFailed && (p.Type == core.PaymentAuthorization || p.Type == core.PaymentCapture) &&
		string(a.lock.Provider) == string(p.Provider) && string(a.lock.Reference) == string(p.Reference) {
		m.unlockNow(o)
	}
	o.version++
	m.emit(core.Event{Kind: core.EventPaymentReported, Order: o.image(), Actor: copyBytes(c.Actor), Note: copyBytes(p.Note), Payment: at + 1})
	return core.Outcome{Changed: true, Order: o.id}
}

// isPaid tells whether all that is due was paid, or is authorized.
func (o *order) isPaid() bool {
	a := o.account
	open := max(0, a.did(core.PaymentAuthorization)-a.did(core.PaymentVoid)-a.did(core.PaymentCapture))
	in := a.did(core.PaymentCapture) + a.did(core.PaymentAdjustment) - a.did(core.PaymentRefund) - a.did(core.PaymentChargeback)
	return in+open >= o.due()
}

// requestPayment adds the tasks that somebody asks for.
func (m *Model) requestPayment(c *core.Command, o *order) core.Outcome {
	p := c.Payment
	refused := func(reason core.Reason, lines ...core.RefusedLine) core.Outcome {
		return refuseOrder(core.Refusal{Reason: reason, Order: o.id, Version: o.version, Lines: lines})
	}
	if p.Type == core.PaymentCapture && !o.isSold() {
		why := map[core.OrderStatus]core.Reason{
			core.StatusHeld: core.ReasonOrderHeld, core.StatusCancelled: core.ReasonOrderCancelled,
			core.StatusReleased: core.ReasonHoldReleased, core.StatusExpired: core.ReasonHoldExpired,
		}
		return refused(why[o.status])
	}
	if p.Type == core.PaymentCapture && o.waitsToCapture() {
		return o.refuseOnHold()
	}
	switch {
	case !o.hasMoney():
		return refused(core.ReasonNoAccount)
	case p.Amount != 0 && p.Currency != o.account.currency:
		return refused(core.ReasonCurrencyMismatch)
	}
	a, of := o.account, core.PaymentAuthorization
	most, in := a.setAside(), a.did(core.PaymentCapture)-a.did(core.PaymentChargeback)
	if p.Type == core.PaymentRefund {
		of, most = core.PaymentCapture, max(0, in-a.doing(core.PaymentRefund))
	}
	if p.Of > 0 && (p.Of > len(a.ledger) || a.ledger[p.Of-1].Type != of || a.ledger[p.Of-1].Status != core.EntrySucceeded) {
		return refused(core.ReasonPaymentNotFound)
	}
	row := core.RefusedLine{Index: len(a.ledger)}
	if out := a.doing(core.PaymentRefund) + p.Amount; p.Type == core.PaymentRefund && out > in {
		row.Requested, row.Available = core.Quantity(out), core.Quantity(in)
		return refused(core.ReasonRefundTooLarge, row)
	}
	if p.Of > 0 {
		most = min(most, max(0, a.left(p.Of)))
	}
	amount := p.Amount
	if amount == 0 {
		if amount = most; p.Type == core.PaymentCapture {
			amount = min(most, max(0, o.due()-a.tillIn()-a.doing(core.PaymentCapture)))
		}
	}
	if amount == 0 || amount > most {
		row.Requested, row.Available = core.Quantity(p.Amount), core.Quantity(most)
		return refused(core.ReasonPaymentTooLarge, row)
	}
	had := len(a.ledger)
	var named []int
	if p.Of > 0 {
		named = []int{p.Of}
	}
	a.request(p.Type, amount, m, named...)
	if last := len(a.ledger); last == had || !a.fits(had, o) {
		a.ledger = a.ledger[:had]
		return refused(core.ReasonPaymentsFull)
	}
	for i := had; i < len(a.ledger); i++ {
		a.ledger[i].Note, a.ledger[i].Asked = copyBytes(p.Note), true
	}
	o.version++
	m.emit(core.Event{Kind: core.EventPaymentRequested, Order: o.image(), Actor: copyBytes(c.Actor), Note: copyBytes(p.Note), Payment: had + 1})
	m.tellTasks(o, had, 1)
	return core.Outcome{Changed: true, Order: o.id}
}

// fits tells whether there was room for all entries behind the first so many.
func (a *account) fits(had int, o *order) bool {
	for n := had; n < len(a.ledger); n++ {
		shorter := account{ledger: a.ledger[:n]}
		if !o.cameToNothing() && !shorter.roomForReport(a.ledger[n].Type) || n >= core.MaxPayments {
			return false
		}
	}
	return true
}

func (o *order) isLocked(now core.Millis) bool {
	return o.status == core.StatusHeld && o.account != nil && o.account.lock.Until > now
}

// lockHold keeps a hold while a payment is under way.
func (m *Model) lockHold(c *core.Command, o *order) core.Outcome {
	if o.account == nil {
		o.account = &account{}
	}
	until := m.now + c.TTL
	o.account.lock = core.LockImage{
		Until: until, Deadline: o.deadline, Provider: copyBytes(c.Payment.Provider), Reference: copyBytes(c.Payment.Reference),
	}
	o.deadline = max(o.deadline, until)
	return m.tellLock(c, o, core.EventHoldLocked)
}

// unlockHold gives a hold its own deadline back.
func (m *Model) unlockHold(c *core.Command, o *order) core.Outcome {
	if !o.isLocked(m.now) {
		return refuseOrder(core.Refusal{Reason: core.ReasonHoldNotLocked, Order: o.id, Version: o.version})
	}
	m.unlockNow(o)
	return m.tellLock(c, o, core.EventHoldUnlocked)
}

func (m *Model) unlockNow(o *order) {
	o.deadline = max(o.account.lock.Deadline, m.now)
	o.account.lock = core.LockImage{}
}

func (m *Model) tellLock(c *core.Command, o *order, kind core.EventKind) core.Outcome {
	o.version++
	m.emit(core.Event{Kind: kind, Order: o.image(), Actor: copyBytes(c.Actor), Note: copyBytes(c.Payment.Note)})
	return core.Outcome{Changed: true, Order: o.id}
}

// paidInTime has an order that is paid not be asked about any more, if its time is over.
func (m *Model) paidInTime(o *order) {
	if o.account.payBy != 0 && o.account.payBy <= m.now {
		o.account.payBy = 0
	}
}

// expireUnpaid cancels an order that nobody paid in time.
func (m *Model) expireUnpaid(o *order) core.Outcome {
	if o.status != core.StatusPlaced || !o.hasMoney() || o.account.payBy == 0 || o.account.payBy > m.now || len(o.shipments) > 0 || o.isPaid() {
		return core.Outcome{Order: o.id}
	}
	o.claimAll(claimNone)
	o.bookings = nil
	m.forget(o)
	o.status = core.StatusCancelled
	o.version++
	m.emit(core.Event{Kind: core.EventOrderUnpaid, Order: o.image()})
	return core.Outcome{Changed: true, Order: o.id}
}

// Unpaid lists the orders that are to be cancelled now, as nobody paid them, in the order in which they were placed.
func (m *Model) Unpaid(now core.Millis) (ids []core.OrderID) {
	for _, o := range m.orders {
		if !o.archived && o.status == core.StatusPlaced && o.hasMoney() && o.account.payBy != 0 && o.account.payBy <= now && len(o.shipments) == 0 && !o.isPaid() {
			ids = append(ids, o.id)
		}
	}
	return ids
}
