package simulation

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"testing"
	"testing/synctest"

	"holdfast/engine"
	"holdfast/engine/core"
)

var sweepEvery = flag.Int("sim.every", 0, "crash at one of so many changes of the disk; 0 for all in builds with the tag tiny, a few in others")

// sweepSeed gives a shop with several SKUs and locations.
const sweepSeed = 11

// sweepPercents are what is kept of the unsynced data at every change.
var sweepPercents = []int{0, 50, 100}

// TestCrashSweep runs three workloads and cuts the power before every single change of the disk, with nothing, half and all of
// the unsynced data kept. A node that starts from any of these images has to have everything that was released, and what it has
// beyond has to be what was sent.
func TestCrashSweep(t *testing.T) {
	if os.Getenv(workerVariable) != "" {
		return
	}
	every := *sweepEvery
	if every == 0 {
		switch {
		case testing.Short():
			every = 15
		case tiny:
			every = 1
		default: // where pages are large, images are, too
			every = 5
		}
	}
	for _, workload := range []struct {
		name string
		load func(*world)
	}{
		{"single orders with keys", (*world).sweepOrders},
		{"holds and baskets over many slots", (*world).sweepHolds},
		{"batches, checkpoints and cuts", (*world).sweepBatches},
	} {
		t.Run(workload.name, func(t *testing.T) {
			dropPools()
			synctest.Test(t, func(t *testing.T) { sweep(t, workload.load, every) })
		})
	}
	dropPools()
}

// sweepImage is a disk as a power cut left it.
type sweepImage struct {
	disk     *disk
	change   change
	number   int
	percent  int
	released core.Sequence
}

// sweep collects an image of every change while a workload runs, and then starts a node from each.
func sweep(t *testing.T, load func(*world), every int) {
	w := newWorld(sweepSeed, 0)
	w.plan.options.JournalHistory = 1 // cuts as much as may be cut
	w.plan.options.CheckpointBytes = -1
	w.healed = true // nothing is broken but what the sweep breaks
	w.broken = make(chan struct{})
	w.startClock()
	var images []sweepImage
	changes := 0
	d := w.disk
	d.arm(&trap{
		hits: func(change) bool { return true },
		spring: func(c change) error {
			changes++
			for _, percent := range sweepPercents {
				if changes%every == 0 {
					image := sweepImage{change: c, number: changes, percent: percent}
					image.disk = d.imageLocked(percent, uint64(changes))
					if w.engine != nil {
						image.released = w.engine.Sequence()
					}
					images = append(images, image)
				}
			}
			return nil
		},
	})
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			t.Fatal(f.reason)
		}
	}()
	w.history.digests = map[core.Sequence]core.Digest{}
	w.open()
	load(w)
	w.look()
	w.must(w.engine.Close(), "closing")
	w.settle()
	d.disarm()
	for i := range images {
		w.checkImage(&images[i])
	}
	t.Logf("%d changes of the disk, %d images, %d commands, %d events", changes, len(images), w.history.last(), len(w.history.events))
}

// checkImage starts a node from an image.
func (w *world) checkImage(image *sweepImage) {
	o := w.options(image.disk)
	o.Clock = func() int64 { return 0 } // time stands still, so that the node adds no expiry of its own
	e, err := engine.Open(o)
	if err == nil {
		err = w.sameImage(e, image)
	}
	if err != nil {
		w.fail("cut before change %d, of %s, with %d percent kept: %v", image.number, image.change.name, image.percent, err)
	}
	w.must(e.Close(), "closing")
}

// sameImage compares a node with the history. It may have less, but not less than had been released.
func (w *world) sameImage(e *engine.Engine, image *sweepImage) error {
	h := w.history
	at := e.Sequence()
	if at < image.released {
		return fmt.Errorf("%d was released, and %d is left", image.released, at)
	}
	if err := h.sameJournal(e, at); err != nil {
		return err
	}
	if err := h.sameFeed(e, at); err != nil {
		return err
	}
	digest, sequence, err := e.Digest()
	if err != nil {
		return err
	}
	if want, known := h.digests[sequence]; known && digest != want {
		return fmt.Errorf("the digest after %d is %x, and was %x", sequence, digest, want)
	}
	report, _, err := e.Audit()
	if err == nil && report.Found > 0 {
		err = fmt.Errorf("the audit has found %+v", report)
	}
	return errors.Join(err, w.sameKeys(e))
}

// sameKeys repeats a few commands with keys: what the node has is answered as it was.
func (w *world) sameKeys(e *engine.Engine) error {
	h := w.history
	for _, command := range w.clients.sent {
		first, bound := h.bound[command.Key]
		if !command.HasKey || !bound || first > e.Sequence() || h.commands[first-1].fingerprint != fingerprint(&command) {
			continue
		}
		a := &attempt{engine: e, commands: []core.Command{command}}
		a.send(w.disk)
		if a.err != nil {
			return a.err
		}
		if got := &a.answers[0]; got.Status != engine.ResultReplayed || got.Sequence != first ||
			string(got.image) != string(h.commands[first-1].image) {
			return fmt.Errorf("the key of command %d is answered with %+v %x", first, got.Result, got.image)
		}
	}
	return nil
}

// sweepOrders sends orders one after the other, each with a key.
func (w *world) sweepOrders() {
	w.plan.batch, w.plan.keys = 1, 8
	for range 300 {
		command := w.clients.command()
		command.HasKey = true
		if command.Key == (core.IdempotencyKey{}) {
			command.Key[0], command.Key[1] = 2, byte(w.history.last())
		}
		w.sweepSend([]core.Command{command})
	}
}

// sweepHolds sends whatever comes, lets holds expire, and forms groups.
func (w *world) sweepHolds() {
	w.plan.batch, w.plan.keys = 2, 8
	for range 60 {
		w.doGroup()
		w.look()
		w.doDeadline()
		w.look()
	}
}

// sweepBatches sends large requests, takes checkpoints, and turns memtables.
func (w *world) sweepBatches() {
	w.plan.batch, w.plan.keys = 30, 8
	for i := range 20 {
		w.sweepSend(w.clients.request())
		if i%3 == 2 {
			_, err := w.engine.Checkpoint()
			w.must(err, "taking a checkpoint")
			w.look()
		}
		if tiny && i == 5 {
			w.turnMemtable()
			w.look()
		}
	}
}

func (w *world) sweepSend(commands []core.Command) {
	w.clients.submit(commands)
	w.look()
}
