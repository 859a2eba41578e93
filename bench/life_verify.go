package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// lifeVerifier checks that what lives have left is what became of their orders.
type lifeVerifier struct {
	*verifier
	hasIndex  bool    // the server keeps an index of orders
	restarted float64 // seconds from the start of a server that had been killed until it was ready; 0 if none was
	sequence  uint64  // of the audit
}

// verifyLives does all checks. An own server is killed before, so that they see what it had written down.
func (t *trial) verifyLives(ctx context.Context) (*Verification, error) {
	begin := time.Now()
	v := &lifeVerifier{hasIndex: !slices.Contains(t.config.ServerArgs, "--search=false")}
	if t.subject.child != nil {
		if err := t.restart(ctx); err != nil {
			return nil, err
		}
		v.restarted = time.Since(begin).Seconds()
	}
	v.verifier = &verifier{api: t.subject.api, work: t.work, book: t.book, catalogue: t.catalogue, exact: t.subject.child != nil}
	t.say("verifying %s lives", grouped(float64(t.book.acks.len())))
	if err := v.run(ctx, t.lives); err != nil {
		return nil, err
	}
	v.result.Millis = time.Since(begin).Milliseconds()
	return &v.result, nil
}

// run does all checks of what the scripts of a run have left.
func (v *lifeVerifier) run(ctx context.Context, scripts []*lifeScript) error {
	v.checkComplete(scripts)
	v.checkIDs()
	for _, check := range []func(context.Context) error{v.checkLives, v.checkAudit, v.checkTasks, v.checkStock} {
		if err := check(ctx); err != nil {
			return fmt.Errorf("verification: %w", err)
		}
	}
	v.result.OK = !slices.ContainsFunc(v.result.Checks, func(c Check) bool { return !c.OK })
	return nil
}

// restart kills the own server and starts it again on what it has left.
func (t *trial) restart(ctx context.Context) (err error) {
	t.say("killing the server with -9, and starting it again")
	t.subject.api.close()
	if err := t.subject.child.kill(); err != nil {
		return err
	}
	t.subject, err = openSubject(ctx, &t.config, t.subject.data)
	return err
}

// checkComplete makes sure that every command was done, and so every life that was begun came to its end.
func (v *lifeVerifier) checkComplete(scripts []*lifeScript) {
	refused, unanswered := 0, 0
	for _, s := range scripts {
		refused += s.refused
		unanswered += s.unanswered
	}
	begun, ended := v.book.acks.len(), v.book.settled.len()
	v.report("every life is complete", refused == 0 && unanswered == 0 && begun == ended, "%s of %s; %d commands refused, %d without an answer",
		grouped(float64(ended)), grouped(float64(begun)), refused, unanswered)
	if v.restarted > 0 {
		v.report("the server was killed", true, "with -9 after the last answer, and was ready again after %.2f s", v.restarted)
	}
}

// lifeAnswer is what GET /v1/orders/{id} says, as far as it can be foretold.
type lifeAnswer struct {
	ID          string `json:"id"`
	Status      string `json:"status"`
	Customer    string `json:"customer"`
	Fulfillment string `json:"fulfillment_status"`
	Payment     string `json:"payment_status"`
	Return      string `json:"return_status"`
	Amounts     struct {
		Currency   string `json:"currency"`
		Total      int64  `json:"total"`
		Authorized int64  `json:"authorized"`
		Captured   int64  `json:"captured"`
		Refunded   int64  `json:"refunded"`
		ToCapture  int64  `json:"to_capture"`
		ToRefund   int64  `json:"to_refund"`
		ToVoid     int64  `json:"to_void"`
	} `json:"amounts"`
	Lines []struct {
		SKU         string            `json:"sku"`
		Quantity    int64             `json:"quantity"`
		Allocations []json.RawMessage `json:"allocations"`
		Units       map[string]int64  `json:"units"`
	} `json:"lines"`
}

// returnsAnswer is what GET /v1/orders/{id}/returns says, likewise.
type returnsAnswer struct {
	Items []struct {
		Number int    `json:"number"`
		Status string `json:"status"`
		Lines  []struct {
			Line     int              `json:"line"`
			Quantity int64            `json:"quantity"`
			Received map[string]int64 `json:"received"`
		} `json:"lines"`
		Refunds []struct {
			Kind   string `json:"kind"`
			Amount int64  `json:"amount"`
		} `json:"refunds"`
	} `json:"items"`
}

// checkLives reads orders back and compares what became of each with its life.
func (v *lifeVerifier) checkLives(ctx context.Context) error {
	entries, all := v.chooseOrders()
	what := "orders, all of them, read back by id, with their fulfilment orders and returns"
	if !all {
		what = fmt.Sprintf("orders, a sample of %s, read back by id, with their fulfilment orders and returns", grouped(float64(v.book.acks.len())))
	}
	return v.each(ctx, "every order is what became of it", what, entries, func(e ack) (string, error) {
		if v.book.settled.get(e.ordinal) == 0 {
			return "", nil // its life is not complete, which was reported
		}
		var l life
		v.work.fillLife(&l, e.ordinal, e.number)
		wrong, err := v.wrongLife(&l)
		if wrong == "" && err == nil {
			wrong, err = v.wrongPick(&l)
		}
		if wrong == "" && err == nil && l.returns {
			wrong, err = v.wrongReturn(&l)
		}
		return wrong, err
	})
}

// wrongLife says what is wrong with an order, or nothing. An order that cannot be read is wrong.
func (v *lifeVerifier) wrongLife(l *life) (string, error) {
	id := string(appendOrderID(nil, l.number))
	status, body, err := v.ask("GET", "/v1/orders/"+id, nil)
	if err != nil {
		return "", err
	}
	var got lifeAnswer
	if status != 200 || json.Unmarshal(body, &got) != nil {
		return fmt.Sprintf("order %s: status %d: %.200s", id, status, body), nil
	}
	for _, f := range [...]struct{ name, is, want string }{
		{"id", got.ID, id}, {"customer", got.Customer, string(appendCustomer(nil, l.customer))},
		{"status", got.Status, statusCompleted}, {"fulfillment_status", got.Fulfillment, "fulfilled"},
		{"payment_status", got.Payment, l.paymentStatus()}, {"return_status", got.Return, l.returnStatus()},
		{"currency", got.Amounts.Currency, lifeCurrency},
	} {
		if f.is != f.want {
			return fmt.Sprintf("order %s has %s %q, not %q", id, f.name, f.is, f.want), nil
		}
	}
	for _, f := range [...]struct {
		name     string
		is, want int64
	}{
		{"total", got.Amounts.Total, l.total()}, {"authorized", got.Amounts.Authorized, l.total()}, {"captured", got.Amounts.Captured, l.total()},
		{"refunded", got.Amounts.Refunded, l.refund()}, {"to_capture", got.Amounts.ToCapture, 0}, {"to_refund", got.Amounts.ToRefund, 0},
		{"to_void", got.Amounts.ToVoid, 0},
	} {
		if f.is != f.want {
			return fmt.Sprintf("order %s has %d %s, not %d", id, f.is, f.name, f.want), nil
		}
	}
	return got.wrongLine(l), nil
}

// wrongLine says what is wrong with an order's line, or nothing.
func (a *lifeAnswer) wrongLine(l *life) string {
	sku, want := string(appendSKUName(nil, l.lines[0].sku)), l.units()
	if len(a.Lines) != 1 || a.Lines[0].SKU != sku || a.Lines[0].Quantity != l.lines[0].quantity || len(a.Lines[0].Allocations) > 0 {
		return fmt.Sprintf("order %s has lines %+v, not %d of %s that have left", a.ID, a.Lines, l.lines[0].quantity, sku)
	}
	for name, units := range a.Lines[0].Units {
		if units != want[name] {
			return fmt.Sprintf("order %s has %d units that are %s, not %d", a.ID, units, name, want[name])
		}
		delete(want, name)
	}
	if len(want) > 0 {
		return fmt.Sprintf("order %s does not tell of units that are %v", a.ID, want)
	}
	return ""
}

// units are the counters of the order's line that are not 0.
func (l *life) units() map[string]int64 {
	n := l.lines[0].quantity
	units := map[string]int64{"ordered": n, "shipped": n, "delivered": n}
	if l.returns {
		units["returned_restock"] = returnedUnits
	}
	return units
}

func (l *life) paymentStatus() string {
	if l.returns {
		return "partially_refunded"
	}
	return "paid"
}

func (l *life) returnStatus() string {
	switch {
	case !l.returns:
		return ""
	case l.lines[0].quantity == returnedUnits:
		return "returned"
	}
	return "partially_returned"
}

// wrongPick says what is wrong with an order's fulfilment order, or nothing: it was begun, and is closed as all of it has left.
func (v *lifeVerifier) wrongPick(l *life) (string, error) {
	id := string(appendOrderID(nil, l.number))
	var got struct {
		Items []struct {
			Number int               `json:"number"`
			Status string            `json:"status"`
			Lines  []json.RawMessage `json:"lines"`
		} `json:"items"`
	}
	if err := v.call("GET", "/v1/orders/"+id+"/fulfillments", nil, &got); err != nil {
		return "", err
	}
	if len(got.Items) != 1 || got.Items[0].Status != "closed" || len(got.Items[0].Lines) > 0 {
		return fmt.Sprintf("order %s has fulfilment orders %+v", id, got.Items), nil
	}
	return "", nil
}

// wrongReturn says what is wrong with the return of an order that has one, or nothing.
func (v *lifeVerifier) wrongReturn(l *life) (string, error) {
	id := string(appendOrderID(nil, l.number))
	var got returnsAnswer
	if err := v.call("GET", "/v1/orders/"+id+"/returns", nil, &got); err != nil {
		return "", err
	}
	wrong := fmt.Sprintf("order %s has returns %+v", id, got.Items)
	if len(got.Items) != 1 || got.Items[0].Status != "closed" || len(got.Items[0].Lines) != 1 || len(got.Items[0].Refunds) != 1 {
		return wrong, nil
	}
	line, refund := got.Items[0].Lines[0], got.Items[0].Refunds[0]
	if line.Quantity != returnedUnits || line.Received["restock"] != returnedUnits || refund.Kind != "refund" || refund.Amount != l.refund() {
		return wrong, nil
	}
	return "", nil
}

// checkAudit asks the server to recompute its invariants. Where nobody else has used it, it has no order but those of the run, all completed.
func (v *lifeVerifier) checkAudit(context.Context) error {
	audit, err := v.audit()
	if err != nil {
		return err
	}
	v.report("audit", audit.OK && len(audit.Violations) == 0, "ok %t, %d violations at sequence %d", audit.OK, len(audit.Violations), audit.Sequence)
	if v.sequence = audit.Sequence; v.exact {
		completed := audit.ByStatus[statusCompleted]
		v.report("nothing lost, nothing twice", completed == int64(v.book.acks.len()) && audit.made() == completed,
			"%s on the server, %s of them completed", grouped(float64(audit.made())), grouped(float64(completed)))
	}
	return nil
}

// checkTasks makes sure that nobody is asked for money any more. The index of orders may have to read what a long run has left.
func (v *lifeVerifier) checkTasks(ctx context.Context) error {
	if !v.exact || !v.hasIndex {
		return nil
	}
	const name = "no payment is left to be carried out"
	path := fmt.Sprintf("/v1/payments/tasks?at_least=%d", v.sequence)
	deadline := time.Now().Add(indexPatience)
	status, body, err := v.ask("GET", path, nil)
	for err == nil && status == 503 && ctx.Err() == nil && time.Now().Before(deadline) {
		time.Sleep(200 * time.Millisecond)
		status, body, err = v.ask("GET", path, nil)
	}
	var tasks struct {
		Items []json.RawMessage `json:"items"`
	}
	if err == nil && status == 200 {
		err = json.Unmarshal(body, &tasks)
	}
	v.report(name, status == 200 && len(tasks.Items) == 0, "status %d, %d payments are asked for", status, len(tasks.Items))
	return err
}

const statusCompleted = "completed"

// indexPatience is how long that may take.
const indexPatience = 5 * time.Minute

// checkStock makes sure, for every SKU, that units left, less those that came back, are gone, and that nothing is promised any more.
func (v *lifeVerifier) checkStock(ctx context.Context) error {
	after, err := v.levels(ctx, v.work.spec.SKUs)
	if err != nil {
		return err
	}
	gone := make([]int64, len(after))
	var shipped, restocked int64
	var l life
	for ordinal, number := range v.book.settled.all() {
		v.work.fillLife(&l, ordinal, number)
		n := l.lines[0].quantity
		shipped += n
		if l.returns {
			n -= returnedUnits
			restocked += returnedUnits
		}
		gone[l.lines[0].sku] += n
	}
	const name = "on hand = stocked − shipped + restocked"
	for sku := range after {
		if wrong := v.wrongStock(&v.catalogue.before[sku], &after[sku], gone[sku]); wrong != "" {
			v.report(name, false, "%s: %s", appendSKUName(nil, sku), wrong)
			return nil
		}
	}
	v.report(name, true, "of %s SKUs: %s units shipped, %s restocked", grouped(float64(len(after))), grouped(float64(shipped)), grouped(float64(restocked)))
	return nil
}

// wrongStock says what is wrong with a SKU of which so many units must be gone, or nothing. Where others use the server, more may be.
func (v *lifeVerifier) wrongStock(before, after *level, gone int64) string {
	left := after.OnHand - after.Unavailable - after.Reserved - after.Allocated - after.SafetyStock
	switch {
	case after.Available != left:
		return fmt.Sprintf("available %d, but on hand − unavailable − reserved − allocated − safety stock is %d", after.Available, left)
	case !v.exact:
		return ""
	case after.OnHand != before.OnHand-gone:
		return fmt.Sprintf("%d units on hand, not %d less %d", after.OnHand, before.OnHand, gone)
	case after.Allocated != before.Allocated || after.Reserved != before.Reserved || after.Unavailable != before.Unavailable:
		return fmt.Sprintf("%d units allocated, %d reserved, %d unavailable; before the run %d, %d, %d",
			after.Allocated, after.Reserved, after.Unavailable, before.Allocated, before.Reserved, before.Unavailable)
	}
	return ""
}
