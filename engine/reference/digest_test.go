package reference_test

import (
	"testing"

	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// TestDigestTellsStatesApart follows the digest through random runs: a command that changed something
// gives a new one, never seen before, and one that let no hold expire and was refused, or found its
// work done, leaves it as it was, like a note.
func TestDigestTellsStatesApart(t *testing.T) {
	for seed := uint64(3_001); seed <= 3_005; seed++ {
		model, machine := reference.New(), newRunner(core.Options{})
		last := machine.machine.Digest()
		seen := map[core.Digest]int{last: -1}
		for i, step := range reference.Generate(seed, stepsPerSeed) {
			c, seq := &step.Command, core.Sequence(i+1)
			expires := somethingIsDue(model, c.Mask, step.Now)
			model.Execute(c, seq, step.Now)
			_, outcome := machine.execute(c, seq, step.Now)
			digest := machine.machine.Digest()
			stock := c.Kind == core.CommandAdjustStock || c.Kind == core.CommandMoveStock // may leave what was there
			changes := outcome.Changed && c.Kind != core.CommandTick && !stock && c.Kind != core.CommandAddNote
			if changes || expires {
				if before, ok := seen[digest]; ok {
					t.Errorf("seed %d: after command %d the digest is that after command %d\n%s", seed, i, before, commandWords(c))
				}
			} else if (!outcome.Changed || c.Kind == core.CommandAddNote) && digest != last {
				t.Errorf("seed %d: command %d changed nothing but the digest\n%s", seed, i, commandWords(c))
			}
			seen[digest] = i
			last = digest
		}
	}
}

func somethingIsDue(model *reference.Model, mask core.SlotMask, now core.Millis) bool {
	for slot := core.Slot(0); slot < core.SlotCount; slot++ {
		if at, ok := model.NextDeadline(slot); ok && mask.Has(slot) && at <= now {
			return true
		}
	}
	return false
}
