package core

// A fulfilment order is the units that an order has at one location, as those who work there see them: to be picked, packed and sent. As long as
// nobody has done anything about it, it is implied: every location with units of the order has an open one, and nothing is kept of it. The first command
// on one writes all of the order's down, with its life; from then on they follow whatever becomes of its allocations (fulfilment_follow.go).

// FulfilmentStatus is where the work on a fulfilment order stands. The numbers are in checkpoints and feeds and must not change.
type FulfilmentStatus uint8

const (
	FulfilmentOpen       FulfilmentStatus = 1  // nobody has begun
	FulfilmentInProgress FulfilmentStatus = 2  // somebody picks or packs it
	FulfilmentScheduled  FulfilmentStatus = 3  // nobody begins before an instant
	FulfilmentOnHold     FulfilmentStatus = 4  // nobody goes on with it
	FulfilmentSubmitted  FulfilmentStatus = 5  // a supplier was asked
	FulfilmentAccepted   FulfilmentStatus = 6  // and is going to send it
	FulfilmentDeclined   FulfilmentStatus = 7  // or is not: its units are elsewhere
	FulfilmentIncomplete FulfilmentStatus = 8  // not all of it was found; what was is left
	FulfilmentReady      FulfilmentStatus = 9  // it can be fetched
	FulfilmentClosed     FulfilmentStatus = 10 // nothing is left, and some of it was shipped
	FulfilmentCancelled  FulfilmentStatus = 11 // nothing is left

	LastFulfilmentStatus = FulfilmentCancelled
)

// IsLive tells whether a fulfilment order of the status has units.
func (s FulfilmentStatus) IsLive() bool {
	return s != FulfilmentDeclined && s < FulfilmentClosed
}

// FulfilmentAction is what is done with a fulfilment order. The numbers are in journals and feeds and must not change.
type FulfilmentAction uint8

const (
	FulfilmentStart    FulfilmentAction = 1
	FulfilmentSchedule FulfilmentAction = 2
	FulfilmentHold     FulfilmentAction = 3
	FulfilmentRelease  FulfilmentAction = 4
	FulfilmentSubmit   FulfilmentAction = 5
	FulfilmentAccept   FulfilmentAction = 6
	FulfilmentStop     FulfilmentAction = 7
	FulfilmentPrepare  FulfilmentAction = 8 // it is ready to be fetched

	// LastFulfilmentAction is the last that CommandWorkFulfilment has; those behind have commands of their own.
	LastFulfilmentAction = FulfilmentPrepare

	FulfilmentSplit     FulfilmentAction = 9
	FulfilmentMerge     FulfilmentAction = 10
	FulfilmentMove      FulfilmentAction = 11
	FulfilmentShortPick FulfilmentAction = 12
	FulfilmentDecline   FulfilmentAction = 13
	FulfilmentShip      FulfilmentAction = 14

	FulfilmentActions = int(FulfilmentShip) + 1
)

// fulfilmentTable says what each status becomes by each action that it allows: the table in doc.go.
var fulfilmentTable = [LastFulfilmentStatus + 1][FulfilmentActions]FulfilmentStatus{
	FulfilmentOpen: {
		FulfilmentStart: FulfilmentInProgress, FulfilmentSchedule: FulfilmentScheduled, FulfilmentHold: FulfilmentOnHold,
		FulfilmentSubmit: FulfilmentSubmitted, FulfilmentSplit: FulfilmentOpen, FulfilmentMerge: FulfilmentOpen,
		FulfilmentMove: FulfilmentOpen, FulfilmentShip: FulfilmentOpen,
	},
	FulfilmentInProgress: {
		FulfilmentHold: FulfilmentOnHold, FulfilmentStop: FulfilmentOpen, FulfilmentPrepare: FulfilmentReady,
		FulfilmentShortPick: FulfilmentIncomplete, FulfilmentShip: FulfilmentInProgress,
	},
	FulfilmentScheduled: {
		FulfilmentStart: FulfilmentInProgress, FulfilmentSchedule: FulfilmentScheduled, FulfilmentHold: FulfilmentOnHold,
		FulfilmentRelease: FulfilmentOpen,
	},
	FulfilmentOnHold:    {FulfilmentRelease: FulfilmentOpen},
	FulfilmentSubmitted: {FulfilmentAccept: FulfilmentAccepted, FulfilmentDecline: FulfilmentDeclined, FulfilmentStop: FulfilmentOpen},
	FulfilmentAccepted: {
		FulfilmentStart: FulfilmentInProgress, FulfilmentHold: FulfilmentOnHold, FulfilmentDecline: FulfilmentDeclined,
		FulfilmentShortPick: FulfilmentIncomplete, FulfilmentShip: FulfilmentAccepted,
	},
	FulfilmentIncomplete: {
		FulfilmentHold: FulfilmentOnHold, FulfilmentStop: FulfilmentOpen, FulfilmentPrepare: FulfilmentReady,
		FulfilmentShortPick: FulfilmentIncomplete, FulfilmentShip: FulfilmentIncomplete,
	},
	FulfilmentReady: {FulfilmentHold: FulfilmentOnHold, FulfilmentStop: FulfilmentOpen, FulfilmentShip: FulfilmentReady},
}

// Allows tells whether something may be done with a fulfilment order of the status.
func (s FulfilmentStatus) Allows(action FulfilmentAction) bool {
	return fulfilmentTable[s][action] != 0
}

// isDone tells whether a fulfilment order of the status is what an action would make of it.
func (s FulfilmentStatus) isDone(action FulfilmentAction) bool {
	switch action {
	case FulfilmentStart:
		return s == FulfilmentInProgress
	case FulfilmentHold:
		return s == FulfilmentOnHold
	case FulfilmentRelease, FulfilmentStop:
		return s == FulfilmentOpen
	case FulfilmentSubmit:
		return s == FulfilmentSubmitted
	case FulfilmentAccept:
		return s == FulfilmentAccepted
	case FulfilmentPrepare:
		return s == FulfilmentReady
	}
	return false
}

// needsGoing tells whether an action is not done while the order is on hold.
func (a FulfilmentAction) needsGoing() bool {
	return a == FulfilmentStart || a == FulfilmentSubmit || a == FulfilmentPrepare
}

// FulfilmentImage is a fulfilment order at one instant. Its number is its place among those of the order, from 1 on.
type FulfilmentImage struct {
	Status      FulfilmentStatus
	Location    LocationID
	Shipped     bool   // some of it has left
	ScheduledAt Millis // of one that is scheduled: nobody begins before
	Lines       int    // how many of the life's units to do are this one's
}

// fulfilmentRecord is a fulfilment order. Those of an order are a list in the order of their numbers.
type fulfilmentRecord struct {
	scheduledAt Millis
	firstLine   uint32 // in fulfilmentLines, plus one; 0 for none
	next        uint32 // in fulfilments, plus one; 0 at the end; while free, the next free one
	location    LocationID
	status      FulfilmentStatus // 0 while the record is free
	flags       uint8            // fulfilmentShipped
	_           uint32
}

const fulfilmentShipped uint8 = 1

// fulfilmentLineRecord is units of one line in a fulfilment order. Those of one are a list in the order of the order's lines.
type fulfilmentLineRecord struct {
	quantity uint32
	next     uint32 // in fulfilmentLines, plus one; 0 at the end; while free, the next free one
	line     uint16
	_        uint16
}

// ImplyFulfilments fills life with the fulfilment orders that an order has of which none are written down: an open one for each location with
// units of it, in the order in which its lines name them.
func ImplyFulfilments(o *OrderImage, life *LifeImage) {
	life.Fulfilments, life.ToDo = life.Fulfilments[:0], life.ToDo[:0]
	if o.Status != StatusPlaced {
		return
	}
	for _, a := range o.Allocations {
		if !life.worksAt(a.Location) {
			life.Fulfilments = append(life.Fulfilments, FulfilmentImage{Status: FulfilmentOpen, Location: a.Location})
		}
	}
	for k := range life.Fulfilments {
		f := &life.Fulfilments[k]
		next := 0
		for i := range o.Lines {
			for _, a := range o.Allocations[next : next+o.Lines[i].Allocations] {
				if a.Location == f.Location {
					life.ToDo = append(life.ToDo, LineUnits{Line: i, Quantity: a.Quantity})
					f.Lines++
				}
			}
			next += o.Lines[i].Allocations
		}
	}
}

func (l *LifeImage) worksAt(location LocationID) bool {
	for i := range l.Fulfilments {
		if l.Fulfilments[i].Location == location {
			return true
		}
	}
	return false
}

// hasFulfilments tells whether the order's fulfilment orders are written down.
func (o *OrderImage) hasFulfilments() bool { return o.Life != nil && len(o.Life.Fulfilments) > 0 }

// fulfilmentImages adds an order's fulfilment orders to its life.
func (s *slot) fulfilmentImages(first uint32, life *LifeImage) {
	life.Fulfilments, life.ToDo = life.Fulfilments[:0], life.ToDo[:0]
	for at := first; at != 0; {
		record := s.fulfilments.at(at - 1)
		f := grow(&life.Fulfilments)
		*f = FulfilmentImage{
			Status: record.status, Location: record.location, Shipped: record.flags&fulfilmentShipped != 0, ScheduledAt: record.scheduledAt,
		}
		for line := record.firstLine; line != 0; f.Lines++ {
			l := s.fulfilmentLines.at(line - 1)
			life.ToDo = append(life.ToDo, LineUnits{Line: int(l.line), Quantity: Quantity(l.quantity)})
			line = l.next
		}
		at = record.next
	}
}

// keepFulfilments writes an order's fulfilment orders down after a change of its allocations.
func (s *slot) keepFulfilments(st *Step) {
	if st.event.Order.hasFulfilments() {
		s.storeFulfilments(s.makeLife(st.place), st.event.Order.Life)
	}
}

// storeFulfilments writes down the fulfilment orders of a life, which are no fewer than before.
func (s *slot) storeFulfilments(place uint32, life *LifeImage) {
	at, last, todo := s.lives.at(place).firstFulfilment, uint32(0), life.ToDo
	for i := range life.Fulfilments {
		f := &life.Fulfilments[i]
		if at == 0 {
			at = s.fulfilments.acquire() + 1
			if last == 0 {
				s.lives.mut(place).firstFulfilment = at
			} else {
				s.fulfilments.mut(last - 1).next = at
			}
		}
		s.storeFulfilment(at-1, f, todo[:f.Lines])
		todo = todo[f.Lines:]
		last, at = at, s.fulfilments.at(at-1).next
	}
}

// storeFulfilment makes a record that of an image.
func (s *slot) storeFulfilment(place uint32, f *FulfilmentImage, todo []LineUnits) {
	record := *s.fulfilments.at(place)
	record.status, record.location, record.scheduledAt, record.flags = f.Status, f.Location, f.ScheduledAt, 0
	if f.Shipped {
		record.flags = fulfilmentShipped
	}
	if !s.hasToDo(record.firstLine, todo) {
		s.dropToDo(record.firstLine)
		record.firstLine = 0
		for i := len(todo) - 1; i >= 0; i-- {
			at := s.fulfilmentLines.acquire()
			*s.fulfilmentLines.mut(at) = fulfilmentLineRecord{line: uint16(todo[i].Line), quantity: uint32(todo[i].Quantity), next: record.firstLine}
			record.firstLine = at + 1
		}
	}
	if record != *s.fulfilments.at(place) {
		*s.fulfilments.mut(place) = record
	}
}

// hasToDo tells whether a list is of these units.
func (s *slot) hasToDo(first uint32, todo []LineUnits) bool {
	at := first
	for _, u := range todo {
		if at == 0 {
			return false
		}
		l := s.fulfilmentLines.at(at - 1)
		if int(l.line) != u.Line || Quantity(l.quantity) != u.Quantity {
			return false
		}
		at = l.next
	}
	return at == 0
}

func (s *slot) dropToDo(first uint32) {
	for at := first; at != 0; {
		next := s.fulfilmentLines.at(at - 1).next
		s.fulfilmentLines.release(at - 1)
		at = next
	}
}

// dropFulfilments forgets the fulfilment orders of an order that leaves.
func (s *slot) dropFulfilments(first uint32) {
	for at := first; at != 0; {
		record := *s.fulfilments.at(at - 1)
		s.dropToDo(record.firstLine)
		s.fulfilments.release(at - 1)
		at = record.next
	}
}
