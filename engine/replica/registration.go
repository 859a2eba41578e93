package replica

import (
	"context"
	"sync"
	"time"
)

const (
	// registerEvery is how often a source is told how far the replica has come: what it keeps for the replica lies that far back at
	// most, which is little beside what it keeps anyway.
	registerEvery = 10 * time.Second
	// dropTimeout bounds the attempt to tell a source, which is mostly gone, that it need not keep anything any more.
	dropTimeout = 5 * time.Second
)

// registration is a replica's at its source: that keeps its journal from where the replica stands. It is of use, and never needed.
type registration struct {
	mu         sync.Mutex
	registered bool
	refused    string // why it was not, the last time
}

// register tells the source where the replica stands, at once and then now and then, until ctx ends.
func (f *Follower) register(ctx context.Context) {
	tick := time.NewTicker(registerEvery)
	defer tick.Stop()
	for {
		err := f.registry.RegisterReader(ctx, f.options.Reader, f.engine.Sequence())
		if ctx.Err() != nil {
			return
		}
		f.registration.note(f, err)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// note tells what is new.
func (r *registration) note(f *Follower, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err == nil && (!r.registered || r.refused != ""):
		r.registered, r.refused = true, ""
		f.options.Log.Info("the primary keeps its journal for this replica", "reader", f.options.Reader)
	case err != nil && r.refused != err.Error():
		r.refused = err.Error()
		f.options.Log.Warn("following goes on, but the primary does not keep its journal for this replica", "reader", f.options.Reader, "error", err)
	}
}

// drop takes the registration back, if the source is still there; else its limits do. Nobody may have heard of one whose answer was not
// waited for, but a name that was refused is somebody else's.
func (f *Follower) drop() {
	f.registration.mu.Lock()
	refused := f.registration.refused != "" && !f.registration.registered
	f.registration.mu.Unlock()
	if f.registry == nil || refused {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), dropTimeout)
	defer cancel()
	if err := f.registry.DropReader(ctx, f.options.Reader); err != nil {
		f.options.Log.Info("the old primary could not be told that it need not keep its journal for this server; its limits end that", "reader", f.options.Reader, "error", err)
	}
}
