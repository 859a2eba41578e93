package core

import (
	"testing"
	"time"
)

// TestInboundListPassesOverOthers has few transfers among many purchase orders: the next transfer is found without walking over them.
func TestInboundListPassesOverOthers(t *testing.T) {
	m := New(Options{})
	const documents = 1 << 17
	for i := range uint32(documents) {
		s := &m.slots[i%SlotCount]
		place := s.inbounds.push()
		record := s.inbounds.mut(place)
		record.created, record.kind, record.status = Sequence(i+1), PurchaseOrder, InboundDraft
		if i >= documents-3 {
			record.kind = Transfer
		}
		record.numberLength = uint8(copy(record.number[:], appendMadeNumber(nil, record.kind, record.created)))
		s.indexInbound(place)
	}
	took := func(kind InboundKind, want int) time.Duration {
		var img InboundImage
		start := time.Now()
		for range 300 {
			found := 0
			m.EachInbound(kind, 0, &img, func() bool {
				found++
				return found < 3
			})
			if found != want {
				t.Fatalf("%d documents of kind %d, want %d", found, kind, want)
			}
		}
		return time.Since(start)
	}
	many := took(PurchaseOrder, 3)
	if few := took(Transfer, 3); few > 20*many+50*time.Millisecond {
		t.Errorf("three transfers among %d purchase orders took %v, three of those %v", documents, few, many)
	}
}
