package engine

import (
	"errors"
	"sync/atomic"
	"time"

	"holdfast/engine/core"
)

// Orders that wait for stock are served when there is some (core/waiting.go). That is a command for each, so that every replica and
// every replay serves the same orders at the same place: a shard that sees that somebody waits for what has come says so
// when its group ends, and the filler asks who it is and sends the commands. Nobody can be overtaken meanwhile, as the units are not
// for sale. After a restart the machine knows from its records whether somebody does.
const (
	// fillTurn is how many orders are served by one request at most: a fraction of a millisecond of the sequencer's time.
	fillTurn = min(256, MaxRequestCommands)
	// fillPause lies before each request, so that a delivery that comes in many groups is given out in few.
	fillPause = time.Millisecond
	// fillPoll is how soon it is tried again what came to nothing.
	fillPoll = time.Second
)

// filler serves orders that wait.
type filler struct {
	e       *Engine
	stopped chan struct{}
	wake    chan struct{} // some group left somebody waiting who can be served
	some    atomic.Bool   // the last one did
	waiting waitingRead   // scratch of the filler's goroutine
}

func newFiller(e *Engine) *filler {
	return &filler{e: e, stopped: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// restore learns from a machine that has recovered whether somebody can be served.
func (f *filler) restore() {
	for slot := range core.Slot(core.SlotCount) {
		if f.e.machine.SomeWait(slot) {
			f.some.Store(true)
		}
	}
}

// note learns from a group that is released whether somebody can be served.
func (f *filler) note(g *group) {
	if g.commands == 0 {
		return // questions change nothing
	}
	some := false
	for i := range g.shards {
		some = some || g.shards[i].someWait
	}
	f.some.Store(some)
	if some {
		select {
		case f.wake <- struct{}{}:
		default: // it is awake
		}
	}
}

// run is the filler's main loop.
func (f *filler) run() {
	defer close(f.stopped)
	poll := time.NewTicker(fillPoll)
	defer poll.Stop()
	for {
		wake := f.wake
		for f.some.Load() {
			select {
			case <-f.e.closed:
				return
			case <-time.After(fillPause):
			}
			if asked, served := f.turn(); !served {
				if asked > 0 {
					wake = nil // it came to nothing, and each question would wake it again
				}
				break
			}
		}
		select {
		case <-f.e.closed:
			return
		case <-wake:
		case <-poll.C:
		}
	}
}

// turn has some orders served, and tells how many and whether that came to something. What goes wrong will show elsewhere: the engine
// is closing, or its journal has failed.
func (f *filler) turn() (asked int, served bool) {
	if f.e.Following() {
		return 0, false // whom its primary serves is served
	}
	if _, err := f.e.ask(&f.waiting); err != nil || len(f.waiting.orders) == 0 {
		return 0, false
	}
	r := AcquireRequest()
	defer ReleaseRequest(r)
	err := inParts(len(f.waiting.orders), f.e.closed, func(n int) error {
		r.Reset()
		for _, id := range f.waiting.orders[:n] {
			r.Add(&core.Command{Kind: core.CommandFillOrder, Order: id})
		}
		return f.e.Submit(r)
	})
	if err != nil {
		return len(f.waiting.orders), false
	}
	for _, result := range r.Results() {
		served = served || result.Changed
	}
	return r.Len(), served
}

// inParts does as many of n things at once as there is room for: half as many each time that there was none, and one at least. Clients that keep the queue
// full would else keep those waiting who have been promised units.
func inParts(n int, closed <-chan struct{}, do func(n int) error) error {
	for {
		err := do(n)
		if !errors.Is(err, ErrOverloaded) {
			return err
		}
		select {
		case <-closed:
			return err
		case <-time.After(fillPause):
		}
		n = max(1, n/2)
	}
}

// waitingRead asks who can be served, of one slot after the other, and begins where it stopped when it was asked before.
type waitingRead struct {
	next   core.Slot
	orders []core.OrderID
}

func (q *waitingRead) read(m *core.Machine) {
	q.orders = q.orders[:0]
	first := q.next
	for k := range core.Slot(core.SlotCount) {
		slot := (first + k) % core.SlotCount
		q.orders = m.Waiting(slot, fillTurn-len(q.orders), q.orders)
		if len(q.orders) == fillTurn {
			q.next = (slot + 1) % core.SlotCount
			return
		}
	}
}

// ReadWaiting appends to dst who waits for a SKU's units since after a sequence, at most so many, oldest promise first; more tells
// that there are others behind them. A SKU that nobody has defined has nobody waiting.
func (e *Engine) ReadWaiting(dst []core.WaitingImage, id core.SKUID, after core.Sequence, most int) (list []core.WaitingImage, more bool, sequence core.Sequence, err error) {
	q := queueRead{id: id, after: after, most: most, list: dst}
	sequence, err = e.ask(&q)
	return q.list, q.more, sequence, err
}

type queueRead struct {
	id    core.SKUID
	after core.Sequence
	most  int
	list  []core.WaitingImage
	more  bool
}

func (q *queueRead) read(m *core.Machine) {
	q.list, q.more = m.ReadWaiting(q.id, q.after, q.most, q.list)
}
