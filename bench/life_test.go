package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// TestLives takes a few thousand orders through their lives on the real server, which is killed before it is asked what has become of them.
func TestLives(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server per mode, and kills it")
	}
	for _, mode := range []Mode{Single, Binary} {
		t.Run(string(mode), func(t *testing.T) {
			c := Config{Executable: holdfast(t), Dir: t.TempDir(), Scenario: Lifecycle, Mode: mode, Orders: 2000, Connections: 8, SKUs: 200, Seed: 7}
			if mode == Binary {
				c.Batch = 100
			}
			report, err := Run(context.Background(), c)
			if err != nil {
				t.Fatalf("%v\n%v", err, report)
			}
			checkLifeReport(t, report)
		})
	}
}

// checkLifeReport checks the figures that follow from 2,000 lives.
func checkLifeReport(t *testing.T, r *Report) {
	t.Helper()
	n, l := &r.Load.Counts, r.Lifecycle
	back := l.Returned
	if n.Placed != 2000 || n.Lives != 2000 || l.Lives != 2000 || back < 150 || back > 250 || n.Errors != 0 || n.Refusals() != 0 {
		t.Fatalf("%v", r)
	}
	if want := 2000*int64(stageDeliver-stagePlace) + back*int64(stageCloseReturn-stageDeliver); n.Followed != want {
		t.Errorf("%d commands on what was placed, not %d", n.Followed, want)
	}
	if len(l.Stages) != int(stageEnd-stagePlace) || l.PerMinute <= 0 || len(r.Verification.Checks) != 8 {
		t.Errorf("%v", r)
	}
	for _, s := range l.Stages {
		if s.Latency.P50 == 0 || s.Commands != 2000 && s.Commands != back {
			t.Errorf("%+v", s)
		}
	}
	var page bytes.Buffer
	if err := r.WritePage(&page); err != nil || !strings.Contains(page.String(), "lives per minute") {
		t.Errorf("%v: the page lacks the lives", err)
	}
}

// TestLifeVerificationFindsLies takes the same orders through their lives at shops that break one promise each.
func TestLifeVerificationFindsLies(t *testing.T) {
	const order, stock = "every order is what became of it", "on hand = stocked − shipped + restocked"
	for _, tc := range []struct {
		name  string
		lies  lies
		wrong string // the check that must fail; empty: none
	}{
		{"honest", lies{}, ""},
		{"an order is lost", lies{forget: 30}, order},
		{"an id is given twice", lies{repeat: 123}, "ids are distinct"},
		{"a step is refused", lies{ignored: stageDeliver, refuse: true}, "every life is complete"},
		{"an authorization is forgotten", lies{ignored: stageAuthorize}, order},
		{"a shipment does not leave", lies{ignored: stageShip}, order},
		{"a capture is forgotten", lies{ignored: stageCapture}, order},
		{"a delivery is forgotten", lies{ignored: stageDeliver}, order},
		{"a return is not decided", lies{ignored: stageApproveReturn}, order},
		{"a unit that came back is not in stock", lies{keepBack: true}, stock},
		{"units leave that were not sold", lies{shipMore: true}, stock},
		{"a receipt is forgotten", lies{ignored: stageReceiveReturn}, order},
		{"a decision is forgotten", lies{ignored: stageDecideRefund}, order},
		{"a refund is forgotten", lies{ignored: stageRefund}, order},
		{"a return stays open", lies{ignored: stageCloseReturn}, order},
		{"the audit complains", lies{badAudit: true}, "audit"},
		{"an order stays in the middle", lies{ignored: stageDeliver}, "nothing lost, nothing twice"},
		{"a payment is left", lies{openTask: true}, "no payment is left to be carried out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := &shop{lies: tc.lies}
			v, err := verifyLivesOf(t, s)
			checkVerification(t, v, err, tc.wrong)
		})
	}
}

// verifyLivesOf takes orders through their lives at a shop that nobody else uses, and verifies them.
func verifyLivesOf(t *testing.T, s *shop) (*Verification, error) {
	t.Helper()
	c := Config{URL: s.start(t), Scenario: Lifecycle, Orders: 300, Connections: 3, SKUs: 20, Dir: t.TempDir(), Seed: 42}.effective()
	r := &trial{config: c, work: newWorkload(c.spec()), book: &book{}, space: &workspace{root: c.Dir, keep: true}, report: &Report{}}
	defer func() { _ = r.subject.close() }()
	if err := r.prepare(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := r.load(context.Background()); err != nil {
		t.Fatal(err)
	}
	v := &lifeVerifier{hasIndex: true, verifier: &verifier{api: r.subject.api, work: r.work, book: r.book, catalogue: r.catalogue, exact: true}}
	err := v.run(context.Background(), r.lives)
	if err == nil && !v.result.OK {
		err = ErrVerification
	}
	return &v.result, err
}

// TestLivesOfAGivenServer go by its URL, where others may use it as well.
func TestLivesOfAGivenServer(t *testing.T) {
	s := &shop{}
	report, err := Run(context.Background(), Config{URL: s.start(t), Scenario: Lifecycle, Orders: 100, Connections: 3, SKUs: 20, Dir: t.TempDir()})
	if err != nil || report.Lifecycle.Lives != 100 || len(report.Verification.Checks) != 5 {
		t.Fatalf("%v\n%v", err, report)
	}
}

// TestLivesEndWithTheRun: when the time is over, lives that were begun are brought to their end, and no others begun.
func TestLivesEndWithTheRun(t *testing.T) {
	s := &shop{}
	report, err := Run(context.Background(), Config{
		URL: s.start(t), Scenario: Lifecycle, Connections: 3, SKUs: 20, Dir: t.TempDir(), Duration: 300 * time.Millisecond, Warmup: 100 * time.Millisecond,
	})
	if err != nil || report.Lifecycle.Lives == 0 {
		t.Fatalf("%v\n%v", err, report)
	}
}

// TestLifeScriptFillsItsBatches: as long as there are orders to place, no request is smaller than it may be, and none is out of its life's order.
func TestLifeScriptFillsItsBatches(t *testing.T) {
	const lives, batch = 1000, 16
	w, from, over := newWorkload(testSpec(Lifecycle)), counter{}, atomic.Bool{}
	from.allow(lives)
	s := &lifeScript{lifeForm: &singleForm{work: w}, work: w, source: &from, book: &book{}, batch: batch, over: &over}
	reached, small, complete := map[uint64]stage{}, 0, 0
	for {
		stage, ok := s.choose()
		if !ok {
			break
		}
		if len(s.flight) < batch && from.next.Load() < lives {
			small++
		}
		s.stage = stage
		for i := range s.flight {
			e := &s.flight[i]
			if reached[e.ordinal] != stage-1 {
				t.Fatalf("ordinal %d comes to %s behind %s", e.ordinal, stageNames[stage], stageNames[reached[e.ordinal]])
			}
			reached[e.ordinal] = stage
			e.number = e.ordinal + 1
		}
		var o outcome
		if err := s.goOn(slices.Clone(s.flight), &o); err != nil {
			t.Fatal(err)
		}
		complete += o.lives
	}
	if small > 0 || complete != lives || s.book.settled.len() != lives || s.count != 0 || s.pending() {
		t.Errorf("%d small requests, %d lives complete, %d left", small, complete, s.count)
	}
	for ordinal, last := range reached {
		if want := map[bool]stage{true: stageCloseReturn, false: stageDeliver}[w.returns(ordinal)]; last != want {
			t.Errorf("ordinal %d ended with %s, not with %s", ordinal, stageNames[last], stageNames[want])
		}
	}
}

// TestBinaryLives compares what the two forms say of the same steps.
func TestBinaryLives(t *testing.T) {
	spec := testSpec(Lifecycle)
	spec.SKUs, spec.Keys = 64, true
	w := newWorkload(spec)
	numbers := make([]core.SKUID, spec.SKUs)
	for i := range numbers {
		numbers[i] = core.MakeSKUID(core.Slot(i), 0)
	}
	single, binary := &singleForm{work: w}, &binaryForm{work: w, numbers: numbers, channel: 3}
	var l life
	for ordinal := range uint64(40) {
		w.fillLife(&l, ordinal, 10)
		l.returns = true
		for s := stagePlace; s < stageEnd; s++ {
			single.begin()
			single.step(s, &l)
			req, body := readRequest(t, single.finish())
			if want := "/v1/orders/000000000000a" + lifeSteps[s].path; s != stagePlace && (req.URL.Path != want || req.Method != "POST") {
				t.Fatalf("%s: %s %s", stageNames[s], req.Method, req.URL.Path)
			}
			checkSameStep(t, s, &l, body, lastCommand(t, binary, s, &l))
		}
	}
}

// lastCommand is what the binary form makes of a step.
func lastCommand(t *testing.T, f *binaryForm, s stage, l *life) *core.Command {
	t.Helper()
	f.begin()
	f.step(s, l)
	_, body := readRequest(t, f.finish())
	_, frames, err := codec.DecodeBatch(body)
	if err == nil && s != stagePlace {
		err = codec.SetSlots(frames, 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := &core.Command{}
	if _, err := codec.DecodeCommand(frames, c); err != nil {
		t.Fatalf("%s: %v", stageNames[s], err)
	}
	return c
}

// checkSameStep compares the amounts, numbers and words of a step in JSON with those of its command.
func checkSameStep(t *testing.T, s stage, l *life, body []byte, c *core.Command) {
	t.Helper()
	var texts []string
	switch {
	case s == stagePlace:
		if c.Channel != 3 || c.Money.Amounts[0] != l.goods() || c.Money.Total() != l.total() || !c.HasKey || len(c.Lines) != 1 {
			t.Errorf("%+v", c)
		}
		texts = []string{fmt.Sprintf(`"total":{"amount":%d,"currency":"EUR"}`, c.Money.Total()), fmt.Sprintf(`"quantity":%d,`, c.Lines[0].Quantity)}
	case c.Order != 10:
		t.Errorf("%s is about order %d", stageNames[s], c.Order)
	case s == stageShip:
		texts = []string{fmt.Sprintf(`"quantity":%d}`, c.Lines[0].Quantity)}
	case c.Kind == core.CommandReportPayment:
		texts = []string{fmt.Sprintf(`"reference":"%s"`, c.Payment.Reference), `"status":"succeeded"`}
		if want := map[stage]int64{stageAuthorize: l.total(), stageCapture: l.total(), stageRefund: l.refund()}[s]; c.Payment.Amount != want {
			t.Errorf("%s is over %d, not %d", stageNames[s], c.Payment.Amount, want)
		}
	case s == stageAskReturn:
		texts = []string{fmt.Sprintf(`{"line":0,"quantity":%d}`, c.Life.Return.Rows[0].Quantity)}
	case s == stageDecideRefund:
		texts = []string{fmt.Sprintf(`"amount":%d,`, c.Life.Return.Amount)}
	}
	if s != stageCloseReturn && !json.Valid(body) {
		t.Errorf("%s is no JSON: %s", stageNames[s], body)
	}
	for _, text := range texts {
		if !strings.Contains(string(body), text) {
			t.Errorf("%s lacks %s: %s", stageNames[s], text, body)
		}
	}
}

// shopLife is an order of a shop that goes through a life.
type shopLife struct {
	lifeAnswer
	unit    int64 // the price of one
	returns returnsAnswer
}

type shopAmount struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// beginLife makes an order that was placed with prices one with a life.
func (s *shop) beginLife(number uint64, body []byte) {
	var asked struct {
		Channel  string `json:"channel"`
		Customer string `json:"customer"`
		Lines    []struct {
			SKU      string     `json:"sku"`
			Quantity int64      `json:"quantity"`
			Price    shopAmount `json:"unit_price"`
		} `json:"lines"`
		Amounts struct {
			Total shopAmount `json:"total"`
		} `json:"amounts"`
	}
	if json.Unmarshal(body, &asked) != nil || asked.Channel != lifeChannel {
		return
	}
	o := &shopLife{unit: asked.Lines[0].Price.Amount}
	o.ID, o.Customer, o.Status = string(appendOrderID(nil, number)), asked.Customer, "placed"
	o.Amounts.Currency, o.Amounts.Total = asked.Amounts.Total.Currency, asked.Amounts.Total.Amount
	o.Lines = make([]struct {
		SKU         string            `json:"sku"`
		Quantity    int64             `json:"quantity"`
		Allocations []json.RawMessage `json:"allocations"`
		Units       map[string]int64  `json:"units"`
	}, 1)
	o.Lines[0].SKU, o.Lines[0].Quantity = asked.Lines[0].SKU, asked.Lines[0].Quantity
	o.Lines[0].Units = map[string]int64{"ordered": asked.Lines[0].Quantity}
	s.lives[number] = o
}

// live takes an order through the stage that the request's path names.
func (s *shop) live(c *fasthttp.RequestCtx, id, path string) {
	number, _ := parseOrderID([]byte(id))
	o := s.lives[number]
	at := slices.IndexFunc(lifeSteps[:], func(step lifeStep) bool { return step.path == path })
	switch {
	case o == nil || at < 0:
		c.SetStatusCode(404)
		return
	case s.ignored == stage(at) && s.refuse:
		c.SetStatusCode(409)
		c.SetBodyString(`{"status":409,"code":"other"}`)
		return
	case s.ignored != stage(at):
		s.passStage(o, stage(at))
	}
	fmt.Fprintf(c, `{"id":"%s"}`, id)
}

// passStage does what a stage is about.
func (s *shop) passStage(o *shopLife, at stage) {
	line, units := &o.Lines[0], o.Lines[0].Units
	switch at {
	case stageAuthorize:
		o.Amounts.Authorized, o.Payment = o.Amounts.Total, "authorized"
	case stageShip:
		s.move(line.SKU, -line.Quantity)
		units["shipped"], o.Fulfillment, o.Amounts.ToCapture = line.Quantity, "fulfilled", o.Amounts.Total
	case stageCapture:
		o.Amounts.Captured, o.Amounts.ToCapture, o.Payment = o.Amounts.ToCapture, 0, "paid"
	case stageDeliver:
		units["delivered"], o.Status = line.Quantity, statusCompleted
	default:
		s.passReturn(o, at)
	}
}

// passReturn does what a stage of a return is about. A shop that has ignored what must come before goes no further.
func (s *shop) passReturn(o *shopLife, at stage) {
	if at == stageAskReturn {
		text := fmt.Sprintf(`{"items":[{"number":1,"status":"requested","lines":[{"quantity":%d}]}]}`, returnedUnits)
		_ = json.Unmarshal([]byte(text), &o.returns)
		return
	}
	back := &o.returns.Items[0]
	advance := func(from, to string) bool {
		if back.Status == from {
			back.Status = to
		}
		return back.Status == to
	}
	switch at {
	case stageApproveReturn:
		advance("requested", "approved")
	case stageReceiveReturn:
		if advance("approved", "received") {
			s.move(o.Lines[0].SKU, returnedUnits)
			back.Lines[0].Received = map[string]int64{"restock": returnedUnits}
			o.Lines[0].Units["returned_restock"] = returnedUnits
		}
	case stageDecideRefund:
		_ = json.Unmarshal(fmt.Appendf(nil, `[{"kind":"refund","amount":%d}]`, o.unit*returnedUnits), &back.Refunds)
	case stageAskRefund:
		for _, r := range back.Refunds {
			o.Amounts.ToRefund += r.Amount
		}
	case stageRefund:
		o.Amounts.Refunded, o.Amounts.ToRefund, o.Payment = o.Amounts.ToRefund, 0, "partially_refunded"
	case stageCloseReturn:
		o.Return = "partially_returned"
		if o.Lines[0].Quantity == returnedUnits {
			o.Return = "returned"
		}
		advance("received", "closed")
	}
}

// move has units leave stock, or come back to it.
func (s *shop) move(sku string, n int64) {
	level := s.skus[sku]
	switch {
	case n > 0 && s.keepBack:
	case n > 0:
		level.OnHand += n
		level.Available += n
	case s.shipMore:
		level.OnHand += 2 * n
		level.Allocated += n
		level.Available += n
	default:
		level.OnHand += n
		level.Allocated += n
	}
}

// auditLives tells how many orders with lives are in which status.
func (s *shop) auditLives(c *fasthttp.RequestCtx) {
	completed := 0
	for _, o := range s.lives {
		if o.Status == statusCompleted {
			completed++
		}
	}
	fmt.Fprintf(c, `{"sequence":1,"ok":%t,"violations":[],"by_status":{"placed":%d,"completed":%d}}`, !s.badAudit, len(s.orders)-completed, completed)
}
