// Package replica follows the journal of another engine, the primary, and proves that both agree.
//
//	f, err := replica.New(replica.Options{Engine: e, Source: source}) // e was opened with Follow
//	err = f.Run(ctx)                                                  // until ctx ends, or f.Promote
//
// # What a replica does
//
// It asks its source for the journal behind what it holds, and names the hash of its last group, so that a source with
// another history says no. Every group that comes is verified (checksum, contiguity, chain, time, epoch, and that every
// command can be decoded) before it is journaled byte for byte, executed, and released when it is durable. What was dropped,
// doubled, cut or changed on its way ends the connection, changes nothing, and is asked for again. A source sends only
// what it has released, so a replica never holds what its primary might lose.
//
// One goroutine reads and verifies, another applies: while a batch of groups is journaled by one sync and executed, the next is
// collected. Nothing is collected for the sake of it: a group that comes alone is applied at once.
//
// # How it is proved that both agree
//
// When the primary begins a checkpoint it says so in the stream, at that very place between two groups. The replica begins one
// of its own there. When both are on the disk their digests are compared: that of a checkpoint covers the whole state.
// If they differ, the replica fetches the primary's manifest, finds the first page that differs, and
// stops: it follows no more, is not promoted, and nobody should read from it. That is kept in its directory, which is
// not opened again.
//
// # What the source keeps for it
//
// A source cuts its journal. One that knows by name how far a replica has come (Registry) keeps what that has yet to read, up to
// its limits, also while the replica is away or still fetches the backup that it begins with. The replica says so when it has
// connected, and every few seconds. A source that does not want to know is followed all the same.
//
// # Who says no
//
// A source refuses a replica of another history, one that is ahead of it, one that has heard of a higher epoch, and one
// that needs what was cut off. The replica refuses a source of another data directory, or with a lower epoch. Run returns such a
// *RefusedError when the first source that it meets says so. After it has followed once it goes on to ask, now and then,
// since reads and a promotion are of use even then; Status tells.
//
// # Time
//
// All waiting goes by package time, and nothing here knows of sockets: a test may run all of it in a bubble of
// testing/synctest, with a Source of its own.
//
// Who may call: server, cmd, simulations, and any program that embeds an engine.
package replica
