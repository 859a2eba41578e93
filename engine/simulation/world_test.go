package simulation

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math/rand/v2"
	"sync/atomic"
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

	disk    *disk
	engine  *engine.Engine
	offset  int64 // of the node's clock to the bubble's, in ms
	healed  bool  // nothing is broken any more
	jumped  bool  // the clock jumped, and the engine has not looked at it since
	history *history
	clients clients
	fatal   *atomic.Bool // the journal has failed: the process would end
	armed   bool         // a trap is set on the disk
	leaks   int          // nodes whose journal failed
	log     []string
	verbose bool
}

// plan is what a seed chooses for a whole run. Each run leaves out some of what may happen, so that the rest comes often.
type plan struct {
	commands int
	shards   int
	options  engine.Options
	keys     int // different idempotency keys at a time
	batch    int // most commands of a request
	percents []int
	damage   bool // files are damaged while the node is down
	weights  [stepKinds]int
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
	w.log = append(w.log, fmt.Sprintf("%d: %s", w.history.last(), line))
	if w.verbose {
		fmt.Println("step", w.log[len(w.log)-1])
	}
}

func newWorld(seed uint64, commands int) *world {
	w := &world{seed: seed, random: rand.New(rand.NewPCG(seed, 0x51)), trace: sha256.New(), disk: newDisk()}
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

// newPlan draws what holds for the whole run.
func (w *world) newPlan(commands int) plan {
	p := plan{
		commands: commands,
		keys:     pick(w, 2, 10, 60),
		batch:    pick(w, 1, 3, 12),
		damage:   w.chance(40),
		percents: pick(w, []int{0}, []int{100}, []int{0, 50, 100}, []int{0, 10, 50, 90, 100}),
	}
	p.options = engine.Options{
		Dir:             "data",
		CheckpointBytes: pick[int64](w, -1, 2<<10, 16<<10, 64<<10),
		CheckpointEvery: pick(w, 0, 0, 3*time.Second),
		CheckpointRate:  pick[int64](w, -1, 64<<10, 1<<20),
		JournalHistory:  pick[int64](w, 0, 0, 1, 32<<10),
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

// run is a whole life: a phase in which everything may happen, then one in which nothing is broken any more and
// everybody has to be served.
func (w *world) run() {
	w.startClock()
	w.open()
	for w.history.last() < core.Sequence(w.plan.commands) {
		w.act()
		w.look()
	}
	w.heal()
	w.live()
	w.finish()
}

// epoch is when every run begins, in ms since 1970.
const epoch = 1_700_000_000_000

// startClock makes the run begin at the epoch, at the beginning of a millisecond, whatever the bubble's clock shows.
func (w *world) startClock() {
	now := time.Now()
	time.Sleep(now.Truncate(time.Second).Add(time.Second).Sub(now))
	w.offset = epoch - time.Now().UnixMilli()
}

// settle lets every goroutine run until all of them wait.
func (w *world) settle() { synctest.Wait() }

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
	return o
}

// open starts the engine on the disk as it is. It may find the disk full or failing, or crash; then somebody sees to the disk
// and starts it again.
func (w *world) open() {
	for try := 0; ; try++ {
		w.trouble(try)
		o := w.options(w.disk)
		w.fatal = new(atomic.Bool)
		fatal := w.fatal
		o.Journal.OnFatal = func(error) { fatal.Store(true) }
		w.stats.opens++
		e, err := engine.Open(o)
		w.settle()
		switch {
		case err != nil && !w.armed:
			w.fail("opening: %v", err)
		case err != nil:
			w.note("refused to start")
			w.stats.refusedStarts++
			w.leaks++
		case w.gone():
			w.engine = e
			w.stats.crashesInStart++
			w.leave()
		default:
			w.disk.disarm()
			w.armed = false
			w.engine = e
			w.note("open with %d shards at %d", o.Shards, e.Sequence())
			return
		}
		w.disk = w.left()
		w.armed = false
	}
}

// trouble makes something go wrong during the next start, but not for ever.
func (w *world) trouble(try int) {
	if try > 2 || w.healed || !w.chance(15) {
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
	w.disk = d
	w.open()
	w.history.again(w.engine)
	w.history.compareDigest(w.engine)
	w.tryDamage(before, sealed)
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

// leave waits until everybody knows that the engine is gone.
func (w *world) leave() {
	broken := w.fatal.Load()
	w.release()
	w.settle()
	closed := make(chan error, 1)
	go func(e *engine.Engine) { closed <- e.Close() }(w.engine)
	if broken {
		// A journal that has failed leaves goroutines as they are, because its process is expected to end. Close may wait for
		// one of them.
		w.settle()
		w.leaks++
	} else {
		<-closed
	}
	w.settle()
	w.clients.mustBeDone()
	w.armed = false
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
