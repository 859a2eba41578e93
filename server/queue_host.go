package server

import (
	"cmp"
	"errors"
	"sync"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/server/queue"
)

// queues are the lines before the sales. A line is made when somebody first asks for it, and continues from what the journal
// knows of it. One goroutine lets people in, every QueueInterval and when numbers run out.
type queues struct {
	server  *Server
	signer  *queue.Signer
	mu      sync.RWMutex
	hosts   map[core.SaleID]*queueHost
	started bool
	closed  bool
	hurry   chan struct{}
	stop    chan struct{}
	stopped chan struct{}
	turn    sync.Mutex // held while people are let in
	image   []byte
	sale    core.SaleImage
}

// queueHost is one line, and the sale that it waits for.
type queueHost struct {
	entry *engine.SaleEntry
	line  *queue.Line
}

// What holds for a line whose sale does not say.
const (
	defaultEntrance = 600_000
	defaultOffer    = 600_000
	defaultPatience = 60_000
	defaultShare    = 100
)

// queueRest is how long after a sale's end its line is still kept; afterwards everybody is told that it is over.
const queueRest core.Millis = 600_000

func newQueues(s *Server) *queues {
	return &queues{
		server: s, signer: queue.NewSigner(s.engine.Secret("queue")), hosts: map[core.SaleID]*queueHost{},
		hurry: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
}

// now is the engine's time.
func (q *queues) now() int64 { return q.server.engine.Options().Clock() }

// close ends the goroutine.
func (q *queues) close() {
	q.mu.Lock()
	started, closed := q.started, q.closed
	q.closed = true
	q.mu.Unlock()
	if closed || !started {
		return
	}
	close(q.stop)
	<-q.stopped
}

// known gives the line of a sale if somebody has asked for it before.
func (q *queues) known(id core.SaleID) *queueHost {
	q.mu.RLock()
	defer q.mu.RUnlock()
	return q.hosts[id]
}

// host gives the line of a sale.
func (q *queues) host(entry *engine.SaleEntry) (*queueHost, error) {
	if h := q.known(entry.ID); h != nil {
		return h, nil
	}
	counters, err := q.read(entry.ID)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	h := q.hosts[entry.ID]
	if h == nil {
		h = &queueHost{entry: entry, line: queue.NewLine(q.signer, uint32(entry.ID), queueSettings(entry.Settings()), counters, q.now())}
		q.hosts[entry.ID] = h
	}
	if !q.started && !q.closed {
		q.started = true
		go q.run()
	}
	return h, nil
}

// read gives what the journal knows of a line.
func (q *queues) read(id core.SaleID) (queue.Counters, error) {
	image, err := q.server.engine.ReadQueue(nil, id)
	if errors.Is(err, engine.ErrNotFound) {
		return queue.Counters{}, nil
	}
	if err != nil {
		return queue.Counters{}, err
	}
	var known core.QueueImage
	_, err = codec.DecodeQueueImage(image.Bytes, &known)
	invariant.Check(err == nil, "the engine's images are codec's")
	return queue.Counters(known.Counters), nil
}

// queueSettings are a sale's rules as its line has them.
func queueSettings(s *core.SaleSettings) queue.Settings {
	return queue.Settings{
		Starts: int64(s.StartsAt), Ends: int64(s.EndsAt), Opening: int64(s.Queue.Opening),
		Entrance: cmp.Or(int64(s.Queue.TokenTTL), defaultEntrance), Patience: cmp.Or(int64(s.Queue.Patience), defaultPatience),
		PerMinute: s.Queue.RatePerMinute, Share: cmp.Or(s.Queue.Share, defaultShare),
	}
}

// soon has the lines looked after at once: somebody waits for a number.
func (q *queues) soon() {
	select {
	case q.hurry <- struct{}{}:
	default:
	}
}

func (q *queues) run() {
	defer close(q.stopped)
	ticker := time.NewTicker(q.server.options.QueueInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-q.hurry:
		case <-q.stop:
			return
		}
		q.advance()
	}
}

// advance lets people in, in every line. What fails is tried again next time.
func (q *queues) advance() {
	q.turn.Lock()
	defer q.turn.Unlock()
	q.mu.RLock()
	hosts := make([]*queueHost, 0, len(q.hosts))
	for _, h := range q.hosts {
		hosts = append(hosts, h)
	}
	q.mu.RUnlock()
	for _, h := range hosts {
		if core.Millis(q.now()) >= h.entry.Settings().EndsAt+queueRest {
			q.mu.Lock()
			delete(q.hosts, h.entry.ID)
			q.mu.Unlock()
			continue
		}
		if err := q.advanceLine(h); err != nil && !errors.Is(err, engine.ErrOverloaded) && !errors.Is(err, engine.ErrClosed) {
			q.server.options.Log.Error("a queue does not move", "sale", h.entry.Name, "error", err)
		}
	}
}

// advanceLine lets people into one line. What it comes to is in the journal before anybody is told.
func (q *queues) advanceLine(h *queueHost) error {
	left, err := q.left(h)
	if err != nil {
		return err
	}
	h.line.Configure(queueSettings(h.entry.Settings()))
	next, changed := h.line.Plan(q.now(), left)
	if !changed {
		return nil
	}
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.Add(&core.Command{Kind: core.CommandAdvanceQueue, Version: 1, Sale: h.entry.ID, Queue: core.QueueCounters(next)})
	if err := q.server.engine.Submit(r); err != nil {
		return err
	}
	invariant.Check(r.Results()[0].Status == engine.ResultDone, "a sale that is known has a queue")
	h.line.Commit(next, q.now())
	return nil
}

// left is how many units a sale still has: of each SKU what the quota allows, or the stock if that is less.
func (q *queues) left(h *queueHost) (queue.Left, error) {
	image, err := q.server.engine.ReadSale(q.image[:0], h.entry.ID)
	if q.image = image.Bytes; err != nil {
		return queue.Left{}, err
	}
	_, err = codec.DecodeSaleImage(q.image, &q.sale)
	invariant.Check(err == nil, "the engine's images are codec's")
	return leftOf(&q.sale), nil
}

func leftOf(sale *core.SaleImage) (left queue.Left) {
	for i := range sale.Counts {
		n, item := &sale.Counts[i], &sale.Settings.Items[i]
		left.Held += int64(max(0, n.Held-n.Waited)) // the others, should they come back, are for the waitlist
		units := queue.Unbounded
		if item.Quota != core.Unlimited {
			units = int64(max(0, item.Quota-n.Held-n.Sold))
		}
		if n.Orderable != core.Unlimited {
			units = min(units, int64(max(0, n.Orderable)))
		}
		if units != queue.Unbounded {
			units = max(0, units-int64(n.Waited)) // those on the waitlist come first
		}
		if units == queue.Unbounded || left.Units == queue.Unbounded {
			left.Units = queue.Unbounded
		} else {
			left.Units += units
		}
	}
	return left
}

// use notes that an order or a hold was taken with a ticket.
func (q *queues) use(sale core.SaleID, ticket uint32) {
	if ticket == 0 {
		return
	}
	if h := q.known(sale); h != nil {
		h.line.Use(ticket)
	}
}
