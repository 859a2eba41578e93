package simulation

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/reference"
)

// clients send requests and remember what they were told.
type clients struct {
	w         *world
	generator *reference.Generator
	waiting   []*attempt // not answered, or the answer is not checked yet
	sent      []core.Command
	keys      uint64
}

// attempt is one request of a client.
type attempt struct {
	engine   *engine.Engine // that it was sent to
	commands []core.Command
	released core.Sequence // when it was sent
	finished atomic.Bool
	lost     bool // the node was cut off before the answer: the client never got it
	err      error
	answers  []answer
	late     bool            // it has to ask for slots before it is admitted
	bound    []core.Sequence // by command: the command that its key was bound to when it was sent
	soldOut  [][]byte        // by command: how it would have been refused without the journal when it was sent; nil for not at all
}

// answer is what became of one command.
type answer struct {
	engine.Result
	image []byte
}

func newClients(w *world) clients {
	return clients{w: w, generator: reference.NewGenerator(w.seed, w.history.model)}
}

// request makes the commands of a request.
func (c *clients) request() []core.Command {
	w := c.w
	commands := make([]core.Command, 0, 4)
	for range w.between(1, w.plan.batch) {
		commands = append(commands, c.command())
	}
	return commands
}

// command makes a command: one of the generator's, made sharper, or one that was sent before.
func (c *clients) command() core.Command {
	w := c.w
	if len(c.sent) > 0 && w.chance(15) {
		again := c.sent[w.random.IntN(len(c.sent))]
		if w.chance(20) {
			again.Document = []byte("another body")
		}
		w.stats.repeats++
		return again
	}
	command := c.generator.Next()
	if len(command.Lines) > 0 && w.chance(30) {
		c.atTheEdge(&command)
	}
	command.HasKey = w.chance(50)
	command.Key = core.IdempotencyKey{}
	if command.HasKey {
		if w.chance(80) {
			c.keys++
		}
		command.Key[0] = 1
		binary.BigEndian.PutUint64(command.Key[8:], c.keys)
	}
	if len(c.sent) < w.plan.keys {
		c.sent = append(c.sent, command)
	} else {
		c.sent[w.random.IntN(len(c.sent))] = command
	}
	return command
}

// atTheEdge makes an order ask for exactly what there is, or one more or less. A line without a quantity only names its SKU.
func (c *clients) atTheEdge(command *core.Command) {
	line := &command.Lines[c.w.random.IntN(len(command.Lines))]
	sku, known := c.w.history.model.SKU(line.SKU)
	if !known || line.Quantity == 0 {
		return
	}
	units := c.w.history.model.Availability(line.SKU).Available
	if limit := sku.Settings.BackorderLimit; limit > 0 {
		units += limit
	}
	units += core.Quantity(c.w.between(-1, 1))
	line.Quantity = min(max(units, 1), core.MaxLineQuantity)
}

// submit sends a request. Whether it waits, and for what, the scheduler finds out when all have settled.
func (c *clients) submit(commands []core.Command) *attempt {
	a := &attempt{engine: c.w.engine, commands: commands, released: c.w.engine.Sequence(), late: spread(commands)}
	for i := range commands {
		a.bound = append(a.bound, c.w.history.bound[commands[i].Key])
		a.soldOut = append(a.soldOut, c.w.history.soldOut(&commands[i]))
	}
	c.waiting = append(c.waiting, a)
	c.w.stats.requests++
	go a.send(c.w.disk)
	return a
}

func (a *attempt) send(d *disk) {
	r := engine.AcquireRequest()
	r.WantImages = true
	for i := range a.commands {
		r.Add(&a.commands[i])
	}
	a.err = a.engine.Submit(r)
	a.lost = d.isDead()
	if a.err == nil {
		for i, result := range r.Results() {
			a.answers = append(a.answers, answer{result, bytes.Clone(r.Image(i))})
		}
	}
	engine.ReleaseRequest(r)
	a.finished.Store(true)
}

// spread tells whether a request has to ask where an order lies before it is admitted. When it goes on depends on who
// else does, so the scheduler sends only one of these at a time.
func spread(commands []core.Command) bool {
	for i := range commands {
		if _, known := core.SlotsOf(&commands[i]); !known {
			return true
		}
	}
	return false
}

// check compares the answers that have come with the history.
func (c *clients) check() {
	rest := c.waiting[:0]
	for _, a := range c.waiting {
		if !a.finished.Load() {
			rest = append(rest, a)
			continue
		}
		c.checkAttempt(a)
	}
	clear(c.waiting[len(rest):])
	c.waiting = rest
}

// done tells whether every client was answered.
func (c *clients) done() bool {
	return !slices.ContainsFunc(c.waiting, func(a *attempt) bool { return !a.finished.Load() })
}

// mustBeDone is for when nobody may wait any more.
func (c *clients) mustBeDone() {
	for _, a := range c.waiting {
		if !a.finished.Load() {
			c.w.fail("a client waits for ever: %d commands sent after %d", len(a.commands), a.released)
		}
	}
}

func (c *clients) checkAttempt(a *attempt) {
	w := c.w
	switch {
	case a.lost:
		w.stats.lost++
		return
	case errors.Is(a.err, engine.ErrOverloaded):
		w.stats.overloads++
		return
	case a.err != nil:
		if a.engine == w.engine && !w.gone() {
			w.fail("a client was told %v by an engine that runs", a.err)
		}
		w.stats.unknown++
		return
	}
	for i := range a.answers {
		c.checkAnswer(a, i)
	}
}

// checkAnswer compares one answer with what the history says.
func (c *clients) checkAnswer(a *attempt, i int) {
	w, got, command := c.w, &a.answers[i], &a.commands[i]
	w.note("answer %d %d %d %d %v %x", got.Status, got.Reason, got.Order, got.Sequence, got.Changed, got.image)
	h := w.history
	w.stats.answers++
	if bound := a.bound[i]; command.HasKey && bound > 0 && h.commands[bound-1].fingerprint == fingerprint(command) &&
		got.Status != engine.ResultReplayed {
		w.fail("the key %x was bound to command %d, and the answer is %+v", command.Key, bound, got.Result)
	}
	switch got.Status {
	case engine.ResultReplayed:
		c.checkReplay(got, command)
	case engine.ResultKeyReused, engine.ResultInProgress:
		w.stats.keyConflicts++
		if !command.HasKey {
			w.fail("a command without a key was told %+v", got.Result)
		}
	case engine.ResultRefused:
		if got.Reason == core.ReasonDuplicateExternal && c.isArchived(got, command) {
			return
		}
		if got.Sequence <= a.released {
			c.checkSoldOut(got, a.soldOut[i])
			return
		}
		x := &h.commands[got.Sequence-1]
		if a.late && (x.fingerprint != fingerprint(command) || x.reason != got.Reason || !bytes.Equal(x.image, got.image)) {
			// It was admitted when nobody looked, and refused by what had been released by then: perhaps a refusal of the very same order.
			// Admission tells of what the SKU has left, the machine of what the order's channel may sell.
			w.stats.soldOut++
			return
		}
		c.checkExecuted(got, command)
	case engine.ResultDone:
		c.checkExecuted(got, command)
	default:
		w.fail("there is no result: %+v", got.Result)
	}
}

func (c *clients) checkExecuted(got *answer, command *core.Command) {
	w, h := c.w, c.w.history
	if got.Sequence == 0 || got.Sequence > h.last() {
		w.fail("a client was told of command %d, and %d was released", got.Sequence, h.last())
	}
	x := &h.commands[got.Sequence-1]
	if x.fingerprint != fingerprint(command) {
		w.fail("a client was told that its command is %d, which is another one", got.Sequence)
	}
	if x.reason == core.ReasonOrderArchived {
		c.checkArchived(got, command)
		return
	}
	if x.reason != got.Reason || x.changed != got.Changed || x.order != got.Order || (x.reason != 0) != (got.Status == engine.ResultRefused) {
		w.fail("command %d: the answer is %+v, and has to be %+v", got.Sequence, got.Result, *x)
	}
	if !bytes.Equal(x.image, got.image) {
		w.fail("command %d: the answer shows %x, and has to show %x", got.Sequence, got.image, x.image)
	}
}

// isArchived tells whether an external id belongs to an order in the archive. Admission knows that, and the journal hears
// nothing of it.
func (c *clients) isArchived(got *answer, command *core.Command) bool {
	owner, archived := c.w.history.archived[got.Order]
	return archived && owner.Channel == command.Channel && bytes.Equal(owner.ExternalID, command.ExternalID)
}

// checkArchived compares the answer to a command on an order in the archive with what its status allows.
func (c *clients) checkArchived(got *answer, command *core.Command) {
	order, archived := c.w.history.archived[command.Order]
	if !archived {
		// Its number is of a page that has left, and was never given out.
		if got.Reason != core.ReasonOrderNotFound {
			c.w.fail("an order that never was is answered with %+v", got.Result)
		}
		return
	}
	c.w.stats.archiveAnswers++
	reason := core.ReasonNone
	releases, cancels := command.Kind == core.CommandReleaseHold, command.Kind == core.CommandCancelOrder
	switch {
	case command.ExpectedVersion != 0 && command.ExpectedVersion != order.Version && command.Kind != core.CommandResolveCase:
		reason = core.ReasonVersionConflict
	case command.ExpectedVersion == 0 && command.Kind == core.CommandEditOrder:
		reason = core.ReasonVersionRequired
	case command.Kind == core.CommandReportPayment, command.Kind == core.CommandRequestPayment:
		reason = core.ReasonAccountClosed
	case command.Kind == core.CommandEditOrder && command.Life.DocumentOnly:
		reason = core.ReasonDocumentClosed
	case order.Status == core.StatusClosed:
		reason = afterClosing(command.Kind)
	case order.Status == core.StatusCancelled && !releases && !cancels:
		reason = core.ReasonOrderCancelled
	case order.Status == core.StatusReleased && !releases:
		reason = core.ReasonHoldReleased
	case order.Status == core.StatusExpired && !releases:
		reason = core.ReasonHoldExpired
	}
	var image []byte
	if reason != core.ReasonNone {
		image = codec.AppendRefusal(nil, &core.Refusal{Reason: reason, Order: order.ID, Version: order.Version})
	}
	if got.Reason != reason || got.Changed || !bytes.Equal(got.image, image) {
		c.w.fail("command %d on an archived order: the answer is %+v %x, and has to be %d %x", got.Sequence, got.Result, got.image, reason, image)
	}
}

// afterClosing is how a command is refused on an order of which all had arrived, and whose return window has ended.
func afterClosing(kind core.CommandKind) core.Reason {
	switch kind {
	case core.CommandConfirmHold, core.CommandFillOrder:
		return core.ReasonNone
	case core.CommandExtendHold, core.CommandReleaseHold:
		return core.ReasonHoldConfirmed
	case core.CommandCancelOrder:
		return core.ReasonAlreadyShipped
	case core.CommandRequestReturn:
		return core.ReasonReturnWindow
	}
	return core.ReasonOrderCompleted
}

func (c *clients) checkReplay(got *answer, command *core.Command) {
	w, h := c.w, c.w.history
	w.stats.replays++
	first, bound := h.bound[command.Key]
	if !bound || first != got.Sequence {
		w.fail("a client was answered with command %d, and its key belongs to %d", got.Sequence, first)
	}
	if x := &h.commands[first-1]; x.fingerprint != fingerprint(command) || !bytes.Equal(x.image, got.image) {
		w.fail("the answer to a repeated key is %x, and was %x", got.image, x.image)
	}
}

// checkSoldOut compares a refusal that came without a command in the journal with the units that there were.
func (c *clients) checkSoldOut(got *answer, want []byte) {
	c.w.stats.soldOut++
	if want == nil || !bytes.Equal(got.image, want) {
		c.w.fail("admission refused with %x, and has to refuse with %x", got.image, want)
	}
}

// soldOut is how an order of what is short is refused without the journal, nil when it is not short.
func (h *history) soldOut(c *core.Command) []byte {
	refusal, stopped := core.Refusal{Reason: core.ReasonInsufficientStock}, core.Refusal{Reason: core.ReasonSKUStopped}
	c, from := h.expanded(c)
	if c == nil {
		return nil
	}
	for i, line := range c.Lines {
		sku, known := h.model.SKU(line.SKU)
		if !known {
			return nil
		}
		if slices.ContainsFunc(c.Lines[:i], func(l core.Line) bool { return l.SKU == line.SKU }) {
			continue
		}
		total := core.Quantity(0)
		for _, l := range c.Lines[i:] {
			if l.SKU == line.SKU {
				total += l.Quantity
			}
		}
		if sku.Settings.Stopped {
			stopped.Lines = append(stopped.Lines, core.RefusedLine{Index: int(from[i]), SKU: line.SKU, Requested: total})
		}
		room := h.model.Orderable(line.SKU)
		if room < 0 {
			continue
		}
		if total > room && (!c.UpTo || room == 0) {
			refusal.Lines = append(refusal.Lines, core.RefusedLine{Index: int(from[i]), SKU: line.SKU, Requested: total, Available: room})
		}
	}
	if len(stopped.Lines) > 0 {
		return codec.AppendRefusal(nil, &stopped)
	}
	if len(refusal.Lines) == 0 {
		return h.quotaUsedUp(c)
	}
	return codec.AppendRefusal(nil, &refusal)
}

// expanded gives a command with the components of its kits, and the line that each of its lines comes from; nil for one that is
// refused for its kits.
func (h *history) expanded(c *core.Command) (_ *core.Command, from []int32) {
	whole := *c
	h.model.BringRecipes(&whole)
	lines, from, fits := whole.ExpandLines(nil, nil)
	if len(whole.Recipes) > 0 && (!fits || c.UpTo) {
		return nil, nil
	}
	whole.Lines = lines
	return &whole, from
}

// quotaUsedUp is how an order in a sale is refused without the journal when there is stock and the sale's quota is short.
func (h *history) quotaUsedUp(c *core.Command) []byte {
	sale, known := h.model.Sale(c.Sale)
	refusal := core.Refusal{Reason: core.ReasonSaleQuota}
	totals := map[core.SKUID]core.Quantity{}
	for _, l := range c.Lines {
		totals[l.SKU] += l.Quantity
	}
	for i, line := range c.Lines {
		at := slices.IndexFunc(sale.Settings.Items, func(item core.SaleItem) bool { return item.SKU == line.SKU })
		if !known || at < 0 {
			return nil
		}
		total, quota := totals[line.SKU], sale.Settings.Items[at].Quota
		totals[line.SKU] = 0
		left := max(0, quota-sale.Counts[at].Held-sale.Counts[at].Sold)
		left = max(0, left-sale.Counts[at].Waited)
		if quota != core.Unlimited && total > left && (!c.UpTo || left == 0) {
			refusal.Lines = append(refusal.Lines, core.RefusedLine{Index: i, SKU: line.SKU, Requested: total, Available: left})
		}
	}
	if len(refusal.Lines) == 0 {
		return nil
	}
	return codec.AppendRefusal(nil, &refusal)
}

func fingerprint(c *core.Command) uint64 {
	copied := *c
	copied.Mask = core.AllSlots
	return codec.Fingerprint(codec.AppendCommand(nil, &copied))
}
