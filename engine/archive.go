package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/invariant"
	"holdfast/wal"
)

// Orders that are closed and old leave memory for the archive (core/archive.go). That is a command like any other, so that
// every replica and every replay forgets the same orders at the same place: the archiver looks which pages have been
// closed for long enough and asks for them. When such a command is executed the shard encodes the orders, and the gate
// stores them, before anybody can miss them in memory.
//
// An external id stays taken for ever. Those in memory the machine knows, those in the archive admission looks up. Between
// the two nothing may slip through, so a request remembers how much had been archived when it was looked up, and the
// sequencer sends back what was looked up before the last time. The archiver waits for those (letPass).
const (
	// archiveTurn is how many pages one request archives at least, and archiveMost at most: a page of small orders is about a
	// tenth of a millisecond of the sequencer's time. Between the two there is one for every millisecond that others had
	// since the request before, so that the archive keeps up when groups are large and few, and nobody waits for long
	// when they are small.
	archiveTurn = 8
	archiveMost = min(64, MaxRequestCommands)
	// archivePageBytes is what a page of small orders takes. The orders of a request take no more than as many such pages, so
	// that those with hundreds of lines cost no more time; but for a page that is alone in its request.
	archivePageBytes = core.PageOrders * 128
	// archivePause lies between two such requests, so that orders which the sequencer sends back get through between them.
	archivePause = 5 * time.Millisecond
	// archivePoll is how often it is looked whether something is due.
	archivePoll = time.Second
	// archiveKept bounds the buffer of a group for what leaves memory that is kept for the next.
	archiveKept = 1 << 20
)

// archiver moves closed orders to the archive.
type archiver struct {
	e       *Engine
	stopped chan struct{}

	turns    atomic.Uint64 // groups with archive commands that were released since the start
	named    atomic.Bool   // some archived order has an external id
	orders   atomic.Uint64 // that are in the archive, as far as released
	worked   atomic.Int64  // nanoseconds that the sequencer has encoded and stored orders since it was looked at last
	sentBack atomic.Int64  // requests whose external ids are looked up again, until they have passed

	closed closedRead // scratch of the archiver's goroutine
}

// archivedPage is a page that a shard encoded.
type archivedPage struct {
	number   uint64
	from, to int // of the shard's bytes
	names    []archivedName
}

type archivedName struct {
	from, to int
	order    core.OrderID
}

// archiveNumber is the number of a page in the archive: pages of all slots that were made at about the same time lie
// side by side.
func archiveNumber(slot core.Slot, page uint32) uint64 {
	return uint64(page)*core.SlotCount + uint64(slot)
}

// Archived is core.Sink: it encodes the orders of a page that leaves memory.
func (s *shard) Archived(a *core.Archived) {
	started := time.Now()
	out := s.out
	p := archivedPage{number: archiveNumber(a.Slot, a.Page), from: len(out.archive)}
	out.archive = codec.AppendArchive(out.archive, a.Orders, func(i int, img *core.OrderImage) { a.Read(i, img) })
	p.to = len(out.archive)
	var img core.OrderImage
	for i := range a.Orders {
		if a.Read(i, &img); len(img.ExternalID) == 0 {
			continue
		}
		from := len(out.archive)
		out.archive = appendExternalName(out.archive, img.Channel, img.ExternalID)
		p.names = append(p.names, archivedName{from, len(out.archive), img.ID})
	}
	out.archived = append(out.archived, p)
	out.archiving += time.Since(started)
}

// appendExternalName appends the name of an external id in the archive.
func appendExternalName(dst []byte, channel core.ChannelID, external []byte) []byte {
	return append(binary.BigEndian.AppendUint16(dst, uint16(channel)), external...)
}

// storeArchive stores what left memory with a group.
func (e *Engine) storeArchive(g *group) error {
	var pages []wal.ArchivedPage
	var encoding time.Duration // by the shards, side by side
	started := time.Now()
	for i := range g.shards {
		out := &g.shards[i]
		encoding = max(encoding, out.archiving)
		for k := range out.archived {
			p := &out.archived[k]
			page := wal.ArchivedPage{Number: p.number, Value: out.archive[p.from:p.to]}
			for _, n := range p.names {
				page.Names = append(page.Names, wal.ArchivedName{Name: out.archive[n.from:n.to], Number: uint64(n.order)})
			}
			pages = append(pages, page)
		}
	}
	if len(pages) == 0 {
		return nil
	}
	if err := e.journal.Archive(uint64(g.last()), pages); err != nil {
		return err
	}
	for i := range pages {
		if len(pages[i].Names) > 0 {
			e.archive.named.Store(true)
		}
	}
	e.archive.orders.Add(uint64(len(pages)) * core.PageOrders)
	e.archive.turns.Add(1)
	e.archive.worked.Add(int64(encoding + time.Since(started)))
	return nil
}

// restore brings the archiver up to a restored state.
func (a *archiver) restore() error {
	orders := 0
	for slot := range core.Slot(core.SlotCount) {
		orders += a.e.machine.ArchivedOrders(slot)
	}
	a.orders.Store(uint64(orders))
	named, err := a.e.journal.HasArchivedNames()
	a.named.Store(named)
	return err
}

// run is the archiver's main loop.
func (a *archiver) run() {
	defer close(a.stopped)
	poll := time.NewTicker(min(archivePoll, max(a.e.options.ArchiveAfter, archivePause)))
	defer poll.Stop()
	for {
		select {
		case <-a.e.closed:
			return
		case <-poll.C:
		}
		began := time.Now()
		for most := archiveTurn; a.letPass() && a.turn(most); {
			now := time.Now()
			others := now.Sub(began) - time.Duration(a.worked.Swap(0))
			most = min(max(int(others.Milliseconds()), archiveTurn), archiveMost)
			began = now
		}
	}
}

// letPass waits for archivePause, and longer until all have passed who were sent back: each turn sends everybody back who was
// looked up before, and who looks for thousands of external ids takes longer than the pause. No more than these
// are waited for, since without turns nobody else is sent back but who was looked up before the last one. It is
// false when the engine closes.
func (a *archiver) letPass() bool {
	for {
		select {
		case <-a.e.closed:
			return false
		case <-time.After(archivePause):
		}
		if a.sentBack.Load() == 0 {
			return true
		}
	}
}

// turn archives some pages, at most so many, and tells whether there may be more. What goes wrong will show elsewhere: the engine is
// closing, or its journal has failed.
func (a *archiver) turn(most int) (more bool) {
	if a.e.Following() {
		return false // what leaves is what left its primary
	}
	q := &a.closed
	q.most, q.before = most, core.Millis(a.e.options.Clock()-a.e.options.ArchiveAfter.Milliseconds())
	if _, err := a.e.ask(q); err != nil || len(q.pages) == 0 {
		return false
	}
	r := AcquireRequest()
	defer ReleaseRequest(r)
	r.archives = true
	for _, first := range q.pages {
		r.Add(&core.Command{Kind: core.CommandArchiveOrders, Order: first})
	}
	return a.e.Submit(r) == nil
}

// closedRead asks for pages that may be archived: a page of each slot in turn, so that no slot waits for another, and no shard
// has all the work. It goes on where it stopped when it was asked before.
type closedRead struct {
	most   int
	before core.Millis
	pages  []core.OrderID

	next   core.Slot
	closed []core.OrderID          // of all slots, one slot after the other
	ends   [core.SlotCount + 1]int // of those of each slot, behind a zero
}

func (q *closedRead) read(m *core.Machine) {
	q.pages, q.closed = q.pages[:0], q.closed[:0]
	for slot := range core.Slot(core.SlotCount) {
		q.closed = m.ClosedPages(slot, q.before, q.most, q.closed)
		q.ends[slot+1] = len(q.closed)
	}
	first, bytes := q.next, q.most*archivePageBytes
	for round := 0; len(q.pages) < min(q.most, len(q.closed)); round++ {
		for k := range core.Slot(core.SlotCount) {
			slot := (first + k) % core.SlotCount
			at := q.ends[slot] + round
			if at >= q.ends[slot+1] {
				continue
			}
			bytes -= m.PageBytes(q.closed[at], bytes)
			if len(q.pages) == q.most || bytes < 0 && len(q.pages) > 0 {
				return
			}
			q.pages, q.next = append(q.pages, q.closed[at]), (slot+1)%core.SlotCount
		}
	}
}

// IsArchived tells whether an order has left memory.
func (e *Engine) IsArchived(id core.OrderID) bool {
	q := archivedRead{id: id}
	_, err := e.ask(&q)
	return err == nil && q.archived
}

type archivedRead struct {
	id       core.OrderID
	archived bool
}

func (q *archivedRead) read(m *core.Machine) { q.archived = m.IsArchived(q.id) }

// readArchived appends an archived order's image to dst.
func (e *Engine) readArchived(dst []byte, id core.OrderID) ([]byte, error) {
	if err := e.use(); err != nil {
		return dst, err
	}
	defer e.using.RUnlock()
	return e.archivedOrder(dst, id)
}

// archivedOrder is readArchived for those who use the engine already. ErrNotFound says that no archived order has the number.
func (e *Engine) archivedOrder(dst []byte, id core.OrderID) ([]byte, error) {
	err := e.journal.ArchivedPage(archiveNumber(id.Home(), id.ArchivePage()), func(value []byte) error {
		image, err := codec.DecodeArchive(value, id.ArchivePlace())
		var order core.OrderImage
		if err == nil {
			_, err = codec.DecodeOrderImage(image, &order)
		}
		switch {
		case err != nil:
			return damage(0, fmt.Sprintf("the archived order %d: %v", id, err))
		case order.ID != id:
			return wal.ErrNotFound
		}
		dst = append(dst, image...)
		return nil
	})
	return dst, translate(err)
}

// FindOrder gives the order that has a channel's external id, in memory or in the archive, or ErrNotFound with the
// sequence that says so.
func (e *Engine) FindOrder(channel core.ChannelID, external []byte) (core.OrderID, core.Sequence, error) {
	q := externalRead{channel: channel, external: external}
	sequence, err := e.ask(&q)
	if err != nil || q.found {
		return q.order, sequence, err
	}
	if err := e.use(); err != nil {
		return 0, sequence, err
	}
	defer e.using.RUnlock()
	number, err := e.journal.ArchivedName(appendExternalName(nil, channel, external))
	return core.OrderID(number), sequence, translate(err)
}

// externalRead asks for the order that has an external id.
type externalRead struct {
	channel  core.ChannelID
	external []byte
	order    core.OrderID
	found    bool
}

func (q *externalRead) read(m *core.Machine) {
	q.order, q.found = m.ReadExternal(q.channel, q.external)
}

// lookUpExternals answers those admitted orders of a request whose external id an archived order has. They leave the
// request.
func (e *Engine) lookUpExternals(r *Request) error {
	if !r.externals {
		return nil
	}
	r.archiveTurn = e.archive.turns.Load() // before looking
	if !e.archive.named.Load() {
		return nil
	}
	sparse, admitted, kept := r.sparse, 0, 0
	for k, at := 0, 0; at < len(r.frames); k++ {
		n, err := codec.DecodeCommand(r.frames[at:], &r.command)
		invariant.Check(err == nil, "a request holds commands that codec takes")
		frame := r.frames[at : at+n]
		at += n
		place := k
		if sparse {
			place = int(r.places[k])
		}
		taken, err := e.isArchivedDuplicate(r, place)
		if err != nil {
			return err
		}
		if taken {
			r.keepPlaces(admitted)
			if r.hasKeys {
				e.giveUpKey(r, k, place)
			}
			continue
		}
		if r.sparse {
			r.setPlace(admitted, place)
		}
		if r.hasKeys {
			r.keys[admitted] = r.keys[k]
		}
		kept += copy(r.frames[kept:], frame)
		admitted++
	}
	r.frames, r.count = r.frames[:kept], admitted
	if r.sparse {
		r.places = r.places[:admitted]
	}
	if r.hasKeys {
		r.keys = r.keys[:admitted]
	}
	return nil
}

// isArchivedDuplicate answers the order in the request's scratch when an archived order has its external id.
func (e *Engine) isArchivedDuplicate(r *Request, place int) (bool, error) {
	c := &r.command
	if len(c.ExternalID) == 0 {
		return false, nil
	}
	r.name = appendExternalName(r.name[:0], c.Channel, c.ExternalID)
	owner, err := e.journal.ArchivedName(r.name)
	if errors.Is(err, wal.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, translate(err)
	}
	r.refuse(place, e.Sequence(), &core.Refusal{Reason: core.ReasonDuplicateExternal, Order: core.OrderID(owner)})
	return true, nil
}

// giveUpKey gives up the key of an admitted command that is answered after all.
func (e *Engine) giveUpKey(r *Request, admitted, place int) {
	if r.keys[admitted] != noKey {
		e.keys.abandon(r.keys[admitted])
		r.claims[place].state = claimNone
	}
}

// sendBack takes the requests out of a group whose external ids were looked up before the archive grew. They are looked
// up again by those who wait for them.
func (e *Engine) sendBack(g *group) {
	turn := e.archive.turns.Load()
	if turn == 0 {
		return
	}
	kept := g.requests[:0]
	for _, r := range g.requests {
		if r.externals && r.archiveTurn != turn {
			g.commands -= r.count
			g.bytes -= len(r.frames)
			r.finish(errLookUpAgain)
			continue
		}
		kept = append(kept, r)
	}
	clear(g.requests[len(kept):])
	g.requests = kept
}

// errLookUpAgain sends a request back to admission.
var errLookUpAgain = errors.New("the archive has grown since external ids were looked up")

// answerArchived answers the commands of a request that were about archived orders: those are closed, so nothing changes.
func (e *Engine) answerArchived(r *Request) error {
	for k, at := 0, 0; at < len(r.frames); k++ {
		h, err := codec.PeekCommand(r.frames[at:])
		invariant.Check(err == nil, "a request holds commands that codec takes")
		frame := r.frames[at : at+h.Length]
		at += h.Length
		place := r.place(k)
		result := &r.results[place]
		if result.Status != ResultRefused || result.Reason != core.ReasonOrderArchived {
			continue
		}
		_, err = codec.DecodeCommand(frame, &r.command)
		invariant.Check(err == nil, "a request holds commands that codec takes")
		if err := e.answerClosed(r, place, result.Sequence); err != nil {
			return err
		}
	}
	return nil
}

// answerClosed answers the command in the request's scratch, which is about an archived order.
func (e *Engine) answerClosed(r *Request, place int, sequence core.Sequence) error {
	id := r.command.Order
	var image core.OrderImage
	encoded, err := e.archivedOrder(nil, id)
	if errors.Is(err, ErrNotFound) {
		r.refuse(place, sequence, &core.Refusal{Reason: core.ReasonOrderNotFound, Order: id})
		return nil
	}
	if err != nil {
		return err
	}
	_, err = codec.DecodeOrderImage(encoded, &image)
	invariant.Check(err == nil, "an image that was decoded can be decoded again")
	if reason := core.FollowUpClosed(&r.command, &image); reason != core.ReasonNone {
		r.refuse(place, sequence, &core.Refusal{Reason: reason, Order: id, Version: image.Version})
		return nil
	}
	r.results[place] = Result{Status: ResultDone, Sequence: sequence, Order: id}
	return nil
}

// refuse makes a result a refusal.
func (r *Request) refuse(place int, sequence core.Sequence, refusal *core.Refusal) {
	result := &r.results[place]
	*result = Result{Status: ResultRefused, Reason: refusal.Reason, Sequence: sequence, Order: refusal.Order}
	if r.WantImages {
		result.from = uint32(len(r.images))
		r.images = codec.AppendRefusal(r.images, refusal)
		result.to = uint32(len(r.images))
	}
}
