package core

import (
	"fmt"
	"testing"
)

// TestExternalIDsOfTwoChannels gives two channels the same external ids, also such as lie in the same slot for both: each
// channel has its own order.
func TestExternalIDsOfTwoChannels(t *testing.T) {
	s := newAuditShop(t)
	s.run(Command{Kind: CommandDefineChannel, Name: []byte("twin")})
	twin := ChannelID(s.Channels() - 1)
	sku := s.skuIn(3, SKUSettings{BackorderLimit: Unlimited})
	inOneSlot := 0
	for n := range 500 {
		id := fmt.Appendf(nil, "id-%d", n)
		if ExternalSlot(0, id) == ExternalSlot(twin, id) {
			inOneSlot++
		}
		var orders [2]OrderID
		for i, channel := range [...]ChannelID{0, twin} {
			orders[i] = s.run(Command{
				Kind: CommandPlaceOrder, Customer: []byte("ann"), Channel: channel, ExternalID: id, Lines: []Line{{sku, 1}},
			})
		}
		for i, channel := range [...]ChannelID{0, twin} {
			if got, ok := s.ReadExternal(channel, id); !ok || got != orders[i] {
				t.Errorf("%s of channel %d leads to %d, want %d", id, channel, got, orders[i])
			}
		}
	}
	if inOneSlot == 0 {
		t.Error("no external id lies in one slot for both channels")
	}
}
