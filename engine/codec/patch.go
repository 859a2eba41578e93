package codec

import (
	"encoding/binary"
	"math/bits"

	"holdfast/engine/core"
)

// SetSlots puts the slots that a command touches into its frame, in place. The frame must be one that
// PeekCommand takes. A frame without the field for several slots has room for one only. A
// frame with the field takes any mask, also of one slot.
func SetSlots(frame []byte, mask core.SlotMask) error {
	if len(frame) < frameFixed {
		return &FormatError{len(frame), "ends in the middle of a frame's header"}
	}
	if mask == 0 {
		return &FormatError{frameSlot, "a command touches no slot"}
	}
	flags := frame[frameFlags]
	if flags&flagMask == 0 {
		if mask&(mask-1) != 0 {
			return &FormatError{frameFlags, "frame has no room for several slots"}
		}
		frame[frameSlot] = byte(bits.TrailingZeros64(uint64(mask)))
		return nil
	}
	at := bodyOffset(flags & flagKey)
	if at+maskSize > len(frame) {
		return &FormatError{len(frame), "ends in the middle of the slot mask"}
	}
	binary.LittleEndian.PutUint64(frame[at:], uint64(mask))
	return nil
}

// SetOrder puts the number of the order that a confirm, extend, release, cancel, reroute, edit, resolution or what goes on with its life asks about into its
// frame, in place. The frame must be one that PeekCommand takes.
func SetOrder(frame []byte, id core.OrderID) error {
	if len(frame) < frameFixed {
		return &FormatError{len(frame), "ends in the middle of a frame's header"}
	}
	switch core.CommandKind(frame[frameKind]) {
	case core.CommandConfirmHold, core.CommandExtendHold, core.CommandReleaseHold, core.CommandCancelOrder, core.CommandRerouteOrder,
		core.CommandCancelLines, core.CommandShipOrder, core.CommandTrackShipment, core.CommandTakeBack,
		core.CommandPutOnHold, core.CommandTakeOffHold,
		core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold,
		core.CommandRequestReturn, core.CommandDecideReturn, core.CommandReportReturn, core.CommandReceiveReturn, core.CommandInspectReturn,
		core.CommandCloseReturn, core.CommandDecideRefund, core.CommandSettleReturn,
		core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment,
		core.CommandShortPick, core.CommandDeclineFulfilment,
		core.CommandResolveCase, core.CommandEditOrder, core.CommandPriceOrder:
	default:
		return &FormatError{frameKind, "command kind has no order number"}
	}
	at := bodyOffset(frame[frameFlags])
	if at+8 > len(frame) {
		return &FormatError{len(frame), "ends in the middle of the order number"}
	}
	binary.LittleEndian.PutUint64(frame[at:], uint64(id))
	return nil
}
