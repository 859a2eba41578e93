package engine

import (
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// KeyAnswer is what the key table answers about a command's key.
type KeyAnswer struct {
	State    uint8
	Sequence core.Sequence
}

// Key asks the key table.
func (e *Engine) Key(c *core.Command) KeyAnswer {
	state, sequence := e.keys.lookup(&c.Key, codec.Fingerprint(codec.AppendCommand(nil, c)))
	return KeyAnswer{State: uint8(state), Sequence: sequence}
}
