package core

// A customer sends back what was delivered, or says that something is wrong with it: a return, or a claim. Somebody decides about it, units come back or do
// not, are looked at, and money is promised for them. Returns lie with the life of their order, and what a line counts of them is added up whenever it is read,
// so it cannot disagree with them.

// ReturnStatus says how far a return is: the table in doc.go. The numbers are in checkpoints and feeds and must not change.
type ReturnStatus uint8

const (
	ReturnRequested         ReturnStatus = 1 // nobody has decided yet
	ReturnApproved          ReturnStatus = 2 // the units may come
	ReturnInTransit         ReturnStatus = 3 // they are on their way
	ReturnPartiallyReceived ReturnStatus = 4 // some of them are still out
	ReturnReceived          ReturnStatus = 5 // of all of them it is known what became of them
	ReturnInspected         ReturnStatus = 6 // likewise, and none is left in quality control
	ReturnClosed            ReturnStatus = 7 // all is done
	ReturnDeclined          ReturnStatus = 8
	ReturnCancelled         ReturnStatus = 9
	ReturnExpired           ReturnStatus = 10 // approved, and nothing came until the deadline

	LastReturnStatus = ReturnExpired
)

// hasEnded tells whether nothing comes of a return of the status any more.
func (s ReturnStatus) hasEnded() bool { return s >= ReturnClosed }

// isVoid tells whether a return of the status came to nothing.
func (s ReturnStatus) isVoid() bool { return s >= ReturnDeclined }

// Allows tells whether a command, and of decisions which, changes a return of the status. By its policy it may be too soon for a refund nevertheless.
func (s ReturnStatus) Allows(kind CommandKind, decision ReturnDecision) bool {
	switch kind {
	case CommandDecideReturn:
		if decision == DecideCancel {
			return s <= ReturnInTransit
		}
		return s == ReturnRequested
	case CommandReportReturn, CommandReceiveReturn:
		return s >= ReturnApproved && s <= ReturnPartiallyReceived
	case CommandInspectReturn:
		return s == ReturnPartiallyReceived || s == ReturnReceived
	case CommandCloseReturn:
		return s >= ReturnPartiallyReceived && s <= ReturnInspected
	case CommandDecideRefund:
		return s >= ReturnApproved && s <= ReturnClosed
	}
	return false
}

// ReturnKind says what the customer wants. The numbers are in journals and must not change.
type ReturnKind uint8

const (
	ReturnOfUnits ReturnKind = 0 // to send units back
	ReturnClaim   ReturnKind = 1 // to have something made good; units may come back or not

	lastReturnKind = ReturnClaim
)

// ReturnReason is what the customer says about units. The numbers are in journals and must not change.
type ReturnReason uint8

const (
	ReturnTooSmall       ReturnReason = 1
	ReturnTooLarge       ReturnReason = 2
	ReturnDamaged        ReturnReason = 3
	ReturnDefective      ReturnReason = 4
	ReturnWrongItem      ReturnReason = 5
	ReturnNotAsDescribed ReturnReason = 6
	ReturnChangedMind    ReturnReason = 7
	ReturnArrivedLate    ReturnReason = 8
	ReturnOther          ReturnReason = 9
	ReturnMissing        ReturnReason = 10 // a claim: the parcel came without them
	ReturnNeverArrived   ReturnReason = 11 // a claim: the parcel did not come

	LastReturnReason = ReturnNeverArrived
)

// OnlyOfClaims tells whether the units are not there to be sent back.
func (r ReturnReason) OnlyOfClaims() bool { return r >= ReturnMissing }

// Disposition is what became of a unit of a return. The numbers are in journals and must not change.
type Disposition uint8

const (
	DisposeRestock        Disposition = 1 // in stock again, and for sale
	DisposeDamaged        Disposition = 2 // in stock again, damaged
	DisposeQualityControl Disposition = 3 // in stock again, and to be looked at
	DisposeDestroy        Disposition = 4 // it came back, and is no good
	DisposeMissing        Disposition = 5 // it was not there
	DisposeWrongItem      Disposition = 6 // something else came
	DisposeKept           Disposition = 7 // the customer keeps it

	// Dispositions is how many there are; number n stands at place n − 1 of lists.
	Dispositions = 7
)

// State is the state in which units of the disposition come into stock; ok is false for those that do not.
func (d Disposition) State() (state StockState, ok bool) {
	return StockState(d - DisposeRestock), d >= DisposeRestock && d <= DisposeQualityControl
}

// RefundPolicy says from when on a refund may be decided. The numbers are in journals and must not change.
type RefundPolicy uint8

const (
	RefundManually    RefundPolicy = 0 // any time after the approval
	RefundOnApproval  RefundPolicy = 1 // likewise, and it is due then
	RefundOnReceipt   RefundPolicy = 2
	RefundOnInspected RefundPolicy = 3

	lastRefundPolicy = RefundOnInspected
)

// Remedy is how something is made good. The numbers are in journals and must not change.
type Remedy uint8

const (
	RemedyNone        Remedy = 0 // nothing was said
	RemedyRefund      Remedy = 1
	RemedyReplacement Remedy = 2
	RemedyBoth        Remedy = 3
	RemedyCredit      Remedy = 4 // in the store

	lastRemedy = RemedyCredit
)

// ReturnDecision is what somebody decides about a return. The numbers are in journals and must not change.
type ReturnDecision uint8

const (
	DecideApprove ReturnDecision = 1
	DecideDecline ReturnDecision = 2
	DecideCancel  ReturnDecision = 3
)

// ReturnRequest is what a command asks for that is about a return.
type ReturnRequest struct {
	Number int         // all but request: of the return, from 1 on
	Rows   []ReturnRow // request: no two of one line; receive, inspect: no two of one line and disposition. The command's Lines name their SKUs
	Until  Millis      // request, decide: until when an approved one has to be on its way; 0 for no end

	Kind  ReturnKind // request
	Force bool       // request: also when the return window is over

	Decision ReturnDecision // decide
	Terms    ReturnTerms    // decide, to approve

	Credit   bool     // decide refund: of store credit
	Amount   int64    // decide refund: in minor units
	Currency Currency // decide refund
}

// ReturnRow is units of one line.
type ReturnRow struct {
	Line        int          // place in the order's lines
	Quantity    Quantity     // 0 for all that there are
	Reason      ReturnReason // request
	Disposition Disposition  // receive; inspect: what they are now
}

// ReturnTerms are what a return was approved with.
type ReturnTerms struct {
	Policy      RefundPolicy
	Remedy      Remedy
	Keep        bool     // the customer keeps the units
	Fee         int64    // for restocking, in minor units
	Difference  int64    // what the customer pays for the replacement beyond the value of what comes back; may be negative
	Currency    Currency // of both, and of the refunds; zeros while there is neither
	Replacement OrderID  // 0 for none
}

// ReturnImage is a return at one instant. Its number is its place among those of the order, from 1 on.
type ReturnImage struct {
	Status      ReturnStatus
	Kind        ReturnKind
	Forced      bool     // it was asked for after the return window
	HasDocument bool     // that of Created
	Settled     bool     // its replacement was dealt with, after it came to nothing
	Created     Sequence // the command that made it
	CreatedAt   Millis
	Until       Millis   // when it expires if it is only approved by then; 0 for never
	Sent        Sequence // the last command that told how it travels, whose document says so; 0 for none
	Terms       ReturnTerms
	Lines       int // how many of the life's lines of returns are its
	Refunds     int // likewise, of the refunds
}

// IsOpen tells whether the order cannot be closed on account of it.
func (r *ReturnImage) IsOpen() bool { return !r.Status.hasEnded() || r.isUnsettled() }

// isUnsettled tells whether it came to nothing, and its replacement is still to be dealt with.
func (r *ReturnImage) isUnsettled() bool {
	return r.Status.isVoid() && r.Terms.Replacement != 0 && !r.Settled
}

// RefundDue tells whether the policy has a refund decided by now that nobody has decided. Who closes a return says that all is done, so none is due of that: an empty
// box gets none. It may still be decided.
func (r *ReturnImage) RefundDue() bool {
	return r.Status != ReturnClosed && r.Terms.Policy != RefundManually && r.Refunds == 0 && r.mayRefund()
}

// mayRefund tells whether a refund may be decided, by the status and the policy.
func (r *ReturnImage) mayRefund() bool { return r.Status.AllowsRefund(r.Terms.Policy) }

// AllowsRefund tells whether a refund may be decided for a return of the status with a policy.
func (s ReturnStatus) AllowsRefund(policy RefundPolicy) bool {
	least := ReturnApproved
	switch policy {
	case RefundOnReceipt:
		least = ReturnPartiallyReceived
	case RefundOnInspected:
		least = ReturnInspected
	}
	return s >= least && s.Allows(CommandDecideRefund, 0)
}

// ReturnLine is units of one line in a return.
type ReturnLine struct {
	Line     int // place in the order's lines
	Quantity Quantity
	Reason   ReturnReason
	Became   [Dispositions]Quantity // what is known of them
}

// known is of how many units it is known what became of them.
func (l *ReturnLine) known() (n Quantity) {
	for _, units := range l.Became {
		n += units
	}
	return n
}

// out is how many units are still to come.
func (l *ReturnLine) out() Quantity { return l.Quantity - l.known() }

// RefundImage is a decision that money, or credit, is given for a return. Whether it was is another matter.
type RefundImage struct {
	Credit   bool // in the store
	Amount   int64
	Currency Currency
	Decided  Sequence
	At       Millis
	By       []byte
}

// linesOf gives the lines of a return.
func (l *LifeImage) linesOf(number int) []ReturnLine {
	first := 0
	for i := range l.Returns[:number-1] {
		first += l.Returns[i].Lines
	}
	return l.ReturnLines[first : first+l.Returns[number-1].Lines]
}

// EachReturn calls do for each return, with its lines and refunds.
func (l *LifeImage) EachReturn(do func(number int, r *ReturnImage, lines []ReturnLine, refunds []RefundImage)) {
	lines, refunds := l.ReturnLines, l.Refunds
	for i := range l.Returns {
		r := &l.Returns[i]
		do(i+1, r, lines[:r.Lines], refunds[:r.Refunds])
		lines, refunds = lines[r.Lines:], refunds[r.Refunds:]
	}
}

// CountReturns adds up what each line counts of the returns. Of one that has ended those units count of which it is known what became of them; the others
// may be sent back another time.
func (l *LifeImage) CountReturns() {
	for i := range l.Lines {
		line := &l.Lines[i]
		line.Returning, line.Returned, line.NeverArrived = 0, [Dispositions]Quantity{}, 0
	}
	l.EachReturn(func(_ int, r *ReturnImage, lines []ReturnLine, _ []RefundImage) {
		if r.Status.isVoid() {
			return
		}
		for i := range lines {
			u := &lines[i]
			line, n := &l.Lines[u.Line], u.known()
			for k := range u.Became {
				line.Returned[k] += u.Became[k]
			}
			if !r.Status.hasEnded() {
				line.Returning += u.out()
				n = u.Quantity
			}
			if u.Reason == ReturnNeverArrived {
				line.NeverArrived += n
			}
		}
	})
}

// inReturns is how many units are asked to come back, or were dealt with in a return.
func (l *LineLife) inReturns() Quantity {
	n := l.Returning
	for _, units := range l.Returned {
		n += units
	}
	return n
}

// returnable is how many units may still be asked for in a return: of those that were delivered, or have left if they never arrived.
func (l *LineLife) returnable(reason ReturnReason) Quantity {
	n := l.Shipped - l.TakenBack - l.inReturns()
	if reason != ReturnNeverArrived {
		n = min(n, l.Delivered-l.inReturns()+l.NeverArrived)
	}
	return max(0, n)
}

// hasOpenReturns tells whether some return keeps the order from being closed.
func (l *LifeImage) hasOpenReturns() bool {
	for i := range l.Returns {
		if l.Returns[i].IsOpen() {
			return true
		}
	}
	return false
}

// OrderReturns is how far the returns of an order are, all together. It is a function of them and of the lines' counters.
type OrderReturns uint8

const (
	OrderReturnsNone       OrderReturns = 0
	OrderReturnsRequested  OrderReturns = 1 // somebody has to decide
	OrderReturnsInProgress OrderReturns = 2
	OrderReturnsPartial    OrderReturns = 3 // some of what was delivered came back
	OrderReturnsAll        OrderReturns = 4 // all of it did
)

// OrderReturns says how far an order's returns are.
func (o *OrderImage) OrderReturns() OrderReturns {
	if o.Life == nil || len(o.Life.Returns) == 0 {
		return OrderReturnsNone
	}
	status := OrderReturnsNone
	for i := range o.Life.Returns {
		switch r := &o.Life.Returns[i]; {
		case r.Status == ReturnRequested:
			status = max(status, OrderReturnsRequested)
		case !r.Status.hasEnded():
			status = OrderReturnsInProgress
		}
	}
	if status != OrderReturnsNone {
		return status
	}
	var delivered, back Quantity
	for i := range o.Life.Lines {
		l := &o.Life.Lines[i]
		delivered += l.Delivered
		back += l.inReturns() - l.Returned[DisposeMissing-1] - l.Returned[DisposeWrongItem-1]
	}
	switch {
	case back == 0:
		return OrderReturnsNone
	case back < delivered:
		return OrderReturnsPartial
	}
	return OrderReturnsAll
}

// isReturnedOf tells whether fewer units would be delivered than are returned if so many of a shipment of a status were what another says.
func (l *LineLife) isReturnedOf(was, status ShipmentStatus, n Quantity) bool {
	return was == ShipmentDelivered && status != ShipmentDelivered && l.Delivered-n < l.inReturns()-l.NeverArrived
}
