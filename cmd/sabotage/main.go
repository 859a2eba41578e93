package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is the command without the process around it; it returns the exit code.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	p := plan{root: "."}
	flags := flag.NewFlagSet("sabotage", flag.ContinueOnError)
	flags.SetOutput(errs)
	only := flags.String("only", "", "the `names` of the sabotages to try, with commas between them; all when empty")
	flags.IntVar(&p.workers, "workers", 1, "how many sabotages are tried side by side")
	flags.BoolVar(&p.all, "all", false, "hold what its own tests miss against all quick tests")
	flags.DurationVar(&p.timeout, "timeout", 2*time.Minute, "what a run of tests may take before it counts as failed")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() == 1 {
		p.root = flags.Arg(0)
	}
	if flags.NArg() > 1 || p.workers < 1 || p.timeout <= 0 {
		fmt.Fprintln(errs, "usage: sabotage [--only NAMES] [--workers N] [--all] [--timeout D] [DIR]")
		return 2
	}
	trials, err := p.run(ctx, *only, errs)
	if err != nil {
		fmt.Fprintf(errs, "sabotage: %v\n", err)
		return 2
	}
	if !printTable(out, trials) {
		return 1
	}
	return 0
}

// run reads the list and tries what was asked for.
func (p *plan) run(ctx context.Context, only string, errs io.Writer) ([]trial, error) {
	list, err := readList(p.root)
	if err != nil {
		return nil, err
	}
	var names []string
	if only != "" {
		names = strings.Split(only, ",")
	}
	if list, err = choose(list, names); err != nil {
		return nil, err
	}
	if err := p.soundTests(ctx, list); err != nil {
		return nil, err
	}
	done := 0
	p.tell = func(t *trial) {
		done++
		fmt.Fprintf(errs, "%3d of %d  %-8s  %4.0f s  %s\n", done, len(list), t.outcome, t.took.Seconds(), t.sabotage.name)
	}
	return p.try(ctx, list)
}

// namesShown bounds the tests that a row of the table names.
const namesShown = 3

// printTable prints what became of the sabotages, and tells whether all were caught.
func printTable(out io.Writer, trials []trial) bool {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "sabotage\tbreaks\tin\tcaught by\tseconds")
	count := map[outcome]int{}
	for i := range trials {
		t := &trials[i]
		count[t.outcome]++
		by := string(t.outcome)
		if t.outcome == caught {
			by = strings.Join(t.by[:min(len(t.by), namesShown)], ", ")
			if more := len(t.by) - namesShown; more > 0 {
				by += fmt.Sprintf(" and %d more", more)
			}
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.1f\n", t.sabotage.name, t.sabotage.promise, t.sabotage.file, by, t.took.Seconds())
	}
	_ = table.Flush() // what cannot be printed cannot be complained about there either
	for i := range trials {
		if trials[i].outcome == stale {
			fmt.Fprintf(out, "\n%s is %s\n", trials[i].sabotage.name, strings.TrimSpace(trials[i].why))
		}
	}
	fmt.Fprintf(out, "\n%d sabotages: %d caught, %d survived, %d stale\n", len(trials), count[caught], count[survived], count[stale])
	return count[caught] == len(trials)
}
