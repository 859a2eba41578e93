package engine

import (
	"errors"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// verifyAgain is how long a page of a checkpoint that was read back and found whole is trusted to be so.
const verifyAgain = 24 * time.Hour

// keptValue names a value that was kept with a checkpoint.
type keptValue struct {
	set    core.Sequence
	number uint32
}

// pageCheck is what is known about whether the pages of the checkpoints can be read.
type pageCheck struct {
	verified map[core.Sequence]int64 // when the values of a set were found whole, in milliseconds since 1970
	rotten   map[keptValue]bool
	at       core.Sequence // of the newest checkpoint when rotten was found out
}

// verify reads the pages of the checkpoints back from the disk, and gives the number of those that are not what was
// written. The next checkpoint writes these again, from memory. Values never change, and checkpoints use fewer and fewer of
// a set, so a set is read once, and again when that is long ago.
func (c *checkpointer) verify() (rotten int, err error) {
	now := c.e.options.Clock()
	wanted := map[core.Sequence]map[uint32]core.Digest{}
	for _, m := range c.kept {
		for _, set := range m.Sets {
			if at, ok := c.check.verified[set.Sequence]; !ok || now < at || now-at >= verifyAgain.Milliseconds() {
				wanted[set.Sequence] = map[uint32]core.Digest{}
			}
		}
	}
	for _, m := range c.kept {
		m.EachPage(func(_ core.PageID, p *codec.PageRef) {
			if pages := wanted[m.Sets[p.Set].Sequence]; pages != nil {
				pages[p.Number] = p.Digest
			}
		})
	}
	verified := map[core.Sequence]int64{}
	for _, m := range c.kept {
		for _, set := range m.Sets {
			if at, ok := c.check.verified[set.Sequence]; ok && wanted[set.Sequence] == nil {
				verified[set.Sequence] = at
			}
		}
	}
	c.check.verified = verified
	clear(c.check.rotten)
	pace := c.newPacer(time.Now())
	for set, pages := range wanted {
		if err := c.verifySet(set, pages, &pace); err != nil {
			return 0, err
		}
		if len(pages) == 0 {
			c.check.verified[set] = now
		}
		for number := range pages {
			c.check.rotten[keptValue{set, number}] = true
		}
	}
	c.check.at = c.kept[0].Sequence
	c.e.stats.pagesRotten.Store(uint64(len(c.check.rotten)))
	return len(c.check.rotten), nil
}

// verifySet takes out of pages those that are what was written.
func (c *checkpointer) verifySet(set core.Sequence, pages map[uint32]core.Digest, pace *pacer) error {
	err := c.e.journal.Values(uint64(set), func(number uint32, value []byte) error {
		if digest, ok := pages[number]; ok && core.DigestPage(value) == digest {
			delete(pages, number)
			c.e.stats.pagesVerified.Add(1)
		}
		if !pace.wait(len(value)) {
			return errEnough
		}
		return nil
	})
	var damage *wal.DamageError
	if errors.As(err, &damage) {
		return nil // what cannot be read is left in pages
	}
	return err
}

// pacer bounds how many bytes a second are read or written, so that orders do not wait for the disk.
type pacer struct {
	rate    int64 // −1 for no bound
	closed  <-chan struct{}
	started time.Time
	bytes   int64
}

func (c *checkpointer) newPacer(started time.Time) pacer {
	return pacer{rate: c.e.options.CheckpointRate, closed: c.e.closed, started: started}
}

// wait waits until so many bytes more are within the bound. It is false when the engine is closed.
func (p *pacer) wait(bytes int) bool {
	select {
	case <-p.closed:
		return false
	default:
	}
	p.bytes += int64(bytes)
	if p.rate <= 0 {
		return true
	}
	due := time.Duration(float64(p.bytes) / float64(p.rate) * float64(time.Second))
	if ahead := due - time.Since(p.started); ahead > time.Millisecond {
		select {
		case <-time.After(ahead):
		case <-p.closed:
			return false
		}
	}
	return true
}
