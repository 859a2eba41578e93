package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"holdfast/engine"
	"holdfast/server"
)

// defaultData is the data directory of every verb.
const defaultData = "data"

// serveConfig is all that `holdfast serve` can be told.
type serveConfig struct {
	listen       string
	demo         bool
	search       bool
	testProvider bool
	follow       string
	followAs     string
	drainTimeout time.Duration
	engine       engine.Options
	server       server.Options
}

func (c *serveConfig) flags(f *pflag.FlagSet) {
	d := server.Options{}.Effective()
	f.StringVar(&c.listen, "listen", "127.0.0.1:8080", "`address` to serve on, without authentication; port 0 takes a free one")
	f.StringVar(&c.engine.Dir, "data", defaultData, "data `directory`")
	f.BoolVar(&c.demo, "demo", false, "put a small shop into the directory")
	f.BoolVar(&c.search, "search", true, "keep an index of all orders, so that they are found by customer, e-mail, SKU and so on, beside the data")
	f.BoolVar(&c.testProvider, "test-provider", false, "carry out payment tasks of the provider test, for trying things out")
	f.StringVar(&c.follow, "follow", "", "be a replica of the server at this `url`")
	f.StringVar(&c.followAs, "follow-as", "", "`name` by which the primary knows this replica and keeps its journal for it; each needs its own (default by host and directory)")
	f.IntVar(&c.engine.Shards, "shards", 0, "goroutines that execute commands, 1 to 64 (default by the machine)")
	f.IntVar(&c.engine.QueueCommands, "queue-commands", 0, "`commands` that may wait before the answer is 503 (default 262144)")
	f.IntVar(&c.engine.QueueBytes, "queue-bytes", 0, "`bytes` of commands that may wait (default 64 MiB)")
	f.Int64Var(&c.engine.ReserveBytes, "reserve", 0, "`bytes` of memory to take before the service begins, about 140 for each order to come")
	f.Int64Var(&c.engine.CheckpointBytes, "checkpoint-bytes", 0, "write a checkpoint when the journal has grown by so many `bytes`; -1 only when asked (default 512 MiB)")
	f.DurationVar(&c.engine.CheckpointEvery, "checkpoint-every", 0, "write one when a change has waited for so long (default 5m)")
	f.Int64Var(&c.engine.CheckpointRate, "checkpoint-rate", 0, "write checkpoints at so many `bytes` a second at most; -1 for no bound (default 64 MiB)")
	f.DurationVar(&c.engine.ArchiveAfter, "archive-after", 24*time.Hour, "move orders that have been closed for so long from memory to the archive on the disk; 0 for never")
	f.Int64Var(&c.engine.JournalHistory, "journal-history", 8<<30, "keep so many `bytes` of the journal, and what the checkpoints and readers need; 0 for no limit")
	f.DurationVar(&c.engine.JournalAge, "journal-age", 24*time.Hour, "keep the journal for so long; 0 for no limit")
	f.Int64Var(&c.engine.FeedHistory, "feed-history", 16<<30, "keep so many `bytes` of events, and what readers and keys need; 0 for no limit")
	f.DurationVar(&c.engine.FeedAge, "feed-age", 7*24*time.Hour, "keep events for so long, at least as long as keys; 0 for no limit")
	f.Int64Var(&c.engine.ReaderMaxLag, "reader-max-lag", 32<<30, "keep no more than so many `bytes` of journal or events for a reader that lags behind; 0 for no limit")
	f.DurationVar(&c.engine.ReaderMaxAge, "reader-max-age", 7*24*time.Hour, "keep journal and events no longer than so for a reader that lags behind; 0 for no limit")
	f.DurationVar(&c.engine.KeysWindow, "keys-window", 24*time.Hour, "answer repeated idempotency keys for so long; 0 for no limit")
	f.IntVar(&c.engine.KeysMax, "keys-max", 50_000_000, "remember so many `keys` at most, about 45 bytes of memory each; 0 for no limit")
	f.Int64Var(&c.engine.Journal.BallastBytes, "ballast", 0, "`bytes` of a file that may be deleted when the disk is full; -1 for none (default 64 MiB where there is room)")
	f.Int64Var(&c.engine.Journal.MinFreeBytes, "min-free", 0, "stop with exit code 4 when the disk has fewer `bytes` free; -1 for no such floor (default 32 MiB)")

	f.DurationVar(&c.server.ReadTimeout, "read-timeout", d.ReadTimeout, "time for a request to arrive")
	f.DurationVar(&c.server.WriteTimeout, "write-timeout", d.WriteTimeout, "time for an answer to be taken")
	f.DurationVar(&c.server.BatchTimeout, "batch-timeout", d.BatchTimeout, "the same two for batches")
	f.DurationVar(&c.server.IdleTimeout, "idle-timeout", d.IdleTimeout, "time that a connection may stay open without a request")
	f.DurationVar(&c.server.MaxWait, "max-wait", d.MaxWait, "longest wait of a read with ?at_least")
	f.IntVar(&c.server.MaxConnections, "max-connections", d.MaxConnections, "connections at a time")
	f.IntVar(&c.server.MaxConnectionsPerIP, "max-connections-per-ip", 0, "connections from one address at a time (default unlimited)")
	f.IntVar(&c.server.MaxEventStreams, "max-event-streams", d.MaxEventStreams, "streams of events and of the journal at a time")
	f.DurationVar(&c.drainTimeout, "drain-timeout", 30*time.Second, "time for what is under way to end after SIGTERM")
}

// validate reports everything that is wrong at once.
func (c *serveConfig) validate() error {
	c.server.Version = version
	c.engine.Follow = c.follow != ""
	problems := []error{c.engine.Validate(), c.server.Validate(), c.checkFollow()}
	if _, _, err := net.SplitHostPort(c.listen); err != nil {
		problems = append(problems, fmt.Errorf("--listen: %w", err))
	}
	if c.drainTimeout <= 0 {
		problems = append(problems, fmt.Errorf("--drain-timeout: %v is not above 0", c.drainTimeout))
	}
	return errors.Join(problems...)
}

// print writes the configuration in effect, with every default in its place.
func (c *serveConfig) print(out io.Writer, address net.Addr, e engine.Options) {
	s := c.server.Effective()
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(table, "  %s\t%v\n", name, value) }
	row("listen", address)
	row("data", e.Dir)
	if c.follow != "" {
		row("follow", c.follow)
		row("follow-as", c.readerName())
	}
	row("search", c.search)
	row("test-provider", c.testProvider)
	row("shards", e.Shards)
	row("queue-commands", e.QueueCommands)
	row("queue-bytes", e.QueueBytes)
	row("reserve", e.ReserveBytes)
	row("checkpoint-bytes", e.CheckpointBytes)
	row("checkpoint-every", e.CheckpointEvery)
	row("checkpoint-rate", e.CheckpointRate)
	row("archive-after", e.ArchiveAfter)
	row("journal-history", e.JournalHistory)
	row("journal-age", e.JournalAge)
	row("feed-history", e.FeedHistory)
	row("feed-age", e.FeedAge)
	row("reader-max-lag", e.ReaderMaxLag)
	row("reader-max-age", e.ReaderMaxAge)
	row("keys-window", e.KeysWindow)
	row("keys-max", e.KeysMax)
	row("ballast", orDefault(e.Journal.BallastBytes))
	row("min-free", orDefault(e.Journal.MinFreeBytes))
	row("read-timeout", s.ReadTimeout)
	row("write-timeout", s.WriteTimeout)
	row("batch-timeout", s.BatchTimeout)
	row("idle-timeout", s.IdleTimeout)
	row("max-wait", s.MaxWait)
	row("max-connections", s.MaxConnections)
	row("max-connections-per-ip", s.MaxConnectionsPerIP)
	row("max-event-streams", s.MaxEventStreams)
	row("drain-timeout", c.drainTimeout)
	table.Flush()
}

// orDefault shows a size that the journal decides about when it is 0.
func orDefault(bytes int64) string {
	if bytes == 0 {
		return "default"
	}
	return fmt.Sprint(bytes)
}
