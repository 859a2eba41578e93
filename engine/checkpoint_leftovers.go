package engine

import (
	"errors"

	"holdfast/engine/codec"
	"holdfast/wal"
)

// dropLeftovers gives the disk back what a checkpoint left behind that was interrupted, by a full disk or the end of the process.
// It is for the start, when none is being written. As long as a checkpoint is damaged everything stays: nobody knows what
// it consists of, and somebody may want to look.
func (c *checkpointer) dropLeftovers() error {
	used, err := c.usedSets()
	var damage *wal.DamageError
	if errors.As(err, &damage) {
		return nil
	}
	if err != nil {
		return err
	}
	sets, err := c.e.journal.ValueSets()
	if errors.As(err, &damage) {
		return nil
	}
	for _, set := range sets {
		if !used[set] && err == nil {
			err = c.e.journal.DropValues(set)
		}
	}
	return err
}

// usedSets gives the sets of values of which the checkpoints consist.
func (c *checkpointer) usedSets() (used map[uint64]bool, err error) {
	all, err := c.e.journal.Checkpoints()
	if err != nil {
		return nil, err
	}
	used = map[uint64]bool{}
	for _, sequence := range all {
		var m codec.Manifest
		encoded, err := c.e.journal.Manifest(sequence)
		if err != nil {
			return nil, err
		}
		if codec.DecodeManifest(encoded, &m) != nil {
			return nil, damagedCheckpoint(sequence)
		}
		for _, set := range m.Sets {
			used[uint64(set.Sequence)] = true
		}
	}
	return used, nil
}
