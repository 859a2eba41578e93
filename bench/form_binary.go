package bench

import (
	"encoding/binary"
	"fmt"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

const binaryStart = "POST /v1/batch HTTP/1.1\r\nHost: holdfast\r\nContent-Type: " + codec.BatchMediaType + "\r\n"

// binaryForm is many commands per request, as the frames that the journal itself keeps.
type binaryForm struct {
	request
	response
	work    *workload
	numbers []core.SKUID   // of the catalogue's SKUs
	channel core.ChannelID // of lives

	command  core.Command
	parts    lifeParts
	lines    [maxOrderLines]core.Line
	customer []byte
	external []byte
	frames   []byte
	count    int
}

func (f *binaryForm) begin() {
	f.response.reset()
	f.frames = codec.AppendBatchHeader(f.room(), 0)
	f.count = 0
}

func (f *binaryForm) order(o *order) {
	f.place(core.CommandPlaceOrder, o)
	f.add()
}

func (f *binaryForm) hold(o *order) {
	f.place(core.CommandPlaceHold, o)
	f.command.TTL = core.Millis(f.work.spec.TTLSeconds * 1000)
	f.add()
}

// place makes the command of an order or a hold.
func (f *binaryForm) place(kind core.CommandKind, o *order) {
	f.customer = appendCustomer(f.customer[:0], o.customer)
	f.command = core.Command{} // and then field by field: a literal would be made elsewhere and copied
	f.command.Kind, f.command.Customer, f.command.Lines = kind, f.customer, f.lines[:o.count]
	for i := range o.count {
		number := f.numbers[o.lines[i].sku]
		f.lines[i] = core.Line{SKU: number, Quantity: core.Quantity(o.lines[i].quantity)}
		f.command.Mask |= number.Slot().Mask()
	}
	if o.external != 0 {
		f.external = appendExternal(f.external[:0], o.external)
		f.command.ExternalID = f.external
		f.command.Mask |= core.ExternalSlot(0, f.external).Mask() // channel 0 is web, the default
	}
	if f.work.spec.Keys {
		f.command.HasKey, f.command.Key = true, f.work.key(o.ordinal)
	}
}

// follow leaves the mask empty, which makes room for any: only the server knows an order's slots.
func (f *binaryForm) follow(number uint64, what fate) {
	f.command = core.Command{Kind: core.CommandConfirmHold, Order: core.OrderID(number)}
	switch what {
	case fateRelease:
		f.command.Kind = core.CommandReleaseHold
	case fateCancel:
		f.command.Kind = core.CommandCancelOrder
	}
	f.add()
}

func (f *binaryForm) add() {
	f.frames = codec.AppendCommand(f.frames, &f.command)
	f.count++
}

func (f *binaryForm) finish() []byte {
	binary.LittleEndian.PutUint32(f.frames[headRoom+4:], uint32(f.count))
	return f.request.finish([]byte(binaryStart), f.frames)
}

func (f *binaryForm) answers(dst []answer) ([]answer, error) {
	if f.status != 200 {
		return dst, fmt.Errorf("batch answered with status %d: %.200q", f.status, f.response.body)
	}
	count, _, rest, err := codec.DecodeAnswers(f.response.body)
	if err != nil {
		return dst, err
	}
	for range count {
		a, err := codec.DecodeAnswer(rest)
		if err != nil {
			return dst, err
		}
		rest = rest[codec.AnswerSize:]
		if a.Status < 300 {
			dst = append(dst, answer{done: true, replayed: a.Replayed, number: a.Order})
		} else {
			dst = append(dst, answer{code: reasonIndex[a.Reason]})
		}
	}
	return dst, nil
}
