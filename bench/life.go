package bench

import (
	"fmt"
	"sync/atomic"
)

// stage is a step of an order's life. The lifecycle scenario takes each order through them in their order, with one command for each.
type stage uint8

const (
	stagePlace     stage = iota + 1 // with prices, in a channel that captures what has left
	stageAuthorize                  // the provider has set all of it aside
	stagePick                       // a warehouse begins to work on it
	stageShip                       // it was packed, and leaves; the engine asks for the capture
	stageCapture                    // the provider has carried that out
	stageDeliver                    // the carrier has delivered it

	// Of one life in ten a unit comes back.

	stageAskReturn     // the customer asks
	stageApproveReturn // somebody agrees
	stageReceiveReturn // the unit is back, and in stock
	stageDecideRefund  // somebody decides what is given back for it; the engine asks for the refund
	stageRefund        // the provider has carried that out
	stageCloseReturn   // all is done

	stageEnd // what comes behind the last
)

var stageNames = [stageEnd]string{
	stagePlace: "place", stageAuthorize: "authorize", stagePick: "pick", stageShip: "ship", stageCapture: "capture", stageDeliver: "deliver",
	stageAskReturn: "ask for return", stageApproveReturn: "approve return", stageReceiveReturn: "receive return", stageDecideRefund: "decide refund",
	stageRefund: "refund", stageCloseReturn: "close return",
}

// Numbers that follow from the stages, since each order has its own.
const (
	entryCapture  = 2 // in the order's ledger; 1 is the authorization
	entryRefund   = 3
	onlyShipment  = 1
	onlyPick      = 1 // the number of the fulfilment order
	onlyReturn    = 1
	lifeShipping  = 490 // in minor units of lifeCurrency, like all amounts
	lifeCurrency  = "EUR"
	lifeChannel   = "bench"
	lifeProvider  = "manual"
	lifeCarrier   = "DHL"
	maxLifeUnits  = 3
	returnedUnits = 1
	returnEvery   = 10 // of so many lives one has a return
)

// life is what is to become of one order. All of it follows from the ordinal, like the order.
type life struct {
	order
	number  uint64 // of the order; 0 while it is not placed
	unit    int64  // the price of one
	tax     int64
	returns bool // a unit comes back
}

// fillLife makes l the life of an ordinal.
func (w *workload) fillLife(l *life, ordinal, number uint64) {
	w.fill(&l.order, ordinal)
	l.number = number
	l.unit = 500 + int64(l.lines[0].sku)*7%9_500
	l.tax = l.goods() * 19 / 100
	l.returns = w.returns(ordinal)
}

// returns tells whether a unit of an ordinal's order comes back.
func (w *workload) returns(ordinal uint64) bool {
	return w.random(streamReturn, ordinal)%returnEvery == 0
}

// goods is what the units cost.
func (l *life) goods() int64 { return l.unit * l.lines[0].quantity }

// total is what the order costs.
func (l *life) total() int64 { return l.goods() + lifeShipping + l.tax }

// refund is what is given back.
func (l *life) refund() int64 {
	if !l.returns {
		return 0
	}
	return l.unit * returnedUnits
}

// after is the stage behind one; stageEnd when the life is complete with it.
func (w *workload) after(s stage, ordinal uint64) stage {
	if s == stageDeliver && !w.returns(ordinal) {
		return stageEnd
	}
	return s + 1
}

// lifeForm is a form that writes the commands of lives.
type lifeForm interface {
	form
	step(s stage, l *life)
}

// lifeScript takes orders through their lives. A request is of one stage: of that furthest behind for which as many lives wait as go into it, and else
// of new orders, so that a connection with one order a request lives one life after the other, and batches are full until the last orders were placed.
type lifeScript struct {
	lifeForm
	work   *workload
	source source
	book   *book
	batch  int
	over   *atomic.Bool // no new life is begun

	waiting [stageEnd]queue // lives by the stage that is next
	count   int             // of them
	stage   stage           // of the request in flight
	flight  []ack           // its lives
	asked   []uint64
	current life
	results []answer

	refused    int
	unanswered int
}

// pending is whether lives that were begun are still to be brought to their end.
func (s *lifeScript) pending() bool { return s.count > 0 && s.over.Load() }

func (s *lifeScript) next() []byte {
	if stage, ok := s.choose(); ok {
		return s.advance(stage)
	}
	return nil
}

// choose picks the stage of the next request, and puts its lives into flight.
func (s *lifeScript) choose() (stage, bool) {
	s.flight = s.flight[:0]
	for stage := stageEnd - 1; stage > stagePlace; stage-- {
		if s.waiting[stage].len() >= s.batch {
			return s.takeOff(stage), true
		}
	}
	if !s.over.Load() {
		s.asked = s.source.take(s.asked[:0], s.batch)
		for _, ordinal := range s.asked {
			s.flight = append(s.flight, ack{ordinal, 0})
		}
		if len(s.flight) > 0 {
			return stagePlace, true
		}
	}
	for stage := stagePlace + 1; stage < stageEnd; stage++ {
		if s.waiting[stage].len() > 0 {
			return s.takeOff(stage), true
		}
	}
	return 0, false
}

// takeOff has the lives that wait for a stage go into the next request.
func (s *lifeScript) takeOff(stage stage) stage {
	s.flight = s.waiting[stage].take(s.flight, s.batch)
	s.count -= len(s.flight)
	return stage
}

// advance makes the request that takes the lives in flight through a stage.
func (s *lifeScript) advance(stage stage) []byte {
	s.stage = stage
	s.begin()
	for _, e := range s.flight {
		s.work.fillLife(&s.current, e.ordinal, e.number)
		s.step(stage, &s.current)
	}
	return s.finish()
}

func (s *lifeScript) settle(o *outcome) error {
	var err error
	if s.results, err = s.answers(s.results[:0]); err != nil {
		s.lost()
		return err
	}
	if len(s.results) != len(s.flight) {
		s.lost()
		return fmt.Errorf("%d answers to %d commands", len(s.results), len(s.flight))
	}
	o.stage = s.stage
	done := s.flight[:0]
	for i, a := range s.results {
		if !a.done {
			s.refused++
			o.refuse(int(a.code))
			continue
		}
		e := s.flight[i]
		if s.stage == stagePlace {
			e.number = a.number
		}
		done = append(done, e)
	}
	return s.goOn(done, o)
}

// goOn has lives wait for what comes next, or remembers that they are complete.
func (s *lifeScript) goOn(lives []ack, o *outcome) error {
	if s.stage != stagePlace {
		o.followed = len(lives)
	} else {
		known, err := s.book.acknowledge(lives)
		if err != nil {
			return err
		}
		o.replayed, o.placed = known, len(lives)-known
	}
	for _, e := range lives {
		if next := s.work.after(s.stage, e.ordinal); next < stageEnd {
			s.waiting[next].put(e)
			s.count++
			continue
		}
		o.lives++
		s.book.settled.set(e.ordinal, e.number)
	}
	return nil
}

func (s *lifeScript) lost() { s.unanswered += len(s.flight) }
