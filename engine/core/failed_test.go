package core

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// ledger makes the entries of lines as "capture 500 task failed of 1": a type, an amount, whose it is (reported, task, asked or decided), a status, and what it belongs to.
func ledger(t *testing.T, text string) (entries []PaymentEntry) {
	t.Helper()
	types := map[string]PaymentType{"authorization": PaymentAuthorization, "capture": PaymentCapture, "refund": PaymentRefund, "void": PaymentVoid,
		"chargeback": PaymentChargeback, "adjustment": PaymentAdjustment}
	statuses := map[string]EntryStatus{"open": EntryRequested, "waiting": EntryActionRequired, "failed": EntryFailed, "done": EntrySucceeded, "undone": EntryReversed}
	for line := range strings.SplitSeq(text, "; ") {
		var kind, whose, status string
		var e PaymentEntry
		if n, err := fmt.Sscanf(line+" of 0", "%s %d %s %s of %d", &kind, &e.Amount, &whose, &status, &e.Of); n != 5 || err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		e.Type, e.Status = types[kind], statuses[status]
		if e.Type == 0 || e.Status == 0 || !strings.Contains("reported task asked decided", whose) {
			t.Fatalf("%q is no entry", line)
		}
		e.Task, e.Asked, e.Decided = whose != "reported", whose == "asked", whose == "decided"
		entries = append(entries, e)
	}
	return entries
}

// order makes an order of ten units at 1.00 with a ledger.
func orderWith(t *testing.T, status OrderStatus, text string) *OrderImage {
	return &OrderImage{Status: status, Lines: []LineImage{{Quantity: 10}},
		Account: &AccountImage{Currency: euro, Amounts: []int64{1000}, Entries: ledger(t, text)}}
}

// TestFailedTasks is what of the tasks is outstanding that failed, as number:amount.
func TestFailedTasks(t *testing.T) {
	const authorized = "authorization 1000 reported done; "
	const paid = "capture 1000 reported done; "
	for _, test := range []struct {
		name   string
		status OrderStatus
		ledger string
		want   string
	}{
		{"nothing has failed", StatusPlaced, authorized + "capture 1000 task open of 1", ""},
		{"a capture fails", StatusPlaced, authorized + "capture 1000 task failed of 1", "2:1000"},
		{"a capture was undone", StatusPlaced, authorized + "capture 1000 task undone of 1", "2:1000"},
		{"a capture that nobody asked for here", StatusPlaced, authorized + "capture 1000 reported failed of 1", ""},
		{"asked again", StatusPlaced, authorized + "capture 400 task failed of 1; capture 400 asked open of 1", ""},
		{"asked again, and the buyer is asked", StatusPlaced, authorized + "capture 400 task failed of 1; capture 400 asked waiting of 1", ""},
		{"asked again, and done", StatusPlaced, authorized + "capture 400 task failed of 1; capture 400 asked done of 1", ""},
		{"asked again, and failed again", StatusPlaced, authorized + "capture 400 task failed of 1; capture 400 asked failed of 1", "3:400"},
		{"asked a third time", StatusPlaced, authorized + "capture 400 task failed of 1; capture 400 asked failed of 1; capture 400 asked done of 1", ""},
		{"asked again for a part", StatusPlaced, authorized + "capture 400 task failed of 1; capture 100 asked done of 1", "2:300"},
		{"in two parts", StatusPlaced, authorized + "capture 400 task failed of 1; capture 100 asked done of 1; capture 300 asked open of 1", ""},
		{"in two parts, one of which fails", StatusPlaced, authorized + "capture 400 task failed of 1; capture 100 asked failed of 1; capture 300 asked open of 1", "3:100"},
		{"for a part, in vain", StatusPlaced, authorized + "capture 400 task failed of 1; capture 100 asked failed of 1", "2:300 3:100"},
		{"what follows later is about what is new", StatusPlaced, authorized + "capture 400 task failed of 1; capture 400 task done of 1", "2:400"},
		{"the provider tells of another one", StatusPlaced, authorized + "capture 400 task failed of 1; capture 400 reported done", ""},
		{"and undoes it", StatusPlaced, authorized + "capture 400 task failed of 1; capture 400 reported undone", "2:400"},
		{"what was there before counts not", StatusPlaced, authorized + "capture 400 reported done of 1; capture 400 task failed of 1", "3:400"},
		{"the second of two is asked again", StatusPlaced, authorized + "capture 400 task failed of 1; capture 300 task failed of 1; capture 300 asked done of 1", "2:400"},
		{"another amount is the oldest's", StatusPlaced, authorized + "capture 400 task failed of 1; capture 300 task failed of 1; capture 500 asked done of 1", "3:200"},
		{"no more than is due", StatusPlaced, authorized + "capture 300 reported done of 1; capture 1000 task failed of 1", "3:700"},
		{"paid in cash", StatusPlaced, authorized + "capture 1000 task failed of 1; adjustment 1000 reported done", ""},
		{"paid in cash in part", StatusPlaced, authorized + "capture 1000 task failed of 1; adjustment 900 reported done", "2:100"},
		{"the newest stays", StatusPlaced, authorized + "capture 600 task failed of 1; capture 400 task failed of 1; adjustment 500 reported done", "2:100 3:400"},
		{"cancelled", StatusCancelled, authorized + "capture 1000 task failed of 1", ""},
		{"delivered, and not captured", StatusCompleted, authorized + "capture 1000 task failed of 1", "2:1000"},

		{"a refund fails", StatusCancelled, paid + "refund 1000 task failed of 1", "2:1000"},
		{"a refund comes back", StatusCancelled, paid + "refund 1000 task undone of 1", "2:1000"},
		{"a refund again", StatusCancelled, paid + "refund 1000 task failed of 1; refund 1000 asked open of 1", ""},
		{"a refund again in vain", StatusCancelled, paid + "refund 1000 task failed of 1; refund 1000 asked failed of 1", "3:1000"},
		{"given back in cash", StatusCancelled, paid + "refund 1000 task failed of 1; adjustment -1000 reported done", ""},
		{"a part in cash", StatusCancelled, paid + "refund 1000 task failed of 1; adjustment -300 reported done", "2:700"},
		{"cash that did not come", StatusCancelled, paid + "refund 1000 task failed of 1; adjustment -1000 reported failed", "2:1000"},
		{"the bank took it back", StatusCancelled, paid + "refund 1000 task failed of 1; chargeback 1000 reported done of 1", ""},
		{"the bank took a part", StatusCancelled, paid + "refund 1000 task failed of 1; chargeback 400 reported done of 1", "2:600"},
		{"nothing came in beyond what is due any more", StatusPlaced, paid + "refund 300 task failed of 1", ""},
		{"goodwill fails", StatusPlaced, paid + "refund 300 asked failed of 1", "2:300"},
		{"goodwill in cash", StatusPlaced, paid + "refund 300 asked failed of 1; adjustment -300 reported done", ""},
		{"goodwill that nobody wants any more", StatusPlaced, paid + "refund 300 asked failed of 1; adjustment -300 reported done; adjustment 300 reported done", ""},
		{"of a return", StatusCompleted, paid + "refund 300 decided failed of 1", "2:300"},
		{"of a return, again", StatusCompleted, paid + "refund 300 decided failed of 1; refund 300 asked done of 1", ""},
		{"of a return, when all was given back", StatusCompleted, paid + "refund 1000 reported done of 1; refund 300 decided failed of 1", ""},
		{"a capture is no refund", StatusCancelled, paid + "refund 300 task failed of 1; capture 300 reported done", "2:300"},

		{"a void fails", StatusCancelled, authorized + "void 1000 task failed of 1", "2:1000"},
		{"a void again", StatusCancelled, authorized + "void 1000 task failed of 1; void 1000 asked done of 1", ""},
		{"a void again in vain", StatusCancelled, authorized + "void 1000 task failed of 1; void 1000 asked failed of 1", "3:1000"},
		{"a void was undone, and another one is asked for by itself", StatusCancelled, authorized + "void 1000 task undone of 1; void 1000 task open of 1", ""},
		{"and that fails", StatusCancelled, authorized + "void 1000 task undone of 1; void 1000 task failed of 1", "3:1000"},
		{"captured after all", StatusPlaced, authorized + "void 400 asked failed of 1; capture 1000 reported done of 1", ""},
		{"captured of nobody knows which", StatusPlaced, authorized + "void 400 asked failed of 1; capture 1000 reported done", ""},
		{"captured in part", StatusPlaced, authorized + "void 400 asked failed of 1; capture 900 reported done of 1", "2:100"},
		{"the authorization has expired", StatusCancelled, "authorization 1000 reported undone; void 1000 task failed of 1", ""},
		{"a void of another one", StatusCancelled, authorized + "authorization 500 reported done; void 500 task failed of 1; void 500 asked done of 2", "3:500"},
		{"a void of nobody knows which", StatusCancelled, authorized + "authorization 500 reported done; void 500 task failed of 1; void 500 reported done", ""},
		{"two authorizations", StatusCancelled, authorized + "authorization 500 reported undone; void 1000 task failed of 1; void 500 task failed of 2", "3:1000"},

		{"a capture and the refund of another", StatusPlaced, "authorization 1000 reported done; capture 200 reported done of 1; capture 800 task failed of 1; refund 200 asked failed of 2", "3:800 4:200"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, f := range orderWith(t, test.status, test.ledger).FailedTasks() {
				got = append(got, fmt.Sprintf("%d:%d", f.Entry, f.Amount))
			}
			if all := strings.Join(got, " "); all != test.want {
				t.Errorf("%s\noutstanding %q, should be %q", test.ledger, all, test.want)
			}
		})
	}
}

// TestFailedBesideReturns: of an order of which three units were cancelled, and for two that came back a refund was decided on, what is given back in cash for the
// one is not taken off the other.
func TestFailedBesideReturns(t *testing.T) {
	const paid = "capture 1000 reported done; "
	for _, test := range []struct{ ledger, want string }{
		{paid + "refund 300 task failed of 1; refund 200 decided failed of 1", "2:300 3:200"},
		{paid + "refund 300 task failed of 1; refund 200 decided failed of 1; adjustment -200 reported done", "2:300"},
		{paid + "refund 200 decided failed of 1; refund 300 task failed of 1; adjustment -100 reported done", "2:100 3:300"},
		{paid + "refund 300 task failed of 1; refund 200 decided done of 1; adjustment -300 reported done", ""},
	} {
		o := orderWith(t, StatusCompleted, test.ledger)
		o.Life = &LifeImage{Lines: []LineLife{{Cancelled: 3}}, Returns: []ReturnImage{{Refunds: 1}}, Refunds: []RefundImage{{Amount: 200, Currency: euro}}}
		var got []string
		for _, f := range o.FailedTasks() {
			got = append(got, fmt.Sprintf("%d:%d", f.Entry, f.Amount))
		}
		if all := strings.Join(got, " "); all != test.want {
			t.Errorf("%s\noutstanding %q, should be %q", test.ledger, all, test.want)
		}
	}
}

// TestFailedCents compares what is outstanding with a count of single cents, over random ledgers of captures of an order that costs more than all of them.
func TestFailedCents(t *testing.T) {
	found := 0
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 5))
		o := &OrderImage{Status: StatusPlaced, Lines: []LineImage{{Quantity: 1}}, Account: &AccountImage{Currency: euro, Amounts: []int64{1000}}}
		for range 1 + random.IntN(8) {
			e := PaymentEntry{Type: PaymentCapture, Status: EntryStatus(1 + random.IntN(int(LastEntryStatus))), Amount: int64(1 + random.IntN(4)), Task: random.IntN(4) > 0}
			e.Asked = e.Task && random.IntN(2) == 0
			o.Account.Entries = append(o.Account.Entries, e)
		}
		got := map[int]int64{}
		for _, f := range o.FailedTasks() {
			got[f.Entry] = f.Amount
			found++
		}
		want := centsOutstanding(o.Account.Entries)
		for i := range o.Account.Entries {
			if got[i+1] != want[i+1] {
				t.Fatalf("%+v\noutstanding %v, should be %v", o.Account.Entries, got, want)
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d were outstanding", found)
	}
}

// centsOutstanding has each cent that takes the place of others look for one: of a task that has as many left as come together, or of the first that has any.
func centsOutstanding(entries []PaymentEntry) map[int]int64 {
	var cents []int // the task that each is of, in the order of the tasks
	for i, e := range entries {
		failed := e.Task && (e.Status == EntryFailed || e.Status == EntryReversed)
		if e.Asked || !e.Task && (e.Status == EntryRequested || e.Status == EntryActionRequired || e.Status == EntrySucceeded) {
			of := slices.IndexFunc(cents, func(of int) bool {
				return len(slices.DeleteFunc(slices.Clone(cents), func(n int) bool { return n != of })) == int(e.Amount)
			})
			from := max(0, of)
			cents = slices.Delete(cents, from, min(len(cents), from+int(e.Amount)))
		}
		if failed {
			cents = append(cents, slices.Repeat([]int{i + 1}, int(e.Amount))...)
		}
	}
	left := map[int]int64{}
	for _, of := range cents {
		left[of]++
	}
	return left
}

// TestTell has an order's ledger told what was reported when it had left memory.
func TestTell(t *testing.T) {
	const had = "capture 1000 reported done; refund 1000 task failed of 1"
	at := func(p PaymentRequest) PaymentRequest {
		p.Currency, p.At, p.Provider, p.Reference = euro, 50, []byte("acme"), []byte("re_1")
		return p
	}
	done := at(PaymentRequest{Type: PaymentRefund, Status: EntrySucceeded, Amount: 1000, Entry: 2})
	beside := at(PaymentRequest{Type: PaymentAdjustment, Status: EntrySucceeded, Amount: -600})
	for _, test := range []struct {
		name    string
		reports []PaymentRequest
		change  func(p *PaymentRequest)
		want    []FailedTask
	}{
		{"it was done after all", []PaymentRequest{done}, nil, nil},
		{"told twice", []PaymentRequest{done, done}, nil, nil},
		{"told of as another payment", []PaymentRequest{done}, func(p *PaymentRequest) { p.Entry = 0 }, nil},
		{"a part beside providers", []PaymentRequest{beside}, nil, []FailedTask{{2, 400}}},
		{"the same told twice", []PaymentRequest{beside, beside}, nil, []FailedTask{{2, 400}}},
		{"in another currency", []PaymentRequest{done}, func(p *PaymentRequest) { p.Currency = Currency{'U', 'S', 'D'} }, []FailedTask{{2, 1000}}},
		{"over another amount", []PaymentRequest{done}, func(p *PaymentRequest) { p.Amount = 999 }, []FailedTask{{2, 1000}}},
		{"of another type", []PaymentRequest{done}, func(p *PaymentRequest) { p.Type = PaymentCapture }, []FailedTask{{2, 1000}}},
		{"earlier", []PaymentRequest{done}, func(p *PaymentRequest) { p.At = 1 }, []FailedTask{{2, 1000}}},
		{"of no entry", []PaymentRequest{done}, func(p *PaymentRequest) { p.Entry = 3 }, []FailedTask{{2, 1000}}},
		{"of what does not belong to any", []PaymentRequest{done}, func(p *PaymentRequest) { p.Entry, p.Of = 0, 3 }, []FailedTask{{2, 1000}}},
	} {
		o := orderWith(t, StatusCancelled, had)
		e := &o.Account.Entries[1]
		e.At, e.Provider, e.Reference = 20, []byte("acme"), []byte("re_0")
		for _, p := range test.reports {
			if test.change != nil {
				test.change(&p)
			}
			o.Account.Tell(&p)
		}
		if got := o.FailedTasks(); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, should be %v", test.name, got, test.want)
		}
	}
}
