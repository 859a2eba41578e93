package codec

import (
	"encoding/binary"
	"math/bits"

	"holdfast/engine/core"
)

// commandVersion is the only version of every kind so far, but for those that moneyVersion and settingVersion are of.
const commandVersion = 1

// Flags of a command frame. They are in journals and must not change.
const (
	flagKey      = 1 << 0
	flagMask     = 1 << 1
	flagDocument = 1 << 2
	flagVersion  = 1 << 3
	flagSale     = 1 << 4
	// flagDestination says that a destination follows the body.
	flagDestination = 1 << 5
	// flagRecipes says that recipes follow the document.
	flagRecipes = 1 << 6
	// flagStock says that a stock policy follows the destination.
	flagStock = 1 << 7
)

// Places in a command frame. They are in journals and must not change.
const (
	frameKind    = 0
	frameVersion = 1
	frameFlags   = 2
	frameSlot    = 3
	frameLength  = 4
	frameFixed   = 8 // the first byte that not every frame has
)

// Sizes of the parts of a frame that are there when their flag is set.
const (
	keySize     = 16
	maskSize    = 8
	versionSize = 4
)

// MaxFrameLength is the longest command frame: a movement or an adjustment of MaxRows rows, with everything that a
// frame may have, the recipes of an order among it, and the longest document.
const MaxFrameLength = frameFixed + keySize + maskSize + versionSize +
	2*(1+core.MaxReasonLength) + 2 + core.MaxRows*maxRowSize + 4 + core.MaxDocumentLength + maxRecipesSize

// maxRowSize is the longest row of an adjustment: SKU, location, mode, value, expected value, reason. That of a movement is
// shorter, as its values have a limit.
const maxRowSize = 5 + 3 + 1 + maxVarintLength + maxVarintLength + 1 + core.MaxReasonLength

// CommandHeader is what every command frame begins with, whatever its kind.
type CommandHeader struct {
	Kind            core.CommandKind
	Version         uint8 // of the kind's meaning
	HasKey          bool
	HasRoom         bool // has the field for several slots, so that SetSlots may put in any mask
	HasDocument     bool
	ExpectedVersion uint32 // 0 for any
	Length          int    // of the whole frame, in bytes
	Body            int    // offset of what depends on the kind
	Mask            core.SlotMask
	Key             core.IdempotencyKey
}

// AppendCommand appends the command's frame. What the kind does not have is left out, a version of 0
// is written as 1, and a mask of one slot takes no field.
//
// An empty mask is written as a field with no slot: room for SetSlots, without which DecodeCommand
// does not take the frame. A command that breaks the limits of package core makes a frame that
// DecodeCommand does not take.
func AppendCommand(dst []byte, c *core.Command) []byte {
	start := len(dst)
	flags := commandFlags(c)
	slot := byte(0)
	if flags&flagMask == 0 {
		slot = byte(bits.TrailingZeros64(uint64(c.Mask)))
	}
	dst = append(dst, byte(c.Kind), frameVersionOf(c), flags, slot, 0, 0, 0, 0)
	if flags&flagKey != 0 {
		dst = append(dst, c.Key[:]...)
	}
	if flags&flagMask != 0 {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(c.Mask))
	}
	if flags&flagVersion != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, c.ExpectedVersion)
	}
	if flags&flagSale != 0 {
		dst = appendSale(dst, c)
	}
	dst = appendBody(dst, c)
	if flags&flagDestination != 0 {
		dst = appendDestination(dst, &c.Destination)
	}
	if flags&flagStock != 0 {
		dst = append(dst, byte(c.Stock))
	}
	if dst[start+frameVersion] >= moneyVersion {
		dst = appendMoney(dst, c.Money)
	}
	if flags&flagDocument != 0 {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(c.Document)))
		dst = append(dst, c.Document...)
	}
	if flags&flagRecipes != 0 {
		dst = appendRecipes(dst, c.Recipes)
	}
	binary.LittleEndian.PutUint32(dst[start+frameLength:], uint32(len(dst)-start))
	return dst
}

func commandFlags(c *core.Command) byte {
	var flags byte
	if c.HasKey {
		flags |= flagKey
	}
	if c.Mask == 0 || c.Mask&(c.Mask-1) != 0 {
		flags |= flagMask
	}
	if len(c.Document) != 0 {
		flags |= flagDocument
	}
	if c.ExpectedVersion != 0 {
		flags |= flagVersion
	}
	if c.Sale != 0 {
		flags |= flagSale
	}
	if c.Destination.IsGiven() {
		flags |= flagDestination
	}
	if len(c.Recipes) != 0 {
		flags |= flagRecipes
	}
	if c.Stock != core.StockValidate {
		flags |= flagStock
	}
	return flags & allowedFlags(c.Kind)
}

// allowedFlags says what frames of a kind may have; nothing for an unknown kind.
func allowedFlags(kind core.CommandKind) byte {
	switch kind {
	case core.CommandTick, core.CommandFillOrder, core.CommandExpireUnpaid:
		return flagMask
	case core.CommandConfirmHold, core.CommandExtendHold, core.CommandReleaseHold, core.CommandCancelOrder:
		return flagKey | flagMask | flagDocument | flagVersion
	case core.CommandRerouteOrder, core.CommandResolveCase, core.CommandShortPick, core.CommandDeclineFulfilment:
		return flagKey | flagMask | flagVersion | flagDestination
	case core.CommandCancelLines, core.CommandTrackShipment, core.CommandTakeBack, core.CommandPutOnHold, core.CommandTakeOffHold,
		core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold, core.CommandDecideReturn, core.CommandReceiveReturn,
		core.CommandInspectReturn, core.CommandCloseReturn, core.CommandDecideRefund, core.CommandSettleReturn,
		core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment:
		return flagKey | flagMask | flagVersion
	case core.CommandShipOrder, core.CommandRequestReturn, core.CommandReportReturn:
		return flagKey | flagMask | flagVersion | flagDocument
	case core.CommandPriceOrder:
		return flagKey | flagMask | flagVersion | flagDocument
	case core.CommandEditOrder:
		return flagKey | flagMask | flagVersion | flagDocument | flagDestination | flagRecipes
	case core.CommandPlaceOrder:
		return flagKey | flagMask | flagDocument | flagSale | flagDestination | flagRecipes | flagStock
	case core.CommandPlaceHold:
		return flagKey | flagMask | flagDocument | flagSale | flagDestination | flagRecipes
	case core.CommandArchiveOrders:
		return 0
	case core.CommandCreateInbound, core.CommandSetKit:
		return flagKey | flagMask
	case core.CommandSendInbound, core.CommandReceiveInbound, core.CommandCloseInbound, core.CommandCancelInbound:
		return flagKey | flagMask | flagVersion
	case core.CommandServeWaitlist:
		return flagMask
	case core.CommandDefineSKU, core.CommandDefineLocation, core.CommandDefineSale, core.CommandDefineRouting, core.CommandSetChannel,
		core.CommandSetChannelRule:
		return flagKey | flagMask | flagDocument | flagVersion
	case core.CommandJoinWaitlist, core.CommandLeaveWaitlist:
		return flagKey | flagMask
	default:
		return flagKey | flagMask | flagDocument
	}
}

// FrameLength gives the length of the command frame that src begins with and looks at nothing else
// of it, so that a batch can be walked past a frame that PeekCommand does not take.
func FrameLength(src []byte) (int, error) {
	if len(src) < frameFixed {
		return 0, &FormatError{len(src), "ends in the middle of a frame's header"}
	}
	n := binary.LittleEndian.Uint32(src[frameLength:])
	if n < frameFixed || n > MaxFrameLength {
		return 0, &FormatError{frameLength, "frame length is outside its limits"}
	}
	if uint64(n) > uint64(len(src)) {
		return 0, &FormatError{frameLength, "frame is longer than the bytes at hand"}
	}
	return int(n), nil
}

// PeekCommand reads the part of a frame that does not depend on the kind, and checks it; src may go
// on after the frame. The mask is also given for a frame of one slot, and is empty when the
// frame has a field with no slot in it.
func PeekCommand(src []byte) (h CommandHeader, err error) {
	h.Length, h.Body, err = checkHeader(src)
	if err != nil {
		return CommandHeader{}, err
	}
	flags := src[frameFlags]
	h.Kind, h.Version = core.CommandKind(src[frameKind]), src[frameVersion]
	h.HasKey, h.HasRoom, h.HasDocument = flags&flagKey != 0, flags&flagMask != 0, flags&flagDocument != 0
	if h.HasKey {
		h.Key = core.IdempotencyKey(src[frameFixed:])
	}
	h.Mask = frameMask(src)
	if flags&flagVersion != 0 {
		h.ExpectedVersion = binary.LittleEndian.Uint32(src[h.Body-versionSize:])
	}
	return h, nil
}

// checkHeader checks the part of a frame that does not depend on the kind, and gives the length of the
// frame and the place of its body.
func checkHeader(src []byte) (length, body int, err error) {
	length, err = FrameLength(src)
	if err != nil {
		return 0, 0, err
	}
	kind, flags, slot := core.CommandKind(src[frameKind]), src[frameFlags], src[frameSlot]
	body = bodyOffset(flags)
	switch {
	case !kind.IsKnown():
		return 0, 0, &FormatError{frameKind, "unknown command kind"}
	case !knowsVersion(kind, src[frameVersion]):
		return 0, 0, &FormatError{frameVersion, "unknown version of the command kind"}
	case flags&^allowedFlags(kind) != 0:
		return 0, 0, &FormatError{frameFlags, "flag is unknown or not the command kind's"}
	case flags&flagMask != 0 && slot != 0:
		return 0, 0, &FormatError{frameSlot, "slot beside a slot mask"}
	case slot >= core.SlotCount:
		return 0, 0, &FormatError{frameSlot, "slot is above 63"}
	case length < body:
		return 0, 0, &FormatError{frameLength, "frame is shorter than its header"}
	case flags&flagKey != 0 && binary.LittleEndian.Uint64(src[frameFixed:])|binary.LittleEndian.Uint64(src[frameFixed+8:]) == 0:
		return 0, 0, &FormatError{frameFixed, "idempotency key is all zero"}
	case flags&flagVersion != 0 && binary.LittleEndian.Uint32(src[body-versionSize:]) == 0:
		return 0, 0, &FormatError{body - versionSize, "expected version is zero"}
	}
	return length, body, nil
}

// frameMask gives the slots of a frame that checkHeader takes.
func frameMask(src []byte) core.SlotMask {
	flags := src[frameFlags]
	if flags&flagMask == 0 {
		return core.Slot(src[frameSlot]).Mask()
	}
	return core.SlotMask(binary.LittleEndian.Uint64(src[bodyOffset(flags&flagKey):]))
}

// bodyOffset is where the body of a frame with these flags begins.
func bodyOffset(flags byte) int {
	n := frameFixed
	if flags&flagKey != 0 {
		n += keySize
	}
	if flags&flagMask != 0 {
		n += maskSize
	}
	if flags&flagVersion != 0 {
		n += versionSize
	}
	return n
}

// DecodeCommand reads the frame that src begins with into c and gives the frame's length. All of c is
// overwritten; its byte slices point into src, and its lines, rows and moves reuse their room. After an
// error c holds nothing of use.
func DecodeCommand(src []byte, c *core.Command) (int, error) {
	length, body, err := checkHeader(src)
	if err != nil {
		return 0, err
	}
	clearCommand(c)
	c.Kind, c.Version, c.Mask = core.CommandKind(src[frameKind]), src[frameVersion], frameMask(src)
	flags := src[frameFlags]
	if c.Mask == 0 {
		return 0, &FormatError{bodyOffset(flags & flagKey), "slot mask is empty"}
	}
	if flags&flagKey != 0 {
		c.HasKey, c.Key = true, core.IdempotencyKey(src[frameFixed:])
	}
	if flags&flagVersion != 0 {
		c.ExpectedVersion = binary.LittleEndian.Uint32(src[body-versionSize:])
	}
	cur := cursor{buf: src[:length], pos: body}
	if flags&flagSale != 0 {
		cur.sale(c)
	}
	cur.body(c)
	if flags&flagDestination != 0 {
		cur.destination(&c.Destination)
	}
	if flags&flagStock != 0 {
		cur.stockPolicy(c, flags)
	}
	if c.Version >= moneyVersion {
		c.Money = cur.money(c.Kind, len(c.Lines))
		c.Money.Sets = c.Version == settingVersion
	}
	if flags&flagDocument != 0 {
		c.Document = cur.document()
	}
	if c.Kind == core.CommandAddNote {
		cur.noteText(c.Document)
	}
	if flags&flagRecipes != 0 {
		cur.recipes(c)
	}
	if err := cur.end("bytes after the command"); err != nil {
		return 0, err
	}
	return length, nil
}

// clearCommand empties a command that was decoded, but for the room of its lists. A command is large, and most are orders: of one only
// what orders have is cleared, which is a few cache lines.
func clearCommand(c *core.Command) {
	if c.Kind != core.CommandPlaceOrder {
		*c = core.Command{Lines: c.Lines[:0], Rows: c.Rows[:0], Moves: c.Moves[:0]}
		return
	}
	c.HasKey = false
	c.Key = core.IdempotencyKey{}
	c.ExpectedVersion, c.Order, c.TTL, c.Channel, c.UpTo = 0, 0, 0, 0, false
	c.Stock = core.StockValidate
	c.Money = nil
	c.Customer = nil
	c.ExternalID = nil
	c.Lines = c.Lines[:0]
	c.Recipes = nil
	c.Sale, c.Ticket = 0, 0
	c.Identities = nil
	c.Destination = core.Destination{}
	c.Document = nil
}

// stockPolicy reads a policy that is not the usual one. It is for orders that were sold elsewhere, so not in one of our sales; one that
// stock knows nothing of needs no recipes.
func (c *cursor) stockPolicy(cmd *core.Command, flags byte) {
	at := c.pos
	cmd.Stock = core.StockPolicy(c.byte())
	switch {
	case cmd.Stock == core.StockValidate || cmd.Stock > core.StockForce:
		c.fail(at, "unknown stock policy")
	case flags&flagSale != 0:
		c.fail(at, "stock policy in a sale")
	case cmd.Stock == core.StockSkip && flags&flagRecipes != 0:
		c.fail(at, "recipes for an order that stock is to know nothing of")
	}
}

func (c *cursor) document() []byte {
	at := c.pos
	n := c.uint32()
	if n == 0 || n > core.MaxDocumentLength {
		c.fail(at, "document is not 1 to 65536 bytes long")
		return nil
	}
	return c.take(int(n))
}
