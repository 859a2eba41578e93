package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"time"

	"holdfast/engine"
	"holdfast/engine/replica"
	"holdfast/server/client"
)

// bootstrapPause lies between two attempts to get a backup from a primary that is not there yet.
const bootstrapPause = time.Second

// checkFollow reports what is wrong with --follow.
func (c *serveConfig) checkFollow() error {
	if c.follow == "" {
		return nil
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

// openFollowing opens the engine; one that follows gets its data directory from the primary first, if it has none.
func (c *serveConfig) openFollowing(ctx context.Context, o engine.Options, log io.Writer) (*engine.Engine, error) {
	if c.follow != "" {
		if err := c.bootstrap(ctx, o, log); err != nil {
			return nil, err
		}
	}
	return engine.Open(o)
}

// bootstrap waits for a primary that is not there yet, but not for one that says no.
func (c *serveConfig) bootstrap(ctx context.Context, o engine.Options, log io.Writer) error {
	if entries, err := os.ReadDir(o.Dir); err == nil && len(entries) > 0 {
		return nil
	}
	fmt.Fprintf(log, "%s is empty: getting a backup from %s\n", o.Dir, c.follow)
	source := client.New(c.follow)
	defer source.Close()
	for told := ""; ; {
		info, err := replica.Bootstrap(ctx, source, o)
		if err == nil {
			fmt.Fprintf(log, "got the primary's data up to sequence %d\n", info.Last)
			return nil
		}
		var problem *client.Problem
		if errors.As(err, &problem) && problem.Status < 500 {
			return bootstrapError{err}
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
	follower, err := replica.New(replica.Options{Engine: e, Source: source, Log: slog.New(slog.NewTextHandler(log, nil))})
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
