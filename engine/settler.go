package engine

import (
	"time"

	"holdfast/engine/core"
)

// A return that was to be exchanged may come to nothing when its replacement has been ordered: then that is cancelled, unless it has shipped. The two orders lie in
// different slots, so no command can do both at once. A shard that sees such a return says so when its group ends; the settler cancels the replacement, and
// notes with the return that this is done. A crash between the two repeats the first, which changes nothing.
const (
	// settleTurn is how many replacements are dealt with by one request at most.
	settleTurn = 64
	// settlePoll is how soon it is tried again what came to nothing.
	settlePoll = time.Second
)

// settler deals with the replacements of returns that came to nothing.
type settler struct {
	e         *Engine
	stopped   chan struct{}
	wake      chan struct{}
	unsettled unsettledRead // scratch of the settler's goroutine
}

func newSettler(e *Engine) *settler {
	return &settler{e: e, stopped: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// restore learns from a machine that has recovered whether there is something to settle.
func (s *settler) restore() {
	for slot := range core.Slot(core.SlotCount) {
		if s.e.machine.HasUnsettled(slot) {
			s.rouse()
		}
	}
}

// note learns from a group that is released whether there is something to settle.
func (s *settler) note(g *group) {
	for i := range g.shards {
		if g.shards[i].unsettled {
			s.rouse()
		}
	}
}

func (s *settler) rouse() {
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

// run is the settler's main loop. What goes wrong in a turn will show elsewhere, and is tried again.
func (s *settler) run() {
	defer close(s.stopped)
	for {
		select {
		case <-s.e.closed:
			return
		case <-s.wake:
		}
		for s.turn() {
			select {
			case <-s.e.closed:
				return
			case <-time.After(settlePoll):
			}
		}
	}
}

// turn deals with replacements as long as there are some, and tells whether it has to be tried again. Those of its primary a replica leaves to that.
func (s *settler) turn() (again bool) {
	if s.e.Following() {
		return true
	}
	r := AcquireRequest()
	defer ReleaseRequest(r)
	for {
		if _, err := s.e.ask(&s.unsettled); err != nil || len(s.unsettled.list) == 0 {
			return err != nil
		}
		r.Reset()
		for _, u := range s.unsettled.list {
			r.Add(&core.Command{Kind: core.CommandCancelOrder, Order: u.Replacement})
		}
		if s.e.Submit(r) != nil {
			return true
		}
		r.Reset() // cancelled, shipped, or not there: either way nothing is left to do
		for _, u := range s.unsettled.list {
			r.Add(&core.Command{Kind: core.CommandSettleReturn, Order: u.Order, Life: &core.LifeRequest{Return: &core.ReturnRequest{Number: u.Number}}})
		}
		if s.e.Submit(r) != nil {
			return true
		}
	}
}

// unsettledRead asks which replacements are to be dealt with.
type unsettledRead struct{ list []core.Unsettled }

func (q *unsettledRead) read(m *core.Machine) {
	q.list = q.list[:0]
	for slot := range core.Slot(core.SlotCount) {
		q.list = m.Unsettled(slot, settleTurn-len(q.list), q.list)
	}
}
