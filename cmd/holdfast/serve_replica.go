package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/replica"
	"holdfast/server/client"
	"holdfast/wal"
)

// bootstrapPause lies between two attempts to get a backup from a primary that is not there yet.
const bootstrapPause = time.Second

// checkFollow reports what is wrong with --follow.
func (c *serveConfig) checkFollow() error {
	if c.follow == "" && c.followAs != "" {
		return errors.New("--follow-as: needs --follow")
	}
	if c.follow == "" {
		return nil
	}
	if c.followAs != "" && !codec.ValidIdentifier([]byte(c.followAs)) {
		return fmt.Errorf("--follow-as: %q is not 1 to %d letters, digits or characters of ._:-", c.followAs, core.MaxExternalIDLength)
	}
	u, err := url.Parse(c.follow)
	switch {
	case err != nil:
		return fmt.Errorf("--follow: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("--follow: %q is not the address of a server, such as http://10.0.0.1:8080", c.follow)
	case c.demo:
		return errors.New("--follow and --demo: a replica takes no goods of its own")
	}
	return nil
}

// maxHostInName leaves room for the rest.
const maxHostInName = 40

// notInAnyName is what codec.ValidIdentifier does not take.
var notInAnyName = regexp.MustCompile("[^A-Za-z0-9._:-]+")

// readerName is how the primary knows this replica: the same after every start, and another one for every replica.
func (c *serveConfig) readerName() string {
	if c.followAs != "" {
		return c.followAs
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	dir, err := filepath.Abs(c.engine.Dir)
	if err != nil {
		dir = c.engine.Dir
	}
	place := sha256.Sum256([]byte(host + "\x00" + dir))
	name := notInAnyName.ReplaceAllString(host, "-")
	return fmt.Sprintf("replica-%s-%x", name[:min(len(name), maxHostInName)], place[:4])
}

// openFollowing opens the engine; one that follows gets its data directory from the primary first, if it has none.
func (c *serveConfig) openFollowing(ctx context.Context, o engine.Options, log io.Writer) (*engine.Engine, error) {
	if c.follow != "" {
		if err := c.bootstrap(ctx, o, log); err != nil {
			return nil, err
		}
	}
	return engine.Open(o)
}

// bootstrap waits for a primary that is not there yet, but not for one that says no, nor for a disk of ours on which there is
// no room.
func (c *serveConfig) bootstrap(ctx context.Context, o engine.Options, log io.Writer) error {
	if entries, err := os.ReadDir(o.Dir); err == nil && len(entries) > 0 {
		return nil
	}
	fmt.Fprintf(log, "%s is empty: getting a backup from %s\n", o.Dir, c.follow)
	source := client.New(c.follow)
	defer source.Close()
	for told := ""; ; {
		registered := c.registerBefore(ctx, source)
		info, err := replica.Bootstrap(ctx, source, o)
		if err == nil {
			if registered != nil {
				fmt.Fprintf(log, "the primary did not keep its journal meanwhile: %v\n", registered)
			}
			fmt.Fprintf(log, "got the primary's data up to sequence %d\n", info.Last)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if !mayComeRight(err) {
			if registered == nil {
				_ = source.DropReader(ctx, c.readerName()) // else the primary's limits do
			}
			return asBootstrapError(err)
		}
		if err.Error() != told {
			told = err.Error()
			fmt.Fprintf(log, "no backup yet: %v\n", err)
		}
		select {
		case <-time.After(bootstrapPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// registerBefore has the primary keep its journal from what the backup holds at least, so that the replica can follow however
// long the backup takes.
func (c *serveConfig) registerBefore(ctx context.Context, source *client.Client) error {
	now, err := source.Replication(ctx)
	if err != nil {
		return err
	}
	return source.RegisterReader(ctx, c.readerName(), core.Sequence(now.Sequence))
}

// mayComeRight tells whether another attempt to get a backup may succeed without anybody doing something here: the primary cannot be
// reached, or cannot just now, or what came from it was damaged on its way.
func mayComeRight(err error) bool {
	var transfer *replica.TransferError
	var damaged *wal.BackupError
	var problem *client.Problem
	return errors.As(err, &transfer) || errors.As(err, &damaged) || errors.As(err, &problem) && problem.Status >= 500
}

func asBootstrapError(err error) error {
	var problem *client.Problem
	if errors.As(err, &problem) {
		return bootstrapError{err}
	}
	return fmt.Errorf("a backup of the primary could not be kept: %w", err)
}

// bootstrapError is a primary's refusal to give a replica what it begins with.
type bootstrapError struct{ error }

func (e bootstrapError) Unwrap() error { return e.error }

// following is a replica's connection to its primary.
type following struct {
	failed chan error // gets why following ended, if that ends the service
	stop   func()     // ends following
}

// outcome is why following ended, after stop: as it was told before, or only now.
func (f *following) outcome(told error) error {
	select {
	case err := <-f.failed:
		return errors.Join(told, err)
	default:
		return told
	}
}

// startFollowing begins to follow the primary, if the engine is a replica and one is named.
func (c *serveConfig) startFollowing(e *engine.Engine, log io.Writer) (*following, error) {
	f := &following{failed: make(chan error, 1), stop: func() {}}
	if !e.Following() {
		return f, nil
	}
	if c.follow == "" {
		fmt.Fprintln(log, "this directory is a replica's, and --follow names no primary: it takes no writes until POST /v1/promote")
		return f, nil
	}
	source := client.New(c.follow)
	follower, err := replica.New(replica.Options{Engine: e, Source: source, Reader: c.readerName(), Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		return nil, err
	}
	c.server.Follower, c.server.Primary = follower, c.follow
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	f.stop = func() {
		cancel()
		<-ended
		source.Close()
	}
	go func() {
		defer close(ended)
		if err := follower.Run(ctx); err != nil {
			f.failed <- err
		}
	}()
	return f, nil
}
