package engine

import (
	"cmp"
	"sync"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/feed"
)

// Request is one or more commands on their way through the engine, and afterwards their results. They are taken in
// their order and are durable together; each succeeds or is refused on its own. Requests are pooled:
// AcquireRequest, fill, Submit, read, ReleaseRequest.
type Request struct {
	// WantImages asks for the event or refusal of each command (Image). Without it only Results are kept.
	WantImages bool

	frames        []byte   // of the admitted commands, one after the other
	places        []uint16 // of the admitted commands: place in results; used only when sparse
	sparse        bool     // some commands were answered by admission
	results       []Result
	images        []byte
	keys          []keyHandle // of the admitted commands; empty when no command has a key
	claims        []claim     // of all commands, when some have keys
	order         []uint16    // scratch of claimAll
	hasKeys       bool
	supplied      bool   // some admitted command may bring units to those after it
	documents     bool   // some command has one
	documentBytes int    // that the documents take beside the frames
	malformed     error  // of the first command that codec does not take
	spread        bool   // some command's slots have to be asked for
	follows       bool   // some command is about an order
	externals     bool   // some command has an external id
	archives      bool   // this is the archiver's
	recipes       bool   // some command brought recipes
	overtaken     bool   // some command of its group was refused for what it said of tables, or of an order's slots
	archiveTurn   uint64 // how much had been archived when external ids were looked up
	name          []byte // scratch of that
	count         int    // of the admitted commands
	side          uint8  // on which the checkpointer counts the request
	counted       bool   // and whether it does
	err           error
	done          chan struct{}
	command       core.Command // scratch of admission
	slots         slotsRead    // scratch of admission
	finder        feed.Finder  // of replayed events
}

// ResultStatus says what became of a command.
type ResultStatus uint8

const (
	ResultPending    ResultStatus = iota // not known
	ResultDone                           // executed; see Changed
	ResultRefused                        // a business "no"; see Reason
	ResultReplayed                       // the idempotency key was used before, by the same command
	ResultKeyReused                      // the idempotency key was used before, by another command
	ResultInProgress                     // the idempotency key's first command is still under way
)

// Result is what became of a command.
type Result struct {
	Order    core.OrderID  // made or asked about, or the owner of a duplicate external id
	Sequence core.Sequence // of the command; of the first one for ResultReplayed
	Status   ResultStatus
	Reason   core.Reason
	Changed  bool // false for a command that found its work done
	shard    uint8
	from, to uint32 // the image: in the group's buffers first, then in the request's
}

var requestPool = sync.Pool{New: func() any { return &Request{done: make(chan struct{}, 1)} }}

// AcquireRequest gives an empty request.
func AcquireRequest() *Request { return requestPool.Get().(*Request) }

// ReleaseRequest gives a request back; nothing that was read from it may be used any more.
func ReleaseRequest(r *Request) {
	r.Reset()
	requestPool.Put(r)
}

// Reset empties the request.
func (r *Request) Reset() {
	r.WantImages, r.hasKeys, r.documents, r.spread = false, false, false, false
	r.frames, r.results, r.images, r.keys = r.frames[:0], r.results[:0], r.images[:0], r.keys[:0]
	r.supplied, r.follows, r.externals, r.archives, r.recipes = false, false, false, false, false
	r.overtaken = false
	r.claims = r.claims[:0]
	r.finder.Forget()
	r.places, r.sparse, r.count, r.err = r.places[:0], false, 0, nil
	r.documentBytes, r.malformed = 0, nil
}

// Add encodes a command. Its mask is worked out here. Submit returns the error of the first command that breaks a
// limit of codec's.
func (r *Request) Add(c *core.Command) {
	mask, known := core.SlotsOf(c)
	if c.Mask = mask; !known {
		c.Mask = 0 // leaves room for what Submit finds out
		r.spread = true
	}
	start := len(r.frames)
	r.frames = codec.AppendCommand(r.frames, c)
	frame := r.frames[start:]
	if known {
		_, err := codec.DecodeCommand(frame, &r.command)
		r.malformed = cmp.Or(r.malformed, err)
	} else if _, err := codec.DecodeCommand(patchable(frame), &r.command); err != nil {
		r.malformed = cmp.Or(r.malformed, err)
	}
	r.note(c)
}

// AddFrame takes over a command that is encoded already, and has been decoded into c. Its slots are put in
// place; the error says that the frame has no room for them.
func (r *Request) AddFrame(frame []byte, c *core.Command) error {
	mask, known := core.SlotsOf(c)
	if !known {
		r.spread = true
		mask = core.AllSlots // stands in until Submit has asked
	}
	if mask != c.Mask {
		if err := codec.SetSlots(frame, mask); err != nil {
			return err
		}
	}
	r.frames = append(r.frames, frame...)
	r.note(c)
	return nil
}

func (r *Request) note(c *core.Command) {
	r.results = append(r.results, Result{})
	r.hasKeys = r.hasKeys || c.HasKey
	r.externals = r.externals || len(c.ExternalID) > 0
	switch c.Kind {
	case core.CommandConfirmHold, core.CommandExtendHold, core.CommandReleaseHold, core.CommandCancelOrder, core.CommandFillOrder,
		core.CommandRerouteOrder, core.CommandCancelLines, core.CommandShipOrder,
		core.CommandTrackShipment, core.CommandTakeBack, core.CommandPutOnHold, core.CommandTakeOffHold, core.CommandResolveCase,
		core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold, core.CommandExpireUnpaid,
		core.CommandRequestReturn, core.CommandDecideReturn, core.CommandReportReturn, core.CommandReceiveReturn, core.CommandInspectReturn,
		core.CommandCloseReturn, core.CommandDecideRefund, core.CommandSettleReturn, core.CommandEditOrder, core.CommandPriceOrder,
		core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment,
		core.CommandShortPick, core.CommandDeclineFulfilment:
		r.follows = true // whatever the number: the very first order of slot 0 has 0
	}
	r.recipes = r.recipes || len(c.Recipes) > 0
	if len(c.Document) > 0 {
		r.documents = true
		r.documentBytes += len(c.Document) + documentOverhead
	}
	r.count++
}

// Len is the number of commands.
func (r *Request) Len() int { return len(r.results) }

// Results are valid after Submit, in the order of the commands.
func (r *Request) Results() []Result { return r.results }

// Image is the event that command i made (ResultDone with Changed, ResultReplayed) or its refusal
// (ResultRefused), in codec's form; nil when there is none or WantImages was not set.
func (r *Request) Image(i int) []byte {
	result := &r.results[i]
	return r.images[result.from:result.to]
}

// place is where the result of an admitted command lies.
func (r *Request) place(admitted int) int {
	if !r.sparse {
		return admitted
	}
	return int(r.places[admitted])
}

// setPlace changes where the result of an admitted command lies.
func (r *Request) setPlace(admitted, place int) {
	if admitted == len(r.places) {
		r.places = append(r.places, 0)
	}
	r.places[admitted] = uint16(place)
}

// finish wakes whoever waits for the request.
func (r *Request) finish(err error) {
	r.err = err
	r.done <- struct{}{}
}
