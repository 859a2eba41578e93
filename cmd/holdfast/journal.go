package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

func journalCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "journal",
		Short: "Look into a journal",
		Long: `Look into the journal of a data directory that no process is serving, or into a file
that 'holdfast journal export' has written. Nothing is changed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().String("data", defaultData, "data `directory`")
	cmd.AddCommand(verifyCommand(), statCommand(), dumpCommand(), replayCommand(), salvageCommand(), exportCommand())
	return cmd
}

// journalSource is where a journal verb reads: a data directory or an exported file.
type journalSource interface {
	// Replay calls fn with every group from the one that holds sequence from, each one verified; 0 is wherever the
	// journal begins.
	Replay(from uint64, fn func(wal.Group) error) error
	Close() error
}

// openSource opens what the arguments name: an exported file, or else the data directory. The second
// result is its name for people.
func openSource(cmd *cobra.Command, args []string) (journalSource, string, error) {
	if len(args) == 1 {
		f, err := openExport(args[0])
		return f, args[0], err
	}
	j, dir, err := openJournal(cmd)
	return j, dir, err
}

// journalDirectory gives the directory of --data, in which there must be something: opening takes the lock and so writes a
// file, which has no business where there is no journal.
func journalDirectory(cmd *cobra.Command) (string, error) {
	dir, err := cmd.Flags().GetString("data")
	if err != nil {
		return "", err
	}
	switch files, err := os.ReadDir(dir); {
	case err != nil:
		return dir, err
	case len(files) == 0:
		return dir, fmt.Errorf("%s is empty: there is no journal in it", dir)
	}
	return dir, nil
}

// openJournal opens the journal in the directory of --data for reading.
func openJournal(cmd *cobra.Command) (*wal.Journal, string, error) {
	dir, err := journalDirectory(cmd)
	if err != nil {
		return nil, dir, err
	}
	j, err := wal.Open(dir, wal.Options{ReadOnly: true})
	return j, dir, err
}

// eachCommand decodes the commands of a group. The command is only valid during the call.
func eachCommand(g wal.Group, fn func(core.Sequence, []byte, *core.Command) error) error {
	var c core.Command
	rest := g.Payload
	for sequence := g.First; sequence <= g.Last(); sequence++ {
		n, err := codec.DecodeCommand(rest, &c)
		if err != nil {
			return &wal.DamageError{Sequence: sequence, Reason: "the command cannot be read", Cause: err}
		}
		if err := fn(core.Sequence(sequence), rest[:n], &c); err != nil {
			return err
		}
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return &wal.DamageError{Sequence: g.Last(), Reason: fmt.Sprintf("%d bytes follow the last command of its group", len(rest))}
	}
	return nil
}

// kindName is what people call a kind of command.
func kindName(k core.CommandKind) string {
	switch k {
	case core.CommandTick:
		return "tick"
	case core.CommandDefineSKU:
		return "define_sku"
	case core.CommandDefineLocation:
		return "define_location"
	case core.CommandDefineRouting:
		return "define_routing"
	case core.CommandDefineChannel:
		return "define_channel"
	case core.CommandAdjustStock:
		return "adjust_stock"
	case core.CommandPlaceHold:
		return "place_hold"
	case core.CommandPlaceOrder:
		return "place_order"
	case core.CommandConfirmHold:
		return "confirm_hold"
	case core.CommandExtendHold:
		return "extend_hold"
	case core.CommandReleaseHold:
		return "release_hold"
	case core.CommandCancelOrder:
		return "cancel_order"
	case core.CommandArchiveOrders:
		return "archive_orders"
	case core.CommandMoveStock:
		return "move_stock"
	case core.CommandDefineSale:
		return "define_sale"
	case core.CommandJoinWaitlist:
		return "join_waitlist"
	case core.CommandLeaveWaitlist:
		return "leave_waitlist"
	case core.CommandServeWaitlist:
		return "serve_waitlist"
	case core.CommandAdvanceQueue:
		return "advance_queue"
	case core.CommandSetChannel:
		return "set_channel"
	case core.CommandSetChannelRule:
		return "set_channel_rule"
	case core.CommandSetKit:
		return "set_kit"
	case core.CommandCreateInbound:
		return "create_inbound"
	case core.CommandSendInbound:
		return "send_inbound"
	case core.CommandReceiveInbound:
		return "receive_inbound"
	case core.CommandCloseInbound:
		return "close_inbound"
	case core.CommandCancelInbound:
		return "cancel_inbound"
	case core.CommandRerouteOrder:
		return "reroute_order"
	case core.CommandCancelLines:
		return "cancel_lines"
	case core.CommandShipOrder:
		return "ship_order"
	case core.CommandTrackShipment:
		return "track_shipment"
	case core.CommandTakeBack:
		return "take_back"
	case core.CommandPutOnHold:
		return "put_on_hold"
	case core.CommandTakeOffHold:
		return "take_off_hold"
	case core.CommandRequestReturn:
		return "request_return"
	case core.CommandDecideReturn:
		return "decide_return"
	case core.CommandReportReturn:
		return "report_return"
	case core.CommandReceiveReturn:
		return "receive_return"
	case core.CommandInspectReturn:
		return "inspect_return"
	case core.CommandCloseReturn:
		return "close_return"
	case core.CommandDecideRefund:
		return "decide_refund"
	case core.CommandSettleReturn:
		return "settle_return"
	case core.CommandReportPayment:
		return "report_payment"
	case core.CommandRequestPayment:
		return "request_payment"
	case core.CommandLockHold:
		return "lock_hold"
	case core.CommandUnlockHold:
		return "unlock_hold"
	case core.CommandExpireUnpaid:
		return "expire_unpaid"
	case core.CommandWorkFulfilment:
		return "work_fulfillment"
	case core.CommandSplitFulfilment:
		return "split_fulfillment"
	case core.CommandMergeFulfilments:
		return "merge_fulfillments"
	case core.CommandMoveFulfilment:
		return "move_fulfillment"
	case core.CommandShortPick:
		return "short_pick"
	case core.CommandDeclineFulfilment:
		return "decline_fulfillment"
	case core.CommandResolveCase:
		return "resolve_case"
	case core.CommandFillOrder:
		return "fill_order"
	case core.CommandAddNote:
		return "add_note"
	case core.CommandEditOrder:
		return "edit_order"
	default:
		return fmt.Sprintf("kind_%d", k)
	}
}
