package replica_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/engine/replica"
	"holdfast/wal"
)

// cell is the identity of all engines here.
var cell = wal.Identity{OrderKey: [16]byte{1}, Instance: [16]byte{2}, Created: 3}

func open(t *testing.T, follow bool) *engine.Engine {
	t.Helper()
	o := engine.Options{Dir: "data", Shards: 1, Follow: follow, CheckpointBytes: -1}
	o.Journal.FS, o.Journal.Identity = vfs.NewMem(), cell
	e, err := engine.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func closed(t *testing.T, engines ...*engine.Engine) {
	t.Helper()
	for _, e := range engines {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
}

// define makes SKUs.
func define(t *testing.T, e *engine.Engine, names ...string) {
	t.Helper()
	for _, name := range names {
		r := engine.AcquireRequest()
		r.Add(&core.Command{Kind: core.CommandDefineSKU, Name: []byte(name)})
		if err := e.Submit(r); err != nil {
			t.Fatal(err)
		}
		engine.ReleaseRequest(r)
	}
}

// scripted is a Source whose every connection is the next function of a list; the last one serves all that come later.
type scripted struct {
	replica.Local
	connections []func(context.Context, engine.Position) (io.ReadCloser, error)
	asked       []time.Time
}

func (s *scripted) Journal(ctx context.Context, at engine.Position) (io.ReadCloser, error) {
	s.asked = append(s.asked, time.Now())
	next := s.connections[0]
	if len(s.connections) > 1 {
		s.connections = s.connections[1:]
	}
	return next(ctx, at)
}

func follower(t *testing.T, e *engine.Engine, s replica.Source) *replica.Follower {
	t.Helper()
	f, err := replica.New(replica.Options{Engine: e, Source: s, Random: func() float64 { return 1 }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestSilenceAndBackoff: a source that cannot be reached is asked again after pauses that double up to five seconds, one that
// falls silent is left after 45, and the lag grows meanwhile and goes back to zero.
func TestSilenceAndBackoff(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p, r := open(t, false), open(t, true)
		define(t, p, "a", "b")
		fails := func(context.Context, engine.Position) (io.ReadCloser, error) {
			return nil, errors.New("nobody is there")
		}
		s := &scripted{}
		s.Engine = p
		silent := func(ctx context.Context, at engine.Position) (io.ReadCloser, error) {
			sender, err := replica.NewSenderTo(p, at)
			if err != nil {
				return nil, err
			}
			head, err := sender.AppendHead(nil)
			pr, pw := io.Pipe()
			go func() { _, _ = pw.Write(head) }()
			return pr, err
		}
		for range 8 {
			s.connections = append(s.connections, fails)
		}
		s.connections = append(s.connections, silent, s.Local.Journal)
		f := follower(t, r, s)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if st := f.Status(); !st.Connected || st.CaughtUp || st.LagSequences != 2 || st.Lag != 20*time.Second || st.LastError != nil {
			t.Errorf("in silence: %+v", st)
		}
		time.Sleep(60 * time.Second)
		synctest.Wait()
		if st := f.Status(); !st.Connected || !st.CaughtUp || st.LagSequences != 0 || st.Lag != 0 || st.Reconnects != 1 || st.Sequence != 2 {
			t.Errorf("after it: %+v", st)
		}
		var pauses []time.Duration
		for i, at := range s.asked[1:] {
			pauses = append(pauses, at.Sub(s.asked[i]).Round(time.Millisecond))
		}
		want := []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000, 45_100}
		for i := range want {
			if pauses[i] != want[i]*time.Millisecond {
				t.Errorf("pauses %v, want %v ms", pauses, want)
				break
			}
		}
		closed(t, p)
		time.Sleep(time.Minute)
		synctest.Wait()
		if st := f.Status(); st.Connected || st.Lag < 59*time.Second || st.LastError == nil || !st.CaughtUp {
			t.Errorf("without a primary: %+v", st)
		}
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		closed(t, r)
	})
}

// refusing is a source's answer with a code.
type refusing struct{ code string }

func (r refusing) Error() string       { return "no: " + r.code }
func (r refusing) ProblemCode() string { return r.code }

// TestRefusals: what a first source refuses ends Run with the reason; once it has followed, a replica goes on to ask.
func TestRefusals(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p, r := open(t, false), open(t, true)
		define(t, p, "a")
		refuse := func(code string) func(context.Context, engine.Position) (io.ReadCloser, error) {
			return func(context.Context, engine.Position) (io.ReadCloser, error) { return nil, refusing{code} }
		}
		head := func(change func(*codec.StreamHead)) func(context.Context, engine.Position) (io.ReadCloser, error) {
			return func(context.Context, engine.Position) (io.ReadCloser, error) {
				h := codec.StreamHead{Instance: cell.Instance, First: 1, Epoch: 1}
				change(&h)
				return io.NopCloser(strings.NewReader(string(codec.AppendStreamHead(nil, &h)))), nil
			}
		}
		for _, c := range []struct {
			connection func(context.Context, engine.Position) (io.ReadCloser, error)
			code, says string
		}{
			{refuse(replica.CodeOtherHistory), replica.CodeOtherHistory, "no"},
			{refuse(replica.CodeAhead), replica.CodeAhead, "no"},
			{refuse(replica.CodeOldEpoch), replica.CodeOldEpoch, "no"},
			{refuse(replica.CodeCut), replica.CodeCut, "must start again from a backup"},
			{head(func(h *codec.StreamHead) { h.Instance[0]++ }), replica.CodeOtherHistory, "data directory"},
			{head(func(h *codec.StreamHead) { h.Epoch = 0 }), replica.CodeOldEpoch, "epoch 0, and this directory epoch 1"},
		} {
			s := &scripted{connections: []func(context.Context, engine.Position) (io.ReadCloser, error){c.connection}}
			err := follower(t, r, s).Run(t.Context())
			var refused *replica.RefusedError
			if !errors.As(err, &refused) || refused.Code != c.code || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", c.code, err)
			}
		}
		s := &scripted{}
		s.Engine = p
		s.connections = []func(context.Context, engine.Position) (io.ReadCloser, error){
			func(ctx context.Context, at engine.Position) (io.ReadCloser, error) {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				context.AfterFunc(ctx, cancel)
				return s.Local.Journal(ctx, at)
			},
			refuse(replica.CodeCut), refuse(replica.CodeCut), s.Local.Journal,
		}
		f := follower(t, r, s)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		time.Sleep(time.Second)
		synctest.Wait()
		define(t, p, "b")
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if st := f.Status(); st.Sequence != 2 || !st.Connected {
			t.Errorf("%+v", st)
		}
		if epoch, last, err := f.Promote(); epoch != 2 || last != 2 || err != nil {
			t.Errorf("promoted: %d %d %v", epoch, last, err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		cancel()
		define(t, r, "c")
		closed(t, p, r)
	})
}

// TestRegistration: a source keeps its journal from where the replica stands, is told how that moves on, and nothing any more when the
// replica has been promoted.
func TestRegistration(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p, r := open(t, false), open(t, true)
		define(t, p, "a")
		f, err := replica.New(replica.Options{Engine: r, Source: &replica.Local{Engine: p}, Reader: "copy", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- f.Run(t.Context()) }()
		for _, name := range []string{"b", "c"} {
			define(t, p, name)
			time.Sleep(11 * time.Second)
			synctest.Wait()
			if reader, ok := p.Reader("copy"); !ok || reader.Kind != engine.ReaderOfJournal || reader.Position != p.Sequence() {
				t.Errorf("behind %d: %+v", p.Sequence(), reader)
			}
		}
		if _, _, err := f.Promote(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if readers := p.Readers(); len(readers) != 0 {
			t.Errorf("after the promotion: %+v", readers)
		}
		closed(t, p, r)
	})
}

// TestRegistrationRefused: a replica follows all the same.
func TestRegistrationRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		p, r := open(t, false), open(t, true)
		define(t, p, "a")
		if _, err := p.RegisterReader("copy", engine.ReaderOfFeed, 1); err != nil {
			t.Fatal(err)
		}
		f, err := replica.New(replica.Options{Engine: r, Source: &replica.Local{Engine: p}, Reader: "copy", Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- f.Run(t.Context()) }()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := f.Status(); !s.Connected || !s.CaughtUp || s.Sequence != 1 || s.LastError != nil || s.Reconnects != 0 {
			t.Errorf("%+v", s)
		}
		if _, _, err := f.Promote(); err != nil {
			t.Error(err)
		}
		<-ended
		synctest.Wait()
		if reader, ok := p.Reader("copy"); !ok || reader.Kind != engine.ReaderOfFeed {
			t.Errorf("another's registration was dropped: %+v", reader)
		}
		closed(t, p, r)
	})
}

func TestOptions(t *testing.T) {
	_, err := replica.New(replica.Options{Silence: -1})
	for _, part := range []string{"Engine", "Source", "Silence"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not reported: %v", part, err)
		}
	}
}

// inBubble runs a test in a bubble of its own, with empty pools: channels that these keep belong to one bubble.
func inBubble(t *testing.T, test func(t *testing.T)) {
	runtime.GC()
	runtime.GC()
	synctest.Test(t, test)
}
