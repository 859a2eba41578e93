package core

import "testing"

// TestAuditSeesDecisions has refunds decided on of which the tasks say other amounts, or are those of nobody.
func TestAuditSeesDecisions(t *testing.T) {
	s := newReturner(t)
	euro := Currency{'E', 'U', 'R'}
	id := s.run(Command{Kind: CommandPlaceOrder, Version: 2, Customer: []byte("ann"), Lines: []Line{{s.sku, 4}}, Money: &OrderMoney{Currency: euro, Amounts: []int64{400}}})
	s.run(Command{Kind: CommandReportPayment, Order: id, Payment: &PaymentRequest{
		Type: PaymentCapture, Status: EntrySucceeded, Amount: 400, Currency: euro, Provider: []byte("acme"), Reference: []byte("pi"),
	}})
	s.run(Command{Kind: CommandShipOrder, Order: id, Lines: []Line{{s.sku, 0}}, Life: &LifeRequest{}})
	s.run(Command{Kind: CommandTrackShipment, Order: id, Life: &LifeRequest{Shipment: 1, Reports: []TrackingReport{{At: 1, Status: ShipmentDelivered}}}})
	s.must(CommandRequestReturn, id, ReturnRequest{Rows: oneUnit})
	s.must(CommandDecideReturn, id, ReturnRequest{Number: 1, Decision: DecideApprove})
	s.must(CommandDecideRefund, id, ReturnRequest{Number: 1, Amount: 60, Currency: euro})
	s.must(CommandDecideRefund, id, ReturnRequest{Number: 1, Amount: 40, Currency: euro})
	s.must(CommandDecideRefund, id, ReturnRequest{Number: 1, Amount: 500, Currency: euro, Credit: true})
	if r := s.Audit(); r.Found != 0 {
		t.Fatalf("audit: %+v", r.Violations)
	}
	entries := &s.slots[20].entries
	for what, change := range map[string]func(place uint32){
		"a cent less":           func(place uint32) { entries.mut(place).amount-- },
		"of another command":    func(place uint32) { entries.mut(place).created++ },
		"of no decision at all": func(place uint32) { entries.mut(place).flags &^= entryDecided },
	} {
		place := entries.length - 1
		before := *entries.at(place)
		change(place)
		if r := s.Audit(); r.Found == 0 || r.Violations[0].Kind != ViolationRefundTask {
			t.Errorf("%s: %+v", what, r.Violations)
		}
		*entries.mut(place) = before
	}
}
