// Command sabotage tests the tests: it breaks the product on purpose, in one small way at a time, and expects the
// tests to notice each.
//
//	go run ./cmd/sabotage                    every sabotage of the list
//	go run ./cmd/sabotage --only NAME,…      some of them
//	go run ./cmd/sabotage --workers 2        several side by side
//	go run ./cmd/sabotage --all              what the tests named for it miss is held against all quick tests
//
// It works on copies of the repository's files as they are now, in temporary directories, and never on the
// files themselves. First the named tests run on an unchanged copy, since a test that fails anyway would prove
// nothing. Then each sabotage is put into a copy, the tests named for it run, and the copy is mended again. A table
// of what became of each goes to standard output. A sabotage is
//
//	caught      a test failed, which is how it should be
//	SURVIVED    no test did: one is missing
//	STALE       it no longer fits the code, or what comes of it does not compile: the list needs care
//
// The exit code is 1 when one is not caught, 2 when the sabotages could not be tried at all.
//
// # The list
//
// A sabotage is a file list/NAME.txtar: what it breaks, where, and who should notice; then, in words, what the mistake
// is; then the lines to find, whole and exactly once in the file, and those that replace them. There may be several such pairs.
//
//	promise: nothing that was acknowledged is lost in a power cut
//	file: wal/pending.go
//	tests: ./wal TestCrash TestKill
//	tests: ./engine TestPowerCut
//
//	The group is handed over without a sync.
//
//	-- find --
//		if err := j.check(j.db.ApplyNoSyncWait(p.batch, pebble.Sync)); err != nil {
//	-- replace --
//		…
//
// Tests that want other than the usual build are named as ./engine -tags=tiny TestArchive.
//
// That every sabotage still fits, and that the tests named for it exist, is a test of this package; it takes no time and runs with
// all others. A good sabotage is a mistake that somebody might make, and its first named test takes a second or two.
package main
