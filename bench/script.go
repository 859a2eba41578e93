package bench

import "fmt"

// script is what one connection says: it makes the requests and judges the answers. A script is used
// by one goroutine.
type script interface {
	// pending reports whether the next request belongs to what was begun before: it is sent at once,
	// even when the run is over.
	pending() bool
	// next makes the next request, valid until the following call; nil when there is nothing left.
	next() []byte
	// parse looks at all bytes of the answer that have come and gives its length, 0 while some is missing.
	parse(buf []byte) (int, error)
	// settle judges the complete answer and adds what it said to the outcome.
	settle(o *outcome) error
	// lost is called instead of settle when no answer came: what became of the request is unknown.
	lost()
}

// form is a way of writing commands into a request and of reading the answers.
type form interface {
	begin()
	order(o *order)
	hold(o *order)
	follow(number uint64, f fate)
	finish() []byte
	parse(buf []byte) (int, error)
	// answers appends one answer for each command of the request.
	answers(dst []answer) ([]answer, error)
}

// answer is what became of one command.
type answer struct {
	done     bool
	replayed bool
	code     uint8  // index in refusalCodes when not done
	number   uint64 // of the order or hold
}

// orderScript places orders, or takes holds and follows them up.
type orderScript struct {
	form
	work   *workload
	source source
	book   *book // nil: nothing is remembered
	batch  int

	current   order
	asked     []uint64 // ordinals of the request in flight, unless it is a follow-up
	following []followUp
	flight    []followUp // follow-ups of the request in flight
	results   []answer
	entries   []ack
}

// followUp is a hold that waits to be confirmed or released.
type followUp struct {
	ordinal uint64
	number  uint64
	fate    fate
}

func (s *orderScript) pending() bool { return len(s.following) > 0 }

func (s *orderScript) next() []byte {
	s.asked, s.flight = s.asked[:0], s.flight[:0]
	if s.pending() {
		return s.followUps()
	}
	s.asked = s.source.take(s.asked, s.batch)
	if len(s.asked) == 0 {
		return nil
	}
	holds := s.work.spec.Scenario == Holds
	s.begin()
	for _, ordinal := range s.asked {
		s.work.fill(&s.current, ordinal)
		if holds {
			s.hold(&s.current)
		} else {
			s.order(&s.current)
		}
	}
	return s.finish()
}

// followUps makes the request that settles as many holds as go into one.
func (s *orderScript) followUps() []byte {
	n := min(s.batch, len(s.following))
	s.flight = append(s.flight, s.following[:n]...)
	s.following = append(s.following[:0], s.following[n:]...)
	s.begin()
	for _, f := range s.flight {
		s.follow(f.number, f.fate)
	}
	return s.finish()
}

func (s *orderScript) settle(o *outcome) error {
	var err error
	if s.results, err = s.answers(s.results[:0]); err != nil {
		s.lost()
		return err
	}
	if want := len(s.asked) + len(s.flight); len(s.results) != want {
		s.lost()
		return fmt.Errorf("%d answers to %d commands", len(s.results), want)
	}
	if len(s.flight) > 0 {
		return s.settleFollowUps(o)
	}
	return s.settleOrders(o)
}

// settleOrders hands what was acknowledged to the book before it is counted. Not every form says
// which answers are an earlier request's; the book knows those that it has seen.
func (s *orderScript) settleOrders(o *outcome) error {
	s.entries = s.entries[:0]
	replayed, known := 0, 0
	for i, a := range s.results {
		if !a.done {
			o.refuse(int(a.code))
			continue
		}
		if a.replayed {
			replayed++
		}
		s.entries = append(s.entries, ack{s.asked[i], a.number})
	}
	if s.book != nil {
		var err error
		if known, err = s.book.acknowledge(s.entries); err != nil {
			return err
		}
	}
	o.replayed = max(replayed, known)
	o.placed = len(s.entries) - o.replayed
	if s.work.spec.Scenario == Holds {
		s.planFollowUps()
	}
	return nil
}

func (s *orderScript) planFollowUps() {
	for _, e := range s.entries {
		if f := s.work.fate(e.ordinal); f != fateExpire {
			s.following = append(s.following, followUp{e.ordinal, e.number, f})
		}
	}
}

func (s *orderScript) settleFollowUps(o *outcome) error {
	for i, a := range s.results {
		if !a.done {
			o.refuse(int(a.code))
			continue
		}
		o.followed++
		if s.book != nil {
			s.book.settled.set(s.flight[i].ordinal, s.flight[i].number)
		}
	}
	return nil
}

func (s *orderScript) lost() {
	if s.book == nil {
		return
	}
	s.book.lose(s.asked)
	s.following = s.following[:0]
}
