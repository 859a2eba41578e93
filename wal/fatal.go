package wal

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// fatal is the one place where a journal dies. Failures reach it from the file system under
// Pebble, as errors of Pebble's calls, through Pebble's Logger.Fatalf and background errors, and from the caller (Fail).
//
// From then on nobody knows what Pebble's goroutines do and which locks they hold: the one that met the failure
// stands still for ever. So every call that may write runs as a [call], which is abandoned when the
// journal dies, and a dead journal does not call Pebble again. The process is expected to end.
type fatal struct {
	mu      sync.Mutex
	onFatal func(error)
	dead    atomic.Bool
	died    chan struct{}
	never   chan struct{} // nobody ever closes it
	cause   error         // what went wrong; set before dead
	failed  error         // the same as everybody is told
}

// fail kills the journal, at the first call only, and returns the error that everybody gets from now on.
func (f *fatal) fail(cause error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.dead.Load() {
		f.cause = cause
		f.failed = fmt.Errorf("%w: %w", ErrFailed, cause)
		f.dead.Store(true)
		go f.keep() // before anybody can know, so that whoever counts goroutines afterwards finds it there
		close(f.died)
		if f.onFatal != nil {
			f.onFatal(cause)
		}
	}
	return f.failed
}

// Fail kills the journal for a caller who has met an error, of reading too, after which it cannot go on: OnFatal is called, as when
// a write fails. It returns the error that everybody gets from now on. A journal that is dead already stays as it is.
func (j *Journal) Fail(cause error) error { return j.fail(cause) }

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
		return f.failed
	}
	return nil
}

// call is a call into Pebble that may write, made ready once and run as often as needed without allocating.
type call struct {
	run  func()
	done chan error
}

func (f *fatal) newCall(fn func() error) call {
	c := call{done: make(chan error, 1)}
	c.run = func() { c.done <- f.check(fn()) }
	return c
}

// do runs a call on a goroutine of its own and waits until it is done or the journal is dead, whichever is
// first. The switch to the other goroutine and back takes about a microsecond.
func (f *fatal) do(c *call) error {
	if err := f.err(); err != nil {
		return err
	}
	go c.run()
	return f.wait(c.done)
}

// wait is for the outcome of something that runs elsewhere, unless the journal dies before.
func (f *fatal) wait(done <-chan error) error {
	select {
	case err := <-done:
		if err != nil {
			return err
		}
	case <-f.died:
	}
	return f.err()
}

// once is do for a call that is made once.
func (f *fatal) once(fn func() error) error {
	c := f.newCall(fn)
	return f.do(&c)
}

// try is once for a call whose error is nobody's but the caller's.
func (f *fatal) try(fn func() error) error {
	if err := f.err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return f.wait(done)
}

// check kills the journal if Pebble returned an error.
func (f *fatal) check(err error) error {
	if err != nil {
		return f.fail(err)
	}
	return nil
}

// park stops the current goroutine for ever.
func (f *fatal) park() { select {} }

// keep holds a dead journal, and with it the lock on its directory, against the garbage collector until the
// process ends.
func (f *fatal) keep() {
	<-f.never
	runtime.KeepAlive(f)
}

// logger is Pebble's Logger. It drops what Pebble tells and takes what Pebble cannot survive.
type logger struct{ *fatal }

// Infof drops the message: what matters has a hook.
func (logger) Infof(string, ...interface{}) {}

// Errorf drops the message: the error itself comes back from the call that met it, or as a background error.
func (logger) Errorf(string, ...interface{}) {}

// Fatalf kills the journal and does not return, as Pebble demands.
func (l logger) Fatalf(format string, args ...interface{}) {
	l.fail(fmt.Errorf(strings.ReplaceAll(format, "%v", "%w"), args...))
	l.park()
}
