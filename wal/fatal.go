package wal

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// fatal is the one place where a journal dies. Failures reach it from three sides: as errors of Pebble's
// calls, as panics inside them (Pebble panics when it cannot rotate its log), and through Pebble's
// Logger.Fatalf and background errors on goroutines that are not ours.
type fatal struct {
	mu      sync.Mutex
	onFatal func(error)
	dead    atomic.Bool
	cause   error // set before dead
}

// fail kills the journal, at the first call only, and returns the error that every writer gets from now on.
func (f *fatal) fail(cause error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.dead.Load() {
		f.cause = fmt.Errorf("%w: %w", ErrFailed, cause)
		f.dead.Store(true)
		if f.onFatal != nil {
			f.onFatal(cause)
		}
	}
	return f.cause
}

// arm sets who is told. Before that, while the directory is being opened, Open's own error tells.
func (f *fatal) arm(onFatal func(error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onFatal = onFatal
	return f.err()
}

// err is nil as long as the journal lives.
func (f *fatal) err() error {
	if f.dead.Load() {
		return f.cause
	}
	return nil
}

// pebbleFatal is what our Fatalf panics with to unwind a guarded call.
type pebbleFatal struct{ cause error }

// guard runs a call into Pebble that may write. An error or a panic of Pebble's in it kills the journal.
// After a panic Pebble's locks may be held for ever, so a dead journal never calls Pebble again.
func (f *fatal) guard(call func() error) (err error) {
	if err := f.err(); err != nil {
		return err
	}
	defer func() {
		r := recover()
		switch r := r.(type) {
		case nil:
			if err != nil {
				err = f.fail(err)
			}
		case pebbleFatal:
			err = f.fail(r.cause)
		case runtime.Error:
			panic(r)
		case error:
			err = f.fail(r)
		default:
			panic(r)
		}
	}()
	return call()
}

// guardName is how guard shows in a stack trace.
const guardName = "wal.(*fatal).guard"

// insideGuard tells whether a guarded call is on the stack of the current goroutine.
func insideGuard() bool {
	pcs := make([]uintptr, 64)
	for skip := 0; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs)
		frames := runtime.CallersFrames(pcs[:n])
		for {
			frame, more := frames.Next()
			if strings.HasSuffix(frame.Function, guardName) {
				return true
			}
			if !more {
				break
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}

// logger is Pebble's Logger. It drops what Pebble tells and takes what Pebble cannot survive.
type logger struct{ *fatal }

// Infof drops the message: what matters has a hook.
func (logger) Infof(string, ...interface{}) {}

// Errorf drops the message: the error itself comes back from the call that met it, or as a background error.
func (logger) Errorf(string, ...interface{}) {}

// Fatalf kills the journal and does not return, as Pebble demands. On a goroutine that came from us it
// unwinds to our call. On one of Pebble's own there is nothing to return to: it stands still for ever,
// with whatever locks it holds, and the process is expected to end.
func (l logger) Fatalf(format string, args ...interface{}) {
	cause := fmt.Errorf(format, args...)
	for _, a := range args {
		if err, ok := a.(error); ok {
			cause = fmt.Errorf("%s: %w", strings.TrimSuffix(format, ": %v"), err)
		}
	}
	if insideGuard() {
		panic(pebbleFatal{cause})
	}
	l.fail(cause)
	select {}
}

// backgroundError ends what Pebble would retry without end: a flush or compaction that cannot write.
func (f *fatal) backgroundError(err error) {
	f.fail(fmt.Errorf("writing tables in the background: %w", err))
}
