package engine

import (
	"errors"
	"fmt"
	"sort"
	"time"

	"holdfast/engine/core"
	"holdfast/wal"
)

// Journal and feed are cut by the writer of checkpoints, after each of these and every minute. Nothing is cut that the two
// newest checkpoints need, nor before these were read back and found whole; nothing that a registered reader needs, unless it
// is too far behind; and nothing of the feed by which a repeated key is answered.
const (
	// retainEvery is how often it is looked whether there is something to cut.
	retainEvery = time.Minute
	// cutShare keeps cuts few and large: what is cut off is at least this part of what is left.
	cutShare = 8
)

// RetentionInfo tells of a cut, or why there was none although one was due.
type RetentionInfo struct {
	JournalFirst core.Sequence // with which the journal begins now, 0 when it was not cut
	FeedFirst    core.Sequence // of the first command whose events the feed has now, 0 when it was not cut
	Overrun      []string      // readers that the cut has passed
	Rotten       int           // pages of checkpoints that are not what was written: nothing is cut until they are replaced
	Err          error
}

func (o *Options) validateRetention() (problems []error) {
	for name, value := range map[string]int64{
		"JournalHistory": o.JournalHistory, "FeedHistory": o.FeedHistory, "ReaderMaxLag": o.ReaderMaxLag, "KeysMax": int64(o.KeysMax),
	} {
		if value < 0 {
			problems = append(problems, fmt.Errorf("option %s: %d is less than 0", name, value))
		}
	}
	for name, value := range map[string]time.Duration{
		"JournalAge": o.JournalAge, "FeedAge": o.FeedAge, "ReaderMaxAge": o.ReaderMaxAge, "KeysWindow": o.KeysWindow,
	} {
		if value < 0 || value > 0 && value < time.Millisecond {
			problems = append(problems, fmt.Errorf("option %s: %v is not 0 or at least 1ms", name, value))
		}
	}
	if o.FeedAge > 0 && o.FeedAge < o.KeysWindow {
		problems = append(problems, fmt.Errorf(
			"option FeedAge: %v is less than KeysWindow (%v), and repeated keys are answered from the feed", o.FeedAge, o.KeysWindow))
	}
	return problems
}

// Retain cuts now what may be cut, and does not wait until it is looked for that.
func (e *Engine) Retain() (RetentionInfo, error) {
	answer := make(chan RetentionInfo, 1)
	select {
	case e.checkpoints.cutting <- answer:
	case <-e.closed:
		return RetentionInfo{}, ErrClosed
	}
	info := <-answer
	return info, info.Err
}

// retain cuts what is due, and tells of it.
func (c *checkpointer) retain() (info RetentionInfo) {
	info.Err = c.cut(&info)
	if errors.Is(info.Err, errEnough) { // the engine is closed meanwhile
		info.Err = nil
	}
	happened := info.JournalFirst > 0 || info.FeedFirst > 0 || info.Rotten > 0 || info.Err != nil
	if hook := c.e.options.Hooks.Retained; hook != nil && happened {
		hook(info)
	}
	return info
}

// cut is one look at journal and feed.
func (c *checkpointer) cut(info *RetentionInfo) error {
	if c.failed != nil {
		return fmt.Errorf("no more checkpoints are written until a restart: %w", c.failed)
	}
	if len(c.kept) < checkpointsKept {
		return nil // a single checkpoint is not trusted to replace the journal
	}
	if len(c.check.rotten) > 0 && c.check.at == c.kept[0].Sequence {
		return nil // the next checkpoint has to come first
	}
	oldest := c.kept[len(c.kept)-1].Sequence
	journal, err := c.plan(wal.KeptGroups, c.e.options.JournalHistory, c.e.options.JournalAge, oldest+1)
	if err != nil {
		return err
	}
	feed, err := c.plan(wal.KeptFeed, c.e.options.FeedHistory, c.e.options.FeedAge, min(oldest+1, c.e.keys.oldestKey(oldest)))
	if err != nil || journal == nil && feed == nil {
		return err
	}
	if info.Rotten, err = c.verify(); err != nil || info.Rotten > 0 {
		return err
	}
	if journal != nil {
		if info.JournalFirst, err = c.carryOut(journal, c.e.journal.CutGroups, info); err != nil {
			return err
		}
		c.e.stats.journalCuts.Add(1)
	}
	if feed != nil {
		floor, err := c.carryOut(feed, c.e.journal.CutFeed, info)
		if err != nil {
			return err
		}
		info.FeedFirst = floor + 1
		c.e.stats.feedCuts.Add(1)
	}
	return nil
}

// cutPlan says where to cut.
type cutPlan struct {
	kept    wal.Kept
	at      core.Sequence // the first that stays, but for readers who come meanwhile
	overrun core.Sequence // readers that stand before it are too far behind
}

// plan looks where to cut, limit being the first sequence that has to stay. It is nil when nothing is worth it.
func (c *checkpointer) plan(kept wal.Kept, history int64, age time.Duration, limit core.Sequence) (*cutPlan, error) {
	p := &cutPlan{kept: kept}
	first, _, err := c.e.journal.Bounds(kept)
	if err != nil || first == 0 || history == 0 && age == 0 {
		return nil, err
	}
	if p.at, err = c.e.firstKept(kept, history, age); err != nil {
		return nil, err
	}
	if p.overrun, err = c.e.firstKept(kept, c.e.options.ReaderMaxLag, c.e.options.ReaderMaxAge); err != nil {
		return nil, err
	}
	p.at = c.e.readers.hold(p, min(p.at, limit))
	if p.at <= core.Sequence(first) {
		return nil, nil
	}
	all, err := c.e.journal.BytesFrom(kept, first)
	if err != nil {
		return nil, err
	}
	stays, err := c.e.journal.BytesFrom(kept, uint64(p.at))
	if err != nil || all == stays || (all-stays)*cutShare < stays {
		return nil, err
	}
	return p, nil
}

// carryOut cuts where the plan says, but not what somebody has asked for since it was made.
func (c *checkpointer) carryOut(p *cutPlan, cut func(uint64) (uint64, error), info *RetentionInfo) (core.Sequence, error) {
	r := &c.e.readers
	r.mu.Lock()
	defer r.mu.Unlock()
	first, err := cut(uint64(r.holdLocked(p, p.at)))
	if err != nil {
		return 0, err
	}
	overrun, err := r.pass(p, c.e.journal)
	info.Overrun = append(info.Overrun, overrun...)
	c.e.stats.readersOverrun.Add(uint64(len(overrun)))
	return core.Sequence(first), err
}

// firstKept is the first sequence within so many bytes and so long a time of the end; 0 is no limit of either.
func (e *Engine) firstKept(kept wal.Kept, bytes int64, age time.Duration) (first core.Sequence, err error) {
	if bytes > 0 {
		within, err := e.journal.FirstWithin(kept, uint64(bytes))
		if err != nil {
			return 0, err
		}
		first = core.Sequence(within)
	}
	if age > 0 {
		after, err := e.firstAfter(kept, age)
		if err != nil {
			return 0, err
		}
		first = max(first, after)
	}
	return first, nil
}

// firstAfter is the first sequence that is not older than so long, 0 when nothing is kept.
func (e *Engine) firstAfter(kept wal.Kept, age time.Duration) (core.Sequence, error) {
	first, last, err := e.journal.Bounds(kept)
	if err != nil || first == 0 {
		return 0, err
	}
	// The journal's clock stands still when the system's goes back.
	since := max(e.options.Clock(), e.journal.LastTime()) - age.Milliseconds()
	n := sort.Search(int(last+1-first), func(n int) bool {
		at, failed := e.timeAt(kept, first+uint64(n))
		err = errors.Join(err, failed)
		return failed != nil || at >= core.Millis(since)
	})
	return core.Sequence(first) + core.Sequence(n), err
}

// timeAt is when the command of a sequence was executed, or for the feed the next one that has events.
func (e *Engine) timeAt(kept wal.Kept, sequence uint64) (core.Millis, error) {
	if kept == wal.KeptFeed {
		return e.feed.TimeAt(core.Sequence(sequence))
	}
	g, err := e.journal.GroupAt(sequence)
	return core.Millis(g.Time), err
}
