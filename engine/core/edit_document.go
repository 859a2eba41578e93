package core

// What a merchant keeps beside an order, its tags and metadata, is written on when the order was shipped, has arrived, came back or was cancelled: no
// decision asks for it. It lies in the order's document with what decisions were made of, such as where the order goes, and nobody here looks into a document. So
// whoever sends an edit says that it is of nothing else, and answers for it.
//
// Such an edit is carried out whatever the status of the order, and of a hold: only the version and the document change. That is the business of its home
// alone, so the order is not asked for its other slots. A page of orders that are all closed stays as ready to leave as it was.

// isOfDocument tells whether a command is an edit that brings a document of which no decision asks for what is new, and does nothing else.
func (c *Command) isOfDocument() bool { return c.Kind == CommandEditOrder && c.Life.DocumentOnly }

// gatherDocument loads the order, in its home slot.
func (s *slot) gatherDocument(st *Step) {
	s.loadOrder(st)
	if s.id == st.home {
		st.full = s.revisions.length == 1<<32-1
	}
}

// decideDocument plans the order's next version.
func (st *Step) decideDocument() {
	if !st.checkOrder() {
		return
	}
	if st.full {
		st.refuseEdit()
		return
	}
	c, ev := st.command, &st.event
	ev.Kind, ev.Actor, ev.Note, ev.Added = EventOrderEdited, c.Actor, c.Life.Note, 0
	ev.Units, ev.Freed = ev.Units[:0], ev.Freed[:0]
	ev.Order.Version++
	ev.Order.HasDocument, ev.Order.Edited = true, st.sequence
	st.Outcome.Changed = true
}

// applyDocument writes down, in the home slot, which document is the order's.
func (s *slot) applyDocument(st *Step, sink Sink) {
	if s.id != st.home {
		return
	}
	s.orders.mut(st.place).version = st.event.Order.Version
	s.revise(st.place, st.sequence)
	sink.Event(&st.event)
}
