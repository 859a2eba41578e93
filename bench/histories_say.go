package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"holdfast/server/client"
)

// oddAnswer is an answer that is none: one that the contract does not know for the request.
type oddAnswer struct {
	op  *operation
	why string
}

func (e *oddAnswer) Error() string { return fmt.Sprintf("%s: %s", e.op, e.why) }

func (e *oddAnswer) Unwrap() error { return ErrVerification }

// errNotYet is a server that listens and does nothing yet: it changed nothing, so whatever was sent may be sent again.
var errNotYet = errors.New("the server recovers")

// isNotYet reports whether an answer is that of a server which recovers.
func isNotYet(problem *client.Problem) bool {
	return problem.Status == 503 && problem.Code == "recovering"
}

// say sends an operation and takes its answer in. Its error is errNotYet, an oddAnswer, or there was no answer.
func (s speaker) say(ctx context.Context, h *history, op *operation) error {
	op.reply = unsaid
	var options []client.Option
	if op.key != "" {
		options = append(options, client.WithKey(op.key))
	}
	if op.least != 0 {
		options = append(options, client.AtLeast(op.least))
	}
	switch {
	case op.kind == opAvailability:
		a, err := s.shop.Availability(ctx, h.skus[op.sku], options...)
		return op.take(h, err, func() string { return op.takeAvailability(&a) })
	case op.adjusts():
		levels, err := s.shop.Adjust(ctx, []client.Adjustment{adjustmentOf(h, op)}, options...)
		return op.take(h, err, func() string { return op.takeLevels(h, &levels) })
	case op.kind == opRelease:
		return op.take(h, s.shop.ReleaseHold(ctx, op.id, options...), func() string { return "" })
	}
	o, err := s.sayOrder(ctx, h, op, options)
	return op.take(h, err, func() string { return op.takeOrder(h, &o) })
}

// sayOrder sends what is answered by an order.
func (s speaker) sayOrder(ctx context.Context, h *history, op *operation, options []client.Option) (client.Order, error) {
	switch op.kind {
	case opPlace:
		return s.shop.PlaceOrder(ctx, client.OrderRequest{Customer: historyCustomer, Lines: linesOf(h, op)}, options...)
	case opHold:
		request := client.HoldRequest{Customer: historyCustomer, TTLSeconds: op.ttl, Lines: linesOf(h, op)}
		return s.shop.PlaceHold(ctx, request, options...)
	case opConfirm:
		return s.shop.ConfirmHold(ctx, op.id, options...)
	case opCancel:
		return s.shop.CancelOrder(ctx, op.id, options...)
	default:
		return s.shop.Order(ctx, op.id, options...)
	}
}

// historyCustomer is who buys: no model knows customers apart.
const historyCustomer = "historian"

func linesOf(h *history, op *operation) (lines []client.Line) {
	for i, units := range op.lines {
		if units > 0 {
			lines = append(lines, client.Line{SKU: h.skus[i], Quantity: units})
		}
	}
	return lines
}

func adjustmentOf(h *history, op *operation) client.Adjustment {
	a := client.Adjustment{SKU: h.skus[op.sku], Reason: "counted"}
	if op.kind == opAdjust {
		a.Delta = &op.units
		return a
	}
	a.Set = &op.units
	if op.expected >= 0 {
		a.Expected = &op.expected
	}
	return a
}

// take takes an answer in: a refusal here, anything else by read, which tells what is odd about it.
func (op *operation) take(h *history, err error, read func() (odd string)) error {
	var problem *client.Problem
	switch {
	case err == nil:
		if odd := read(); odd != "" {
			return &oddAnswer{op, odd}
		}
		return nil
	case !errors.As(err, &problem):
		return err
	case isNotYet(problem):
		return errNotYet
	case problem.Status != 409 && problem.Status != 404: // an order that is not found any more is for the model to judge
		return &oddAnswer{op, err.Error()}
	}
	op.code = problem.Code
	op.named = op.makes()
	op.short = [historySKUs]int64{-1, -1, -1}
	for _, line := range problem.Lines {
		i := slices.Index(h.skus, line.SKU)
		if i < 0 || line.Requested != op.lines[i] && op.makes() {
			return &oddAnswer{op, fmt.Sprintf("the refusal names %+v", line)}
		}
		op.short[i], op.onHand = line.Available, line.OnHand
	}
	return nil
}

// takeOrder takes in an order. It must be the one that was asked about, with what was asked for.
func (op *operation) takeOrder(h *history, o *client.Order) (odd string) {
	if op.id == "" {
		op.id = o.ID
	}
	for _, line := range o.Lines {
		i := slices.Index(h.skus, line.SKU)
		if i < 0 || line.Backordered != 0 || len(line.Allocations) != 1 || line.Allocations[0].Quantity != line.Quantity {
			return fmt.Sprintf("the answer has the line %+v", line)
		}
		op.seen[i] += line.Quantity
	}
	op.status, op.version, op.sequence = o.Status, o.Version, o.Sequence
	switch {
	case o.ID != op.id || op.id == "":
		return fmt.Sprintf("the answer is about %q, not %q", o.ID, op.id)
	case o.Customer != historyCustomer:
		return fmt.Sprintf("the answer has the customer %q", o.Customer)
	case o.Sequence == 0:
		return "the answer has no sequence"
	case op.makes() && op.seen != op.lines:
		return fmt.Sprintf("the answer has the lines %v", op.seen)
	}
	if !op.makes() {
		return ""
	}
	op.stamp = o.CreatedAt.UnixMilli()
	if op.kind == opHold {
		op.deadline = o.ExpiresAt.UnixMilli()
		if op.deadline != op.stamp+int64(op.ttl)*1000 {
			return fmt.Sprintf("a hold of %d s was made at %v and ends at %v", op.ttl, o.CreatedAt, o.ExpiresAt)
		}
	}
	return ""
}

// takeAvailability takes in a SKU's units, which must agree among themselves.
func (op *operation) takeAvailability(a *client.Availability) (odd string) {
	level := historyStock{a.OnHand, a.Reserved, a.Allocated}
	op.sequence, op.levels[op.sku] = a.Sequence, toldLevel{true, level}
	sum := historyStock{}
	for _, l := range a.Locations {
		sum.onHand, sum.reserved, sum.allocated = sum.onHand+l.OnHand, sum.reserved+l.Reserved, sum.allocated+l.Allocated
	}
	if sum != level || a.Available != level.available() || a.Sequence == 0 {
		return fmt.Sprintf("the answer is %+v", *a)
	}
	return ""
}

// takeLevels takes in what an adjustment made of a level.
func (op *operation) takeLevels(h *history, levels *client.Levels) (odd string) {
	if len(levels.Levels) != 1 || levels.Levels[0].SKU != h.skus[op.sku] || levels.Sequence == 0 {
		return fmt.Sprintf("the answer is %+v", *levels)
	}
	l := &levels.Levels[0]
	op.sequence, op.levels[op.sku] = levels.Sequence, toldLevel{true, historyStock{l.OnHand, l.Reserved, l.Allocated}}
	return ""
}

// batchLine is a line of a batch.
type batchLine struct {
	Op          string              `json:"op"`
	Key         string              `json:"idempotency_key,omitempty"`
	ID          string              `json:"id,omitempty"`
	Customer    string              `json:"customer,omitempty"`
	TTLSeconds  int                 `json:"ttl_seconds,omitempty"`
	Lines       []client.Line       `json:"lines,omitempty"`
	Adjustments []client.Adjustment `json:"adjustments,omitempty"`
}

func batchLineOf(h *history, op *operation) batchLine {
	line := batchLine{Op: opNames[op.kind], Key: op.key}
	switch {
	case op.makes():
		line.Customer, line.Lines = historyCustomer, linesOf(h, op)
		if op.kind == opPlace {
			line.Op = "place_order"
		} else {
			line.TTLSeconds = op.ttl
		}
	case op.adjusts():
		line.Op, line.Adjustments = "adjust", []client.Adjustment{adjustmentOf(h, op)}
	default:
		line.ID = op.id
	}
	return line
}

// sayAll sends a batch and takes its answers in.
func (s speaker) sayAll(ctx context.Context, histories []*history, ops []*operation) error {
	var body []byte
	for i, op := range ops {
		op.reply = unsaid
		line, err := json.Marshal(batchLineOf(histories[i], op))
		if err != nil {
			return &oddAnswer{op, err.Error()}
		}
		body = append(append(body, line...), '\n')
	}
	answers, err := s.shop.BatchLines(ctx, body)
	var problem *client.Problem
	switch {
	case errors.As(err, &problem) && isNotYet(problem):
		return errNotYet
	case problem != nil:
		return &oddAnswer{ops[0], "the batch: " + err.Error()}
	case err != nil:
		return err
	case len(answers) != len(ops):
		return &oddAnswer{ops[0], fmt.Sprintf("a batch of %d lines has %d answers", len(ops), len(answers))}
	}
	for i, op := range ops {
		if odd := op.takeLine(&answers[i]); odd != "" {
			return &oddAnswer{op, odd}
		}
	}
	return nil
}

// takeLine takes in the answer to a line of a batch.
func (op *operation) takeLine(a *client.BatchLine) (odd string) {
	switch {
	case a.Status == 409 || a.Status == 404:
		op.code = a.Code
		return ""
	case a.Status != 200 && a.Status != 201:
		return fmt.Sprintf("the line was answered by %+v", *a)
	}
	op.sequence = a.Sequence
	if op.adjusts() {
		return ""
	}
	if op.id == "" {
		op.id = a.ID
	}
	if a.ID != op.id || op.id == "" || a.Sequence == 0 {
		return fmt.Sprintf("the line was answered by %+v, not about %q", *a, op.id)
	}
	return ""
}
