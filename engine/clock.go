package engine

import (
	"sync/atomic"
	"time"

	"holdfast/engine/core"
)

// clockJump is by how much the system's clock must run ahead of the time that has really passed to have jumped, in
// milliseconds.
const clockJump = int64(time.Minute / time.Millisecond)

// clockWatch counts what the system's clock does that time does not. It is the sequencer's, but for the counters.
type clockWatch struct {
	reading int64     // of the system's clock, at the last look
	at      time.Time // of the last look, on a clock that never jumps; zero before the first

	back, forward atomic.Uint64
}

// look takes a reading of the system's clock.
func (w *clockWatch) look(reading int64, at time.Time) {
	if !w.at.IsZero() {
		switch passed := reading - w.reading; {
		case passed < 0:
			w.back.Add(1)
		case passed-at.Sub(w.at).Milliseconds() > clockJump:
			w.forward.Add(1)
		}
	}
	w.reading, w.at = reading, at
}

// readClock gives the time for the next group: that of the system's clock, but never less than before. While the clock
// is behind, time stands still: a hold is then longer than it was promised to be, never shorter.
func (e *Engine) readClock(before core.Millis) core.Millis {
	reading := e.options.Clock()
	e.clock.look(reading, time.Now())
	return max(before, core.Millis(reading))
}

// clockBehind is how far the system's clock is behind the newest group's time, in milliseconds.
func (e *Engine) clockBehind() uint64 { return uint64(max(0, e.journal.LastTime()-e.options.Clock())) }
