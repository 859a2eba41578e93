package main

import (
	"errors"

	"github.com/spf13/cobra"

	"holdfast/bench"
)

func benchCheckpointCommand() *cobra.Command {
	var c bench.CheckpointConfig
	var result string
	cmd := &cobra.Command{
		Use:   "checkpoint",
		Short: "Measure what checkpoints cost: the tail of latencies, throughput, and the restart",
		Long: `Start a server and fill it with orders; then take turns without and with a checkpoint being written: of
single orders in an open loop, by default at half the peak, and of binary batches as fast as they go. Before each
turn orders all over the pages are cancelled, so that a checkpoint has something to write. In between the server is
killed, and it is measured how long it takes to be ready again. At the end the orders are verified.`,
		Example: `  holdfast bench checkpoint
  holdfast bench checkpoint --orders 1000000 --rounds 5 --turn 10s --rate 10000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.Validate(); err != nil {
				return usageError{err}
			}
			ctx, stop := untilSignal()
			defer stop()
			c.Progress = cmd.ErrOrStderr()
			report, err := bench.Checkpoints(ctx, c)
			if report == nil {
				return err
			}
			return errors.Join(report.WriteText(cmd.OutOrStdout()), writeResult(result, report), err)
		},
	}
	f := cmd.Flags()
	f.Int64Var(&c.Orders, "orders", 0, "`orders` that the server holds (default 10000000)")
	f.IntVar(&c.SKUs, "skus", 0, "number of SKUs (default 10000)")
	f.Float64Var(&c.Rate, "rate", 0, "single `orders` per second (default half of a measured peak)")
	f.IntVar(&c.Connections, "connections", 0, "connections for single orders (default 256)")
	f.IntVar(&c.Rounds, "rounds", 0, "turns of each kind (default 3)")
	f.DurationVar(&c.Turn, "turn", 0, "length of a turn of single orders (default 20s)")
	f.DurationVar(&c.BatchTurn, "batch-turn", 0, "length of a turn of batches (default 3s)")
	f.Int64Var(&c.Touch, "touch", 0, "cancel every so many-th `order` before a turn (default 500)")
	f.Uint64Var(&c.Seed, "seed", 0, "decides every order (default a new one each time)")
	f.StringArrayVar(&c.ServerArgs, "server-arg", nil, "one more `argument` for the server, such as --checkpoint-rate=-1; may be repeated")
	f.StringVar(&c.Dir, "dir", "", "`directory` in which the data directory is made (default the system's for temporary files)")
	f.StringVar(&result, "json", "", "write the result to this `file` as JSON")
	return cmd
}
