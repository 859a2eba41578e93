package simulation

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

var (
	oneSeed    = flag.Uint64("sim.seed", 0, "run this seed alone, and print every step")
	firstSeed  = flag.Uint64("sim.from", 1, "the first seed")
	seedCount  = flag.Uint64("sim.seeds", 0, "seeds to run; 0 for 40, or 6 with -short")
	perSeed    = flag.Int("sim.commands", 0, "commands of each seed; 0 for 500, or 200 with -short")
	processes  = flag.Int("sim.processes", runtime.NumCPU(), "processes that run seeds side by side")
	patience   = flag.Duration("sim.patience", 2*time.Minute, "how long a worker may take for one seed")
	summary    = flag.String("sim.summary", "", "a file for the summary of a suite")
	stepLogged = flag.Int("sim.steps", 40, "steps to print of a run that fails")
)

// workerVariable tells a process that it is a worker, and which seeds it has to run.
const workerVariable = "HOLDFAST_SIMULATION"

// wholeSuite is from how many seeds on everything has to have been seen, if each has at least wholeRun commands: what has to
// become full first does not come in shorter ones.
const (
	wholeSuite = 1000
	wholeRun   = 500
)

// work is what a worker has to do.
type work struct {
	from, to uint64
	commands int
	verbose  bool
}

// TestSimulation runs seeds. It starts workers, processes of one processor each, which run the seeds one after the other in
// bubbles, so that nothing but the seed decides what happens.
func TestSimulation(t *testing.T) {
	if order := os.Getenv(workerVariable); order != "" {
		var w work
		if _, err := fmt.Sscan(order, &w.from, &w.to, &w.commands, &w.verbose); err != nil {
			t.Fatal(err)
		}
		w.run(t)
		return
	}
	s := newSuite(t)
	s.run()
	if silent := s.stats.silent(); tiny && s.seeds >= wholeSuite && s.commands >= wholeRun && len(silent) > 0 {
		t.Errorf("never seen: %v", silent)
	}
}

// run runs the seeds of a worker, and ends the process: bubbles that were left behind would keep the test from ending.
func (o *work) run(t *testing.T) {
	for seed := o.from; seed < o.to; seed++ {
		fmt.Println("begin", seed)
		w := newWorld(seed, o.commands)
		w.verbose = o.verbose
		if err := w.run(t); err != nil {
			for _, line := range w.log[max(0, len(w.log)-*stepLogged):] {
				fmt.Println("step", line)
			}
			fmt.Println("failed", seed, strings.ReplaceAll(err.Error(), "\n", " "))
			syscall.Exit(1)
		}
		fmt.Printf("done %d %016x %s\n", seed, w.sum(), &w.stats)
	}
	syscall.Exit(0)
}
