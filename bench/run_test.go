package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestEveryScenarioInEveryMode drives the real server, shortly.
func TestEveryScenarioInEveryMode(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server per scenario and mode")
	}
	for _, scenario := range Scenarios() {
		if scenario == Sale || scenario == Lifecycle {
			continue // do not have all modes, and have tests of their own
		}
		for _, mode := range Modes() {
			t.Run(fmt.Sprintf("%s/%s", scenario, mode), func(t *testing.T) {
				c := Config{
					Executable: holdfast(t), Dir: t.TempDir(), Scenario: scenario, Mode: mode, Orders: 2000,
					Connections: 8, HoldTTL: time.Second, Keys: On, Open: 300,
				}
				if mode != Single {
					c.Batch = 100
				}
				if scenario != Hot && scenario != SoldOut {
					c.SKUs = 200
				}
				report, err := Run(context.Background(), c)
				if err != nil {
					t.Fatalf("%v\n%v", err, report)
				}
				checkScenario(t, report)
			})
		}
	}
}

// checkScenario checks the counts that follow from the configuration.
func checkScenario(t *testing.T, r *Report) {
	t.Helper()
	n := &r.Load.Counts
	if r.Config.Scenario == Endless {
		checkEndless(t, r)
		return
	}
	placed, refused := int64(2000), int64(0)
	if r.Config.Scenario == SoldOut {
		placed, refused = 200, 1800
	}
	if n.Placed != placed || n.Refusals() != refused || n.Errors != 0 || len(r.Verification.Checks) != 5 {
		t.Fatalf("%v", r)
	}
	switch {
	case r.Config.Scenario == Mixed && n.Reads == 0:
		t.Error("nothing was read")
	case r.Config.Scenario == Holds && (n.Followed < 1700 || n.Followed > 1900):
		t.Errorf("%d of 2,000 holds were settled", n.Followed)
	case r.Load.Latency.P50 == 0 || r.Load.OrdersPerS == 0:
		t.Errorf("%v", r)
	}
}

// checkEndless checks the counts of an endless run: what is neither open nor closed is lost.
func checkEndless(t *testing.T, r *Report) {
	t.Helper()
	n, e := &r.Load.Counts, r.Endless
	if n.Placed != 2000 || n.Refusals() != 0 || n.Errors != 0 || len(r.Verification.Checks) != 8 {
		t.Errorf("%v", r)
	}
	if n.Placed != n.Followed+e.Open || e.Open == 0 || e.Open > max(300, int64(2*r.Config.Batch*r.Config.Connections)) {
		t.Errorf("%d placed, %d cancelled, %+v", n.Placed, n.Followed, e)
	}
}

// TestOpenLoopKeepsItsRate drives a tenth of what any machine does, and expects that rate.
func TestOpenLoopKeepsItsRate(t *testing.T) {
	s := &shop{}
	c := Config{URL: s.start(t), Scenario: Hot, Rate: 500, Duration: 2 * time.Second, Warmup: 300 * time.Millisecond, Connections: 16, Dir: t.TempDir()}
	var progress strings.Builder
	c.Progress = &progress
	r, err := Run(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r.Load.RequestsPerS < 400 || r.Load.RequestsPerS > 600 || r.Load.GeneratorLate == nil {
		t.Fatalf("%v", r)
	}
	if strings.Count(progress.String(), "p99") < 1 {
		t.Fatalf("progress: %q", progress.String())
	}
	if verified := r.Verification.Checks[0].Detail; strings.HasPrefix(verified, "0 ") {
		t.Fatal(verified)
	}
}

// TestComparison runs everybody who can take part, against the real server.
func TestComparison(t *testing.T) {
	if testing.Short() {
		t.Skip("takes turns of a second each")
	}
	redis := findRedis("")
	if redis == "" && os.Getenv("CI") != "" {
		t.Fatal("CI has no redis-server")
	}
	for _, mode := range []Mode{Single, Binary} {
		t.Run(string(mode), func(t *testing.T) {
			c := Config{
				Executable: holdfast(t), Dir: t.TempDir(), Mode: mode, Compare: true, Rounds: 2, RoundDuration: time.Second,
				Orders: 5000, SKUs: 100, RedisPipelines: []int{8, 32},
			}
			c.PageFile, c.ResultFile = filepath.Join(c.Dir, "page.html"), filepath.Join(c.Dir, "result.json")
			if mode == Single {
				c.Connections = 16
			} else {
				c.Batch = 500
			}
			r, err := Run(context.Background(), c)
			if err != nil {
				t.Fatalf("%v\n%v", err, r)
			}
			checkComparison(t, r, redis != "")
		})
	}
}

func checkComparison(t *testing.T, r *Report, withRedis bool) {
	t.Helper()
	want := []string{"holdfast", "echo"}
	switch {
	case withRedis && r.Config.Mode == Single:
		want = append(want, "redis")
	case withRedis:
		want = append(want, "redis 64×8", "redis 64×32")
	default:
		if len(r.Comparison.Notes) == 0 {
			t.Error("that Redis is left out is not said")
		}
	}
	if len(r.Comparison.Contenders) != len(want) || len(r.Comparison.Ratios) != len(want)-1 {
		t.Fatalf("%v", r)
	}
	for i, c := range r.Comparison.Contenders {
		if c.Name != want[i] || len(c.PerSecond) != 2 || c.Median <= 0 || c.Load.Counts.Errors > 0 {
			t.Errorf("%s: %v", want[i], r)
		}
	}
	text, err := os.ReadFile(r.Config.ResultFile)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || len(back.Comparison.Ratios) != len(want)-1 {
		t.Fatalf("%v in the result file", err)
	}
	page, err := os.ReadFile(r.Config.PageFile)
	if err != nil {
		t.Fatal(err)
	}
	checkElements(t, string(page))
}

// TestEchoIsAsLongAsTheRealAnswer keeps the floor comparable.
func TestEchoIsAsLongAsTheRealAnswer(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server")
	}
	c := Config{Executable: holdfast(t), SKUs: 1}
	s, err := openSubject(context.Background(), &c, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := setUp(context.Background(), s.api, newWorkload(testSpec(Hot))); err != nil {
		t.Fatal(err)
	}
	body := strings.NewReader(`{"customer":"c00000000001","lines":[{"sku":"bench-00000","quantity":1}]}`)
	res, err := http.Post(s.base+"/v1/orders", "application/json", body)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, want := int64(len(echoOrder)), res.ContentLength; res.StatusCode != 201 || got < want*9/10 || got > want*11/10 {
		t.Fatalf("the echo answers %d bytes, the server %d with status %d", got, want, res.StatusCode)
	}
}

// TestCrashes kills the real server in every mode, and reads the ledger afterwards.
func TestCrashes(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a server several times")
	}
	for _, mode := range Modes() {
		t.Run(string(mode), func(t *testing.T) {
			c := Config{Executable: holdfast(t), Dir: t.TempDir(), Mode: mode, SKUs: 50, Duration: 500 * time.Millisecond}
			c.Ledger = filepath.Join(c.Dir, "ledger")
			if mode != Single {
				c.Batch = 50
			}
			r, err := CrashLoop(context.Background(), c, 2)
			if err != nil || !r.OK || len(r.Rounds) != 2 {
				t.Fatalf("%v\n%v", err, r)
			}
			last := r.Rounds[1]
			if last.Total == 0 || last.Repeated == 0 || last.Total != last.Acknowledged+r.Rounds[0].Total+last.ResentPlaced+last.ResentReplayed {
				t.Errorf("%v", r)
			}
			if _, b, err := readLedger(c.Ledger); err != nil || int64(b.acks.len()) != last.Total {
				t.Errorf("the ledger has %d of %d orders, %v", b.acks.len(), last.Total, err)
			}
		})
	}
}

// TestReplicaRun kills a primary and its replica, and promotes the replica.
func TestReplicaRun(t *testing.T) {
	if testing.Short() {
		t.Skip("runs two servers for several seconds")
	}
	c := Config{Executable: holdfast(t), Dir: t.TempDir(), SKUs: 50, Connections: 8, Duration: 3 * time.Second}
	r, err := ReplicaRun(context.Background(), c, ReplicaPlan{PrimaryKills: 1, ReplicaKills: 1})
	if err != nil || !r.OK || r.Orders == 0 || r.Samples == 0 || len(r.CatchUps) != 1 || r.Compared == 0 || r.Promoted < r.Reported || !r.AfterPromotion.OK {
		t.Fatalf("%v\n%+v", err, r)
	}
	for _, bad := range []struct {
		c    Config
		plan ReplicaPlan
	}{{Config{Scenario: Holds}, ReplicaPlan{}}, {Config{}, ReplicaPlan{PrimaryKills: -1}}, {Config{URL: "http://127.0.0.1:1"}, ReplicaPlan{}}} {
		if bad.c.ValidateReplica(bad.plan) == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

// TestRedisPeer places orders of all kinds in a real Redis and asks it what it has.
func TestRedisPeer(t *testing.T) {
	path := findRedis("")
	if path == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("CI has no redis-server")
		}
		t.Skip("redis-server is not installed")
	}
	for _, tc := range []struct {
		scene  Scenario
		keys   Toggle
		placed int64
	}{{Zipf, Off, 1000}, {Zipf, On, 1000}, {Basket, Off, 1000}, {Basket, On, 1000}, {SoldOut, On, 100}} {
		t.Run(fmt.Sprintf("%s keys %s", tc.scene, tc.keys), func(t *testing.T) {
			c := Config{Scenario: tc.scene, Keys: tc.keys, Orders: 1000}.effective()
			w := newWorkload(c.spec())
			p, err := startRedis(context.Background(), path, t.TempDir(), w)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := p.stop(); err != nil {
					t.Error(err)
				}
			}()
			placed := driveRedis(t, p, w, 1000)
			if there, err := p.orders(context.Background(), c.SKUs); err != nil || placed.Placed != tc.placed || there != tc.placed {
				t.Fatalf("placed %d, there are %d, not %d; %v", placed.Placed, there, tc.placed, err)
			}
			p.source.next.Store(0)
			if again := driveRedis(t, p, w, 1000); tc.keys == On && again.Placed != 0 {
				t.Fatalf("%d orders were placed again under the same key", again.Placed)
			}
		})
	}
}

func driveRedis(t *testing.T, p *redisPeer, w *workload, orders int64) *Counts {
	t.Helper()
	p.source.allow(orders)
	l := &load{address: p.address, connections: 4, recorder: newRecorder(), script: func(int) script {
		return &orderScript{form: &redisForm{work: w, digest: p.digest}, work: w, source: &p.source, batch: 16}
	}}
	if err := l.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	s := newSpan()
	l.recorder.collect(s)
	if s.counts.Errors > 0 {
		t.Fatal(l.sample)
	}
	return &s.counts
}

// TestDriverNoticesADyingServer: the run ends with an error, and does not go on for ever.
func TestDriverNoticesADyingServer(t *testing.T) {
	e, err := startListener(context.Background(), "echo", []string{os.Args[0], childEcho})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorkload(testSpec(Zipf))
	var from counter
	from.allow(0)
	for _, mortal := range []bool{false, true} {
		l := &load{address: e.address, connections: 4, mortal: mortal, recorder: newRecorder(), script: func(int) script {
			return &orderScript{form: &singleForm{work: w}, work: w, source: &from, batch: 1}
		}}
		time.AfterFunc(100*time.Millisecond, func() { _ = e.kill() })
		if err := l.run(context.Background()); (err == nil) != mortal {
			t.Fatalf("mortal %t: %v", mortal, err)
		}
	}
}
