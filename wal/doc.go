// Package wal remembers: it keeps the journal, the feed and the documents of one directory on Pebble.
// It knows bytes and sequence numbers, and nothing of what they mean.
//
// # Key families
//
// One Pebble database holds everything. The first byte of a key names its family; numbers in keys are
// big-endian, so that the order of keys is the order of sequences.
//
//	'a' + number                      a page of the archive, behind the sequence that archived it (archive.go)
//	'c' + sequence                    head of the checkpoint after that sequence (checkpoint.go)
//	'd' + sequence                    a document that rode with the command of that sequence
//	'f' + last + first                feed of the group that spans first..last
//	'j' + first                       journal group that begins with first
//	'm' + name                        facts about the directory itself: "identity", "role", "feed", up to where the feed was cut
//	                                  off, and "diverged", when a replica was found to differ from its primary (divergence.go)
//	'n' + order + sequence            a note beside an order, behind its own sequence (index.go)
//	'p' + sequence + number           values of that checkpoint: pages, and pieces of its manifest
//	'r' + name                        a reader of journal or feed, and how far it has come
//	'x' + name                        the number that the archive has under a name, behind the sequence that archived it
//	'z' + …                           an index that is derived from feed and archive; what its keys mean is its maker's business (index.go)
//
// The feed's key begins with the last sequence so that one seek finds the group that holds a sequence, or
// the next one after it.
//
// # Journal group
//
// A group is the commands that one sync makes durable, and one value. All numbers are little endian.
// This layout must not change: journals outlive programs. A new layout is a new format version.
//
//	 0      1 byte    format version, 1
//	 1      3 bytes   zero
//	 4      4 bytes   count: the number of commands, at least 1
//	 8      8 bytes   first: the sequence number of the first command
//	16      8 bytes   time: milliseconds since 1970 (signed); never less than in the group before
//	24      8 bytes   epoch: how often the right to write has changed hands; never less than before
//	32     32 bytes   SHA-256 of the whole value of the group before; zero in the very first group
//	64      n bytes   payload: the commands, as the caller encoded them
//	64+n    4 bytes   CRC-32C (Castagnoli) of everything before
//
// The next group's first is this one's first plus count. Contiguity, checksum, chain and header are
// verified whenever a group is read. A directory that fails is refused with a [*DamageError] that names
// the place; it is never read past.
//
// # Life of a group
//
//	p, err := j.Begin(first, count, time, n)  // p.Payload() lies in Pebble's own batch
//	encode into p.Payload()
//	p.AddDocument(sequence, bytes)            // as often as needed
//	p.Commit()                                // sealed; the write has started
//	p.Wait()                                  // the disk has it
//	p.Release()                               // the buffers may be used again
//
// Begin and Commit are for one goroutine, the sequencer. Wait, Release and AppendFeed may be called from
// another, everything that reads from any. Several groups may be between Begin and Release.
//
// A group is readable only when it is durable: Replay ends with the last group that somebody has waited for.
//
// # Copies of another journal
//
//	f := wal.NewFollower(j.Head())
//	g, repeated, err := f.Next(value)         // verified against the group before
//	c.Add(f, g, value); c.AddDocument(…)      // as often as there is something
//	p, err := j.BeginCopy(c)                  // then Commit, Wait and Release
//
// A replica's directory takes the groups of its primary's, byte for byte, many by one sync. Its role and the epoch that
// new groups carry are kept in "role" (role.go) and change between groups only (Assume).
//
// # Checkpoints
//
//	w, err := j.BeginCheckpoint(sequence)  // of a state that is durable
//	number, err := w.Add(page)             // as often as needed; into table files, past Pebble's log
//	w.Finish(manifest)                     // the checkpoint is valid when this returns
//
// Values of checkpoints that no manifest names any more are dropped by those who know (DropValues).
//
// # Cutting
//
// Journal and feed grow at one end and are cut at the other (cut.go). What is cut off is taken out of Pebble's tables as a
// whole, without range deletions: to get rid of one, everything that stays would be written again. What may go, and when, is
// for the caller to say.
//
// # Backup, earlier ends, salvage
//
// WriteBackup streams a copy of an open journal as a tar archive whose last entry lists the others; ReadBackup verifies and
// unpacks it (backup.go). Rewind gives a restored journal an earlier end (rewind.go). Salvage saves what can be read of a
// damaged one (salvage.go). What becomes of each key family then is said in one list (family.go).
//
// # Failure
//
// The first error of a write or a sync kills the journal: [Options.OnFatal] is called once, and every
// call from then on returns [ErrFailed]. Nothing is retried, because after a failed sync the operating
// system may have dropped the data that it could not write, and a second sync would report success for what
// is lost. The process is expected to end; a restart recovers. See guardedFS for how a failing disk is
// kept from Pebble, and fatal for how our calls get out of it.
//
// # Damage
//
// What a crash tears off, the end of Pebble's newest log, is dropped in silence: nobody was told that it was
// safe. Everything else that is not as it was written is a [*DamageError]. Pebble's checksums, ours, the chain
// and the contiguity find changed bytes and holes. Four things lie beside them, since Pebble passes over a
// changed bit in the middle of its newest log or of its MANIFEST and takes it for the end:
//
//   - marks in the log, which promise what was durable (mark.go);
//   - a look at the beginning of the MANIFEST, and behind places of it that cannot be read (manifest.go);
//   - a look for tables beyond the journal's end (tables.go), since the MANIFEST may have lost its own;
//   - the seal, a file that says where the journal ended when it was closed (seal.go).
//
// Open looks for damage before Pebble may write, because Pebble deletes what it believes to be of no use.
// What cannot be found is damage to the last group before a crash, which looks like a torn write, and the
// loss of the whole newest log file.
//
// # Files
//
// Besides Pebble's own files the directory holds SEAL, and BALLAST: room that can be given back when the disk is
// full (space.go). Its length reads as zero; du tells what it takes. It may be deleted at any time. While a backup is
// written there is a folder BACKUP-UNDER-WAY, and in a directory made from one, until it is opened for writing, the list BACKUP.
package wal
