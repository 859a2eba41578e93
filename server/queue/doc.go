// Package queue is the line before a sale: who came when, whose turn it is, and the papers that say so.
//
// # The words
//
//	line       those who wait to order in one sale
//	ticket     a signed paper with a number: a place in the line
//	number     of a ticket: counted from 1 in the order of arrival
//	rank       of a ticket: its place in the order in which the line is let in, counted from 0
//	watermark  the tickets of every rank below it were let in, or passed over
//	entrance   a signed paper that an order has to show: whoever was let in has it, for a limited time
//	patience   how long somebody may be silent before they are taken to have left
//
// # Fairness
//
// A rank is the order of arrival; but of the tickets that are taken before the opening ends, the order is drawn by lot when it
// ends: by a keyed permutation of their numbers, under a key that nobody outside knows and that depends on how many they
// are. So who comes a second early has no advantage, no table is kept, and every rank is held by exactly one ticket.
// A customer has one place in a line: who asks again gets the same ticket.
//
// # As many as there is for
//
// There are never more valid entrances than people for whom something is left: of the units that are neither sold nor
// held, the merchant's share. Who orders makes room by what they take, who lets their entrance lapse makes room for the next; who is silent
// for longer than the line's patience is passed over.
//
// # What is kept
//
// A line is a few counters (Counters), which its host writes down before they are in effect: Plan says what they shall be,
// Commit that they are. From them a line begins again after a crash: every ticket has its rank, those who were let in and whose entrance
// may still be valid get its whole time anew, everybody counts as present. Numbers are reserved ahead, so that none is given out twice;
// those that were reserved and never given out are nobody's, and are passed over.
// Beside that there are, for each ticket, ten bytes and a place in an index of customers: about sixteen bytes together.
//
// The package knows no HTTP, no engine and no clock: its host tells it the time.
package queue
