package search

import (
	"errors"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

const (
	// rest lies after each batch at least, so that events which come one by one are taken in together.
	rest = 2 * time.Millisecond
	// busyRate is how many commands a second make it busy: then the reader rests busyRest times as long as it has worked, and else as long.
	busyRate = 20_000
	busyRest = 15
	// retry is how long it waits after an error that may pass.
	retry = time.Second
	// registerEvery is how often it says how far it is.
	registerEvery = 5 * time.Second
	// walkOrders is how many orders are asked for at once: a fraction of a millisecond in which no command runs.
	walkOrders = 128
)

var errStopped = errors.New("stopped")

// run is the reader's main loop.
func (x *Index) run() {
	defer close(x.stopped)
	for {
		err := x.work()
		switch {
		case errors.Is(err, errStopped), errors.Is(err, engine.ErrClosed), errors.Is(err, feed.ErrClosed), errors.Is(err, engine.ErrJournal):
			x.say()
			return
		case errors.Is(err, wal.ErrCut):
			x.log.Warn("the index was too far behind the feed: all orders are walked", "cursor", x.meta.cursor, "oldest", x.engine.Feed().Oldest())
			err = x.beginWalk()
		case errors.Is(err, errDamaged) || isDamage(err):
			x.log.Error("the index cannot be read and is made anew", "error", err)
			err = x.beginAnew()
		}
		if err != nil {
			x.log.Error("the index does not come further, and tries again", "error", err)
			if x.sleep(retry) != nil {
				return
			}
		}
	}
}

func isDamage(err error) bool {
	var damage *wal.DamageError
	return errors.As(err, &damage)
}

// sleep waits, unless the index is closed meanwhile.
func (x *Index) sleep(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-x.engine.Closed():
	case <-x.stop:
	}
	return errStopped
}

// beginAnew forgets the index and begins with a walk.
func (x *Index) beginAnew() (err error) {
	if x.batch, err = newBatch(x.engine); err != nil {
		return err
	}
	if err := x.engine.UseIndex(func(j *wal.Journal) error { return j.WipeIndex() }); err != nil {
		return err
	}
	return x.beginWalk()
}

// beginWalk begins with all orders, wherever the reader stood, and with the feed's oldest event. What the index has stays, since nothing of an
// order is undone by what is known of it.
func (x *Index) beginWalk() error {
	x.walks.Add(1)
	x.orders.Store(0)
	x.meta = meta{phase: phaseWalking, cursor: x.engine.Feed().Oldest()}
	x.note()
	return x.batch.write(&x.meta)
}

// work takes in what there is, until the end of the index.
func (x *Index) work() error {
	if err := x.register(); err != nil {
		return err
	}
	if x.meta.phase == phaseWalking {
		if err := x.walk(); err != nil {
			return err
		}
	}
	return x.read()
}

// write writes the batch, tells how far it is, and rests.
func (x *Index) write() error {
	if err := x.batch.write(&x.meta); err != nil {
		return err
	}
	x.note()
	if time.Since(x.registered) >= registerEvery {
		if err := x.register(); err != nil {
			return err
		}
	}
	return x.sleep(x.pace.rest(x.engine.Sequence(), time.Now()))
}

// register says how far the reader is, so that what it has not read is kept.
func (x *Index) register() error {
	x.registered, x.position = time.Now(), x.meta.cursor
	_, err := x.engine.RegisterReader(ReaderName, engine.ReaderOfFeed, x.meta.cursor)
	switch {
	case errors.Is(err, engine.ErrCut):
		return wal.ErrCut
	case errors.Is(err, engine.ErrTooManyReaders), errors.Is(err, engine.ErrReaderKind):
		x.log.Warn("the index is not registered as a reader: events may be cut before it has read them", "error", err)
		return nil
	}
	return err
}

// say keeps how far the reader is when it ends.
func (x *Index) say() {
	if x.meta.cursor > x.position && x.batch.write(&x.meta) == nil {
		_, _ = x.engine.RegisterReader(ReaderName, engine.ReaderOfFeed, x.meta.cursor) // what fails is made up for at the next start
	}
}

// walk takes in all orders as they stand, and all places on waitlists.
func (x *Index) walk() error {
	var order core.OrderImage
	for x.meta.slot < core.SlotCount {
		x.pace.begin(time.Now())
		next, done, err := x.engine.WalkOrders(x.meta.slot, x.meta.place, walkOrders, func(image []byte) error {
			_, err := codec.DecodeOrderImage(image, &order)
			invariant.Check(err == nil, "the engine's images are codec's")
			x.orders.Add(1)
			return x.batch.takeWalked(&order)
		})
		if err != nil {
			return err
		}
		changed := next != x.meta.place
		if x.meta.place = next; done {
			x.meta.slot, x.meta.place = x.meta.slot+1, 0
		}
		if changed {
			if err := x.write(); err != nil {
				return err
			}
		}
	}
	if err := x.walkWaitlists(); err != nil {
		return err
	}
	x.meta.phase, x.meta.slot, x.meta.walked = phaseReading, 0, x.engine.Sequence()
	return x.write()
}

// walkWaitlists takes in who waits in sales.
func (x *Index) walkWaitlists() (err error) {
	x.engine.SaleNames(func(sale *engine.SaleEntry) bool {
		for _, item := range sale.Settings().Items {
			if err = x.walkWaitlist(sale.ID, item.SKU); err != nil {
				return false
			}
		}
		return true
	})
	return err
}

func (x *Index) walkWaitlist(sale core.SaleID, sku core.SKUID) error {
	var waiter core.WaiterImage
	for more := true; more; {
		x.pace.begin(time.Now())
		image, some, err := x.engine.ReadWaitlist(nil, sale, sku, waiter.Number, walkOrders)
		if err != nil {
			return err
		}
		more = some
		for rest := image.Bytes; len(rest) > 0; {
			n, err := codec.DecodeWaiterImage(rest, &waiter)
			invariant.Check(err == nil, "the engine's images are codec's")
			x.batch.takeWaiter(&waiter)
			rest = rest[n:]
		}
		if len(image.Bytes) > 0 {
			if err := x.write(); err != nil {
				return err
			}
		}
	}
	return nil
}

// read takes in events as they come, until the index is closed or something fails.
func (x *Index) read() error {
	reader := x.engine.Feed().Read(x.meta.cursor)
	var event core.Event
	x.pace.begin(time.Now())
	for {
		encoded, h, last, err := reader.Next()
		if errors.Is(err, feed.ErrEnd) {
			changed, released := x.engine.Changed(), x.engine.Sequence()
			if encoded, h, last, err = reader.Next(); errors.Is(err, feed.ErrEnd) { // nothing came meanwhile
				if err := x.end(changed, released); err != nil {
					return err
				}
				continue
			}
		}
		if err == nil {
			err = x.released(h.Sequence)
		}
		if err != nil {
			return err
		}
		_, err = codec.DecodeEvent(encoded, &event)
		invariant.Check(err == nil, "the engine's events are codec's")
		if err := x.batch.take(&event, h.Sequence > x.meta.walked); err != nil {
			return err
		}
		if last {
			x.meta.cursor = h.Sequence
			if x.batch.isFull() {
				if err := x.write(); err != nil {
					return err
				}
				x.pace.begin(time.Now())
			}
		}
	}
}

// released waits until a sequence is: its events are in the feed a moment before, and its document is given only then.
func (x *Index) released(sequence core.Sequence) error {
	for x.engine.Sequence() < sequence {
		if err := x.engine.WaitFor(sequence, retry); err != nil && !errors.Is(err, engine.ErrTimeout) {
			return err
		}
	}
	return nil
}

// end is at the end of the feed: everything up to the released sequence has been read. It writes what is at hand, and waits for more.
func (x *Index) end(changed <-chan struct{}, released core.Sequence) error {
	x.meta.cursor = max(x.meta.cursor, released)
	if x.batch.events > 0 {
		if err := x.write(); err != nil {
			return err
		}
	} else {
		x.note() // commands without events need no entry: where the reader stands is kept with the next
		if x.meta.cursor > x.position && time.Since(x.registered) >= registerEvery {
			if err := x.write(); err != nil {
				return err
			}
		}
	}
	if err := x.wait(changed); err != nil {
		return err
	}
	x.pace.begin(time.Now())
	return nil
}

// wait waits until more is released. Where nothing comes for a while it says how far it is.
func (x *Index) wait(changed <-chan struct{}) error {
	var late <-chan time.Time
	if x.meta.cursor > x.position {
		timer := time.NewTimer(registerEvery)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-changed:
		return nil
	case <-late:
		return x.write()
	case <-x.engine.Closed():
	case <-x.stop:
	}
	return errStopped
}

// pace says how long the reader rests, so that commands do not wait for a processor because of it.
type pace struct {
	began    time.Time
	looked   time.Time
	sequence core.Sequence // when it was looked at last
}

func (p *pace) begin(now time.Time) { p.began = now }

// rest is how long to rest after the work that has just been done.
func (p *pace) rest(sequence core.Sequence, now time.Time) time.Duration {
	worked := now.Sub(p.began)
	if elapsed := now.Sub(p.looked); float64(sequence-min(p.sequence, sequence)) > busyRate*elapsed.Seconds() {
		worked *= busyRest
	}
	p.looked, p.sequence = now, sequence
	return max(rest, worked)
}
