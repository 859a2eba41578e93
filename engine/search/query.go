package search

import (
	"encoding/binary"
	"errors"
	"slices"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// maxSeeks bounds what one query reads: some ten milliseconds.
const maxSeeks = 4096

// Query says which orders are wanted: those that have all terms and were made in a time. The zero value but for Limit is all of them.
type Query struct {
	Terms       []Term
	From, Until core.Millis   // made at From or later, and before Until; 0 for no bound
	Before      core.Sequence // created before; 0 to begin with the newest
	Limit       int
}

// Page is a part of a list of orders, the newest first.
type Page struct {
	Orders []core.OrderID
	// Next is the Before that the list goes on with, 0 at its end.
	Next core.Sequence
	// Complete is false when there are fewer orders than wanted because enough was read: the list goes on nevertheless.
	Complete bool
}

// Find looks for orders.
func (x *Index) Find(q *Query) (page Page, err error) {
	if !x.ready.Load() {
		return page, ErrNotReady
	}
	err = x.engine.UseIndex(func(j *wal.Journal) error {
		l := leap{journal: j, query: q}
		defer func() { err = errors.Join(err, l.close()) }()
		if err := l.open(); err != nil {
			return err
		}
		page, err = l.find()
		return err
	})
	return page, err
}

// leap goes back through the lists of several terms to where all agree.
type leap struct {
	journal *wal.Journal
	query   *Query
	lists   []list
	seeks   int
}

// list is the postings of one term.
type list struct {
	it     *wal.IndexIterator
	prefix []byte
}

func (l *leap) open() error {
	terms := l.query.Terms
	if len(terms) == 0 {
		terms = []Term{{attribute: attributeAll}}
	}
	for _, t := range terms {
		if err := l.add(t); err != nil {
			return err
		}
	}
	return nil
}

func (l *leap) add(t Term) error {
	it, err := l.journal.IterateIndex(t.prefix())
	if err == nil {
		l.lists = append(l.lists, list{it, t.prefix()})
	}
	return err
}

func (l *leap) close() (err error) {
	for i := range l.lists {
		err = errors.Join(err, l.lists[i].it.Close())
	}
	return err
}

// upTo goes to the list's newest posting that was created at a sequence or before; found is false when there is none.
func (l *leap) upTo(i int, created core.Sequence) (found bool, at core.Sequence, id core.OrderID, when core.Millis, err error) {
	l.seeks++
	li := &l.lists[i]
	key := binary.BigEndian.AppendUint64(li.prefix, uint64(created)+1)
	if !li.it.Before(key) {
		return false, 0, 0, 0, li.it.Err()
	}
	value, err := li.it.Value()
	if err != nil {
		return false, 0, 0, 0, err
	}
	at, id, when, err = readPosting(li.it.Key(), value)
	return err == nil, at, id, when, err
}

// newest is the highest sequence that a client can name.
const newest core.Sequence = 1<<63 - 1

func (l *leap) find() (page Page, err error) {
	page.Complete = true
	q := l.query
	at := newest
	if q.Before > 0 {
		at = q.Before - 1
	}
	if q.Until > 0 {
		last, err := l.lastBefore(q.Until)
		if err != nil {
			return page, err
		}
		at = min(at, last)
	}
	for at > 0 {
		if l.seeks > maxSeeks {
			page.Next, page.Complete = at+1, false
			return page, nil
		}
		agreed, id, err := l.agree(&at)
		if err != nil {
			return page, err
		}
		if !agreed {
			continue
		}
		if len(page.Orders) == q.Limit {
			page.Next = at + 1
			return page, nil
		}
		page.Orders = append(page.Orders, id)
		at--
	}
	return page, nil
}

// agree asks each list once for what it has at a sequence or before. If all have the same it is found; else at is moved back to the oldest of
// them, since nothing behind that is in all, or to 0 when a list has nothing more, or nothing that is not too old.
func (l *leap) agree(at *core.Sequence) (agreed bool, id core.OrderID, err error) {
	agreed = true
	for i := range l.lists {
		found, created, order, made, err := l.upTo(i, *at)
		if err != nil || !found || made < l.query.From {
			*at = 0
			return false, 0, err
		}
		if i > 0 && created < *at {
			agreed = false
		}
		*at, id = created, order
	}
	return agreed, id, nil
}

// lastBefore is the last sequence that made an order before an instant, 0 when none did.
func (l *leap) lastBefore(until core.Millis) (last core.Sequence, err error) {
	if err := l.add(Term{attribute: attributeAll}); err != nil {
		return 0, err
	}
	all := len(l.lists) - 1
	defer func() {
		err = errors.Join(err, l.lists[all].it.Close())
		l.lists = l.lists[:all]
	}()
	found, high, _, when, err := l.upTo(all, newest)
	if err != nil || !found {
		return 0, err
	}
	if when < until {
		return high, nil
	}
	for low := core.Sequence(0); low < high; { // orders up to low were made before; one at or behind high was not
		middle := low + (high-low)/2
		found, created, _, when, err := l.upTo(all, middle)
		switch {
		case err != nil:
			return 0, err
		case !found:
			low = middle + 1
		case when < until:
			last, low = created, middle+1
		default:
			high = created
		}
	}
	return last, nil
}

// Has tells whether an order is one of those that a query asks for, as the index knows it.
func (x *Index) Has(id core.OrderID, q *Query) (bool, error) {
	if !x.ready.Load() {
		return false, ErrNotReady
	}
	r, err := readRow(x.engine, id)
	if err != nil || r == nil {
		return false, err
	}
	inTime := r.createdAt >= q.From && (q.Until == 0 || r.createdAt < q.Until) && (q.Before == 0 || r.created < q.Before)
	return inTime && hasAll(r.terms, q.Terms), nil
}

func hasAll(terms, wanted []Term) bool {
	for _, t := range wanted {
		if !slices.Contains(terms, t) {
			return false
		}
	}
	return true
}

// Matches tells whether an order, as it is now, still has those terms of a query that change. The index may be behind.
func Matches(o *core.OrderImage, terms []Term) bool {
	now := imageTerms(o)
	for _, t := range terms {
		if !t.attribute.isOfDocument() && !slices.Contains(now, t) {
			return false
		}
	}
	return true
}

// Events gives the sequences of the commands whose events tell of an order, those behind a sequence, at most so many, the oldest first; more
// tells that there are others behind them.
func (x *Index) Events(id core.OrderID, after core.Sequence, limit int) (list []core.Sequence, more bool, err error) {
	if !x.ready.Load() {
		return nil, false, ErrNotReady
	}
	err = x.each(eventPrefix(id), binary.BigEndian.AppendUint64(nil, uint64(after)+1), func(rest, _ []byte) (bool, error) {
		if len(rest) != 8 {
			return false, errDamaged
		}
		if more = len(list) == limit; more {
			return false, nil
		}
		list = append(list, core.Sequence(binary.BigEndian.Uint64(rest)))
		return true, nil
	})
	return list, more, err
}

// each calls fn with what stands behind a prefix in the keys that have it, from a key on, and with the values, until fn says that it has enough.
func (x *Index) each(prefix, from []byte, fn func(rest, value []byte) (bool, error)) error {
	return x.engine.UseIndex(func(j *wal.Journal) (err error) {
		it, err := j.IterateIndex(prefix)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, it.Close()) }()
		for ok := it.From(append(prefix[:len(prefix):len(prefix)], from...)); ok; ok = it.Next() {
			value, err := it.Value()
			if err != nil {
				return err
			}
			if more, err := fn(it.Key()[len(prefix):], value); err != nil || !more {
				return err
			}
		}
		return it.Err()
	})
}

// Note is what somebody wrote beside an order. Its text is the document of its sequence. What a provider reported on its payments when it had left memory is
// kept with the notes.
type Note struct {
	Sequence core.Sequence
	At       core.Millis
	Actor    []byte
	Late     []byte // the event that told of such a report; nil of a note
}

// Notes gives the notes beside an order, those behind a sequence, at most so many, the oldest first; more tells that there are others.
func (x *Index) Notes(id core.OrderID, after core.Sequence, limit int) (list []Note, more bool, err error) {
	err = x.engine.UseIndex(func(j *wal.Journal) error {
		var damaged error
		err := j.Notes(uint64(id), uint64(after), func(sequence uint64, value []byte) bool {
			if len(value) < 8 {
				damaged = errDamaged
				return false
			}
			if more = len(list) == limit; more {
				return false
			}
			at, rest := binary.BigEndian.Uint64(value), append([]byte(nil), value[8:]...)
			note := Note{Sequence: core.Sequence(sequence), At: core.Millis(at &^ isLate), Actor: rest}
			if at&isLate != 0 {
				note.Actor, note.Late = nil, rest
			}
			list = append(list, note)
			return true
		})
		return errors.Join(err, damaged)
	})
	return list, more, err
}

// CustomerSKUs gives SKUs that a customer has had orders or holds of, at most so many; more tells that there are others.
func (x *Index) CustomerSKUs(customer []byte, limit int) (list []core.SKUID, more bool, err error) {
	if !x.ready.Load() {
		return nil, false, ErrNotReady
	}
	err = x.each(customerPrefix(keyCustomer, customer), nil, func(rest, _ []byte) (bool, error) {
		if len(rest) != 4 {
			return false, errDamaged
		}
		if more = len(list) == limit; more {
			return false, nil
		}
		list = append(list, core.SKUID(binary.BigEndian.Uint32(rest)))
		return true, nil
	})
	return list, more, err
}

// Place is a customer's place on a waitlist.
type Place struct {
	Sale   core.SaleID
	Number core.Sequence
}

// CustomerPlaces gives places that a customer has on waitlists, at most so many. Some may have been given up meanwhile.
func (x *Index) CustomerPlaces(customer []byte, limit int) (list []Place, err error) {
	if !x.ready.Load() {
		return nil, ErrNotReady
	}
	err = x.each(customerPrefix(keyWaiter, customer), nil, func(rest, value []byte) (bool, error) {
		if len(rest) != 8 || len(value) != 8 {
			return false, errDamaged
		}
		list = append(list, Place{core.SaleID(binary.BigEndian.Uint32(value)), core.Sequence(binary.BigEndian.Uint64(rest))})
		return len(list) < limit, nil
	})
	return list, err
}

// Forget takes the index's registration as a reader back, for a server that keeps no index.
func Forget(e *engine.Engine) error {
	err := e.DropReader(ReaderName)
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	return err
}
