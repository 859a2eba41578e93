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
		{"a pick is forgotten", lies{ignored: stagePick}, order},
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
