package engine

import (
	"errors"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// Past is the state as it was at a point of a journal, made in memory. The directory is only read; nobody may have it
// open. A Past is for one goroutine.
type Past struct {
	e     *Engine
	reach reach
	group group
	one   Request
	at    core.Millis
	begun bool // a checkpoint, if there is one, was taken over
}

// OpenPast opens the directory of o for reading. Its state is that of the newest checkpoint before the point, or none;
// Advance makes later ones. Errors are ErrOutOfReach, and those of Open.
func OpenPast(o Options, p Point) (_ *Past, err error) {
	o.Shards, o.ReserveBytes = 1, 0
	o.Journal.ReadOnly = true
	e := &Engine{options: o.withDefaults(), closed: make(chan struct{}), stopped: make(chan struct{})}
	if e.journal, err = wal.Open(o.Dir, e.options.Journal); err != nil {
		return nil, err
	}
	past := &Past{e: e, group: *newGroup(1)}
	defer func() {
		if err != nil {
			err = errors.Join(err, past.Close())
		}
	}()
	if past.reach, err = p.find(e.journal); err != nil {
		return nil, err
	}
	e.openIDs()
	e.newState([2]uint64{randomSeed(), randomSeed()})
	e.shards = append(e.shards, newShard(0, 1, e.machine))
	e.checkpoints = newCheckpointer(e)
	return past, nil
}

// Close gives memory and directory free.
func (p *Past) Close() error { return errors.Join(p.e.journal.Close(), p.e.memory.free()) }

// Point is the sequence that the point turned out to be, and First the first one that can be reached.
func (p *Past) Point() core.Sequence { return p.reach.point }

// First is the first sequence whose state can be made.
func (p *Past) First() core.Sequence { return p.reach.first }

// Sequence is that of the state.
func (p *Past) Sequence() core.Sequence { return p.e.Sequence() }

// Time is the stamp of the state's last group, 0 before the first.
func (p *Past) Time() core.Millis { return p.at }

// Machine is the state. It may only be read.
func (p *Past) Machine() *core.Machine { return p.e.machine }

// Names looks up SKUs, locations and channels as of the state, and translates order numbers. Nothing else of the engine may be
// used.
func (p *Past) Names() *Engine { return p.e }

// ReadOrder reads an order as of the state, or ErrNotFound: from the archive, if it has left the memory by then.
func (p *Past) ReadOrder(id core.OrderID, image *core.OrderImage) error {
	if p.e.machine.ReadOrder(id, image) {
		return nil
	}
	if !p.e.machine.IsArchived(id) {
		return ErrNotFound
	}
	value, err := p.e.archivedOrder(nil, id)
	if err == nil {
		_, err = codec.DecodeOrderImage(value, image)
	}
	return err
}

// Scan calls fn with every command of the journal from a sequence up to the point, until it returns an error; 0 is wherever
// the journal begins. What it gets is valid during the call.
func (p *Past) Scan(from core.Sequence, fn func(sequence core.Sequence, at core.Millis, frame []byte, c *core.Command) error) error {
	var c core.Command
	err := p.e.journal.Replay(uint64(from), func(g wal.Group) error {
		payload := g.Payload
		for sequence := core.Sequence(g.First); sequence <= core.Sequence(g.Last()); sequence++ {
			if sequence > p.reach.point {
				return errEnough
			}
			n, err := codec.DecodeCommand(payload, &c)
			if err != nil {
				return damage(sequence, err.Error())
			}
			if sequence >= from {
				if err := fn(sequence, core.Millis(g.Time), payload[:n], &c); err != nil {
					return err
				}
			}
			payload = payload[n:]
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Advance executes what the journal holds, up to a sequence, which is not behind the point and not before the state.
func (p *Past) Advance(to core.Sequence) error {
	if !p.begun {
		if err := p.begin(to); err != nil {
			return err
		}
		p.begun = true
	}
	err := p.e.journal.Replay(uint64(p.Sequence())+1, func(g wal.Group) error {
		if core.Sequence(g.First) > to {
			return errEnough
		}
		return p.execute(&g, to)
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// begin takes over the newest checkpoint that is not behind a sequence.
func (p *Past) begin(to core.Sequence) error {
	if _, err := p.e.restore(uint64(to)); err != nil {
		return err
	}
	if last := p.e.checkpoints.last; last != nil {
		p.at = last.At
	}
	return nil
}

// execute executes the commands of a group that are behind the state and not behind to.
func (p *Past) execute(source *wal.Group, to core.Sequence) error {
	if err := p.e.checkpoints.follows(source); err != nil {
		return err
	}
	first := max(core.Sequence(source.First), p.Sequence()+1)
	done, err := payloadOf(core.Sequence(source.First), source.Payload, int(first)-int(source.First))
	if err != nil {
		return err
	}
	commands := int(min(core.Sequence(source.Last()), to)) - int(first) + 1
	if commands <= 0 {
		return nil
	}
	payload, err := payloadOf(first, source.Payload[len(done):], commands)
	if err != nil {
		return err
	}
	if err := checkPayload(&p.one.command, first, commands, payload); err != nil {
		return err
	}
	g := &p.group
	g.reset()
	g.first, g.now, g.commands, g.payload, g.stored = first, core.Millis(source.Time), commands, payload, true
	p.one.results = resizeResults(p.one.results, commands)
	p.one.count = commands
	g.requests = append(g.requests[:0], &p.one)
	p.e.execute(g)
	p.e.publish(g)
	p.e.released.Store(uint64(g.last()))
	p.at = g.now
	return nil
}

// Result is what became of the last command that Advance executed, and its refusal if it was refused.
func (p *Past) Result() (r Result, refusal core.Refusal, err error) {
	if len(p.one.results) == 0 {
		return r, refusal, ErrNotFound
	}
	r = p.one.results[len(p.one.results)-1]
	if r.Status == ResultRefused {
		_, err = codec.DecodeRefusal(p.group.shards[r.shard].refusals[r.from:r.to], &refusal)
	}
	return r, refusal, err
}
