package simulation

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"math/rand/v2"
	"runtime"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"

	"github.com/cespare/xxhash/v2"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

// world is one run: a node, its clients and its history, all moved by one scheduler that draws from one seed. The scheduler
// does one thing, lets every goroutine settle (they live in one bubble of testing/synctest), looks, and does the next.
type world struct {
	seed   uint64
	random *rand.Rand
	plan   plan
	stats  stats
	trace  hash.Hash

	disk        *disk
	engine      *engine.Engine
	clock       int64 // where the node's clock goes on in the next bubble
	offset      int64 // of the node's clock to the bubble's, in ms
	healed      bool  // nothing is broken any more
	jumped      bool  // the clock jumped, and the engine has not looked at it since
	history     *history
	clients     clients
	replica     *follower      // nil while there is none
	replicaDisk *disk          // what the next replica starts from; nil for nothing yet
	broken      chan struct{}  // closed when the journal has failed: the process would end
	found       *core.Sequence // the last one that the newest start found on its disk
	tries       int            // of starts that failed
	armed       bool           // a trap is set on the disk
	unflushed   int            // bytes in the journal's memtable, about
	log         []string
	verbose     bool
}

// plan is what a seed chooses for a whole run. Each run leaves out some of what may happen, so that the rest comes often.
type plan struct {
	commands   int
	options    engine.Options
	keys       int // different idempotency keys at a time
	batch      int // most commands of a request
	percents   []int
	badNetwork bool // between primary and replica
	damage     bool // files are damaged while the node is down
	weights    [stepKinds]int
}

// failure is what a check found.
type failure struct{ reason string }

// fail ends the run.
func (w *world) fail(format string, args ...any) {
	panic(failure{fmt.Sprintf(format, args...)})
}

// must ends the run if there is an error.
func (w *world) must(err error, what string) {
	if err != nil {
		w.fail("%s: %v", what, err)
	}
}

// note writes a step into the trace, and into the log that is printed when the run fails.
func (w *world) note(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	_, _ = w.trace.Write([]byte(line))
	w.say("%s", line)
}

// say writes a line into the log alone.
func (w *world) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	w.log = append(w.log, fmt.Sprintf("%d: %s", w.history.last(), line))
	if w.verbose {
		fmt.Println("step", w.log[len(w.log)-1])
	}
}

func newWorld(seed uint64, commands int) *world {
	w := &world{seed: seed, random: rand.New(rand.NewPCG(seed, 0x51)), trace: sha256.New(), disk: newDisk(), clock: epoch}
	w.history = newHistory(w)
	w.plan = w.newPlan(commands)
	w.clients = newClients(w)
	return w
}

// chance is true so many times in a hundred.
func (w *world) chance(percent int) bool { return w.random.IntN(100) < percent }

// between gives a number from low to high, both included.
func (w *world) between(low, high int) int { return low + w.random.IntN(high-low+1) }

func pick[T any](w *world, list ...T) T { return list[w.random.IntN(len(list))] }

func hashBytes(b []byte) uint64 { return xxhash.Sum64(b) }

// now is the node's clock, in ms since 1970.
func (w *world) now() int64 { return time.Now().UnixMilli() + w.offset }

// longRun is a number of commands from which on the requests are longer: most of the time goes into what is done for each.
const longRun = 2000

// newPlan draws what holds for the whole run.
func (w *world) newPlan(commands int) plan {
	p := plan{
		commands:   commands,
		keys:       pick(w, 2, 10, 60),
		batch:      pick(w, 1, 3, 12),
		badNetwork: w.chance(70),
		damage:     w.chance(40),
		percents:   pick(w, []int{0}, []int{100}, []int{0, 50, 100}, []int{0, 10, 50, 90, 100}),
	}
	if commands > longRun {
		p.batch *= 4
	}
	p.options = engine.Options{
		Dir:             "data",
		CheckpointBytes: pick[int64](w, -1, 2<<10, 16<<10, 64<<10),
		CheckpointEvery: pick(w, 0, 0, 3*time.Second),
		CheckpointRate:  pick[int64](w, -1, 64<<10, 1<<20),
		ArchiveAfter:    pick(w, 0, time.Second, time.Minute),
		JournalHistory:  pick[int64](w, 0, 0, 1, 32<<10),
	}
	if tiny {
		p.options.QueueCommands = pick(w, 0, engine.MaxRequestCommands, 4*engine.MaxRequestCommands)
	}
	p.options.Journal.BallastBytes = pick[int64](w, -1, 0)
	for i := range p.weights {
		p.weights[i] = stepWeights[i]
		if stepWeights[i] > 0 && stepKind(i) != stepCommands && w.chance(40) {
			p.weights[i] = 0
		}
	}
	return p
}

// run is a whole life, in as many bubbles as it takes: a journal that has failed leaves goroutines as they are, some with
// locks, because its process is expected to end. A bubble in which that happened is left behind, as it stands, and
// the node starts again in a new one.
func (w *world) run(t *testing.T) error {
	never := make(chan struct{})
	for lives := uint64(0); ; lives++ {
		cryptotest.SetGlobalRandom(t, w.seed+lives<<32)
		type outcome struct {
			again bool
			err   error
		}
		outcomes, ended := make(chan outcome, 1), make(chan struct{})
		go func() {
			defer close(ended)
			synctest.Test(t, func(*testing.T) {
				again, err := w.life()
				outcomes <- outcome{again, err}
				if again || err != nil {
					<-never // the bubble's clock stands still, as this channel is not of the bubble
				}
			})
		}()
		o := <-outcomes
		if o.err != nil {
			return o.err
		}
		dropPools()
		if !o.again {
			<-ended // and no goroutine is left
			return nil
		}
	}
}

// dropPools empties the pools of all packages: channels that they keep belong to one bubble.
func dropPools() {
	for range 1000 { // whoever can still run in a bubble that was left behind does so first
		runtime.Gosched()
	}
	runtime.GC()
	runtime.GC()
}

// leftBehind is the panic with which a bubble is left.
type leftBehind struct{}

// life is what happens in one bubble: a phase in which everything may happen, then one in which nothing is broken any more
// and everybody has to be served. again says that it goes on in another bubble.
func (w *world) life() (again bool, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case leftBehind:
			again = true
		case failure:
			err = errors.New(r.reason)
		default:
			panic(r)
		}
	}()
	w.startClock()
	w.broken = make(chan struct{})
	w.start(w.disk, false)
	w.clients.check()
	for !w.healed && w.history.last() < core.Sequence(w.plan.commands) {
		w.act()
		w.look()
		if w.unflushed > memtableFill {
			w.turnMemtable()
			w.look()
			w.unflushed = 0
		}
	}
	w.heal()
	w.live()
	w.finish()
	return false, nil
}

// leaveBehind goes on with a disk in another bubble.
func (w *world) leaveBehind(d *disk) {
	w.abandonReplica()
	w.disk, w.engine, w.clock = d, nil, w.now()
	panic(leftBehind{})
}

// epoch is when every run begins, in ms since 1970.
const epoch = 1_700_000_000_000

// startClock makes the node's clock go on where it was, at the beginning of a second, whatever the bubble's clock shows.
func (w *world) startClock() {
	now := time.Now()
	time.Sleep(now.Truncate(time.Second).Add(time.Second).Sub(now))
	w.offset = w.clock - time.Now().UnixMilli()
}

// settle lets every goroutine run until all of them wait, or a journal has failed: then some may wait for ever.
func (w *world) settle() {
	if w.isBroken() {
		return
	}
	settled := make(chan struct{})
	go func() {
		synctest.Wait()
		close(settled)
	}()
	select {
	case <-settled:
	case <-w.broken:
	}
}

// isBroken tells whether a journal has failed in this bubble.
func (w *world) isBroken() bool {
	select {
	case <-w.broken:
		return true
	default:
		return false
	}
}

// act draws what happens next.
func (w *world) act() {
	sum := 0
	for _, weight := range w.plan.weights {
		sum += weight
	}
	roll := w.random.IntN(sum)
	for kind, weight := range w.plan.weights {
		if roll < weight {
			steps[kind](w)
			return
		}
		roll -= weight
	}
}

// look checks everything that can be seen after a step, and brings the node back if it is gone.
func (w *world) look() {
	w.settle()
	if !w.gone() {
		w.history.follow(w.engine)
		w.clients.check()
		w.onTime()
		if w.replica != nil {
			w.replica.look()
		}
		return
	}
	w.recover()
	w.clients.check()
}

// onTime sees to it that holds expire when they are due.
func (w *world) onTime() {
	if w.jumped || w.disk.hold != nil || w.armed {
		return
	}
	// The engine's timer counts whole milliseconds from when it was set.
	now := core.Millis(w.now()) - 1
	for slot := range core.Slot(core.SlotCount) {
		if at, ok := w.history.machine.NextDeadline(slot); ok && at <= now {
			w.fail("it is %d, and a hold of slot %d that was due at %d has not expired", now, slot, at)
		}
	}
}

// options are those of the next node on a disk.
func (w *world) options(d *disk) engine.Options {
	o := w.plan.options
	o.Shards = pick(w, 1, 1, 2, 3, 8)
	o.Clock = w.now
	o.Journal.FS = d
	o.Journal.Identity = wal.Identity{OrderKey: [16]byte{1}, Instance: [16]byte{2}}
	broken := w.broken
	o.Journal.OnFatal = func(error) { close(broken) } // it is called once
	o.Hooks.Recovered = func(i engine.RecoveryInfo) {
		if w.found == nil {
			last := i.Checkpoint + core.Sequence(i.Commands)
			w.found = &last
		}
	}
	return o
}

// open starts the engine on the disk as it is. It may find the disk full or failing, or crash; then somebody sees to the disk
// and starts it again.
func (w *world) open() {
	for {
		w.trouble()
		w.stats.opens++
		e, err := engine.Open(w.options(w.disk))
		if err == nil {
			w.settle()
		}
		if err == nil && !w.gone() {
			if w.armed {
				w.disk.disarm()
			}
			w.engine, w.unflushed, w.armed, w.tries = e, 0, false, 0
			w.note("open with %d shards at %d", e.Options().Shards, e.Sequence())
			return
		}
		w.tries++
		switch {
		case err != nil && !w.armed:
			w.fail("opening: %v", err)
		case err != nil:
			w.note("refused to start")
			w.stats.refusedStarts++
			w.armed = false
			w.leaveBehind(w.left())
		}
		w.stats.crashesInStart++
		w.engine = e
		w.leave()
		w.disk = w.left()
	}
}

// trouble makes something go wrong during the next start, but not for ever.
func (w *world) trouble() {
	if w.tries > 2 || w.healed || !w.chance(15) {
		return
	}
	switch w.random.IntN(3) {
	case 0:
		w.doArmCrash()
	case 1:
		w.doArmFailure()
	default:
		w.disk.free = 1
		w.armed = true
	}
}

// recover brings a node back that crashed or whose journal failed.
func (w *world) recover() {
	w.leave()
	w.start(w.left(), false)
}

// start starts the node on a disk, and compares what it finds with the history.
func (w *world) start(d *disk, sealed bool) {
	before := d.copy(100, 0)
	w.disk, w.found = d, nil
	w.open()
	w.history.again(w.engine)
	w.history.compareDigest(w.engine)
	w.tryDamage(before, sealed)
}

// leave waits until everybody knows that the engine is gone.
func (w *world) leave() {
	w.release()
	w.settle()
	w.armed = false
	if w.isBroken() {
		// Nobody waits for ever, but who waits for whom then?
		for range 10_000 {
			if w.clients.done() {
				break
			}
			runtime.Gosched()
		}
		w.clients.mustBeDone()
		w.leaveBehind(w.left())
	}
	w.must(w.engine.Close(), "closing")
	w.settle()
	w.clients.mustBeDone()
}

// left gives the disk that the next start finds.
func (w *world) left() *disk {
	if w.disk.isDead() {
		return w.disk.image
	}
	return w.disk.copy(w.percent(), w.random.Uint64())
}

func (w *world) percent() int {
	percent := pick(w, w.plan.percents...)
	switch percent {
	case 0:
		w.stats.keptNothing++
	case 100:
		w.stats.keptAll++
	default:
		w.stats.keptSome++
	}
	return percent
}

// heal ends all that is broken.
func (w *world) heal() {
	w.healed = true
	w.release()
	w.disk.disarm()
	w.disk.free = plentyFree
	w.armed = false
	w.note("heal")
	w.look()
}

// live sees to it that everybody is served by a node of which nothing is broken.
func (w *world) live() {
	before := w.history.last()
	for range 20 {
		w.clients.submit(w.clients.request())
		w.settle()
		w.clients.mustBeDone()
		w.look()
	}
	time.Sleep(5 * time.Second)
	w.look()
	w.note("lived from %d", before)
}

// finish closes the node, and compares everything once more with a start from what it left.
func (w *world) finish() {
	w.audit()
	w.history.compareDigest(w.engine)
	w.catchUp()
	w.must(w.engine.Close(), "closing")
	w.disk = w.disk.copy(0, 0)
	w.open()
	w.history.again(w.engine)
	w.history.compareDigest(w.engine)
	w.audit()
	w.idle()
	w.must(w.engine.Close(), "closing")
}

func (w *world) audit() {
	report, _, err := w.engine.Audit()
	w.must(err, "auditing")
	if report.Found != 0 {
		w.fail("the audit has found %d violations: %+v", report.Found, report)
	}
	w.stats.audits++
}

// idle sees to it that nothing waits any more.
func (w *world) idle() {
	if s := w.engine.Stats(); s.Queued != 0 {
		w.fail("%d commands wait for ever", s.Queued)
	}
}

// sum is the trace of the whole run.
func (w *world) sum() (s uint64) {
	return binary.LittleEndian.Uint64(w.trace.Sum(nil))
}
