package core

import (
	"unsafe"

	"holdfast/engine/invariant"
)

// An order that was placed with prices, or whose hold is locked, has an account. It lies in the order's home slot, in slabs of its own, and is found by an
// index that is derived, like a life; it leaves with the order. An order without one pays for it with one bit of its flags.

// AccountImage is an order's account at one instant.
type AccountImage struct {
	Currency Currency // zero where nobody knows what the order costs: then there is only a lock
	Extra    int64
	Amounts  []int64 // of each line of the order, 0 for components; none without a currency
	PayBy    Millis  // when the order is cancelled unless it is paid by then; 0 for never
	Lock     LockImage
	Entries  []PaymentEntry // the ledger
}

// HasMoney tells whether it is known what the order costs.
func (a *AccountImage) HasMoney() bool { return a.Currency != Currency{} }

// LockImage says that a hold is kept while a payment is under way.
type LockImage struct {
	Until     Millis // 0 for no lock
	Deadline  Millis // what the hold's deadline is without it
	Provider  []byte
	Reference []byte
}

// accountRecord is the account of one order.
type accountRecord struct {
	extra      int64
	payBy      Millis
	until      Millis // of the lock; 0 for none
	deadline   Millis // of a locked hold, without the lock
	order      uint32 // its place in orders, plus one; 0 while the record is free
	firstLine  uint32 // in amounts, plus one; 0 for none; while the record is free, the next free one
	firstEntry uint32 // in entries, plus one; 0 for none
	lockText   uint32 // provider and reference of the lock, in texts
	currency   Currency
	tasks      uint8 // that are to be carried out
	_          uint32
}

// amountRecord is what a line costs. Those of an order are a list in the order of its lines, without those of components.
type amountRecord struct {
	amount int64
	next   uint32 // in amounts, plus one; 0 at the end; while free, the next free one
	_      uint32
}

// entryRecord is one entry of a ledger. Those of an order are a list in the order of their numbers.
type entryRecord struct {
	amount    int64
	at        Millis
	created   Sequence
	createdAt Millis
	next      uint32 // in entries, plus one; 0 at the end; while free, the next free one
	text      uint32 // provider and reference, in texts
	note      uint32 // likewise
	kind      PaymentType
	status    EntryStatus
	of        uint8
	flags     uint8
}

// Flags of an entryRecord.
const (
	entryTask uint8 = 1 << 0
	entryText uint8 = 1 << 1 // it has a provider
	entryNote uint8 = 1 << 2

	entryDecided uint8 = 1 << 3
	entryAsked   uint8 = 1 << 4
)

// orderHasAccount is the flag of an order that has an account.
const orderHasAccount = 1 << 5

func (s *slot) accountHash(order uint32) uint64 { return finish(uint64(order) ^ s.seed ^ digestB) }

// findAccount gives the place of an order's account, if it has one.
func (s *slot) findAccount(order uint32) (uint32, bool) {
	if s.orders.at(order).flags&orderHasAccount == 0 {
		return 0, false
	}
	cursor := s.accountOf.Search(s.accountHash(order))
	for cursor.Next() {
		if s.accounts.at(cursor.Record()).order == order+1 {
			return cursor.Record(), true
		}
	}
	invariant.Check(false, "an account is in its index")
	return 0, false
}

// makeAccount gives the place of an order's account, which is made if there is none.
func (s *slot) makeAccount(order uint32, image *OrderImage) uint32 {
	if place, ok := s.findAccount(order); ok {
		return place
	}
	place := s.accounts.acquire()
	record := s.accounts.mut(place)
	record.order, record.currency, record.extra = order+1, image.Account.Currency, image.Account.Extra
	for i := len(image.Account.Amounts) - 1; i >= 0; i-- {
		if image.Lines[i].Role == LineOfComponent {
			continue
		}
		at := s.amounts.acquire()
		*s.amounts.mut(at) = amountRecord{amount: image.Account.Amounts[i], next: record.firstLine}
		record.firstLine = at + 1
	}
	s.accountOf.Insert(s.accountHash(order), place)
	s.orders.mut(order).flags |= orderHasAccount
	return place
}

// dropAccount forgets the account of an order that leaves.
func (s *slot) dropAccount(order uint32) {
	place, ok := s.findAccount(order)
	if !ok {
		return
	}
	record := *s.accounts.at(place)
	for at := record.firstLine; at != 0; {
		next := s.amounts.at(at - 1).next
		s.amounts.release(at - 1)
		at = next
	}
	s.referTexts(&record, -1)
	for at := record.firstEntry; at != 0; {
		next := s.entries.at(at - 1).next
		s.entries.release(at - 1)
		at = next
	}
	found := s.accountOf.Delete(s.accountHash(order), place)
	invariant.Check(found, "an account is in its index")
	s.accounts.release(place)
}

// referTexts notes that an account refers to its texts; with a delta of minus one that it no longer does.
func (s *slot) referTexts(record *accountRecord, delta int32) {
	if record.until != 0 {
		s.texts.refer(record.lockText>>textPageShift, delta)
	}
	for at := record.firstEntry; at != 0; {
		entry := s.entries.at(at - 1)
		if entry.flags&entryText != 0 {
			s.texts.refer(entry.text>>textPageShift, delta)
		}
		if entry.flags&entryNote != 0 {
			s.texts.refer(entry.note>>textPageShift, delta)
		}
		at = entry.next
	}
}

// accountImage fills an image from the records of an order that has an account. Its texts are those of the slab.
func (s *slot) accountImage(order uint32, lines int, image *AccountImage) {
	place, _ := s.findAccount(order)
	record := s.accounts.at(place)
	*image = AccountImage{
		Currency: record.currency, Extra: record.extra, PayBy: record.payBy,
		Amounts: image.Amounts[:0], Entries: image.Entries[:0],
	}
	if record.until != 0 {
		image.Lock.Until, image.Lock.Deadline = record.until, record.deadline
		image.Lock.Provider, image.Lock.Reference = s.texts.get(record.lockText)
	}
	if image.HasMoney() {
		s.amountImages(s.orders.at(order).firstLine, lines, record.firstLine, image)
	}
	for at := record.firstEntry; at != 0; {
		entry := s.entries.at(at - 1)
		image.Entries = append(image.Entries, PaymentEntry{})
		s.entryImage(entry, &image.Entries[len(image.Entries)-1])
		at = entry.next
	}
}

// amountImages fills in what each of an order's lines costs.
func (s *slot) amountImages(first uint32, lines int, at uint32, image *AccountImage) {
	for i := range uint32(lines) {
		amount := int64(0)
		if s.lines.at(first+i).role() != LineOfComponent {
			record := s.amounts.at(at - 1)
			amount, at = record.amount, record.next
		}
		image.Amounts = append(image.Amounts, amount)
	}
}

func (s *slot) entryImage(r *entryRecord, e *PaymentEntry) {
	*e = PaymentEntry{
		Type: r.kind, Status: r.status, Task: r.flags&entryTask != 0, Asked: r.flags&entryAsked != 0, Decided: r.flags&entryDecided != 0, Of: int(r.of), Amount: r.amount, At: r.at, Created: r.created, CreatedAt: r.createdAt,
	}
	if r.flags&entryText != 0 {
		e.Provider, e.Reference = s.texts.get(r.text)
	}
	if r.flags&entryNote != 0 {
		e.Note, _ = s.texts.get(r.note)
	}
}

// storeAccount writes an image's account down, and makes it if there is none: what became of the entries that it has, and others.
func (s *slot) storeAccount(order uint32, image *OrderImage) {
	place := s.makeAccount(order, image)
	account := image.Account
	record := s.accounts.mut(place)
	s.storeLock(record, &account.Lock)
	if record.payBy != account.PayBy {
		if record.payBy = account.PayBy; record.payBy != 0 {
			s.awaitPayment(order, record.payBy)
		}
	}
	record.tasks = 0
	at, last := record.firstEntry, uint32(0)
	for i := range account.Entries {
		if at == 0 {
			at = s.entries.acquire() + 1
			if last == 0 {
				record.firstEntry = at
			} else {
				s.entries.mut(last - 1).next = at
			}
		}
		s.storeEntry(at-1, &account.Entries[i])
		if account.Entries[i].isTask() {
			record.tasks++
		}
		last, at = at, s.entries.at(at-1).next
	}
	invariant.Check(at == 0, "a ledger never gets shorter")
}

// isTask tells whether somebody has to carry the entry out.
func (e *PaymentEntry) isTask() bool { return e.Task && e.Status.IsOpen() }

// hasTasks tells whether an order has tasks that are to be carried out. Until it has none it stays in memory, whatever its status.
func (s *slot) hasTasks(order uint32) bool {
	place, ok := s.findAccount(order)
	return ok && s.accounts.at(place).tasks > 0
}

func (s *slot) storeLock(record *accountRecord, lock *LockImage) {
	if record.until == lock.Until && record.deadline == lock.Deadline {
		return
	}
	if record.until != 0 {
		s.texts.refer(record.lockText>>textPageShift, -1)
	}
	record.until, record.deadline, record.lockText = lock.Until, lock.Deadline, 0
	if record.until != 0 {
		record.lockText = s.addText(lock.Provider, lock.Reference)
	}
}

// storeEntry writes an entry down, if it has changed. So are its texts, which are never overwritten.
func (s *slot) storeEntry(place uint32, e *PaymentEntry) {
	var had PaymentEntry
	s.entryImage(s.entries.at(place), &had)
	if had.isSame(e) {
		return
	}
	r := s.entries.mut(place)
	r.amount, r.at, r.created, r.createdAt, r.kind, r.status, r.of = e.Amount, e.At, e.Created, e.CreatedAt, e.Type, e.Status, uint8(e.Of)
	for _, f := range [...]struct {
		is   bool
		flag uint8
	}{{e.Task, entryTask}, {e.Asked, entryAsked}, {e.Decided, entryDecided}} {
		if f.is {
			r.flags |= f.flag
		}
	}
	if string(had.Provider) != string(e.Provider) || string(had.Reference) != string(e.Reference) {
		s.replaceText(r, entryText, &r.text, e.Provider, e.Reference)
	}
	if string(had.Note) != string(e.Note) {
		s.replaceText(r, entryNote, &r.note, e.Note, nil)
	}
}

// isSame tells whether two entries say the same.
func (e *PaymentEntry) isSame(o *PaymentEntry) bool {
	return e.Type == o.Type && e.Status == o.Status && e.Task == o.Task && e.Asked == o.Asked && e.Decided == o.Decided && e.Of == o.Of && e.Amount == o.Amount && e.At == o.At &&
		e.Created == o.Created && e.CreatedAt == o.CreatedAt &&
		string(e.Provider) == string(o.Provider) && string(e.Reference) == string(o.Reference) && string(e.Note) == string(o.Note)
}

// replaceText has an entry refer to other texts.
func (s *slot) replaceText(r *entryRecord, flag uint8, text *uint32, first, second []byte) {
	if r.flags&flag != 0 {
		s.texts.refer(*text>>textPageShift, -1)
	}
	if r.flags, *text = r.flags&^flag, 0; len(first) > 0 {
		r.flags, *text = r.flags|flag, s.addText(first, second)
	}
}

// addText stores a pair of texts that an account refers to.
func (s *slot) addText(first, second []byte) uint32 {
	at := s.texts.add(first, second)
	s.texts.refer(at>>textPageShift, 1)
	return at
}

// beginAccount gives the image of a new order an account, in the step's memory.
func (st *Step) beginAccount() *AccountImage {
	if st.account == nil {
		st.account = new(AccountImage)
	}
	*st.account = AccountImage{Amounts: st.account.Amounts[:0], Entries: st.account.Entries[:0]}
	st.event.Order.Account = st.account
	return st.account
}

// openAccount gives a new order the account that it was placed with. Of a line that got fewer units than it asked for, less is due.
func (m *Machine) openAccount(st *Step) {
	money, image := st.command.Money, &st.event.Order
	account := st.beginAccount()
	account.Currency, account.Extra = money.Currency, money.Extra
	asked, sum := 0, int64(0)
	for i := range image.Lines {
		l := &image.Lines[i]
		amount := int64(0)
		if l.Role != LineOfComponent {
			amount = valueOf(money.Amounts[asked], l.Quantity, st.command.Lines[asked].Quantity)
			asked++
			sum += amount
		}
		account.Amounts = append(account.Amounts, amount)
	}
	invariant.Check(asked == len(money.Amounts), "each asked line has an amount")
	account.Extra = max(account.Extra, -sum) // what got fewer units costs no less than nothing
	if image.Status == StatusPlaced {
		m.payBy(st)
	}
}

// restoreAccounts enters the accounts where they are found.
func (s *slot) restoreAccounts() {
	for place := range s.accounts.length {
		record := s.accounts.at(place)
		if record.order == 0 {
			continue
		}
		s.accountOf.Insert(s.accountHash(record.order-1), place)
		s.referTexts(record, 1)
	}
}

// accountBytes is about what an order's account takes.
func (s *slot) accountBytes(order uint32) (bytes int) {
	place, _ := s.findAccount(order)
	const texts = 24
	for at := s.accounts.at(place).firstEntry; at != 0; at = s.entries.at(at - 1).next {
		bytes += int(unsafe.Sizeof(entryRecord{})) + texts
	}
	return bytes + int(unsafe.Sizeof(accountRecord{})) + int(s.orders.at(order).lines)*int(unsafe.Sizeof(amountRecord{}))
}
