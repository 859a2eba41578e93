package server

import (
	"errors"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/engine/invariant"
	"holdfast/engine/search"
)

// timeline is an order's story on its way into an answer.
type timeline struct {
	eventSource
	order core.OrderID
	dst   []byte
	items int
	last  core.Sequence // of the last item
	moves []feed.Movement
	skus  map[core.SKUID]bool
}

// getTimeline serves GET /v1/orders/{order}/timeline: every event that tells of an order, the oldest first. Of events that were cut only notes
// are left.
func (s *Server) getTimeline(x *exchange) {
	q := x.query("limit", "after", "at_least")
	limit, after := int(q.number("limit", 1, maxPage, defaultPage)), core.Sequence(q.number("after", 0, maxSequence, 0))
	if !s.waitForIndex(q) {
		return
	}
	id, created, sequence, ok := s.orderToTell(x)
	if !ok {
		return
	}
	at := s.indexed()
	t := timeline{eventSource: eventSource{server: s}, order: id, dst: append(x.out[:0], `{"items":[`...), last: after, skus: map[core.SKUID]bool{}}
	more, err := t.tell(after, limit)
	if err != nil {
		s.failSearch(x, err)
		return
	}
	dst := appendNext(append(t.dst, ']'), t.last, more)
	oldest := s.engine.Feed().Oldest()
	dst = appendBoolField(dst, `,"complete":`, created > oldest)
	dst = appendNumberField(dst, `,"oldest":`, oldest+1)
	x.answerJSON(200, at.append(dst, sequence))
}

// orderToTell reads the order in the path; it answers and gives false when there is none.
func (s *Server) orderToTell(x *exchange) (id core.OrderID, created, sequence core.Sequence, ok bool) {
	if id, ok = s.orderInPath(x, false); !ok {
		return 0, 0, 0, false
	}
	sequence, ok = s.loadOrderNow(x, id)
	return id, x.event.Order.Created, sequence, ok
}

// appendNext appends where a list by sequence goes on.
func appendNext(dst []byte, last core.Sequence, more bool) []byte {
	if !more {
		return append(dst, `,"next":null`...)
	}
	return append(strconv.AppendUint(append(dst, `,"next":"`...), uint64(last), 10), '"')
}

// tell appends what happened behind a sequence, at most so many commands' worth; more tells that there is more.
func (t *timeline) tell(after core.Sequence, limit int) (more bool, err error) {
	x, oldest := t.server.options.Search, t.server.engine.Feed().Oldest()
	left := limit
	if after < oldest {
		notes, some, err := x.Notes(t.order, after, limit)
		if err != nil {
			return false, err
		}
		for i := range notes {
			if notes[i].Sequence > oldest {
				some = false // the feed has it
				break
			}
			left--
			t.appendKept(&notes[i])
		}
		if some {
			return true, nil
		}
		after = oldest
	}
	sequences, more, err := x.Events(t.order, after, left)
	if err != nil {
		return false, err
	}
	for _, sequence := range sequences {
		if err := t.appendEvents(sequence); err != nil && !errors.Is(err, engine.ErrCut) && !errors.Is(err, feed.ErrEnd) {
			return false, err
		}
		t.last = sequence
	}
	return more, nil
}

// appendKept appends a note, or a late report, of which the event was cut.
func (t *timeline) appendKept(n *search.Note) {
	if t.last = n.Sequence; n.Late != nil {
		_, err := codec.DecodeEvent(n.Late, &t.event)
		invariant.Check(err == nil, "the index keeps codec's events")
		t.appendItem()
		return
	}
	t.event.Kind, t.event.Sequence, t.event.At, t.event.Noted, t.event.Actor = core.EventNoteAdded, n.Sequence, n.At, t.order, n.Actor
	t.appendItem()
}

// appendEvents appends the events of a sequence that tell of the order.
func (t *timeline) appendEvents(sequence core.Sequence) error {
	reader := t.server.engine.Feed().Read(sequence - 1)
	for {
		encoded, h, last, err := reader.Next()
		if err != nil || h.Sequence != sequence {
			return err
		}
		_, err = codec.DecodeEvent(encoded, &t.event)
		invariant.Check(err == nil, "the engine's events are codec's")
		if id, ok := t.event.AboutOrder(); ok && id == t.order {
			t.appendItem()
		}
		if last {
			return nil
		}
	}
}

// appendItem appends one event: what all of them have, what became of units, and what its kind says beside.
func (t *timeline) appendItem() {
	ev := &t.event
	dst := appendNumberField(appendComma(t.dst, t.items), `{"sequence":`, ev.Sequence)
	t.items++
	dst = appendTimeField(dst, `,"at":`, ev.At)
	dst = appendTextField(dst, `,"type":`, eventType(ev))
	if len(ev.Actor) > 0 && !saysWho(ev.Kind) && !tellsActor(ev.Kind) {
		dst = appendTextField(dst, `,"actor":`, ev.Actor)
	}
	if ev.Kind.HasOrder() {
		dst = t.appendImage(dst)
	}
	t.dst = append(t.appendBeside(dst), '}')
}

// saysWho tells whether what stands beside the order in events of a kind says who did it (appendNoted).
func saysWho(kind core.EventKind) bool {
	switch kind {
	case core.EventLinesCancelled, core.EventOrderShipped, core.EventShipmentTracked, core.EventShipmentTakenBack, core.EventOrderEdited, core.EventOrderPriced:
		return true
	}
	return false
}

// appendImage appends what an event's image of the order says of that moment.
func (t *timeline) appendImage(dst []byte) []byte {
	o, s := &t.event.Order, t.server
	dst = appendTextField(dst, `,"status":`, orderStatuses[o.Status])
	dst = appendNumberField(dst, `,"version":`, o.Version)
	dst = s.appendChannel(append(dst, `,"channel":`...), o.Channel)
	if o.Status == core.StatusHeld {
		dst = appendTimeField(dst, `,"expires_at":`, o.Deadline)
	}
	if o.Version == 1 || t.event.Kind == core.EventOrderEdited || t.event.Kind == core.EventOrderPriced {
		dst = s.appendLines(dst, o, t.partsOf(o)) // as it was ordered, or changed
	}
	return t.appendMoves(appendMoney(dst, o, nil))
}

// appendMoves appends what became of the order's units, SKU by SKU in the order of its lines; nothing when the event is of something else.
func (t *timeline) appendMoves(dst []byte) []byte {
	clear(t.skus)
	told := 0
	for i := range t.event.Order.Lines {
		sku := t.event.Order.Lines[i].SKU
		if t.skus[sku] {
			continue
		}
		t.skus[sku] = true
		t.moves = feed.AppendMovements(t.moves[:0], &t.event, sku)
		for k := range t.moves {
			if told == 0 {
				dst = append(dst, `,"movements":[`...)
			}
			dst = t.server.appendToldMovement(appendComma(dst, told), sku, &t.moves[k])
			told++
		}
	}
	if told == 0 {
		return dst
	}
	return append(dst, ']')
}

// appendToldMovement appends what became of units of the order.
func (s *Server) appendToldMovement(dst []byte, sku core.SKUID, m *feed.Movement) []byte {
	dst = appendTextField(dst, `{"type":`, movementNames[m.Type])
	dst = s.appendSKU(append(dst, `,"sku":`...), sku)
	dst = s.appendMovementPlace(append(dst, `,"location":`...), &feed.Place{Location: m.Location, Beyond: m.Beyond})
	dst = appendNumberField(dst, `,"quantity":`, m.Quantity)
	if from := promiseNames[m.Promise.From]; from != "" {
		dst = appendTextField(dst, `,"from":`, from)
	}
	if to := promiseNames[m.Promise.To]; to != "" {
		dst = appendTextField(dst, `,"to":`, to)
	}
	return append(dst, '}')
}
