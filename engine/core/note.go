package core

// A note is what somebody wrote beside an order, for those who answer for it. No decision ever asks for it, so nothing of it is kept in
// memory: the event says that there is one, and the text is the document of the command. It is taken of archived orders too, as questions
// come long after an order was closed.

// gatherNote looks whether there is such an order. Of an archived page all numbers count, with the spread mark or without: what was in it is
// the host's to know.
func (s *slot) gatherNote(st *Step) {
	if s.id != st.home {
		return
	}
	id := st.command.Order
	_, st.known = s.findOrder(id)
	st.known = st.known || id.Place() < uint64(s.orders.length) && !s.orders.isHere(id.ArchivePage())
}

func decideNote(st *Step) {
	c := st.command
	st.Outcome.Order = c.Order
	if !st.known {
		st.refuse(ReasonOrderNotFound).Order = c.Order
		return
	}
	st.Outcome.Changed = true
	st.event.Kind, st.event.Noted, st.event.Actor = EventNoteAdded, c.Order, c.Actor
}

func (s *slot) applyNote(st *Step, sink Sink) {
	if s.id == st.home {
		sink.Event(&st.event)
	}
}
