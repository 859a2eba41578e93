package simulation

import (
	"fmt"
	"reflect"
	"strings"
)

// stats count what happened in runs. What a whole suite never saw has not been tested, so the suite fails when one of the
// counters stays zero.
type stats struct {
	commands, groups, requests, answers                                       int
	repeats, replays, keyConflicts, soldOut, overloads                        int
	lost, unknown                                                             int // answers that a crash, or a failing journal, kept from a client
	opens, restarts, digests, audits, reads, heldLooks                        int
	deadlines, checkpoints, memtables, archived, archiveReads, archiveAnswers int
	crashes, crashesInSync, crashesInStart                                    int
	crashesAtLog, crashesAtTable, crashesAtManifest, crashesAtX               int
	keptNothing, keptSome, keptAll                                            int // of what was not synced when the power was cut
	slowSyncs, failedSyncs, failedWrites, fullDisks                           int
	refusedStarts                                                             int // because the disk was full or failed
	clockForth, clockBack                                                     int
	flips, truncations, holes, refused, unharmed, fallbacks                   int // damage, and what became of it
	replicaStarts, replicaCopies, replicaCrashes, replicaCuts                 int
	replicaEqual, replicaDigests, promotions, connections                     int
	netCuts, netLosses, netRepeats, netFlips, netDelays                       int
	kits, recipesChanged                                                      int // orders of kits, and those that were sent once more
	edits, slotsChanged                                                       int // edits of orders, and commands that were sent once more as their orders had other slots
	shortened                                                                 int // the end of the newest log was lost without a seal
}

// crashAt is the counter for crashes at changes of a class.
func (s *stats) crashAt(c fileClass) *int {
	return [fileClasses]*int{&s.crashesAtLog, &s.crashesAtTable, &s.crashesAtManifest, &s.crashesAtX}[c]
}

// String gives all counters as name=value.
func (s *stats) String() string {
	var b strings.Builder
	for name, value := range s.all() {
		fmt.Fprintf(&b, "%s=%d ", name, *value)
	}
	return strings.TrimSpace(b.String())
}

// all calls fn with every counter, in order.
func (s *stats) all() func(yield func(name string, value *int) bool) {
	return func(yield func(name string, value *int) bool) {
		v := reflect.ValueOf(s).Elem()
		for i := range v.NumField() {
			if !yield(v.Type().Field(i).Name, (*int)(v.Field(i).Addr().UnsafePointer())) {
				return
			}
		}
	}
}

// add adds what String gave.
func (s *stats) add(text string) error {
	values := map[string]int{}
	for field := range strings.FieldsSeq(text) {
		var value int
		name, digits, _ := strings.Cut(field, "=")
		if _, err := fmt.Sscan(digits, &value); err != nil {
			return fmt.Errorf("%q: %w", field, err)
		}
		values[name] = value
	}
	for name, value := range s.all() {
		*value += values[name]
	}
	return nil
}

// silent lists the counters that are zero.
func (s *stats) silent() (names []string) {
	for name, value := range s.all() {
		if *value == 0 {
			names = append(names, name)
		}
	}
	return names
}
