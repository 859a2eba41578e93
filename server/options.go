package server

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"holdfast/engine/replica"
	"holdfast/engine/search"
)

// Options says how the server treats its clients. The zero value works: whatever is zero gets the
// default written beside it.
type Options struct {
	// ReadTimeout is how long a request may take to arrive, from its first byte to its last. Default 5 s.
	ReadTimeout time.Duration
	// WriteTimeout is how long an answer may take to be accepted by the client. Default 5 s.
	WriteTimeout time.Duration
	// BatchTimeout takes the place of both for batches, whose bodies are large. Default 30 s.
	BatchTimeout time.Duration
	// IdleTimeout is how long a connection may stay open between requests. Default 60 s.
	IdleTimeout time.Duration
	// MaxConnections bounds the connections that are open at a time; one more is answered 503. Default 8192.
	MaxConnections int
	// MaxConnectionsPerIP bounds the connections from one address. Default 0: no bound, as all clients
	// of a shop often come through one proxy.
	MaxConnectionsPerIP int
	// MaxEventStreams bounds the streams, of events and of the journal, that are open at a time. Default 256.
	MaxEventStreams int
	// Heartbeat is how often a stream of events without events gets a comment, so that proxies keep it
	// and dead clients are noticed. Default 15 s.
	Heartbeat time.Duration
	// QueueInterval is how often people are let into the queues before sales. Default 250 ms.
	QueueInterval time.Duration
	// MaxWait bounds how long a read with ?at_least waits for the node to get there. Default 5 s.
	MaxWait time.Duration
	// RetryAfter is what clients are told to wait when the server is overloaded. Default 1 s; whole seconds.
	RetryAfter time.Duration
	// Version is told by /healthz. Default "dev".
	Version string
	// Follower keeps the engine behind its primary, where this is a replica; nil where it is not, or follows nobody.
	Follower *replica.Follower
	// Primary is the address of the server that takes a replica's writes, such as "http://10.0.0.1:8080".
	Primary string
	// Search finds orders; nil where the server keeps no index.
	Search *search.Index
	// Log gets what no client is told: panics. Default slog.Default().
	Log *slog.Logger
}

// Validate reports everything that is wrong with the options.
func (o Options) Validate() error {
	var wrong []error
	for name, value := range map[string]time.Duration{
		"ReadTimeout": o.ReadTimeout, "WriteTimeout": o.WriteTimeout, "BatchTimeout": o.BatchTimeout,
		"IdleTimeout": o.IdleTimeout, "Heartbeat": o.Heartbeat, "MaxWait": o.MaxWait, "QueueInterval": o.QueueInterval,
	} {
		if value < 0 || value > 0 && value < time.Millisecond {
			wrong = append(wrong, fmt.Errorf("server: %s %v is not 0 or at least 1ms", name, value))
		}
	}
	for name, value := range map[string]int{
		"MaxConnections": o.MaxConnections, "MaxConnectionsPerIP": o.MaxConnectionsPerIP, "MaxEventStreams": o.MaxEventStreams,
	} {
		if value < 0 {
			wrong = append(wrong, fmt.Errorf("server: %s %d is negative", name, value))
		}
	}
	if o.RetryAfter < 0 || o.RetryAfter%time.Second != 0 {
		wrong = append(wrong, fmt.Errorf("server: RetryAfter %v is not a whole number of seconds", o.RetryAfter))
	}
	return errors.Join(wrong...)
}

// Effective gives the options with their defaults filled in.
func (o Options) Effective() Options {
	fill(&o.ReadTimeout, 5*time.Second)
	fill(&o.WriteTimeout, 5*time.Second)
	fill(&o.BatchTimeout, 30*time.Second)
	fill(&o.IdleTimeout, 60*time.Second)
	fill(&o.MaxConnections, 8192)
	fill(&o.MaxEventStreams, 256)
	fill(&o.Heartbeat, 15*time.Second)
	fill(&o.MaxWait, 5*time.Second)
	fill(&o.QueueInterval, 250*time.Millisecond)
	fill(&o.RetryAfter, time.Second)
	fill(&o.Version, "dev")
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return o
}

func fill[T comparable](value *T, fallback T) {
	var zero T
	if *value == zero {
		*value = fallback
	}
}
