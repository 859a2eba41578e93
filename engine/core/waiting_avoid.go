package core

import "slices"

// An order that was rerouted from a location, and waits, is not served from there: the units may not be there at all. That is so until units that can be sold
// come there, whoever brings them: a receipt, a transfer, a return, a count that finds more. What others give back there is no such thing, as it may be the
// units that were not found.

// mostAvoided is how many locations an order that waits avoids at most: those that it was rerouted from last.
const mostAvoided = 3

// avoid notes that the order is not to be served from a location.
func (w *waitingRecord) avoid(location LocationID) {
	at := slices.Index(w.avoided[:], location+1)
	if at < 0 {
		at = slices.Index(w.avoided[:], 0)
	}
	if at < 0 {
		copy(w.avoided[:], w.avoided[1:])
		at = mostAvoided - 1
	}
	w.avoided[at] = location + 1
}

// avoid has an order that waits not served from a location until units come there.
func (s *slot) avoid(w *waitingRecord, location LocationID) {
	w.avoid(location)
	s.levels.mut(s.levelOf(s.skus.at(w.sku.Place()), location)).flags |= levelAvoided
}

// approach takes back what avoid noted.
func (w *waitingRecord) approach(location LocationID) {
	at := slices.Index(w.avoided[:], location+1)
	copy(w.avoided[at:], w.avoided[at+1:])
	w.avoided[mostAvoided-1] = 0
}

// avoidNoMore has all who wait for a SKU served again from a level where units that can be sold have come: who left it did so for those that were there then. The queue
// is walked once for all of them, and not again before another order has left the place.
func (s *slot) avoidNoMore(sku *skuRecord, level *levelRecord) {
	level.flags &^= levelAvoided
	for at := sku.firstWaiting; at != 0; {
		w := s.waiting.at(at - 1)
		if slices.Contains(w.avoided[:], level.location+1) {
			s.waiting.mut(at - 1).approach(level.location)
			s.noteAgain(level.sku, w.since)
		}
		at = w.next
	}
}

// setsMissingAside tells whether the units that an order leaves behind are none that anybody gets: then there is no need for it to avoid the place.
func (st *Step) setsMissingAside() bool {
	return st.command.Kind == CommandShortPick && st.command.Life.Missing
}
