package provider_test

import (
	"log/slog"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/server/provider"
)

var euro = core.Currency{'E', 'U', 'R'}

// shop is an engine with one SKU, in a channel that captures when an order is placed.
type shop struct {
	t *testing.T
	*engine.Engine
	sku core.SKUID
}

func open(t *testing.T, dir string) *shop {
	t.Helper()
	e, err := engine.Open(engine.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return &shop{t: t, Engine: e}
}

func (s *shop) do(c core.Command) engine.Result {
	s.t.Helper()
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.Add(&c)
	if err := s.Submit(r); err != nil || r.Results()[0].Status != engine.ResultDone {
		s.t.Fatal(err, r.Results()[0])
	}
	return r.Results()[0]
}

// pay places an order that costs so much and is authorized, so that a task captures it.
func (s *shop) pay(amount int64) core.OrderID {
	s.t.Helper()
	id := s.do(core.Command{Kind: core.CommandPlaceOrder, Version: 2, Customer: []byte("ann"), Lines: []core.Line{{SKU: s.sku, Quantity: 1}},
		Money: &core.OrderMoney{Currency: euro, Amounts: []int64{amount}}}).Order
	s.do(core.Command{Kind: core.CommandReportPayment, Order: id, Payment: &core.PaymentRequest{
		Type: core.PaymentAuthorization, Status: core.EntrySucceeded, Amount: amount, Currency: euro, At: 1, Provider: []byte(provider.Name), Reference: []byte("a")}})
	return id
}

func (s *shop) capture(id core.OrderID) (entry core.PaymentEntry, version uint32) {
	s.t.Helper()
	image, err := s.ReadOrder(nil, id)
	var o core.OrderImage
	if err == nil {
		_, err = codec.DecodeOrderImage(image.Bytes, &o)
	}
	if err != nil || len(o.Account.Entries) != 2 {
		s.t.Fatal(err, o.Account)
	}
	return o.Account.Entries[1], o.Version
}

// settles waits until a capture is of a status, and the order of a version.
func (s *shop) settles(id core.OrderID, status core.EntryStatus, version uint32) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		entry, at := s.capture(id)
		if entry.Status == status && at == version {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the capture is %+v, the order at version %d, want %d at %d", entry, at, status, version)
		}
		time.Sleep(time.Millisecond)
	}
}

// TestProvider has tasks of all kinds carried out, closes everything while some are under way, and opens it again.
func TestProvider(t *testing.T) {
	dir := t.TempDir()
	options := provider.Options{Delay: 300 * time.Millisecond, Log: slog.New(slog.DiscardHandler)}
	s := open(t, dir)
	s.do(core.Command{Kind: core.CommandDefineSKU, Name: []byte("phone"), SKU: core.SKUSettings{BackorderLimit: core.Unlimited}})
	entry, _ := s.SKU([]byte("phone"))
	s.sku = entry.ID
	s.do(core.Command{Kind: core.CommandSetChannel, Name: []byte("web"), Selling: core.ChannelSettings{Capture: core.CaptureConfirm}})
	p := provider.Open(s.Engine, options)
	plain, declined, twice, outOfOrder, never := s.pay(1000), s.pay(1001), s.pay(1004), s.pay(1005), s.pay(1006)
	s.settles(plain, core.EntrySucceeded, 3)
	s.settles(declined, core.EntryFailed, 3)
	s.settles(twice, core.EntrySucceeded, 3)
	s.settles(outOfOrder, core.EntrySucceeded, 3)
	action, late := s.pay(1002), s.pay(1003)
	s.settles(action, core.EntryActionRequired, 3)
	p.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sku := s.sku
	s = open(t, dir)
	s.sku = sku
	p = provider.Open(s.Engine, options)
	s.settles(action, core.EntrySucceeded, 4)
	s.settles(late, core.EntrySucceeded, 3)
	s.settles(never, core.EntryRequested, 2)
	for _, id := range []core.OrderID{plain, declined, twice, outOfOrder} {
		if _, version := s.capture(id); version != 3 {
			t.Errorf("order %d is at version %d: it was reported on once more", id, version)
		}
	}
	p.Close()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
