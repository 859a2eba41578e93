// Package engine runs the state machine of package core: it gives commands their order, journals them, executes them and
// lets the results out. It is a library: a Go program can embed it without any server.
//
//	e, err := engine.Open(engine.Options{Dir: "data"})
//	r := engine.AcquireRequest()
//	r.Add(&core.Command{Kind: core.CommandPlaceOrder, …})
//	err = e.Submit(r) // returns when the order is durable
//	r.Results()[0]
//
// # The life of a command
//
//		            Submit                 sequence                                  release
//		handler ──► admission.go ──► queue.go ──► sequencer.go ──► wal: one sync ──┐
//		            keys.go                           │                            ├──► release.go ──► handler
//		            directory.go                      └──► shard.go: execute ──────┘        │
//		                                                   meeting.go                       ├──► feed
//		                                                                                    └──► directory.go
//
//	 1. A handler puts commands into a Request (request.go), which works out the slots that each touches.
//	    Orders of kits get what these are made of (kits.go): if that has changed when they are executed, they are sent once more.
//	    So it is with the slot that keeps bookings, while a location has a capacity of a day (capacity.go).
//	    And with the slots of an order that an edit gave others than its number says (edits.go).
//	 2. Admission (admission.go) answers what needs no journal: a repeated idempotency key gets the stored event of the
//	    first command, and an order of what is sold out is refused. What it lets through claims its key (keys.go).
//	 3. The request waits in the queue (queue.go), which is bounded.
//	 4. The sequencer (sequencer.go) takes all that waits as a group (group.go), after those who are about to put
//	    something when it is only a little, gives each command its sequence number and
//	    the group its time, copies the commands into the journal's batch and starts the sync.
//	 5. While the disk syncs, the shards (shard.go) execute the group's commands, in their order, from the very bytes
//	    that were journaled. A command that touches several shards is a meeting (meeting.go). The first shard runs on the sequencer's own
//	    goroutine: with one shard a group changes goroutines only for the disk.
//	 6. When the group is durable and executed it passes the gate (release.go): events into the feed, names and
//	    availability into the directory, answers to the handlers. Nothing else lets anything out.
//	 7. The handler binds the keys of what was done, and gives up those of what was refused.
//
// Questions (query.go) go the same way without being journaled: they are answered between two groups and wait for the
// gate, so they never show what a power cut could undo.
//
// # Checkpoints and recovery
//
// A checkpoint (checkpoint.go) is the state after one command, on the disk. The sequencer marks, between two groups, the
// pages that changed since the checkpoint before, and copies them a few at a time; a page that is about to change is copied
// first. The writer, a goroutine of its own, puts the copies into the journal's tables, then the key table's pages
// (keys_checkpoint.go), then a manifest (codec.Manifest) that says where every page of the state is, those of earlier
// checkpoints included. Two checkpoints are kept. One that finds the disk full gives back what it took there and counts as not
// begun: the next one writes its pages too. Any other failure is the end of checkpoints, and of cuts, until a restart.
//
// Open takes over the newest checkpoint that is whole (restore.go): every page is compared with its digest, indexes and
// directory are derived, and the journal behind it is executed as it was the first time (recovery.go). A damaged checkpoint
// is named and passed over; without any, everything is executed from the beginning.
//
// # Replicas
//
// With Options.Follow an engine takes no commands. It is given the groups of another one's journal (follow.go): a
// GroupChecker verifies them, Apply journals a batch of them by one sync, executes them meanwhile with the code of
// recovery, and releases each through the same gate. Ticks are among the commands of the primary, so a replica's time is that of
// its primary. Its checkpoints are where those of the primary are (CheckpointMarks, BeginCheckpoint), but for that of
// Close and those that are asked for. Promote gives it a higher epoch, and from then on it is a primary, also after a
// restart. What connects two engines is package replica.
//
// # Archive
//
// An order that has been closed for Options.ArchiveAfter leaves memory, with the page of 1,024 neighbours that it lies in
// once all of them are (archive.go). The archiver asks for it with a command, so that every replay and replica forgets the
// same orders at the same place; the shard that executes it encodes the orders, and the gate stores them before their
// absence can be seen. Reads, external ids and commands about archived orders are answered from there. What stays in memory of
// 1,024 archived orders is about 75 bytes. A page with one open order in it stays as a whole.
//
// Other commands wait while orders leave, so that happens in turns of bounded size: a page of small orders for each millisecond
// that others had since the turn before, but eight at least and 64 at most; and no more bytes than as many such pages have
// (128 KiB each, in memory), but for a single page that alone has more. Between two turns are 5 ms, and longer as long as somebody whose
// external ids had to be looked up again, because the archive had grown, has not passed.
//
// # Who waits
//
// Units that were promised beyond stock wait for stock (core/waiting.go). When some comes, the filler (filler.go) has the orders
// served that wait for it, oldest promise first, with a command for each, soon after whatever brought it. Meanwhile nobody else can buy
// those units. What a forced order has beyond the rules is a case beside the queue of its SKU (core/oversold.go); who might not be served is ranked when
// somebody asks (oversold.go), between two commands.
//
// # Replacements
//
// A return that was to be exchanged and came to nothing leaves an order behind that nobody is to get. It lies in other slots, so the settler (settler.go) has it cancelled,
// unless it has shipped, and then says so to the return: after each group that left such a return behind, and after a restart.
//
// # Retention
//
// Journal and feed are cut by age and size (retention.go), on the goroutine that writes checkpoints: after each of these, and
// every minute. What the options allow to go stays nevertheless while it is needed:
//
//   - the journal behind the older of the two checkpoints, and the feed behind it, too;
//   - what a registered reader (readers.go) has not read yet, unless it is further behind than ReaderMaxLag and
//     ReaderMaxAge allow: then it is overrun, and gets ErrCut when it comes back;
//   - the feed from the oldest idempotency key on, since repeated keys are answered from it.
//
// Before a cut the pages of both checkpoints are read back from the disk and compared with their digests (verify.go), each
// once after it was written and again after a day, at CheckpointRate. While one is not what was written nothing is cut,
// and the next checkpoint writes it again from memory, so that two checkpoints later everything is whole.
//
// Keys are forgotten when they are older than KeysWindow, and the oldest when there are more than KeysMax (keys_evict.go).
// That concerns admission alone, and no replay: who repeats a command after that makes a new one. Ages follow the
// system's clock, or the journal's when that is ahead: one that is set forward by mistake ends them early.
//
// However long the load goes on, the directory takes at most
//
//	  max(9/8 JournalHistory, ReaderMaxLag, what the journal grows by between two checkpoints)
//	+ max(9/8 FeedHistory, ReaderMaxLag, the feed since the oldest key: within KeysWindow, and with at most KeysMax keys)
//	+ 5 × the pages of the state, of which most are shared by the checkpoints and some are being replaced
//	+ 16 × Journal.MemTableBytes (1 GiB by default) for what is in memory and in logs, and tables on their way
//	+ documents, archived orders and notes, which are kept for ever
//	+ the index of package search, where there is one: some 600 bytes for an order of one line
//
// A cut is made when it is worth it: at an eighth of what stays. Commands between those with keys count for the feed: whoever
// sends many without any key, and one with a key from time to time, has the feed of the whole KeysWindow on the disk.
//
// # What readers derive
//
// Who reads the feed may keep what it learns in the same directory, as an index and as notes (index.go); package search does. Nothing of that is on
// the way of a command.
//
// # Backups and earlier states
//
// WriteBackup copies a running engine's directory. Rewind gives a restored one an earlier end, and OpenPast makes an earlier
// state in memory (past.go), both with the code that recovery runs; a point between two commands of a group will do. Salvage saves
// what is left of a damaged directory. Verify opens, audits and closes one.
//
// # Invariants
//
//   - One group is between the journal and the gate at a time. Group n+1 is formed while n syncs, by those who wait in the queue.
//   - A shard's slots are touched by that shard's goroutine only, and only while a group executes; between groups only
//     the sequencer reads them.
//   - Replay (recovery.go) runs the same execute; what it does not run is admission, since a journal holds only
//     what was admitted.
//   - When the journal fails, or a group cannot be taken through to its end because something cannot be read, nothing is released any
//     more: the journal's OnFatal is called, those who wait get ErrJournal, and so does everybody after them.
//
// Who may call: server, bench's tests, cmd, and any program that embeds an engine.
package engine
