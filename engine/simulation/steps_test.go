package simulation

import (
	"bytes"
	"syscall"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// stepKind is something that the scheduler may do.
type stepKind int

const (
	stepCommands stepKind = iota
	stepGroup
	stepTime
	stepDeadline
	stepClock
	stepRead
	stepDigest
	stepCheckpoint
	stepCrash
	stepArmCrash
	stepArmFailure
	stepFullDisk
	stepRestart
	stepReplica
	stepKinds
)

// stepWeights say how often each comes, in a run that has it.
var stepWeights = [stepKinds]int{
	stepCommands: 300, stepGroup: 300, stepTime: 60, stepDeadline: 60, stepClock: 8, stepRead: 60, stepDigest: 6, stepCheckpoint: 12,
	stepCrash: 4, stepArmCrash: 6, stepArmFailure: 1, stepFullDisk: 1, stepRestart: 4, stepReplica: 5,
}

var steps = [stepKinds]func(*world){
	stepCommands: (*world).doCommands, stepGroup: (*world).doGroup, stepTime: (*world).doTime, stepDeadline: (*world).doDeadline,
	stepClock: (*world).doClock, stepRead: (*world).doRead, stepDigest: (*world).doDigest, stepCheckpoint: (*world).doCheckpoint,
	stepCrash: (*world).doCrash, stepArmCrash: (*world).doArmCrash, stepArmFailure: (*world).doArmFailure,
	stepFullDisk: (*world).doFullDisk, stepRestart: (*world).doRestart,
	stepReplica: (*world).doReplica,
}

// doCommands sends requests one after the other, each on its own.
func (w *world) doCommands() {
	for range w.between(1, 4) {
		w.clients.submit(w.clients.request())
		w.settle()
		if w.gone() {
			return
		}
		w.history.follow(w.engine)
	}
}

// gone tells whether the node crashed or its journal failed.
func (w *world) gone() bool { return w.disk.isDead() || w.isBroken() }

// doGroup holds the sync of a first request and sends more meanwhile, so that these become one group, of which the sync may be
// held as well. Nothing may be seen of what waits for its sync.
func (w *world) doGroup() {
	w.holdSyncs()
	w.clients.submit(w.clients.request())
	w.settle()
	before := w.engine.Sequence()
	asked := false
	for range w.between(1, 9) {
		if w.gone() {
			return
		}
		w.nothingLeaves(before)
		commands := w.clients.request()
		if asked && spread(commands) {
			continue
		}
		asked = asked || spread(commands)
		w.clients.submit(commands)
		w.settle()
		if w.chance(5) {
			time.Sleep(time.Duration(w.between(1, 3000)) * time.Millisecond)
			w.settle()
			w.stats.slowSyncs++
		}
	}
	if w.chance(15) && !w.gone() {
		w.allowOne()
		w.settle()
		if !w.gone() {
			w.history.follow(w.engine)
			w.nothingLeaves(w.engine.Sequence())
		}
	}
	if w.chance(2) && !w.gone() {
		w.note("crash while a sync is held")
		w.cut()
		w.stats.crashesInSync++
	}
	w.release()
}

// holdSyncs makes the syncs of the log wait.
func (w *world) holdSyncs() {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	w.disk.hold = make(chan struct{})
}

// allowOne lets the sync go that is held, and holds the next one.
func (w *world) allowOne() {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	close(w.disk.hold)
	w.disk.hold = make(chan struct{})
}

// release lets all syncs go.
func (w *world) release() {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	if w.disk.hold != nil {
		close(w.disk.hold)
		w.disk.hold = nil
	}
}

// nothingLeaves sees to it that nothing is to be seen of what waits for its sync.
func (w *world) nothingLeaves(before core.Sequence) {
	if at := w.engine.Sequence(); at != before {
		w.fail("%d was released while the sync of what follows %d is held", at, before)
	}
	if at := w.engine.Feed().Last(); at > before {
		w.fail("the feed tells of %d while the sync of what follows %d is held", at, before)
	}
	for _, a := range w.clients.waiting {
		if !a.finished.Load() || a.lost || a.err != nil {
			continue
		}
		for i := range a.answers {
			if a.answers[i].Sequence > before {
				w.fail("a client was told of command %d while its sync is held", a.answers[i].Sequence)
			}
		}
	}
	w.stats.heldLooks++
}

// doTime lets time pass.
func (w *world) doTime() {
	d := time.Duration(pick(w, 1, 10, 100, 999, 1000, 1001, 4000)) * time.Millisecond
	if w.chance(3) {
		d = time.Duration(w.between(1, 6)) * time.Minute
	}
	w.note("%v pass", d)
	time.Sleep(d)
}

// doDeadline lets time pass until just before, at or just after the next deadline.
func (w *world) doDeadline() {
	next := core.Millis(0)
	for slot := range core.Slot(core.SlotCount) {
		if at, ok := w.history.machine.NextDeadline(slot); ok && (next == 0 || at < next) {
			next = at
		}
	}
	wait := int64(next) - w.now() + int64(w.between(-1, 1))
	if next == 0 || wait <= 0 || wait > 60_000 {
		return
	}
	w.note("time passes until %d ms from the next deadline", w.now()+wait-int64(next))
	w.stats.deadlines++
	time.Sleep(time.Duration(wait) * time.Millisecond)
}

// doClock lets the node's clock jump.
func (w *world) doClock() {
	jump := int64(pick(w, -3_600_000, -5_000, -1000, -1, 1, 1000, 5_000, 60_000))
	w.offset += jump
	w.note("the clock jumps by %d", jump)
	if jump < 0 {
		w.stats.clockBack++
	} else {
		w.stats.clockForth++
	}
	// Whoever asks next makes the engine look at its clock; until then it may sleep beyond a deadline.
	w.jumped = true
	if _, err := w.engine.ReadLocation(nil, 0); err == nil {
		w.jumped = false
	}
}

// doRead compares an order and a SKU's units with the model.
func (w *world) doRead() {
	model := w.history.model
	if ids := model.OrderIDs(); len(ids) > 0 {
		id := ids[w.random.IntN(len(ids))]
		image, err := w.engine.ReadOrder(nil, id)
		w.must(err, "reading an order")
		w.history.follow(w.engine)
		want, here := model.Order(id)
		if !here {
			w.readArchived(id, &image)
			return
		}
		if image.Sequence == w.history.last() && !bytes.Equal(image.Bytes, codec.AppendOrderImage(nil, &want)) {
			w.fail("order %d reads as %x, want %+v", id, image.Bytes, want)
		}
		if want.HasDocument {
			document, err := w.engine.Document(want.Document())
			w.must(err, "reading a document")
			if !bytes.Equal(document, w.history.commands[want.Document()-1].document) {
				w.fail("the document of command %d is %q", want.Document(), document)
			}
		}
	}
	if ids := model.SKUIDs(); len(ids) > 0 {
		id := ids[w.random.IntN(len(ids))]
		image, err := w.engine.ReadAvailability(nil, id)
		w.must(err, "reading units")
		w.history.follow(w.engine)
		want := model.Availability(id)
		if image.Sequence == w.history.last() && !bytes.Equal(image.Bytes, codec.AppendAvailability(nil, &want)) {
			w.fail("the units of SKU %d read as %x, want %+v", id, image.Bytes, want)
		}
	}
	w.stats.reads++
}

// readArchived compares an order that has left memory with what it was then.
func (w *world) readArchived(id core.OrderID, image *engine.Image) {
	if want := w.history.archived[id]; !bytes.Equal(image.Bytes, codec.AppendOrderImage(nil, &want)) {
		w.fail("order %d reads from the archive as %x, want %+v", id, image.Bytes, want)
	}
	w.stats.archiveReads++
}

func (w *world) doDigest() {
	w.history.compareDigest(w.engine)
	w.audit()
}

// doCheckpoint asks for a checkpoint. It may go on while other things happen.
func (w *world) doCheckpoint() {
	w.note("checkpoint")
	e := w.engine
	w.stats.checkpoints++
	go func() { _, _ = e.Checkpoint() }()
}

// cut takes the power away now.
func (w *world) cut() {
	percent := w.percent()
	w.note("the power is cut, %d percent of what was not synced is kept", percent)
	w.disk.cut(percent, w.random.Uint64())
}

func (w *world) doCrash() {
	w.cut()
	w.stats.crashes++
}

// doArmCrash has the power cut at one of the next changes of the disk.
func (w *world) doArmCrash() {
	if w.armed {
		return
	}
	w.armed = true
	class, after := fileClass(w.random.IntN(int(fileClasses))), pick(w, 0, 0, 1, 2, 5, 20)
	percent, seed := w.percent(), w.random.Uint64()
	w.note("the power will be cut at change %d of class %d, %d percent kept", after, class, percent)
	d, s := w.disk, &w.stats
	d.arm(&trap{
		hits:  func(c change) bool { return c.class == class },
		after: after,
		spring: func(c change) error {
			d.cutLocked(percent, seed)
			*s.crashAt(class)++
			return nil
		},
	})
}

// doArmFailure has one of the next changes of the disk fail, for good or once.
func (w *world) doArmFailure() {
	if w.armed {
		return
	}
	w.armed = true
	class, after, once := fileClass(w.random.IntN(int(classOther))), pick(w, 0, 1, 3), w.chance(50)
	syncs := w.chance(50)
	w.note("change %d of class %d will fail, syncs %v, once %v", after, class, syncs, once)
	s := &w.stats
	var t *trap
	t = &trap{
		hits:  func(c change) bool { return c.class == class && c.sync == syncs },
		after: after,
		spring: func(c change) error {
			t.sprung = once
			if c.sync {
				s.failedSyncs++
			} else {
				s.failedWrites++
			}
			return syscall.EIO
		},
	}
	w.disk.arm(t)
}

// doFullDisk fills the disk.
func (w *world) doFullDisk() {
	w.note("the disk is full")
	if w.chance(50) {
		w.disk.mu.Lock()
		w.disk.free = 1
		w.disk.mu.Unlock()
		time.Sleep(time.Second) // the journal looks at it now and then
	} else {
		w.armed = true
		w.disk.arm(&trap{
			hits:   func(c change) bool { return c.write },
			spring: func(change) error { return syscall.ENOSPC },
		})
	}
	w.stats.fullDisks++
	w.clients.submit(w.clients.request())
	w.settle()
}

// doRestart closes the node in good order and starts it again.
func (w *world) doRestart() {
	w.note("restart")
	w.stats.restarts++
	w.release()
	w.settle()
	w.disk.disarm()
	w.armed = false
	w.history.follow(w.engine)
	w.must(w.engine.Close(), "closing")
	w.settle()
	w.clients.mustBeDone()
	w.start(w.disk.copy(w.percent(), w.random.Uint64()), true)
}
