package simulation

// stats count what happened in runs. A fault that a whole suite never saw has not been tested, so the suite fails when one
// of its counters stays zero.
type stats struct {
	commands, groups, requests, answers    int
	repeats, replays, keyConflicts         int
	soldOut, overloaded, lost, unknown     int
	opens, restarts, digests, audits       int
	reads, heldLooks, slowSyncs, deadlines int
	clockJumps, crashes, crashesInSync     int
	crashesAt                              [fileClasses]int
	failedSyncs, failedWrites, fullDisks   int
	flips, truncations, refused, survived  int
}
