package core

import (
	"fmt"
	"reflect"
	"testing"
)

// TestRecordsHaveNoHoles checks every type whose bytes are in slabs: fields lie side by side, none is a pointer, and what
// fills up is written down as a field.
func TestRecordsHaveNoHoles(t *testing.T) {
	for _, record := range []any{
		skuRecord{}, levelRecord{}, orderRecord{}, lineRecord{}, allocationRecord{},
		caseRecord{}, partRecord{}, partLineRecord{}, limitRecord{}, dueRecord{}, waitingRecord{},
		saleItemRecord{}, saleBuyerRecord{}, saleTicketRecord{}, saleQueueRecord{}, saleWaiterRecord{},
		inboundRecord{}, inboundLineRecord{}, lotRecord{}, componentRecord{}, lifeRecord{}, lifeLineRecord{}, shipmentRecord{}, shipmentLineRecord{}, reportRecord{}, settledRecord{}, bookingRecord{}, accountRecord{}, amountRecord{}, entryRecord{}, revisionRecord{}, fulfilmentRecord{}, fulfilmentLineRecord{},
		returnRecord{}, returnLineRecord{}, refundRecord{},
	} {
		r := reflect.TypeOf(record)
		covered := make([]int, r.Size())
		cover(t, r, r.Name(), 0, covered)
		for at, times := range covered {
			if times != 1 {
				t.Errorf("byte %d of %s lies in %d fields", at, r.Name(), times)
			}
		}
		if r.Size()%8 != 0 && r.Align() == 8 {
			t.Errorf("%s has %d bytes", r.Name(), r.Size())
		}
	}
}

// cover counts for each byte the fields that it lies in.
func cover(t *testing.T, r reflect.Type, name string, offset uintptr, covered []int) {
	t.Helper()
	switch r.Kind() {
	case reflect.Struct:
		for i := range r.NumField() {
			f := r.Field(i)
			cover(t, f.Type, name+"."+f.Name, offset+f.Offset, covered)
		}
	case reflect.Array:
		for i := range r.Len() {
			cover(t, r.Elem(), fmt.Sprintf("%s[%d]", name, i), offset+uintptr(i)*r.Elem().Size(), covered)
		}
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		for i := range r.Size() {
			covered[offset+i]++
		}
	default:
		t.Errorf("%s is a %s: its size or its meaning is not the same everywhere", name, r.Kind())
	}
}

// TestDigestSeesEveryField changes every field of every record once: the slot's digest tells, and so does the machine's.
func TestDigestSeesEveryField(t *testing.T) {
	s := newAuditShop(t)
	fields := map[string]bool{}
	before := s.Digest()
	for i := range s.slots {
		slot, whole := s.DigestSlot(Slot(i)), s.Digest()
		s.slots[i].sabotage(func(field string) {
			fields[field] = true
			if s.DigestSlot(Slot(i)) == slot {
				t.Errorf("%s was changed and the slot's digest is the same", field)
			}
			if s.Digest() == whole {
				t.Errorf("%s was changed and the digest is the same", field)
			}
		})
		if s.slots[i].texts.length > 0 {
			s.slots[i].texts.add(nil, nil)
			if s.DigestSlot(Slot(i)) == slot {
				t.Error("a text was added and the slot's digest is the same")
			}
			s.slots[i].texts.length -= 2
			s.slots[i].texts.pages[0].marks = 0
		}
	}
	if s.Digest() != before {
		t.Error("all is as it was, and the digest is not")
	}
	if len(fields) < 50 {
		t.Errorf("only %d fields were changed: some kind of record is missing", len(fields))
	}
}
