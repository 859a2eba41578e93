package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// outcome is what became of a sabotage.
type outcome string

const (
	caught   outcome = "caught"
	survived outcome = "SURVIVED"
	stale    outcome = "STALE"
)

// trial is a sabotage that was tried.
type trial struct {
	sabotage *sabotage
	outcome  outcome
	by       []string // the tests that failed
	why      string   // it is stale
	took     time.Duration
}

// plan is how sabotages are tried.
type plan struct {
	root    string
	workers int
	all     bool
	timeout time.Duration // of each run of tests
	tell    func(t *trial)
}

// soundTests runs all tests that are named for some sabotage on an unchanged copy.
func (p *plan) soundTests(ctx context.Context, list []sabotage) error {
	s, err := newScratch(p.root)
	if err != nil {
		return err
	}
	for _, set := range together(list) {
		v, runErr := s.runTests(ctx, p.timeout, set)
		if runErr == nil && !v.compiles {
			runErr = fmt.Errorf("%s does not compile without any sabotage:\n%s", set.pkg, v.output)
		}
		if runErr == nil && len(v.failed) > 0 {
			runErr = fmt.Errorf("tests of %s fail without any sabotage: %s\n%s", set.pkg, strings.Join(v.failed, ", "), v.output)
		}
		if err = runErr; err != nil {
			break
		}
	}
	return errors.Join(err, s.remove())
}

// together gives the tests that are named for some sabotage, each package's in one set.
func together(list []sabotage) (sets []testSet) {
	for i := range list {
		for _, set := range list[i].tests {
			same := func(other testSet) bool { return other.pkg == set.pkg && other.tags == set.tags }
			k := slices.IndexFunc(sets, same)
			if k < 0 {
				k, sets = len(sets), append(sets, testSet{pkg: set.pkg, tags: set.tags})
			}
			sets[k].names = append(sets[k].names, set.names...)
		}
	}
	for k := range sets {
		slices.Sort(sets[k].names)
		sets[k].names = slices.Compact(sets[k].names)
	}
	return sets
}

// try tries every sabotage of the list, and gives what became of each, in the same order.
func (p *plan) try(ctx context.Context, list []sabotage) ([]trial, error) {
	trials := make([]trial, len(list))
	places := make(chan int, len(list))
	for i := range list {
		places <- i
	}
	close(places)
	var workers sync.WaitGroup
	var telling sync.Mutex
	failures := make([]error, p.workers)
	for w := range p.workers {
		workers.Go(func() {
			failures[w] = p.work(ctx, func(s *scratch) error {
				for i := range places {
					t, err := p.tryOne(ctx, s, &list[i])
					if err != nil {
						return fmt.Errorf("%s: %w", list[i].name, err)
					}
					trials[i] = t
					telling.Lock()
					p.tell(&trials[i])
					telling.Unlock()
				}
				return nil
			})
		})
	}
	workers.Wait()
	return trials, errors.Join(failures...)
}

// work gives do a copy of its own.
func (p *plan) work(ctx context.Context, do func(s *scratch) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s, err := newScratch(p.root)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.remove())
}

// tryOne tries a sabotage. Its sets of tests run in their order until one notices.
func (p *plan) tryOne(ctx context.Context, s *scratch, b *sabotage) (trial, error) {
	started := time.Now()
	t := trial{sabotage: b, outcome: survived}
	err := s.with(b, func() error {
		sets := b.tests
		if p.all {
			sets = append(slices.Clip(sets), testSet{pkg: "./..."})
		}
		for _, set := range sets {
			v, err := s.runTests(ctx, p.timeout, set)
			switch {
			case err != nil:
				return err
			case !v.compiles:
				return fmt.Errorf("%w: it does not compile:\n%s", errStale, v.output)
			case len(v.failed) > 0:
				t.outcome, t.by = caught, v.failed
				return nil
			}
		}
		return nil
	})
	t.took = time.Since(started)
	if errors.Is(err, errStale) {
		t.outcome, t.why = stale, err.Error()
		return t, nil
	}
	return t, err
}
