package simulation

import (
	"bytes"

	"holdfast/engine/core"
)

// memtableFill is how many bytes the scheduler lets the journal's memtable take before it has it turned. Pebble turns a
// memtable by itself when it is full, but when that is depends on dice that no seed decides.
const memtableFill = 100 << 10

// turnMemtable makes the journal begin a new memtable, log and table: by a group that is too large for half of one, where
// memtables are small, or else by a restart.
func (w *world) turnMemtable() {
	if !tiny {
		w.doRestart()
		return
	}
	w.note("a group that turns the memtable")
	w.stats.memtables++
	if w.chance(30) {
		w.doCheckpoint() // which writes tables of its own meanwhile
	}
	large := core.Command{
		Kind: core.CommandDefineChannel, Version: 1, Name: []byte("web"),
		Document: bytes.Repeat([]byte{byte(w.random.Uint64())}, core.MaxDocumentLength),
	}
	w.clients.submit([]core.Command{large, large})
}
