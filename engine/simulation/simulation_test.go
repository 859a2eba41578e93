package simulation

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
)

var (
	oneSeed    = flag.Uint64("sim.seed", 0, "run this seed alone, and print every step")
	firstSeed  = flag.Uint64("sim.from", 1, "the first seed")
	seedCount  = flag.Uint64("sim.seeds", 0, "seeds to run; 0 for 100, or 10 with -short")
	perSeed    = flag.Int("sim.commands", 0, "commands of each seed; 0 for 1000, or 300 with -short")
	processes  = flag.Int("sim.processes", runtime.NumCPU(), "processes that run seeds side by side")
	stepLogged = flag.Int("sim.steps", 40, "steps to print of a run that fails")
)

// workerVariable tells a process that it is a worker, and which seeds it has to run.
const workerVariable = "HOLDFAST_SIMULATION"

// maxLeaks is how many nodes with a failed journal a worker lives with: each leaves its goroutines, and their timers.
const maxLeaks = 10

// work is what a worker has to do.
type work struct {
	from, to uint64
	commands int
	verbose  bool
	leaks    int
}

// TestSimulation runs seeds. It starts workers, processes of one processor each, which run the seeds one after the other in one
// bubble, so that nothing but the seed decides what happens.
func TestSimulation(t *testing.T) {
	if order := os.Getenv(workerVariable); order != "" {
		var w work
		if _, err := fmt.Sscan(order, &w.from, &w.to, &w.commands, &w.verbose); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) { w.run(t) })
		return
	}
	s := newSuite(t)
	s.run()
	if s.seeds >= 100 && s.commands >= 500 {
		if silent := s.stats.silent(); len(silent) > 0 {
			t.Errorf("never seen: %v", silent)
		}
	}
}

// run runs the seeds of a worker, and ends the process: a journal that has failed leaves goroutines, which no bubble survives.
func (o *work) run(t *testing.T) {
	for seed := o.from; seed < o.to; seed++ {
		fmt.Println("begin", seed)
		w := newWorld(seed, o.commands)
		w.verbose = o.verbose
		cryptotest.SetGlobalRandom(t, seed)
		if err := w.try(); err != nil {
			for _, line := range w.log[max(0, len(w.log)-*stepLogged):] {
				fmt.Println("step", line)
			}
			fmt.Println("failed", seed, strings.ReplaceAll(err.Error(), "\n", " "))
			syscall.Exit(1)
		}
		fmt.Printf("done %d %016x %s\n", seed, w.sum(), &w.stats)
		if o.leaks += w.leaks; o.leaks > maxLeaks {
			break
		}
	}
	syscall.Exit(0)
}

// try runs the world and gives what a check found.
func (w *world) try() (err error) {
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			err = errors.New(f.reason)
		}
	}()
	w.run()
	return nil
}
