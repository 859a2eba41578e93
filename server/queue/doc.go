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
// Nobody is let in before the sale has begun and its opening is over. A line is drawn once: when a sale is put off after that, or
// runs again under its name, those who are in the line keep their turns, and who comes anew has theirs by arrival.
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
// Commit that they are. From them a line begins again after a crash: every ticket has its rank, and those who were let in and whose entrance
// may still be valid get its whole time anew. Numbers are reserved ahead, so that none is given out twice, and nobody knows any more which
// of those that were reserved were given out. So the line stops before a number that nobody has asked about yet, for as long as
// anybody was told to wait before they ask again: a third of the patience, or half an entrance if that is less. Then it goes on, and such a
// number takes no room: as it is nobody's, or its holder has left. Should its holder come while the entrance would be good, they have it.
// Beside that there are, for each ticket, ten bytes and a place in an index of customers: about sixteen bytes together.
//
// The package knows no HTTP, no engine and no clock: its host tells it the time. When that goes back, the line's stands still.
package queue
