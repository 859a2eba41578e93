package engine

import (
	"errors"
	"os"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// Salvage saves what is left of the damaged directory dir into the directory of o, which must not exist or be empty, as
// wal.Salvage says; then it makes and audits the state as any start does. When that needs a checkpoint that turns out to be damaged
// itself, only what goes back to the first command is saved.
func Salvage(dir string, o Options) (wal.SalvageReport, error) {
	s := wal.SalvageOptions{FS: o.Journal.FS, Documents: documentsOf}
	report, err := wal.Salvage(dir, o.Dir, s)
	if err != nil {
		return report, err
	}
	_, err = Verify(o)
	var damage *wal.DamageError
	if !errors.As(err, &damage) {
		return report, err
	}
	remove := os.RemoveAll
	if o.Journal.FS != nil {
		remove = o.Journal.FS.RemoveAll
	}
	if err := remove(o.Dir); err != nil {
		return report, err
	}
	found := damage.Error()
	s.FromTheStart = true
	if report, err = wal.Salvage(dir, o.Dir, s); err != nil {
		return report, err
	}
	report.Damage = append(report.Damage, found)
	if _, err = Verify(o); err != nil {
		err = errors.Join(err, remove(o.Dir))
	}
	return report, err
}

// documentsOf finds the documents in the commands of a group.
func documentsOf(g *wal.Group, put func(sequence uint64, document []byte) error) error {
	var c core.Command
	for sequence, payload := g.First, g.Payload; sequence <= g.Last(); sequence++ {
		n, err := codec.DecodeCommand(payload, &c)
		if err != nil {
			return damage(core.Sequence(sequence), err.Error())
		}
		if len(c.Document) > 0 {
			if err := put(sequence, c.Document); err != nil {
				return err
			}
		}
		payload = payload[n:]
	}
	return nil
}
