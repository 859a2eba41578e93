package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// endlessVerifier checks what an endless run has left: what is open is there, what was closed can still be read, and
// the last keys are remembered.
type endlessVerifier struct {
	*verifier
	trial *trial

	samples []ack
	open    map[uint64]uint64 // numbers by ordinal
	recent  []ack
}

// verifyEndless does all checks.
func (t *trial) verifyEndless(ctx context.Context) (*Verification, error) {
	begin := time.Now()
	v := &endlessVerifier{trial: t, open: map[uint64]uint64{}}
	v.verifier = &verifier{api: t.subject.api, work: t.work, book: t.book, catalogue: t.catalogue, exact: t.subject.child != nil}
	refused, unanswered := 0, 0
	for _, s := range t.endless {
		v.samples = append(v.samples, s.samples...)
		for _, e := range s.open.entries[s.open.head:] {
			v.open[e.ordinal] = e.number
		}
		v.recent = append(v.recent, s.recent[:min(s.placed, perRecent)]...)
		refused += s.refused
		unanswered += s.unanswered
	}
	v.report("every order was placed, every cancellation done", refused == 0 && unanswered == 0, "%d refused, %d without an answer", refused, unanswered)
	v.checkDistinct()
	// Keys come first: they are remembered for a time only.
	for _, check := range []func(context.Context) error{v.checkKeys, v.checkSamples, v.checkExternal, v.checkOpen, v.checkLevels} {
		if err := check(ctx); err != nil {
			return nil, fmt.Errorf("verification: %w", err)
		}
	}
	v.result.OK = !slices.ContainsFunc(v.result.Checks, func(c Check) bool { return !c.OK })
	v.result.Millis = time.Since(begin).Milliseconds()
	return &v.result, nil
}

// checkDistinct makes sure that no two of the known orders have one id.
func (v *endlessVerifier) checkDistinct() {
	ordinals := map[uint64]uint64{}
	for ordinal, number := range v.open {
		ordinals[number] = ordinal
	}
	twice := len(v.open) - len(ordinals)
	for _, e := range v.samples {
		if other, known := ordinals[e.number]; known && other != e.ordinal {
			twice++
		}
		ordinals[e.number] = e.ordinal
	}
	v.report("ids are distinct", twice == 0, "%d ids were given twice, of %s that are open or sampled", twice, grouped(float64(len(ordinals))))
}

// each looks at entries from several goroutines and reports the first that is wrong.
func (v *verifier) each(ctx context.Context, name, what string, entries []ack, look func(e ack) (wrong string, err error)) error {
	var mu sync.Mutex
	count, first := 0, ""
	err := parallel(ctx, len(entries), func(i int) error {
		wrong, err := look(entries[i])
		if err == nil && wrong != "" {
			mu.Lock()
			defer mu.Unlock()
			if count++; count == 1 {
				first = wrong
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	detail := fmt.Sprintf("%s %s", grouped(float64(len(entries))), what)
	if count > 0 {
		detail += fmt.Sprintf(", %d wrong: %s", count, first)
	}
	v.report(name, count == 0, "%s", detail)
	return nil
}

// checkSamples reads orders of the whole run by id: the old ones come from the archive, where there is one.
func (v *endlessVerifier) checkSamples(ctx context.Context) error {
	return v.each(ctx, "orders of every age are there", "read back by id", v.samples, func(e ack) (string, error) {
		status := statusCancelled
		if v.open[e.ordinal] != 0 {
			status = statusPlaced
		}
		return v.checkOrderIn(e, status), nil
	})
}

// checkExternal orders again under external ids that are taken: the answer names their owners.
func (v *endlessVerifier) checkExternal(ctx context.Context) error {
	var entries []ack
	for _, e := range v.samples {
		if sampled(e.ordinal, externalFirst, externalEvery) {
			entries = append(entries, e)
		}
	}
	return v.each(ctx, "external ids stay taken", "asked for again", entries, func(e ack) (string, error) {
		var o order
		v.work.fill(&o, e.ordinal)
		status, body, err := v.ask("POST", "/v1/orders", append(appendOrderFields([]byte{'{'}, &o), '}'))
		var answer struct {
			OrderID string `json:"order_id"`
		}
		if err == nil {
			err = json.Unmarshal(body, &answer)
		}
		if want := string(appendOrderID(nil, e.number)); err == nil && (status != 409 || answer.OrderID != want) {
			return fmt.Sprintf("ordinal %d has order %s, but its external id is answered by %d %.200s", e.ordinal, want, status, body), nil
		}
		return "", err
	})
}

// checkKeys sends the last orders again under their keys.
func (v *endlessVerifier) checkKeys(ctx context.Context) error {
	if !v.work.spec.Keys {
		return nil
	}
	b, from := &book{}, &list{}
	for _, e := range v.recent {
		from.left = append(from.left, e.ordinal)
		b.acks.set(e.ordinal, e.number)
	}
	load := v.trial.subjectLoad()
	load.rate, load.recorder = 0, newRecorder()
	load.script = func(int) script {
		return &orderScript{form: v.trial.form(), work: v.work, source: from, book: b, batch: v.trial.config.Batch}
	}
	if err := load.run(ctx); err != nil {
		return err
	}
	s := newSpan()
	load.recorder.collect(s)
	ok := s.counts.Replayed == int64(len(v.recent)) && b.doubled.Load() == 0 && s.counts.Errors == 0
	v.report("keys are remembered", ok, "%d of the last %d were answered as before, %d got other orders",
		s.counts.Replayed-b.doubled.Load(), len(v.recent), b.doubled.Load())
	return nil
}

// checkOpen asks for the audit, which must find as many placed orders as are open.
func (v *endlessVerifier) checkOpen(context.Context) error {
	audit, err := v.audit()
	if err != nil {
		return err
	}
	v.report("audit", audit.OK && len(audit.Violations) == 0, "ok %t, %d violations at sequence %d", audit.OK, len(audit.Violations), audit.Sequence)
	if v.exact {
		placed := audit.ByStatus[statusPlaced] - v.catalogue.open
		v.report("what is open is open", placed == int64(len(v.open)), "%s orders are open on the server, %s here",
			grouped(float64(placed)), grouped(float64(len(v.open))))
	}
	return nil
}

// checkLevels makes sure that open orders have their units, and nobody else any.
func (v *endlessVerifier) checkLevels(ctx context.Context) error {
	after, err := v.levels(ctx, v.work.spec.SKUs)
	if err != nil {
		return err
	}
	sold := make([]bounds, len(after))
	var o order
	for ordinal := range v.open {
		v.work.fill(&o, ordinal)
		for _, line := range o.lines[:o.count] {
			sold[line.sku].low += line.quantity
			sold[line.sku].high += line.quantity
		}
	}
	const name = "units of open orders + left = stocked"
	for sku := range after {
		if wrong := v.wrongLevel(&v.catalogue.before[sku], &after[sku], sold[sku]); wrong != "" {
			v.report(name, false, "%s: %s", appendSKUName(nil, sku), wrong)
			return nil
		}
	}
	v.report(name, true, "of %s SKUs", grouped(float64(len(after))))
	return nil
}
