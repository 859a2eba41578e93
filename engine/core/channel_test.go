package core

import "testing"

// TestRuleSetAgain sets the same pool many times, as a nightly import does: its end is awaited once.
func TestRuleSetAgain(t *testing.T) {
	m := New(Options{})
	var st Step
	name := []byte("A")
	m.Execute(&st, &Command{Kind: CommandDefineSKU, Mask: NameSlot(name).Mask(), Name: name}, 1, 1, nobody{})
	id := MakeSKUID(NameSlot(name), 0)
	set := &Command{Kind: CommandSetChannelRule, Mask: id.Slot().Mask(), Rule: ChannelRule{
		SKU: id, HasPool: true, Pool: PoolSettings{Quota: 1, End: 1 << 40},
	}}
	for i := range Sequence(1000) {
		if outcome := m.Execute(&st, set, 2+i, 2+Millis(i), nobody{}); outcome.Reason != ReasonNone {
			t.Fatalf("refused: %d", outcome.Reason)
		}
	}
	s := &m.slots[id.Slot()]
	if n := s.due.entries.length; n != 1 {
		t.Errorf("%d instants are awaited, want 1", n)
	}
	if rule := s.rules.at(0); rule.start != 2 || rule.version != 1000 {
		t.Errorf("the pool began at %d in version %d, want at 2 in version 1000", rule.start, rule.version)
	}
}
