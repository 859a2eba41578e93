package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"holdfast/engine"
	"holdfast/engine/search"
	"holdfast/server"
	"holdfast/server/provider"
	"holdfast/wal"
)

func serveCommand() *cobra.Command {
	var c serveConfig
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the HTTP API from a data directory",
		Long: `Serve the HTTP API from a data directory, which is made when it does not exist. The API
describes itself at /openapi.json.

Journal and events are cut by age and size, so that the disk does not fill up: never what the
two newest checkpoints need, nor what a registered reader (/v1/readers) has yet to read unless it
is too far behind, nor events by which a repeated idempotency key is answered.

There is no authentication yet: whoever reaches --listen may also take a backup, read the journal,
promote a replica, and register or delete readers. Keep it on loopback, or behind a proxy.

SIGTERM or SIGINT ends the service in good order: no connection is taken any more, what is under
way is answered, and the exit code is 0. A second signal ends the process at once, and loses
nothing that was acknowledged either.

Exit codes: 2 bad usage, 3 the data directory is damaged or a newer version has written it, 4 the
journal could not be written, 5 another process has the data directory, 6 a replica differs from its
primary.

With --follow the server is a replica: it registers at the primary as a reader under the name
--follow-as, so that the primary keeps its journal for it up to --reader-max-lag and --reader-max-age,
begins with a backup of the primary where its directory is empty, follows the primary's journal,
answers reads, sends writes to the primary (421), and compares its state with the primary's at every
checkpoint. POST /v1/promote makes it the primary, for good: start it without --follow then. A primary's directory stays one until the server that it follows
proves to have a history that goes on where its own ends.`,
		Example: `  holdfast serve --demo
  holdfast serve --listen 127.0.0.1:8080 --data /var/lib/holdfast
  holdfast serve --listen 127.0.0.1:8081 --data replica --follow http://127.0.0.1:8080
  curl -s http://127.0.0.1:8080/readyz`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.validate(); err != nil {
				return usageError{err}
			}
			return serve(&c, cmd.ErrOrStderr())
		},
	}
	c.flags(cmd.Flags())
	return cmd
}

// serve runs the whole service. Its stages are numbered; the end is their mirror image.
func serve(c *serveConfig, log io.Writer) error {
	fmt.Fprintln(log, versionLine())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	defer signal.Stop(signals)

	// 1. The address, before anything that takes long.
	ln, err := net.Listen("tcp", c.listen)
	if err != nil {
		return err
	}
	defer ln.Close()
	// 2. The engine, which recovers; meanwhile somebody answers that it does.
	e, err := c.openEngine(ln, log, signals)
	if e == nil || err != nil {
		return err
	}
	c.print(log, ln.Addr(), e.Options())
	follow, err := c.startFollowing(e, log)
	if err != nil {
		return errors.Join(err, e.Close())
	}
	// 3. The index of orders, which reads the feed.
	if err := c.openSearch(e); err != nil {
		follow.stop()
		return errors.Join(asJournalError(err), e.Close())
	}
	// 4. The server.
	s, err := server.New(e, c.server)
	if err != nil {
		c.closeSearch()
		follow.stop()
		return errors.Join(usageError{err}, e.Close())
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	// 5. The test provider, which reads the feed, too.
	stopProvider := c.startProvider(e)
	// 6. The demo's goods, through the front door.
	if c.demo {
		if err := fillDemo(ln.Addr()); err != nil {
			return fmt.Errorf("filling the demo's shop: %w", err)
		}
		fmt.Fprintln(log, "the demo's shop is open: try /v1/skus/tea-green/availability")
	}
	fmt.Fprintf(log, "listening on %s\n", ln.Addr())

	// Returning without Close is safe: what was acknowledged is on disk. It is what an unclean end
	// does, since Close would take away memory that requests still read.
	var failed error
	select {
	case err := <-served:
		return fmt.Errorf("the server ended on its own: %w", err)
	case failed = <-follow.failed:
		fmt.Fprintf(log, "following has ended: finishing what is under way\n")
		go exitAtSignal(log, signals)
	case sig := <-signals:
		fmt.Fprintf(log, "%v: finishing what is under way\n", sig)
		go exitAtSignal(log, signals)
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.drainTimeout)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(follow.outcome(failed), fmt.Errorf("clients were cut off: %w", err))
	}
	stopProvider()
	c.closeSearch()
	follow.stop()
	failed = follow.outcome(failed)
	if err := e.Close(); err != nil {
		return errors.Join(failed, asJournalError(err))
	}
	fmt.Fprintln(log, "drained")
	return failed
}

// openSearch begins to keep the index of orders, or has the engine keep no events for it.
func (c *serveConfig) openSearch(e *engine.Engine) (err error) {
	if !c.search {
		return search.Forget(e)
	}
	c.server.Search, err = search.Open(e, search.Options{})
	return err
}

// startProvider begins to carry out payment tasks, if that is wanted, and gives what ends that.
func (c *serveConfig) startProvider(e *engine.Engine) (stop func()) {
	if !c.testProvider {
		return func() {}
	}
	return provider.Open(e, provider.Options{}).Close
}

func (c *serveConfig) closeSearch() {
	if c.server.Search != nil {
		c.server.Search.Close()
	}
}

// openEngine opens the engine, which replays the journal. A signal meanwhile ends the service, as nothing
// is under way: the engine is then nil, without an error.
func (c *serveConfig) openEngine(ln net.Listener, log io.Writer, signals <-chan os.Signal) (*engine.Engine, error) {
	fmt.Fprintf(log, "opening %s\n", c.engine.Dir)
	waiting := answerRecovering(ln)
	defer waiting.stop()
	options := c.engine
	options.Journal.OnFatal = exitJournalFailed(log)
	options.Hooks.Recovered = func(r engine.RecoveryInfo) {
		for _, damage := range r.Damaged {
			fmt.Fprintf(log, "a checkpoint could not be used: %v\n", damage)
		}
		fmt.Fprintf(log, "recovered %d commands in %d groups behind the checkpoint of sequence %d, which took %v\n",
			r.Commands, r.Groups, r.Checkpoint, r.Took.Round(time.Millisecond))
	}
	options.Hooks.CheckpointTaken = func(i engine.CheckpointInfo) {
		if i.Err != nil {
			fmt.Fprintf(log, "a checkpoint could not be written: %v\n", i.Err)
		} else {
			fmt.Fprintf(log, "checkpoint of sequence %d: %d pages, %d bytes, which took %v\n", i.Sequence, i.Pages, i.Bytes, i.Took.Round(time.Millisecond))
		}
	}
	options.Hooks.Retained = func(i engine.RetentionInfo) { printRetention(log, i) }
	var e *engine.Engine
	opened := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		var err error
		e, err = c.openFollowing(ctx, options, log)
		opened <- err
	}()
	select {
	case err := <-opened:
		return e, asJournalError(err)
	case sig := <-signals:
		fmt.Fprintf(log, "%v during the recovery\n", sig)
		return nil, nil
	}
}

// printRetention tells what was cut, or why nothing could be.
func printRetention(log io.Writer, i engine.RetentionInfo) {
	if i.JournalFirst > 0 {
		fmt.Fprintf(log, "the journal was cut and begins with sequence %d\n", i.JournalFirst)
	}
	if i.FeedFirst > 0 {
		fmt.Fprintf(log, "the events were cut and begin with sequence %d\n", i.FeedFirst)
	}
	for _, name := range i.Overrun {
		fmt.Fprintf(log, "reader %s was too far behind: what comes next for it was cut off\n", name)
	}
	if i.Rotten > 0 {
		fmt.Fprintf(log, "%d pages of the checkpoints are not what was written: nothing is cut until later checkpoints have replaced them; "+
			"look after the disk\n", i.Rotten)
	}
	if i.Err != nil {
		fmt.Fprintf(log, "journal and events could not be cut: %v\n", i.Err)
	}
}

// sameSignal is how close a second signal may follow the first and still be the same wish: whoever
// signals a process and its group, as timeout(1) does, sends two.
const sameSignal = 500 * time.Millisecond

// exitAtSignal ends the process at the next signal.
func exitAtSignal(log io.Writer, signals <-chan os.Signal) {
	first := time.Now()
	for sig := range signals {
		if time.Since(first) > sameSignal {
			fmt.Fprintf(log, "%v again: leaving at once\n", sig)
			os.Exit(exitError)
		}
	}
}

// exitJournalFailed ends the process when the journal has failed. Nothing more can be acknowledged, and
// what was, is on disk; a restart recovers, unless there is damage.
func exitJournalFailed(log io.Writer) func(error) {
	return func(cause error) { os.Exit(tellJournalFailed(log, cause)) }
}

// tellJournalFailed tells why the journal has failed, and gives the exit code.
func tellJournalFailed(log io.Writer, cause error) (code int) {
	if code = exitCode(journalError{cause}); code == exitDamaged {
		fmt.Fprintf(log, "holdfast: %v\n%s", cause, waysOn)
	} else {
		fmt.Fprintf(log, "holdfast: the journal could not be written or read: %v\n", cause)
	}
	return code
}

// asJournalError marks an error of opening or closing the engine that has no exit code of its own: the
// directory cannot be made, read or written.
func asJournalError(err error) error {
	var damage *wal.DamageError
	var bootstrap bootstrapError
	var diverged *engine.DivergedError
	if err == nil || errors.As(err, &damage) || errors.As(err, &bootstrap) || errors.As(err, &diverged) || errors.Is(err, wal.ErrLocked) || wal.IsOtherVersion(err) {
		return err
	}
	return journalError{err}
}
