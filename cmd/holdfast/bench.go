package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"holdfast/bench"
)

func benchCommand() *cobra.Command {
	var c bench.Config
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure a server, and verify what it acknowledged",
		Long: `Measure a server under load, and afterwards verify that every acknowledged order is there
once, that units sold and left are the units stocked, and that the audit finds nothing.

Without --url the run starts its own server on a new directory and ends it afterwards. Set --dir
to the disk that counts: the system's directory for temporary files may be memory.

Scenarios:
  hot      everybody wants the same SKU
  zipf     10,000 SKUs, a few of them wanted by most
  basket   one to five lines of any SKUs, all or nothing
  holds    a hold first; then 70 % confirm, 20 % release, 10 % let it expire
  soldout  ten times more buyers than units
  mixed    orders as in zipf, and reads between them
  endless  orders as in zipf; once so many are open, the oldest is cancelled for each new one.
           The result tells how memory and disk went
  lifecycle
           orders with prices are placed, authorized, shipped, captured and delivered, and of one in ten
           a unit comes back and is refunded; --mode single or binary. --orders counts lives
  sale     200,000 buyers (--orders) before a sale of a twentieth as many units (--stock), with a queue,
           limits, silence, failing payments, forged tickets, and a waitlist for what comes back;
           --mode single only

Modes:
  single   one order per request, JSON
  ndjson   many per request, a line of JSON each
  binary   many per request, the engine's own form`,
		Example: `  holdfast bench --scenario hot --orders 1000000
  holdfast bench --mode binary --orders 20000000 --html zipf.html
  holdfast bench --rate 20000 --duration 30s
  holdfast bench --scenario endless --mode binary --orders 200000000
  holdfast bench --scenario lifecycle --orders 100000
  holdfast bench --compare
  holdfast bench --url http://10.0.0.5:8080 --connections 64`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runBench(cmd, c) },
	}
	workloadFlags(cmd.Flags(), &c)
	f := cmd.Flags()
	f.Int64Var(&c.Orders, "orders", 0, "end after so many `orders`, refused ones included")
	f.DurationVar(&c.Duration, "duration", 0, "end after so long (default 10s without --orders)")
	f.DurationVar(&c.Warmup, "warmup", 0, "drive so long before the measurement")
	f.Float64Var(&c.Rate, "rate", 0, "open loop: `requests` per second, timed from when each should have been sent")
	f.Float64Var(&c.ReadShare, "read-share", 0, "share of reads in mixed, between 0 and 1 (default 0.5)")
	f.Int64Var(&c.Open, "open", 0, "`orders` that are open at a time in endless (default 1000000)")
	f.StringVar((*string)(&c.Keys), "keys", "", "an idempotency key for every order: `on` or off (default on in batches)")
	f.StringVar(&c.URL, "url", "", "`address` of a running server (default a server of its own)")
	f.BoolVar(&c.SkipVerify, "skip-verify", false, "leave the verification out; the result says so")

	f.BoolVar(&c.Compare, "compare", false, "measure a bare HTTP echo and, where it is installed, Redis in turns with the server")
	f.IntVar(&c.Rounds, "rounds", 0, "turns of each in a comparison (default 5)")
	f.DurationVar(&c.RoundDuration, "round-duration", 0, "length of a turn (default 3s)")
	f.StringVar(&c.RedisServer, "redis-server", "", "`path` of redis-server (default looked up)")

	f.StringVar(&c.ResultFile, "json", "", "write the result to this `file` as JSON")
	f.StringVar(&c.PageFile, "html", "", "write the result to this `file` as a page that opens offline")
	cmd.AddCommand(benchCrashCommand(), benchCheckpointCommand(), benchReplicaCommand(), benchHistoriesCommand(), benchVerifyCommand(), benchEchoCommand())
	return cmd
}

// workloadFlags are those of every verb that drives a server.
func workloadFlags(f *pflag.FlagSet, c *bench.Config) {
	f.StringVar((*string)(&c.Scenario), "scenario", string(bench.Zipf), "what the buyers want: "+list(bench.Scenarios()))
	f.StringVar((*string)(&c.Mode), "mode", string(bench.Single), "how orders travel: "+list(bench.Modes()))
	f.IntVar(&c.Connections, "connections", 0, "connections with one request in flight each (default 256, in batches 8)")
	f.IntVar(&c.Batch, "batch", 0, "commands of a batch (default 8192)")

	f.IntVar(&c.SKUs, "skus", 0, "number of SKUs (default 10000; hot and soldout 1)")
	f.Float64Var(&c.ZipfExponent, "zipf-exponent", 0, "how unequal the SKUs are (default 1.05)")
	f.Int64Var(&c.Stock, "stock", 0, "`units` of each SKU (default 10^9; soldout a tenth of the orders)")
	f.Int64Var(&c.Customers, "customers", 0, "number of customers (default a new one for every order)")
	f.DurationVar(&c.HoldTTL, "hold-ttl", 0, "lifetime of a hold (default 1m)")
	f.Uint64Var(&c.Seed, "seed", 0, "decides every order (default a new one each time, which is printed)")

	f.StringArrayVar(&c.ServerArgs, "server-arg", nil, "one more `argument` for the own server's serve, such as --shards=2; may be repeated")
	f.StringVar(&c.Dir, "dir", "", "`directory` in which data directories are made (default the system's for temporary files)")
	f.BoolVar(&c.KeepDir, "keep", false, "leave the own server's data directory behind")
	f.StringVar(&c.Ledger, "ledger", "", "append every acknowledged order to this `file`")
}

func runBench(cmd *cobra.Command, c bench.Config) error {
	if err := c.Validate(); err != nil {
		return usageError{err}
	}
	ctx, stop := untilSignal()
	defer stop()
	c.Progress = cmd.ErrOrStderr()
	report, err := bench.Run(ctx, c)
	if report != nil {
		err = errors.Join(report.WriteText(cmd.OutOrStdout()), err)
	}
	return err
}

// untilSignal gives a context that ends at the first SIGTERM or SIGINT.
func untilSignal() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}

// list names the values of a flag.
func list[T ~string](values []T) string {
	var names []string
	for _, v := range values {
		names = append(names, string(v))
	}
	return strings.Join(names, ", ")
}
