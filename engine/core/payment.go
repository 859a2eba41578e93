package core

// An order that has money has a ledger: what was authorized, captured, given back. Its entries are what providers report, and the tasks that are asked
// of them; what the order's payment comes to is a function of them and of what is due, and stands nowhere.

// PaymentType says what an entry of the ledger is. The numbers are in journals and must not change.
type PaymentType uint8

const (
	PaymentAuthorization PaymentType = 1 // money that is set aside for the order
	PaymentCapture       PaymentType = 2 // money that came in
	PaymentRefund        PaymentType = 3 // money that was given back
	PaymentVoid          PaymentType = 4 // money that is set aside no more
	PaymentChargeback    PaymentType = 5 // money that the buyer's bank took back
	PaymentAdjustment    PaymentType = 6 // anything else that counts as paid, or no longer does if it is negative

	LastPaymentType = PaymentAdjustment
)

// EntryStatus says where an entry is. Of two reports of one instant the higher number counts. The numbers are in journals and must not change.
type EntryStatus uint8

const (
	EntryRequested      EntryStatus = 1
	EntryActionRequired EntryStatus = 2 // the buyer has to do something
	EntryFailed         EntryStatus = 3
	EntrySucceeded      EntryStatus = 4
	EntryReversed       EntryStatus = 5 // it had succeeded, and was undone

	LastEntryStatus = EntryReversed
)

// IsOpen tells whether an entry of the status may yet succeed.
func (s EntryStatus) IsOpen() bool { return s == EntryRequested || s == EntryActionRequired }

// counts tells whether money moves, or is about to.
func (s EntryStatus) counts() bool { return s.IsOpen() || s == EntrySucceeded }

// PaymentEntry is one entry of an order's ledger. Its number is its place in the ledger, from 1 on.
type PaymentEntry struct {
	Type      PaymentType
	Status    EntryStatus
	Task      bool  // it was asked for here, and somebody has to carry it out
	Asked     bool  // a task: somebody asked for it, and it does not follow from what became of the order
	Decided   bool  // a task: of the refund that the command which made it decided on, for a return
	Of        int   // the number of the authorization or capture that it belongs to; 0 for none
	Amount    int64 // of an adjustment, perhaps less than nothing
	At        Millis
	Created   Sequence // the command that made it
	CreatedAt Millis
	Provider  []byte
	Reference []byte // the provider's; empty while nobody has reported on a task
	Note      []byte // of the last report
}

// PaymentRequest is what a command asks for that has to do with an order's money.
type PaymentRequest struct {
	Type      PaymentType
	Status    EntryStatus
	Entry     int   // report: the number of the task that it completes; 0 for none
	Of        int   // the number of the authorization or capture that it belongs to; 0 for none
	Amount    int64 // request: 0 for all there is
	Currency  Currency
	At        Millis // by the provider
	Provider  []byte // report; lock: with whom the payment is under way
	Reference []byte // likewise
	Note      []byte
}

// PaymentSums are what the entries of a ledger add up to.
type PaymentSums struct {
	Authorized, Captured, Refunded, Voided, ChargedBack, Adjusted int64 // that succeeded
	Authorizing, Capturing, Refunding, Voiding                    int64 // that are asked for, and may yet succeed
}

// Sums adds the entries up.
func (a *AccountImage) Sums() (s PaymentSums) {
	for i := range a.Entries {
		e := &a.Entries[i]
		done, open := s.of(e.Type)
		switch {
		case e.Status == EntrySucceeded:
			*done += e.Amount
		case e.Status.IsOpen() && open != nil:
			*open += e.Amount
		}
	}
	return s
}

// of gives where entries of a type are added up: those that succeeded, and those that may yet.
func (s *PaymentSums) of(t PaymentType) (done, open *int64) {
	switch t {
	case PaymentAuthorization:
		return &s.Authorized, &s.Authorizing
	case PaymentCapture:
		return &s.Captured, &s.Capturing
	case PaymentRefund:
		return &s.Refunded, &s.Refunding
	case PaymentVoid:
		return &s.Voided, &s.Voiding
	case PaymentChargeback:
		return &s.ChargedBack, nil
	}
	return &s.Adjusted, nil
}

// Open is what is still set aside of all authorizations: neither captured nor void, nor about to be.
func (s *PaymentSums) Open() int64 {
	return max(0, s.Authorized-s.Voided-s.Voiding-s.Captured-s.Capturing)
}

// Refundable is what can be given back of what was captured, and was not taken back.
func (s *PaymentSums) Refundable() int64 {
	return max(0, s.Captured-s.ChargedBack-s.Refunded-s.Refunding)
}

// PaymentStatus is what an order's payment comes to.
type PaymentStatus uint8

const (
	PaymentNone                PaymentStatus = iota // nobody knows what the order costs
	PaymentNothingDue                               // nothing is to be paid, and nothing was
	PaymentUnpaid                                   // something is due, and nothing has happened
	PaymentPending                                  // something is under way
	PaymentAuthorized                               // all that is due is set aside
	PaymentPartiallyAuthorized                      // some of it is
	PaymentPaid                                     // all that is due was paid
	PaymentPartiallyPaid                            // some of it was
	PaymentPartiallyRefunded                        // some of what was paid was given back, and not only what was paid too much
	PaymentRefunded                                 // all of it was
	PaymentVoided                                   // what had been set aside is so no more
	PaymentChargedBack                              // the buyer's bank took money back
)

// PaymentStatus works it out.
func (o *OrderImage) PaymentStatus() PaymentStatus {
	if !o.HasMoney() {
		return PaymentNone
	}
	s, due := o.Account.Sums(), o.Due()
	switch paid := s.Captured + s.Adjusted; {
	case s.ChargedBack > 0:
		return PaymentChargedBack
	case s.Refunded > 0 && o.refundedOverpayment(&s):
		return PaymentPaid
	case s.Refunded > 0 && s.Refunded >= s.Captured:
		return PaymentRefunded
	case s.Refunded > 0:
		return PaymentPartiallyRefunded
	case paid > 0 && paid >= due:
		return PaymentPaid
	case paid > 0:
		return PaymentPartiallyPaid
	}
	set := s.Authorized - s.Voided
	switch {
	case set > 0 && set >= due:
		return PaymentAuthorized
	case set > 0:
		return PaymentPartiallyAuthorized
	case s.Voided > 0:
		return PaymentVoided
	case s.Authorizing+s.Capturing > 0:
		return PaymentPending
	case due == 0:
		return PaymentNothingDue
	}
	return PaymentUnpaid
}

// refundedOverpayment tells whether all that was given back is what came in beyond the price of the order with all its lines, as of one that was paid twice. What
// is given back for lines that were cancelled or units that came back, or for goodwill, is part of the price.
func (o *OrderImage) refundedOverpayment(s *PaymentSums) bool {
	for i := range o.Account.Entries {
		if e := &o.Account.Entries[i]; e.Decided && e.Status == EntrySucceeded {
			return false
		}
	}
	price := max(0, o.Total()) + o.exchanged()
	return price > 0 && s.Captured+s.Adjusted-s.Refunded >= price
}

// isCovered tells whether all that is due of an order was paid or is set aside.
func (o *OrderImage) isCovered() bool {
	s := o.Account.Sums()
	open := max(0, s.Authorized-s.Voided-s.Captured)
	return s.Captured+s.Adjusted-s.Refunded-s.ChargedBack+open >= o.Due()
}
