package core_test

import (
	"slices"
	"strings"

	"holdfast/engine/core"
)

var onHoldNames = []string{"fraud", "payment", "address", "manual", "stock"} // by bit

// readOnHold reads for which reasons an order is stopped, or goes on.
func (s *story) readOnHold(line *sentence, c *core.Command) {
	c.Kind, c.Life = core.CommandPutOnHold, &core.LifeRequest{}
	if line.word == "take-off-hold" {
		c.Kind = core.CommandTakeOffHold
	}
	s.readLife(line, c)
	for line.peek() != "" {
		bit := slices.Index(onHoldNames, line.next())
		if bit < 0 {
			line.fail("unknown reason")
		}
		c.Life.OnHold |= 1 << bit
	}
}

func onHoldWords(reasons core.OnHold) string {
	var words []string
	for bit, name := range onHoldNames {
		if reasons&(1<<bit) != 0 {
			words = append(words, name)
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, "+")
}
