package search_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/search"
	"holdfast/wal"
)

// pay is a report on a payment of an order.
func pay(id core.OrderID, p core.PaymentRequest, reference string, at core.Millis) core.Command {
	p.Currency, p.At, p.Provider, p.Reference = core.Currency{'E', 'U', 'R'}, at, []byte("acme"), []byte(reference)
	return core.Command{Kind: core.CommandReportPayment, Version: 1, Order: id, Payment: &p}
}

// TestLateReportsOfFailedTasks has refunds fail of orders that leave memory: what is reported then decides whether they are found as failed, whether it is taken in
// at once, one by one, or by an index that is made anew, also when the feed tells of it no more.
func TestLateReportsOfFailedTasks(t *testing.T) {
	s := newShop(t)
	s.options.ArchiveAfter = time.Hour
	s.open()
	sku := s.sku("tea")
	ids := s.cancelled(sku, core.PageOrders)
	at := core.Millis(s.clock.Load())
	var commands []core.Command
	for i, id := range ids[:4] {
		status := []core.EntryStatus{core.EntryFailed, core.EntrySucceeded}[i/3]
		commands = append(commands, pay(id, core.PaymentRequest{Type: core.PaymentRefund, Entry: 2, Status: status, Amount: 100}, "re_1", at))
	}
	s.do(commands...)
	failed := func(want ...core.OrderID) {
		t.Helper()
		s.caughtUp()
		for _, kind := range []core.PaymentType{0, core.PaymentRefund, core.PaymentCapture} {
			list := want
			if kind == core.PaymentCapture {
				list = nil
			}
			if got := s.find(search.Query{Terms: []search.Term{search.Failed(kind)}, Limit: 2}); !slices.Equal(got, list) {
				t.Errorf("failed of type %d: %v, should be %v", kind, got, list)
			}
		}
	}
	failed(ids[2], ids[1], ids[0])
	s.clock.Add(2 * time.Hour.Milliseconds())
	s.do(order("bob", sku))
	for deadline := time.Now().Add(20 * time.Second); !s.engine.IsArchived(ids[0]) && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	failed(ids[2], ids[1], ids[0])
	s.do( // some of which are of one order, and in one batch of the index
		pay(ids[0], core.PaymentRequest{Type: core.PaymentRefund, Status: core.EntrySucceeded, Amount: 40}, "one", at+1),
		pay(ids[0], core.PaymentRequest{Type: core.PaymentRefund, Status: core.EntrySucceeded, Amount: 60}, "two", at+1),
		pay(ids[1], core.PaymentRequest{Type: core.PaymentRefund, Status: core.EntrySucceeded, Amount: 99}, "one", at+1),
		pay(ids[3], core.PaymentRequest{Type: core.PaymentRefund, Status: core.EntryReversed, Amount: 100}, "re_1", at+1),
	)
	failed(ids[3], ids[2], ids[1])
	s.do(pay(ids[1], core.PaymentRequest{Type: core.PaymentRefund, Status: core.EntrySucceeded, Amount: 1}, "two", at+1))
	failed(ids[3], ids[2])
	kept := s.dump()
	s.indexAnew()
	failed(ids[3], ids[2])
	same(t, "made anew", s.dump(), kept)
	reported := s.engine.Sequence()
	s.close()
	s.options.Journal.MemTableBytes = 256 << 10
	s.options.FeedHistory, s.options.JournalHistory = 64<<10, 64<<10
	s.options.ReaderMaxLag = 64 << 10
	s.open()
	s.fillFeed(sku)
	s.fillFeed(sku)
	if oldest := s.engine.Feed().Oldest(); oldest <= reported {
		t.Fatalf("the feed was not cut: its oldest is %d, the last report %d", oldest, reported)
	}
	s.indexAnew()
	failed(ids[3], ids[2])
}

// indexAnew has the index forget all it knows.
func (s *shop) indexAnew() {
	s.tb.Helper()
	s.closeIndex()
	if err := s.engine.UseIndex(func(j *wal.Journal) error { return j.WipeIndex() }); err != nil {
		s.tb.Fatal(err)
	}
	s.openIndex()
}

// TestFailedTasksAreFound has much happen to the payments of some orders: those with tasks that failed and are outstanding are found, and no others.
func TestFailedTasksAreFound(t *testing.T) {
	outstanding := 0
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 11))
		s := newShop(t).open()
		sku := s.sku("tea")
		s.do(core.Command{Kind: core.CommandSetChannel, Name: []byte("web"), Selling: core.ChannelSettings{Capture: core.CaptureConfirm}})
		var ids []core.OrderID
		for range 20 {
			c := order("ann", sku)
			c.Version, c.Money = 2, &core.OrderMoney{Currency: core.Currency{'E', 'U', 'R'}, Amounts: []int64{100}}
			ids = append(ids, s.do(c)[0].Order)
		}
		for n := range 400 {
			s.do(s.randomPayment(random, ids[random.IntN(len(ids))], n))
			if n%100 == 99 {
				s.agrees(random, 60)
			}
		}
		for _, o := range s.all() {
			outstanding += len(o.FailedTasks())
		}
		kept := s.dump()
		s.indexAnew()
		s.agrees(random, 60)
		same(t, "made anew", s.dump(), kept)
		s.close()
	}
	if outstanding < 20 {
		t.Errorf("only %d tasks were outstanding in the end", outstanding)
	}
}

// randomPayment is something about the money of an order, which may be refused: mostly a task ends.
func (s *shop) randomPayment(random *rand.Rand, id core.OrderID, n int) core.Command {
	s.tb.Helper()
	at, amount := core.Millis(1+n), []int64{100, 60, 40}[random.IntN(3)]
	if random.IntN(20) == 0 {
		return core.Command{Kind: core.CommandCancelOrder, Version: 1, Order: id}
	}
	if random.IntN(4) == 0 {
		return core.Command{Kind: core.CommandRequestPayment, Version: 1, Order: id, Payment: &core.PaymentRequest{
			Type: core.PaymentCapture + core.PaymentType(random.IntN(3)), Amount: amount, Currency: core.Currency{'E', 'U', 'R'},
		}}
	}
	if tasks := s.tasks(id); len(tasks) > 0 && random.IntN(4) > 0 {
		p := tasks[random.IntN(len(tasks))]
		p.Status = core.EntryFailed + core.EntryStatus(random.IntN(3))
		return pay(id, p, fmt.Sprint("task_", p.Entry), at)
	}
	kinds := []core.PaymentType{core.PaymentAuthorization, core.PaymentAuthorization, core.PaymentAuthorization, core.PaymentCapture, core.PaymentRefund}
	return pay(id, core.PaymentRequest{Type: kinds[random.IntN(len(kinds))], Status: core.EntrySucceeded, Amount: amount}, fmt.Sprint("re_", n), at)
}

// tasks gives reports on an order's tasks that say nothing yet.
func (s *shop) tasks(id core.OrderID) (list []core.PaymentRequest) {
	s.tb.Helper()
	_, err := s.engine.ReadOrders([]core.OrderID{id}, func(_ int, image []byte) error {
		var o core.OrderImage
		_, err := codec.DecodeOrderImage(image, &o)
		for i, e := range o.Account.Entries {
			if e.Task {
				list = append(list, core.PaymentRequest{Type: e.Type, Entry: i + 1, Amount: e.Amount})
			}
		}
		return err
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return list
}

// cancelled places so many orders at 1.00 that are paid, and cancels them: the refund is asked for as payment 2 of each. Those behind the first four are for nothing.
func (s *shop) cancelled(sku core.SKUID, orders int) (ids []core.OrderID) {
	s.tb.Helper()
	const turn = min(500, engine.MaxRequestCommands/2)
	for i := 0; i < orders; i += turn {
		var place, follow []core.Command
		for n := i; n < min(i+turn, orders); n++ {
			c := order("ann", sku)
			if c.Document = []byte(`{"tags":["vip"]}`); n < 4 {
				c.Version, c.Money = 2, &core.OrderMoney{Currency: core.Currency{'E', 'U', 'R'}, Amounts: []int64{100}}
			}
			place = append(place, c)
		}
		for n, r := range s.do(place...) {
			if ids = append(ids, r.Order); i+n < 4 {
				follow = append(follow, pay(r.Order, core.PaymentRequest{Type: core.PaymentCapture, Status: core.EntrySucceeded, Amount: 100}, fmt.Sprint("ch_", n), 1))
			}
			follow = append(follow, core.Command{Kind: core.CommandCancelOrder, Version: 1, Order: r.Order})
		}
		s.do(follow...)
	}
	return ids
}
