package server

import (
	"math/bits"
	"strconv"

	"holdfast/engine/core"
)

// onHoldReasons are the names of the reasons for which an order is on hold, by their bits.
var onHoldReasons = [...]string{"fraud", "payment", "address", "manual", "stock"}

// onHoldFilters are what orders can be looked for: those that are on hold for a reason, or for any.
var onHoldFilters = [...]string{"", "any", "fraud", "payment", "address", "manual", "stock"}

// filteredOnHold is the reason that one of the filters names; 0 for any.
func filteredOnHold(filter int) core.OnHold {
	if filter < 2 {
		return 0
	}
	return 1 << (filter - 2)
}

// OnHoldReasonNames gives the names of reasons for which an order is on hold.
func OnHoldReasonNames(reasons core.OnHold) (names []string) {
	for rest := reasons & core.AnyOnHold; rest != 0; rest &= rest - 1 {
		names = append(names, onHoldReasons[bits.TrailingZeros8(uint8(rest))])
	}
	return names
}

// putOnHold serves POST /v1/orders/{order}/put-on-hold: nothing of the order leaves.
func (s *Server) putOnHold(x *exchange) { s.changeOnHold(x, core.CommandPutOnHold) }

// takeOffHold serves POST /v1/orders/{order}/take-off-hold: some reasons are taken back, or all.
func (s *Server) takeOffHold(x *exchange) { s.changeOnHold(x, core.CommandTakeOffHold) }

func (s *Server) changeOnHold(x *exchange, kind core.CommandKind) {
	in := &x.intake
	in.parseOnHold(kind, x.body())
	if x.hasFaults() {
		return
	}
	id, ok := s.orderInPath(x, false)
	if !ok || !x.setVersion(&in.command) {
		return
	}
	in.command.Order = id
	s.submit(x, &changedOrder)
}

// parseOnHold reads the body of both.
func (in *intake) parseOnHold(kind core.CommandKind, body []byte) {
	in.begin(kind, body)
	life := &core.LifeRequest{}
	in.command.Life = life
	named := kind == core.CommandTakeOffHold
	if in.object() {
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "reasons":
				named = true
				life.OnHold = in.onHoldReasons()
			case !in.noteField(life, name):
				in.unknown()
			}
		}
		if !named {
			in.missing("reasons")
		}
	}
	in.end()
}

func (in *intake) onHoldReasons() (reasons core.OnHold) {
	before := len(in.faults)
	count := in.items(func() {
		before := len(in.faults)
		reason := core.OnHold(1) << in.oneOf(onHoldReasons[:])
		if len(in.faults) == before && reasons&reason != 0 {
			in.report(codeDuplicateItem, "is there already: name each reason once")
		}
		reasons |= reason
	})
	if len(in.faults) == before && (count == 0 || count > len(onHoldReasons)) {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(len(onHoldReasons))+" items")
	}
	return reasons
}

// appendOnHold appends why an order is on hold, and nothing of one that is not.
func appendOnHold(dst []byte, reasons core.OnHold) []byte {
	if reasons == 0 {
		return dst
	}
	return appendOnHoldReasons(append(dst, `,"on_hold":`...), reasons)
}

func appendOnHoldReasons(dst []byte, reasons core.OnHold) []byte {
	dst = append(dst, '[')
	for i, name := range OnHoldReasonNames(reasons) {
		dst = append(append(append(appendComma(dst, i), '"'), name...), '"')
	}
	return append(dst, ']')
}
