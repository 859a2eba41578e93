package server

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/replica"
	"holdfast/server/client"
	"holdfast/wal"
)

// cell is the identity that a primary and its replica share in these tests; otherwise the replica gets it with a backup.
var cell = wal.Identity{OrderKey: [16]byte{1, 2, 3}, Instance: [16]byte{4, 5, 6}, Created: 7}

// openCell starts a shop of the cell: a replica when a primary is given, else a primary.
func openCell(t testing.TB, primary string) *shop {
	t.Helper()
	h := &shop{t: t, dir: t.TempDir(), contract: theContract(t), storage: engine.Options{CheckpointBytes: -1, Follow: primary != ""}}
	h.storage.Journal.Identity = cell
	h.options = Options{Log: slog.New(slog.DiscardHandler), Primary: primary, Heartbeat: 20 * time.Millisecond}
	h.open()
	t.Cleanup(h.close)
	return h
}

// follow begins to follow the primary over HTTP.
func (h *shop) follow() {
	h.t.Helper()
	source := client.New(h.options.Primary)
	f, err := replica.New(replica.Options{
		Engine: h.engine, Source: source, MinBackoff: time.Millisecond, MaxBackoff: 10 * time.Millisecond, Log: h.options.Log,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.options.Follower = f
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	h.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			h.t.Error("follow:", err)
		}
		source.Close()
	}
}

// catchUp waits until a replica has what its primary has.
func (h *shop) catchUp(primary *shop) {
	h.t.Helper()
	h.want(200, "GET", fmt.Sprintf("/v1/digest?at_least=%d", primary.engine.Sequence()), "")
}

// TestReplicaServes: a replica answers reads as its primary does, refuses writes and names who takes them, and says how it
// stands.
func TestReplicaServes(t *testing.T) {
	p := openCell(t, "")
	p.stock("A", 10)
	placed := p.want(201, "POST", "/v1/orders", order("c", "A", 1))
	r := openCell(t, p.base)
	r.catchUp(p)
	for _, path := range []string{"/v1/orders/" + placed["id"].(string), "/v1/skus/A/availability", "/v1/digest", "/v1/audit", "/v1/skus"} {
		if a, b := p.do("GET", path, ""), r.do("GET", path, ""); a.status != 200 || string(a.body) != string(b.body) {
			t.Errorf("%s: %s and %s", path, a.body, b.body)
		}
	}
	for _, write := range [][3]string{
		{"POST", "/v1/orders", order("c", "A", 1)}, {"POST", "/v1/orders", "{"}, {"PUT", "/v1/skus/B", "{}"}, {"POST", "/v1/holds", order("c", "A", 1)},
		{"PUT", "/v1/locations/x", "{}"}, {"POST", "/v1/orders/" + placed["id"].(string) + "/cancel", ""}, {"DELETE", "/v1/holds/x", ""},
		{"POST", "/v1/stock/adjustments", "{}"},
	} {
		r.wantProblem(421, codeNotPrimary, write[0], write[1], write[2])
		if got := r.do(write[0], write[1], write[2]).header.Get("Location"); got != p.base {
			t.Errorf("%s %s: Location %q", write[0], write[1], got)
		}
	}
	if got := r.do("POST", "/v1/batch", `{"op":"place_order","customer":"c","lines":[{"sku":"A","quantity":1}]}`, "Content-Type: application/x-ndjson"); got.status != 421 {
		t.Errorf("a batch: %d %s", got.status, got.body)
	}
	r.want(200, "GET", "/readyz", "")
	at := p.want(200, "POST", "/v1/checkpoint", "")["sequence"]
	for r.want(200, "GET", "/v1/replication", "")["compared"] != at {
		time.Sleep(time.Millisecond)
	}
	status := r.want(200, "GET", "/v1/replication", "")
	if status["role"] != "replica" || status["primary"] != p.base || status["connected"] != true || status["lag_sequences"] != jsonNumber("0") ||
		status["lag_seconds"] != jsonNumber("0.000") || status["last_error"] != nil {
		t.Errorf("the replica: %v", status)
	}
	status = p.want(200, "GET", "/v1/replication", "")
	followers := status["followers"].([]any)
	if status["role"] != "primary" || len(followers) != 1 || followers[0].(map[string]any)["sequence"] != at {
		t.Errorf("the primary: %v", status)
	}
	for _, line := range []string{
		"holdfast_replication_is_replica 1", "holdfast_replication_epoch 1", "holdfast_replication_lag_sequences 0", "holdfast_replication_connected 1",
		"holdfast_replication_reconnects_total 0", "holdfast_replication_diverged 0", "holdfast_replication_lag_seconds 0",
	} {
		if text := string(r.do("GET", "/metrics", "").body); !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics have no %s", line)
		}
	}
	if text := string(p.do("GET", "/metrics", "").body); !strings.Contains(text, "holdfast_replication_followers 1\n") {
		t.Error("the primary's metrics do not count the replica")
	}
	got := p.do("GET", fmt.Sprintf("/v1/checkpoints/%v", at), "")
	var m codec.Manifest
	if err := codec.DecodeManifest(got.body, &m); got.status != 200 || err != nil || m.KeySeed != [2]uint64{} {
		t.Errorf("manifest: %d %v %v", got.status, err, m.KeySeed)
	}
	p.wantProblem(404, codeCheckpointNotFound, "GET", "/v1/checkpoints/999", "")
	p.wantProblem(404, codeCheckpointNotFound, "GET", "/v1/checkpoints/last", "")
}

// TestReplicaIsPromoted: it has what its primary acknowledged, answers repeated keys as that did, takes writes, stays
// a primary after a restart, and can be followed in its turn, by a replica of a replica too; the old primary cannot any more.
func TestReplicaIsPromoted(t *testing.T) {
	p := openCell(t, "")
	p.stock("A", 10)
	p.wantProblem(409, codeAlreadyPrimary, "POST", "/v1/promote", "{}")
	const key = "Idempotency-Key: k1"
	first := p.do("POST", "/v1/orders", order("c", "A", 1), key)
	r := openCell(t, p.base)
	second := openCell(t, r.base)
	second.catchUp(p)
	r.catchUp(p)
	r.wantProblem(400, codeUnknownField, "POST", "/v1/promote", `{"force":true}`)
	got := r.want(200, "POST", "/v1/promote", "{}")
	if got["epoch"] != jsonNumber("2") || got["sequence"] != jsonNumber(fmt.Sprint(p.engine.Sequence())) {
		t.Errorf("promoted: %v", got)
	}
	r.wantProblem(409, codeAlreadyPrimary, "POST", "/v1/promote", "{}")
	again := r.do("POST", "/v1/orders", order("c", "A", 1), key)
	if again.status != 201 || string(again.body) != string(first.body) || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("the key got %d %s, and before %s", again.status, again.body, first.body)
	}
	r.stop, r.options.Primary, r.options.Follower, r.storage.Follow = nil, "", nil, false
	for range 2 {
		r.want(201, "POST", "/v1/orders", order("c", "A", 1))
		if got := r.want(200, "GET", "/v1/replication", ""); got["role"] != "primary" || got["epoch"] != jsonNumber("2") {
			t.Errorf("%v", got)
		}
		r.restart()
	}
	second.stop()
	second.options.Primary = r.base
	second.follow()
	second.catchUp(r)
	if a, b := r.do("GET", "/v1/digest", ""), second.do("GET", "/v1/digest", ""); string(a.body) != string(b.body) {
		t.Errorf("%s and %s", a.body, b.body)
	}
	at := second.engine.JournalPosition()
	p.wantProblem(409, codeOldEpoch, "GET", fmt.Sprintf("/v1/journal?from=%d&chain=%s&epoch=%d", at.Next, hex.EncodeToString(at.Chain[:]), at.Epoch), "")
}

// TestJournalRefusals: who holds something else than the journal does is told so.
func TestJournalRefusals(t *testing.T) {
	p := openCell(t, "")
	p.stock("A", 10)
	for range 3 {
		p.want(201, "POST", "/v1/orders", order("c", "A", 1))
	}
	at := p.engine.JournalPosition()
	ask := func(from uint64, chain [32]byte, epoch int) string {
		return fmt.Sprintf("/v1/journal?from=%d&chain=%s&epoch=%d", from, hex.EncodeToString(chain[:]), epoch)
	}
	other := at.Chain
	other[5] ^= 1
	got := p.wantProblem(409, codeOtherHistory, "GET", ask(uint64(at.Next), other, 1), "")
	for _, part := range []string{hex.EncodeToString(other[:]), hex.EncodeToString(at.Chain[:]), fmt.Sprint(at.Next)} {
		if !strings.Contains(got["detail"].(string), part) {
			t.Errorf("the detail does not name %s: %v", part, got["detail"])
		}
	}
	p.wantProblem(409, codeOtherHistory, "GET", ask(1, other, 1), "")
	p.wantProblem(409, codeOtherHistory, "GET", ask(3, at.Chain, 1), "")
	p.wantProblem(409, codeReplicaAhead, "GET", ask(uint64(at.Next)+1, at.Chain, 1), "")
	p.wantProblem(409, codeOldEpoch, "GET", ask(uint64(at.Next), at.Chain, 2), "")
	for _, query := range []string{ask(uint64(at.Next), at.Chain, 1), ask(1, [32]byte{}, 0)} {
		response, err := http.Get(p.base + query)
		if err != nil || response.StatusCode != 200 {
			t.Fatal(response, err)
		}
		_ = response.Body.Close()
	}
}

// TestReplicaWithoutPrimary: a replica that has never caught up is not ready, and says why; and so is a replica's directory
// that follows nobody, which can be promoted all the same.
func TestReplicaWithoutPrimary(t *testing.T) {
	r := openCell(t, "http://127.0.0.1:1")
	got := r.wantProblem(503, codeCatchingUp, "GET", "/readyz", "")
	if got["detail"] == "" {
		t.Error("no reason")
	}
	r.close()
	r.options.Primary, r.options.Follower, r.stop, r.storage.Follow = "", nil, nil, false
	r.open()
	r.wantProblem(503, codeCatchingUp, "GET", "/readyz", "")
	r.wantProblem(421, codeNotPrimary, "PUT", "/v1/skus/A", "{}")
	r.want(200, "POST", "/v1/promote", "")
	r.want(200, "GET", "/readyz", "")
	r.want(201, "PUT", "/v1/skus/A", "{}")
}
