package core

import (
	"math"
	"testing"
)

// TestSlotWithoutRoom fills a slot's tables, as far as their lengths tell, and places orders: places are numbers of
// 32 bits, so there is an end, and it must be a refusal. So is the end of what can be promised beyond stock.
func TestSlotWithoutRoom(t *testing.T) {
	for name, fill := range map[string]func(s *slot){
		"nothing":     func(*slot) {},
		"orders":      func(s *slot) { s.orders.length = MaxOrdersPerSlot },
		"lines":       func(s *slot) { s.lines.length = math.MaxUint32 },
		"allocations": func(s *slot) { s.allocations.length = math.MaxUint32 },
		"texts":       func(s *slot) { s.texts.length = math.MaxUint32 - 10 },
		"backordered": func(s *slot) {
			s.skus.mut(0).backorderLimit = Unlimited
			s.skus.mut(0).backorderedPlaced, s.skus.mut(0).backorderedHeld = 1<<62, 1<<61
		},
	} {
		for _, kind := range []CommandKind{CommandPlaceOrder, CommandPlaceHold} {
			s := newAuditShop(t)
			fill(&s.slots[3])
			c := Command{Kind: kind, Customer: []byte("bob"), TTL: MinTTL, Lines: []Line{{MakeSKUID(3, 0), 1}}, Mask: Slot(3).Mask()}
			c.Mask |= s.SlotsNow(&c)
			func() {
				defer func() {
					if r := recover(); r != nil {
						t.Errorf("%s: %v", name, r)
					}
				}()
				out := s.Execute(&s.step, &c, s.seq+1, s.now, nobody{})
				if (out.Reason == ReasonTableFull || out.Reason == ReasonInsufficientStock) == (name == "nothing") {
					t.Errorf("%s: %+v", name, *out)
				}
			}()
		}
	}
}
