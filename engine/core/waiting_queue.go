package core

import (
	"math/bits"
	"slices"
)

// A SKU's queue may be long, and many who stand at its front may be out of reach of what there is. Whoever asks whose turn it is would walk past
// them each time, and whoever looks for a place in the queue past everybody. So the slot keeps notes of each queue: which of those in front cannot be
// served from where, and milestones on the way. They follow from the records and say nothing that those do not, so no
// result depends on them; a machine that was restored begins without.

const (
	// mostPassed bounds how many orders that cannot be served are passed over: each is looked at again when units come to lie where there were none, or
	// somebody else may be served from there.
	mostPassed = 1 << 16
	// milestoneEvery is how many who wait lie between two milestones, as far as somebody has walked.
	milestoneEvery = 256
	// fewWaiting are looked at before it is worth to remember what was found out about orders like them; of knownErrands at most.
	fewWaiting, knownErrands = 16, 1024
)

// queueNotes are what is known of a SKU's queue.
type queueNotes struct {
	last       uint32   // in waiting, plus one: the last of those in front who were found out of reach; 0 for nobody
	since      Sequence // of that record
	passed     int      // how many they are
	nowhere    places   // from where none of them may be served
	milestones []milestone
}

// milestone is a record of a queue, and since when its order waits.
type milestone struct {
	since Sequence
	place uint32
}

// places is a set of locations.
type places []uint64

func (p places) has(id LocationID) bool {
	return int(id)>>6 < len(p) && p[id>>6]>>(id&63)&1 != 0
}

// all goes through the locations, in ascending order.
func (p places) all(yield func(id LocationID) bool) {
	for i, word := range p {
		for ; word != 0; word &= word - 1 {
			if !yield(LocationID(i<<6 + bits.TrailingZeros64(word))) {
				return
			}
		}
	}
}

// with is the set with a location more.
func (p places) with(id LocationID) places {
	for len(p) <= int(id)>>6 {
		p = append(p, 0)
	}
	p[id>>6] |= 1 << (id & 63)
	return p
}

// join adds another set's locations, and tells which of them are new.
func (p places) join(other places) (all, fresh places) {
	for len(p) < len(other) {
		p = append(p, 0)
	}
	for i, word := range other {
		if more := word &^ p[i]; more != 0 {
			fresh = append(fresh, make(places, i+1-len(fresh))...)
			fresh[i] = more
			p[i] |= more
		}
	}
	return p, fresh
}

// drop takes another set's locations away.
func (p places) drop(other places) {
	for i := range min(len(p), len(other)) {
		p[i] &^= other[i]
	}
}

// queues are the notes of a slot's queues.
type queues struct {
	of    []uint32 // by place of a SKU: in notes, plus one
	notes []queueNotes
	free  []uint32 // of notes
}

// known gives the notes of a SKU's queue, nil if there are none.
func (q *queues) known(id SKUID) *queueNotes {
	if id.Place() >= uint32(len(q.of)) || q.of[id.Place()] == 0 {
		return nil
	}
	return &q.notes[q.of[id.Place()]-1]
}

// forget drops them.
func (q *queues) forget(id SKUID) {
	at := q.of[id.Place()] - 1
	q.of[id.Place()], q.notes[at], q.free = 0, queueNotes{}, append(q.free, at)
}

// notesOf gives the notes of a SKU's queue. They are valid until those of another one are asked for.
func (s *slot) notesOf(id SKUID) *queueNotes {
	q := &s.queues
	if n := q.known(id); n != nil {
		return n
	}
	if more := int(id.Place()) + 1 - len(q.of); more > 0 {
		q.of = append(q.of, make([]uint32, more)...)
	}
	var at uint32
	if last := len(q.free) - 1; last >= 0 {
		at, q.free = q.free[last], q.free[:last]
	} else {
		at, q.notes = uint32(len(q.notes)), append(q.notes, queueNotes{})
	}
	q.of[id.Place()] = at + 1
	return &q.notes[at]
}

// firstServed is who is the first in a SKU's queue of those who can be served, as a place plus one; 0 for nobody.
func (s *slot) firstServed(sku *skuRecord, n *queueNotes) uint32 {
	if sku.firstWaiting == 0 {
		return 0
	}
	var few [8]uint64
	has := places(few[:0])
	for at := sku.firstLevel; at != 0; {
		level := s.levels.at(at - 1)
		if level.flags&levelStopped == 0 && level.fulfillable() > 0 {
			has = has.with(level.location)
		}
		at = level.next
	}
	if len(has) == 0 {
		return 0
	}
	if n.last == 0 {
		n.nowhere = n.nowhere[:0]
	}
	r := reaches{slot: s}
	nowhere, fresh := n.nowhere.join(has)
	if n.nowhere = nowhere; n.last != 0 && fresh != nil && !n.passAgain(&r, sku, fresh) {
		return n.behind(s, sku)
	}
	r.round++
	for at := n.behind(s, sku); at != 0 && n.passed <= mostPassed; {
		w := s.waiting.at(at - 1)
		reach, served := r.of(w, n.nowhere, has)
		if served {
			return at
		}
		n.nowhere.drop(reach)
		n.last, n.since = at, w.since
		n.passed++
		at = w.next
	}
	return 0
}

// passAgain looks whether those who were passed over can be served from some more locations. It is false when somebody can, and he is the next.
func (n *queueNotes) passAgain(r *reaches, sku *skuRecord, fresh places) bool {
	last, passed := uint32(0), 0
	for at := sku.firstWaiting; ; passed++ {
		w := r.slot.waiting.at(at - 1)
		if _, served := r.of(w, fresh, fresh); served {
			n.last, n.passed = last, passed
			return false
		}
		if last, n.since = at, w.since; at == n.last {
			return true
		}
		at = w.next
	}
}

// behind is who stands behind those who were passed over, as a place plus one.
func (n *queueNotes) behind(s *slot, sku *skuRecord) uint32 {
	if n.last == 0 {
		return sku.firstWaiting
	}
	return s.waiting.at(n.last - 1).next
}

// noteGone takes a record that leaves a SKU's queue out of its notes.
func (s *slot) noteGone(w *waitingRecord, place uint32) {
	n := s.queues.known(w.sku)
	switch {
	case n == nil:
		return
	case w.previous == 0 && w.next == 0:
		s.queues.forget(w.sku)
		return
	}
	if n.last != 0 && w.since <= n.since {
		n.passed--
		if n.last == place+1 {
			if n.last = w.previous; n.last != 0 {
				n.since = s.waiting.at(n.last - 1).since
			}
		}
	}
	at, ok := n.milestoneAt(w.since)
	if !ok {
		return
	}
	if w.next != 0 {
		next := milestone{since: s.waiting.at(w.next - 1).since, place: w.next - 1}
		if at+1 == len(n.milestones) || n.milestones[at+1].since > next.since {
			n.milestones[at] = next
			return
		}
	}
	n.milestones = slices.Delete(n.milestones, at, at+1)
}

// noteAgain makes the notes of a SKU's queue forget whom was passed over, if one of them may be served from elsewhere now or another has come
// to stand among them.
func (s *slot) noteAgain(id SKUID, since Sequence) {
	if n := s.queues.known(id); n != nil && n.last != 0 && since <= n.since {
		n.last, n.passed = 0, 0
	}
}

// noteRules makes the notes of all queues forget whom was passed over: who may serve whom has changed.
func (s *slot) noteRules() {
	for i := range s.queues.notes {
		n := &s.queues.notes[i]
		n.last, n.passed, n.nowhere = 0, 0, n.nowhere[:0]
	}
}

// milestoneAt finds the milestone of a sequence, or the place where it would stand.
func (n *queueNotes) milestoneAt(since Sequence) (int, bool) {
	return slices.BinarySearchFunc(n.milestones, since, func(m milestone, since Sequence) int {
		switch {
		case m.since < since:
			return -1
		case m.since > since:
			return 1
		}
		return 0
	})
}

// seek finds who is the first in a SKU's queue of those who wait since later than a sequence, as a place plus one; 0 for nobody.
func (s *slot) seek(id SKUID, after Sequence) uint32 {
	sku := s.skus.at(id.Place())
	if sku.firstWaiting == 0 || s.waiting.at(sku.lastWaiting-1).since <= after {
		return 0
	}
	at := sku.firstWaiting
	n := s.notesOf(id)
	next, found := n.milestoneAt(after)
	if found {
		next++
	}
	if next > 0 {
		at = n.milestones[next-1].place + 1
	}
	for walked := 0; ; walked++ {
		w := s.waiting.at(at - 1)
		if s.looks++; w.since > after {
			return at
		}
		if walked == milestoneEvery {
			n.milestones = slices.Insert(n.milestones, next, milestone{since: w.since, place: at - 1})
			next, walked = next+1, 0
		}
		at = w.next
	}
}

// reaches finds out from where orders that wait may be served. What it found out about one holds for all like it.
type reaches struct {
	slot  *slot
	asked int
	round int           // of what was found out before another one nothing is known any more
	known []knownErrand // by the hash of the errand, the one that was asked about last
	reach places        // scratch
}

type knownErrand struct {
	errand waitingErrand
	round  int // plus one; 0 for nothing
	reach  places
}

// waitingErrand is all that decides from where an order that waits may be served.
type waitingErrand struct {
	grams   uint32
	country CountryCode
	postal  PostalCode
	pickup  LocationID
	channel ChannelID
	avoided [mostAvoided]LocationID
	method  DeliveryMethod
	flags   uint8
}

// of is those of some locations from where an order may be served, unless it is served from one of those that have something: then that is all
// that is said. The set is valid until the next one is asked about. The locations must be the same each time, or fewer.
func (r *reaches) of(w *waitingRecord, among, have places) (reach places, served bool) {
	r.asked++
	e := waitingErrand{
		grams: w.grams, country: w.country, postal: w.postal, pickup: w.pickup, channel: w.channel, avoided: w.avoided, method: w.method, flags: w.flags,
	}
	var known *knownErrand
	if r.asked > fewWaiting {
		r.known = resize(r.known, knownErrands)
		if known = &r.known[e.hash()%knownErrands]; known.round == r.round+1 && known.errand == e {
			return known.reach, false
		}
	}
	for at := range have.all {
		if r.slot.looks++; r.slot.mayServe(w, at) {
			return nil, true
		}
	}
	r.reach = r.reach[:0]
	for at := range among.all {
		if have.has(at) {
			continue
		}
		if r.slot.looks++; r.slot.mayServe(w, at) {
			r.reach = r.reach.with(at)
		}
	}
	if known != nil {
		known.errand, known.round, known.reach = e, r.round+1, append(known.reach[:0], r.reach...)
	}
	return r.reach, false
}

func (e *waitingErrand) hash() uint64 {
	where := uint64(e.country[0]) | uint64(e.country[1])<<8 | uint64(e.method)<<16 | uint64(e.flags)<<24 | uint64(e.grams)<<32
	who := uint64(e.pickup) | uint64(e.channel)<<16 | uint64(e.avoided[0])<<32
	return finish(finish(hashBytes(hashSeed, e.postal[:])^where) ^ who)
}
