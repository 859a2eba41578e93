package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"holdfast/server/client"
)

// historyClient sends one request at a time and writes down what it was answered.
type historyClient struct {
	round  *historyRound
	number int
	random *rand.Rand
	own    speaker
	twin   speaker // says what own says, at the same time
	keys   int
}

// speaker is a client that knows the last answer as it came.
type speaker struct {
	shop    *client.Client
	capture *capture
}

// historyTimeout bounds a request, and with it how long a server that hangs goes unnoticed.
const historyTimeout = 30 * time.Second

func newSpeaker(base string) speaker {
	c := &capture{transport: http.DefaultTransport.(*http.Transport).Clone()}
	return speaker{client.NewWith(base, &http.Client{Transport: c, Timeout: historyTimeout}), c}
}

func newHistoryClient(r *historyRound, number int) *historyClient {
	base := r.server.base
	return &historyClient{
		round: r, number: number, random: r.config.random(r.number, number), own: newSpeaker(base), twin: newSpeaker(base),
	}
}

func (c *historyClient) close() {
	c.own.shop.Close()
	c.twin.shop.Close()
}

// What a client does next, in percent, and how it does it.
const (
	shareBatch  = 8
	shareRepeat = 6
	shareTwins  = 5  // of the orders and holds with a key
	shareKey    = 60 // of the writes have a key
	shareLeast  = 50 // of the reads want to see what was told before

	longestBatch    = 10
	linesPerHistory = 2                     // of a batch: everything that happens at once makes the checker's search longer
	thinkTime       = 25 * time.Millisecond // at most, in rounds whose holds end
	shortTTL        = 1                     // second
	longTTL         = 3600
	largestOrder    = 3
	largestAmount   = 25 // of an adjustment
)

// work does one thing after another until every history is full.
func (c *historyClient) work(ctx context.Context) error {
	for {
		if c.round.result.Expiring {
			time.Sleep(time.Duration(c.random.Int64N(int64(thinkTime))))
		}
		var err error
		switch draw := c.random.IntN(100); {
		case draw < shareRepeat:
			err = c.repeatAny(ctx)
		case draw < shareRepeat+shareBatch:
			err = c.batch(ctx)
		default:
			h := c.choose()
			if h == nil {
				return nil
			}
			err = c.ask(ctx, h, c.wish(h))
		}
		if err != nil {
			return err
		}
	}
}

// choose takes one of a history's operations; nil when all histories are full.
func (c *historyClient) choose() *history {
	all := c.round.histories
	from := c.random.IntN(len(all))
	for i := range all {
		if h := all[(from+i)%len(all)]; h.left.Add(-1) >= 0 {
			return h
		}
	}
	return nil
}

// kindShares is what clients wish, in percent.
var kindShares = [opKinds]int{
	opPlace: 17, opHold: 18, opConfirm: 12, opRelease: 11, opCancel: 12, opRead: 10, opAvailability: 12, opAdjust: 4, opSet: 4,
}

// wish makes up an operation on a history.
func (c *historyClient) wish(h *history) *operation {
	op := &operation{lane: c.number, expected: -1, reply: unsaid}
	for draw := c.random.IntN(100); draw >= kindShares[op.kind]; op.kind++ {
		draw -= kindShares[op.kind]
	}
	if op.kind >= opConfirm && op.kind <= opRead {
		if op.order, op.id = h.pick(c.random); op.id == "" {
			op.kind = opHold // there is none yet
		}
	}
	op.sku = c.random.IntN(len(h.skus))
	switch {
	case op.makes():
		op.order = h.newOrder()
		for i := range h.skus {
			op.lines[i] = c.random.Int64N(largestOrder)
		}
		op.lines[op.sku] = 1 + c.random.Int64N(largestOrder)
		if op.ttl = longTTL; c.round.result.Expiring {
			op.ttl = shortTTL
		}
	case op.kind == opAdjust:
		op.units = c.random.Int64N(largestAmount/2) - largestAmount/6
	case op.kind == opSet:
		op.units = c.random.Int64N(largestAmount)
		if c.random.IntN(2) == 0 {
			op.expected = c.random.Int64N(largestAmount)
		}
	}
	// When a hold ends is only known from its answer, so where holds end, each must get one.
	if c.chance(shareKey) || op.kind == opHold && c.round.result.Expiring {
		c.giveKey(op)
	}
	if op.reads() && c.chance(shareLeast) {
		op.least = c.round.told.Load()
	}
	return op
}

func (c *historyClient) chance(percent int) bool { return c.random.IntN(100) < percent }

// giveKey gives a write an idempotency key of its own.
func (c *historyClient) giveKey(op *operation) {
	if op.reads() {
		return
	}
	c.keys++
	op.key = fmt.Sprintf("%d-%d-%d-%d", c.round.config.Seed, c.round.number, c.number, c.keys)
}

// ask carries out one operation and writes it down.
func (c *historyClient) ask(ctx context.Context, h *history, op *operation) error {
	if op.makes() && op.key != "" && c.chance(shareTwins) {
		return c.askTwice(ctx, h, op)
	}
	err := c.carryOut(ctx, []*operation{op}, func() error { return c.own.say(ctx, h, op) })
	if err != nil {
		return err
	}
	c.round.conclude(h, op)
	// Keys of what only changes an order are not kept: a confirmation of what was confirmed binds none.
	if op.unknown || op.code != "" || op.key == "" || !op.makes() && !op.adjusts() {
		return nil
	}
	a := acknowledged{h, *op, c.own.capture.body}
	c.round.keep(a)
	if op.attempts > 1 {
		return c.repeat(ctx, a)
	}
	return nil
}

// askTwice says the same under one key twice at the same time: it must be done once.
func (c *historyClient) askTwice(ctx context.Context, h *history, op *operation) error {
	twin := *op
	err := c.carryOut(ctx, []*operation{op, &twin}, func() error {
		var other error
		var saying sync.WaitGroup
		saying.Go(func() { other = c.twin.say(ctx, h, &twin) })
		err := c.own.say(ctx, h, op)
		saying.Wait()
		return errors.Join(err, other)
	})
	if err != nil {
		return err
	}
	c.round.count(&c.round.result.Twins)
	switch {
	case op.code == "" && twin.code == "" && !bytes.Equal(c.own.capture.body, c.twin.capture.body):
		c.round.wrong("one key was answered twice at the same time, by %q and %q", c.own.capture.body, c.twin.capture.body)
	case op.code == codeInProgress && twin.code == codeInProgress:
		c.round.wrong("two requests with one key at the same time were both told that the other one runs: %s", op)
	case op.code != "" && twin.code == "", op.code == codeInProgress:
		*op = twin
	}
	c.round.conclude(h, op)
	return nil
}

// codeInProgress is the answer to a repeated key whose first request still runs.
const codeInProgress = "idempotency_in_progress"

// carryOut sends a request until it is known what became of it. A write without a key is sent once: when the server
// dies meanwhile nobody knows, and its operations are marked so.
func (c *historyClient) carryOut(ctx context.Context, ops []*operation, say func() error) error {
	floor := c.round.told.Load()
	for _, op := range ops {
		op.floor, op.call, op.sent = floor, c.round.now(), time.Now().UnixMilli()
	}
	for {
		deaths, err := c.round.server.await(ctx)
		if err != nil {
			return err
		}
		if err = say(); errors.Is(err, errNotYet) {
			time.Sleep(time.Millisecond)
			continue
		}
		back, answered := c.round.now(), time.Now().UnixMilli()
		for _, op := range ops {
			op.attempts++
			op.back, op.answered = back, answered
		}
		var odd *oddAnswer
		if err == nil || ctx.Err() != nil || errors.As(err, &odd) {
			return errors.Join(err, ctx.Err())
		}
		// A process's sockets are closed when it no longer runs, so whatever it did was done before.
		if death := c.round.server.awaitDeath(ctx, deaths); death != nil {
			return errors.Join(death, err)
		}
		if ops[0].key == "" && !ops[0].reads() {
			for _, op := range ops {
				op.unknown, op.reply = true, unsaid
			}
			return nil
		}
	}
}

// batch carries out a few operations with one request, on whichever histories.
func (c *historyClient) batch(ctx context.Context) error {
	var histories []*history
	var ops []*operation
	keyed := c.chance(shareKey)
	for range 1 + c.random.IntN(longestBatch) {
		h := c.choose()
		if h == nil || among(histories, h) >= linesPerHistory {
			break
		}
		op := c.wish(h)
		for op.reads() || op.kind == opHold && c.round.result.Expiring { // a line's answer does not tell the deadline
			op = c.wish(h)
		}
		op.lane += (1 + len(ops)) * (c.round.config.Clients + 1)
		if op.key = ""; keyed {
			c.giveKey(op)
		}
		histories, ops = append(histories, h), append(ops, op)
	}
	if len(ops) == 0 {
		return nil
	}
	err := c.carryOut(ctx, ops, func() error { return c.own.sayAll(ctx, histories, ops) })
	if err != nil {
		return err
	}
	for i, op := range ops {
		c.round.conclude(histories[i], op)
	}
	return nil
}

func among(all []*history, h *history) (n int) {
	for _, other := range all {
		if other == h {
			n++
		}
	}
	return n
}

// acknowledged is an operation with a key, and the answer that the key must get for ever.
type acknowledged struct {
	history *history
	op      operation
	body    []byte
}

// repeatAny repeats something that somebody was answered.
func (c *historyClient) repeatAny(ctx context.Context) error {
	if a, ok := c.round.anyKept(c.random); ok {
		return c.repeat(ctx, a)
	}
	return nil
}

// repeat sends what was answered again. It must do nothing and be answered by the same bytes.
func (c *historyClient) repeat(ctx context.Context, a acknowledged) error {
	again := a.op
	if again.makes() {
		again.id = "" // another one is for the comparison below, and the history goes on
	}
	err := c.carryOut(ctx, []*operation{&again}, func() error { return c.own.say(ctx, a.history, &again) })
	if err != nil {
		return err
	}
	if got := c.own.capture; !bytes.Equal(got.body, a.body) || !got.replayed {
		c.round.wrong("%s was answered by %q first and by %q later, replayed: %v", &a.op, a.body, got.body, got.replayed)
	}
	c.round.count(&c.round.result.Repeated)
	return nil
}

// lookAround reads everything that a history has made, so that nothing that was lost stays unnoticed.
func (c *historyClient) lookAround(ctx context.Context, h *history) error {
	for i := range h.skus {
		op := &operation{kind: opAvailability, sku: i, expected: -1, reply: unsaid}
		if err := c.ask(ctx, h, op); err != nil {
			return err
		}
	}
	for _, number := range h.known {
		op := &operation{kind: opRead, order: number, id: h.orders[number], expected: -1, reply: unsaid}
		if err := c.ask(ctx, h, op); err != nil {
			return err
		}
	}
	return nil
}
