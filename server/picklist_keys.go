package server

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/engine/invariant"
)

// A pick list that is asked for with an Idempotency-Key is as many commands as it begins fulfilment orders, all in one request, so they are in the journal
// together. Each has a key of its own, which is made of the header and of its place among them, and each says for which list it is: a digest of what was
// asked for that no command shows. The first has the header's own key, so that other requests with that are told it was used.
//
// The same request again finds those that the engine remembers, and is answered from their events: with what was begun, as it was then. All places are
// looked at. A place is empty when its command came to nothing, as somebody else had begun the fulfilment order meanwhile, or stopped the order. Only the
// titles of SKUs, which no event holds, are those of now. What is older than the window of keys is forgotten as a whole, as a group of the journal is; where
// keys are forgotten because there are too many, the first of the list that is just then the oldest may go before the others.

// listKey makes the keys of a list's commands. A header has no blanks, so no other key is made of the same bytes.
const listKey = " pick list "

// keyOfStart gives the key of the command at a place of a list that came under a header key.
func keyOfStart(header []byte, place int) core.IdempotencyKey {
	if place == 0 {
		return keyOf(header)
	}
	var text [maxKeyLength + len(listKey) + 8]byte
	n := copy(text[:], header)
	n += copy(text[n:], listKey)
	binary.LittleEndian.PutUint64(text[n:], uint64(place))
	return keyOf(text[:n+8])
}

// setKey gives the request a key. What its commands do not show of it goes into the list's digest: the limit, and the orders that it names.
func (request *pickRequest) setKey(header []byte) {
	text := binary.LittleEndian.AppendUint64(nil, uint64(request.limit))
	for _, order := range request.orders {
		text = append(append(text, order...), 0)
	}
	sum := sha256.Sum256(text)
	request.header, request.list = header, max(1, binary.LittleEndian.Uint64(sum[:]))
}

// makePicksOnce makes the list of a request with a key, or answers as the first time.
func (s *Server) makePicksOnce(x *exchange, request *pickRequest, p *picks) {
	key := keyOfStart(request.header, 0)
	if !s.picking.begin(key) {
		x.fail(keyInProgress)
		return
	}
	defer s.picking.end(key)
	if !s.repeatPicks(x, request, p) {
		s.makePicks(x, request, p)
	}
}

// repeatPicks answers a request whose key was used before; false says that it was not.
func (s *Server) repeatPicks(x *exchange, request *pickRequest, p *picks) (answered bool) {
	var finder feed.Finder
	used, repeated := false, false
	for place := range maxPicked {
		sequence, fingerprint, known := s.engine.Remembered(keyOfStart(request.header, place))
		if !known {
			continue
		}
		event, err := finder.AppendOwn(x.image[:0], s.engine.Feed(), sequence)
		if err != nil && sequence <= s.engine.Feed().Oldest() {
			continue // forgotten since it was looked up, and its event is gone
		}
		if err != nil {
			s.failEngine(x, err)
			return true
		}
		used, x.image = true, event
		if s.isStart(x, request, p.location, event, fingerprint) {
			repeated = true
			s.addBegun(x, p, event)
		}
	}
	switch {
	case repeated:
		x.replayed()
		s.answerPicks(x, p)
	case used:
		x.fail(keyReused)
	}
	return used
}

// isStart tells whether the command of a fingerprint, which made an event, was one that the request would send for what the event tells of.
func (s *Server) isStart(x *exchange, request *pickRequest, location core.LocationID, event []byte, fingerprint uint64) bool {
	ev := &x.event
	_, err := codec.DecodeEvent(event, ev)
	invariant.Check(err == nil, "the engine's events are codec's")
	if ev.Kind != core.EventFulfilmentChanged {
		return false
	}
	c := request.start(&x.intake.command, 0, location, ev.Order.ID, ev.Fulfilment)
	return codec.Fingerprint(codec.AppendCommand(nil, c)) == fingerprint
}

// keysUnderWay are the keys of requests that are carried out now. The zero value has none.
type keysUnderWay struct {
	lock sync.Mutex
	keys map[core.IdempotencyKey]bool
}

// begin takes a key; false says that it is taken.
func (u *keysUnderWay) begin(key core.IdempotencyKey) bool {
	u.lock.Lock()
	defer u.lock.Unlock()
	if u.keys[key] {
		return false
	}
	if u.keys == nil {
		u.keys = map[core.IdempotencyKey]bool{}
	}
	u.keys[key] = true
	return true
}

func (u *keysUnderWay) end(key core.IdempotencyKey) {
	u.lock.Lock()
	defer u.lock.Unlock()
	delete(u.keys, key)
}
