// Package feed keeps the stored events and reads them back.
//
// The feed is one value for each group of the journal that made events, stored under the group's sequences. It is
// written when the group is released, so it never holds what a crash could undo, and without a sync of its
// own: replaying the journal makes a lost end again, byte for byte.
//
// The feed is cut at its old end (package engine says when). Everything after Oldest is there.
//
// A reader has a cursor: the sequence of the last command whose events it has dealt with. It comes back with that
// cursor and misses nothing. Several events may have one sequence (holds that expired when the command came); a reader
// that was interrupted among them sees them again.
//
// What moved the units of one SKU is read backwards (back.go) and told as movements (movement.go: the table there says what each kind
// of event does to units). Which SKUs a part of the feed tells nothing of is kept in memory (summary.go), at most 32 MiB, once somebody
// has read it.
package feed
