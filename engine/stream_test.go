package engine_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
	"holdfast/engine/reference"
	"holdfast/wal"
)

// call is a request that a client makes: some commands at an instant.
type call struct {
	now      int64
	commands []core.Command
}

// answer is what became of one command.
type answer struct {
	status   engine.ResultStatus
	reason   core.Reason
	order    core.OrderID
	sequence core.Sequence
	changed  bool
	image    []byte
}

// randomCalls makes the requests of a shop: the reference model's random commands, one or several to a request,
// many of them with an idempotency key, and some keys used again for the same command or for another.
func randomCalls(seed uint64, commands int) []call {
	random := rand.New(rand.NewPCG(seed, 1))
	var calls []call
	var keyed []core.Command
	for _, step := range reference.Generate(seed, commands) {
		c := step.Command
		if c.Kind == core.CommandTick || c.Kind == core.CommandServeWaitlist {
			continue // the engine makes its own
		}
		c.HasKey = random.IntN(2) == 0
		if c.HasKey {
			binary.BigEndian.PutUint64(c.Key[:], random.Uint64())
			c.Key[15] = 1
			keyed = append(keyed, c)
		}
		if len(keyed) > 0 && random.IntN(20) == 0 {
			c = keyed[len(keyed)-1] // perhaps of the same request
			if random.IntN(2) == 0 {
				c = keyed[random.IntN(len(keyed))]
			}
			if random.IntN(4) == 0 {
				c.Document = []byte("another body")
			}
		}
		now := int64(step.Now)
		if last := len(calls) - 1; last >= 0 && calls[last].now == now && random.IntN(3) > 0 {
			calls[last].commands = append(calls[last].commands, c)
			continue
		}
		calls = append(calls, call{now: now, commands: []core.Command{c}})
	}
	return calls
}

// scriptedClock is a clock that stands where it was set.
type scriptedClock struct{ now atomic.Int64 }

func (c *scriptedClock) read() int64 { return c.now.Load() }

func (c *scriptedClock) set(now int64) { c.now.Store(now) }

// advance sets the clock and has what is due expire: otherwise the engine's own timer might, or might not, be quicker than
// the next request, which admission may answer without looking at the time. What waitlists are to be served with is done before
// and after, for the same reason.
func (c *scriptedClock) advance(tb testing.TB, e *engine.Engine, now int64) {
	tb.Helper()
	settle(tb, e)
	c.set(now)
	settle(tb, e)
}

// settle has the engine do all that it does by itself at its clock's time.
func settle(tb testing.TB, e *engine.Engine) {
	tb.Helper()
	before := e.Sequence()
	for {
		image, err := e.ReadLocation(nil, 0)
		if err != nil {
			tb.Fatal(err)
		}
		if image.Sequence == before {
			return
		}
		before = image.Sequence
	}
}

// ask makes a request with images and gives the answers.
func ask(tb testing.TB, e *engine.Engine, commands ...core.Command) []answer {
	tb.Helper()
	answers, err := tryAsk(e, commands...)
	if err != nil {
		tb.Fatal(err)
	}
	return answers
}

func tryAsk(e *engine.Engine, commands ...core.Command) ([]answer, error) {
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.WantImages = true
	for i := range commands {
		r.Add(&commands[i])
	}
	if err := e.Submit(r); err != nil {
		return nil, err
	}
	answers := make([]answer, r.Len())
	for i, result := range r.Results() {
		answers[i] = answer{
			status: result.Status, reason: result.Reason, order: result.Order, sequence: result.Sequence,
			changed: result.Changed, image: bytes.Clone(r.Image(i)),
		}
	}
	return answers, nil
}

// outcome is all that can be seen of an engine from outside.
type outcome struct {
	answers  []answer
	digest   core.Digest
	sequence core.Sequence
	events   []byte
	keys     []engine.KeyAnswer
}

// observe looks at everything an engine shows.
func observe(tb testing.TB, e *engine.Engine, calls []call) outcome {
	tb.Helper()
	digest, sequence, err := e.Digest()
	if err != nil {
		tb.Fatal(err)
	}
	report, _, err := e.Audit()
	if err != nil || report.Found != 0 {
		tb.Fatalf("audit: %v %+v", err, report)
	}
	o := outcome{digest: digest, sequence: sequence, events: storedEvents(tb, e)}
	for _, c := range calls {
		for i := range c.commands {
			if c.commands[i].HasKey {
				o.keys = append(o.keys, e.Key(&c.commands[i]))
			}
		}
	}
	return o
}

// storedEvents reads the whole feed: its events, one after the other, whatever groups they are stored in.
func storedEvents(tb testing.TB, e *engine.Engine) []byte {
	tb.Helper()
	var all []byte
	reader := e.Feed().Read(0)
	for {
		event, _, _, err := reader.Next()
		if errors.Is(err, feed.ErrEnd) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, event...)
	}
}

// sameOutcome reports in what two outcomes differ.
func sameOutcome(tb testing.TB, got, want outcome) {
	tb.Helper()
	if got.digest != want.digest {
		tb.Errorf("the digest is %x, want %x", got.digest, want.digest)
	}
	if got.sequence != want.sequence {
		tb.Errorf("the sequence is %d, want %d", got.sequence, want.sequence)
	}
	if !bytes.Equal(got.events, want.events) {
		tb.Errorf("the feed differs: %s", firstDifference(got.events, want.events))
	}
	if !slices.Equal(got.keys, want.keys) {
		tb.Error("the key tables answer differently")
	}
	if got.answers == nil {
		return
	}
	for i := range want.answers {
		a, b := &got.answers[i], &want.answers[i]
		if a.status != b.status || a.reason != b.reason || a.order != b.order || a.sequence != b.sequence ||
			a.changed != b.changed || !bytes.Equal(a.image, b.image) {
			tb.Fatalf("answer %d is %+v, want %+v", i, a, b)
		}
	}
}

// firstDifference tells of the first event in which two feeds differ.
func firstDifference(got, want []byte) string {
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	whole := 0
	for whole < len(want) {
		h, err := codec.PeekEvent(want[whole:])
		if err != nil || whole+h.Length > at {
			return fmt.Sprintf("event %d of command %d is missing or different", h.Kind, h.Sequence)
		}
		whole += h.Length
	}
	return "there are events behind the last one"
}

// entry is one command of a journal.
type entry struct {
	frame, document []byte
	time            int64
}

// journaled reads the commands of a closed engine's journal.
func journaled(tb testing.TB, d *disk) (entries []entry, groups int) {
	tb.Helper()
	j, err := wal.Open("data", wal.Options{FS: d, ReadOnly: true})
	if err != nil {
		tb.Fatal(err)
	}
	defer func() {
		if err := j.Close(); err != nil {
			tb.Error(err)
		}
	}()
	err = j.Replay(1, func(g wal.Group) error {
		groups++
		for payload := bytes.Clone(g.Payload); len(payload) > 0; {
			h, err := codec.PeekCommand(payload)
			if err != nil {
				return err
			}
			document, err := j.Document(uint64(len(entries) + 1))
			if err != nil && !errors.Is(err, wal.ErrNotFound) {
				return err
			}
			entries = append(entries, entry{frame: payload[:h.Length], document: document, time: g.Time})
			payload = payload[h.Length:]
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return entries, groups
}

// writeJournal adds commands to a journal in groups of at most size commands. Commands of one group have one time.
func writeJournal(tb testing.TB, d *disk, entries []entry, size func() int) {
	tb.Helper()
	j, err := wal.Open("data", wal.Options{FS: d})
	if err != nil {
		tb.Fatal(err)
	}
	for len(entries) > 0 {
		n, limit := 1, size()
		for n < len(entries) && n < limit && entries[n].time == entries[0].time {
			n++
		}
		if err := writeGroup(j, entries[:n]); err != nil {
			tb.Fatal(err)
		}
		entries = entries[n:]
	}
	if err := j.Close(); err != nil {
		tb.Fatal(err)
	}
}

func writeGroup(j *wal.Journal, entries []entry) error {
	var payload []byte
	for i := range entries {
		payload = append(payload, entries[i].frame...)
	}
	first := j.Last() + 1
	p, err := j.Begin(first, uint32(len(entries)), entries[0].time, len(payload))
	if err != nil {
		return err
	}
	copy(p.Payload(), payload)
	for i := range entries {
		if entries[i].document != nil {
			p.AddDocument(first+uint64(i), entries[i].document)
		}
	}
	if err := p.Commit(); err != nil {
		return err
	}
	if err := p.Wait(); err != nil {
		return err
	}
	p.Release()
	return nil
}
