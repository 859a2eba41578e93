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

// kindNames is what people call the kinds of commands.
var kindNames = map[core.CommandKind]string{
	core.CommandTick:              "tick",
	core.CommandDefineSKU:         "define_sku",
	core.CommandDefineLocation:    "define_location",
	core.CommandDefineRouting:     "define_routing",
	core.CommandDefineChannel:     "define_channel",
	core.CommandAdjustStock:       "adjust_stock",
	core.CommandPlaceHold:         "place_hold",
	core.CommandPlaceOrder:        "place_order",
	core.CommandConfirmHold:       "confirm_hold",
	core.CommandExtendHold:        "extend_hold",
	core.CommandReleaseHold:       "release_hold",
	core.CommandCancelOrder:       "cancel_order",
	core.CommandArchiveOrders:     "archive_orders",
	core.CommandMoveStock:         "move_stock",
	core.CommandDefineSale:        "define_sale",
	core.CommandJoinWaitlist:      "join_waitlist",
	core.CommandLeaveWaitlist:     "leave_waitlist",
	core.CommandServeWaitlist:     "serve_waitlist",
	core.CommandAdvanceQueue:      "advance_queue",
	core.CommandSetChannel:        "set_channel",
	core.CommandSetChannelRule:    "set_channel_rule",
	core.CommandSetKit:            "set_kit",
	core.CommandCreateInbound:     "create_inbound",
	core.CommandSendInbound:       "send_inbound",
	core.CommandReceiveInbound:    "receive_inbound",
	core.CommandCloseInbound:      "close_inbound",
	core.CommandCancelInbound:     "cancel_inbound",
	core.CommandRerouteOrder:      "reroute_order",
	core.CommandCancelLines:       "cancel_lines",
	core.CommandShipOrder:         "ship_order",
	core.CommandTrackShipment:     "track_shipment",
	core.CommandTakeBack:          "take_back",
	core.CommandPutOnHold:         "put_on_hold",
	core.CommandTakeOffHold:       "take_off_hold",
	core.CommandRequestReturn:     "request_return",
	core.CommandDecideReturn:      "decide_return",
	core.CommandReportReturn:      "report_return",
	core.CommandReceiveReturn:     "receive_return",
	core.CommandInspectReturn:     "inspect_return",
	core.CommandCloseReturn:       "close_return",
	core.CommandDecideRefund:      "decide_refund",
	core.CommandSettleReturn:      "settle_return",
	core.CommandReportPayment:     "report_payment",
	core.CommandRequestPayment:    "request_payment",
	core.CommandLockHold:          "lock_hold",
	core.CommandUnlockHold:        "unlock_hold",
	core.CommandExpireUnpaid:      "expire_unpaid",
	core.CommandWorkFulfilment:    "work_fulfillment",
	core.CommandSplitFulfilment:   "split_fulfillment",
	core.CommandMergeFulfilments:  "merge_fulfillments",
	core.CommandMoveFulfilment:    "move_fulfillment",
	core.CommandShortPick:         "short_pick",
	core.CommandDeclineFulfilment: "decline_fulfillment",
	core.CommandResolveCase:       "resolve_case",
	core.CommandFillOrder:         "fill_order",
	core.CommandAddNote:           "add_note",
	core.CommandEditOrder:         "edit_order",
	core.CommandPriceOrder:        "price_order",
}

// kindName is what people call a kind of command.
func kindName(k core.CommandKind) string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("kind_%d", k)
}
