package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"holdfast/engine"
)

func TestOperations(t *testing.T) {
	h := openShop(t, Options{Version: "v9"})
	h.stock("A", 10)
	h.want(201, "POST", "/v1/orders", order("c", "A", 1))
	h.hold("A", "60")
	audit := h.want(200, "GET", "/v1/audit", "")
	if audit["ok"] != true || audit["orders"] != jsonNumber("1") || audit["holds"] != jsonNumber("1") || audit["skus"] != jsonNumber("1") {
		t.Errorf("audit %v", audit)
	}
	first := h.want(200, "GET", "/v1/digest", "")["digest"]
	if again := h.want(200, "GET", "/v1/digest", "")["digest"]; again != first {
		t.Errorf("digest %v, then %v", first, again)
	}
	h.want(201, "POST", "/v1/orders", order("c", "A", 1))
	changed := h.want(200, "GET", "/v1/digest", "")["digest"]
	if changed == first {
		t.Error("the digest does not see an order")
	}
	h.restart()
	if again := h.want(200, "GET", "/v1/digest", "")["digest"]; again != changed {
		t.Errorf("digest %v before a restart, %v after", changed, again)
	}
	if got := h.want(200, "GET", "/healthz", ""); got["version"] != "v9" {
		t.Errorf("health %v", got)
	}
	if got := h.do("GET", "/openapi.json", ""); string(got.body) != string(openAPI) {
		t.Error("the document is not the one embedded")
	}
	h.do("GET", "/nowhere", "")
	metrics := string(h.do("GET", "/metrics", "").body)
	for _, line := range []string{
		`holdfast_http_requests_total{route="GET /v1/digest",class="2xx"} 1`,
		`holdfast_http_request_seconds_count{route="GET /v1/digest"} 1`,
		`holdfast_http_unrouted_total 1`,
		`holdfast_engine_orders 3`,
		`holdfast_engine_journal_broken 0`,
		`process_resident_memory_bytes`,
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("metrics have no %s", line)
		}
	}
}

func TestCheckpoint(t *testing.T) {
	h := openShop(t, Options{})
	h.stock("A", 10)
	h.want(201, "POST", "/v1/orders", order("c", "A", 1))
	at := h.want(200, "GET", "/v1/digest", "")["sequence"]
	for _, body := range []string{"{}", ""} {
		if got := h.want(200, "POST", "/v1/checkpoint", body, "Content-Type: application/json")["sequence"]; got != at {
			t.Errorf("the checkpoint is of %v, want %v", got, at)
		}
	}
	h.wantProblem(400, codeUnknownField, "POST", "/v1/checkpoint", `{"now":true}`)
	h.wantProblem(400, codeMalformedJSON, "POST", "/v1/checkpoint", `{`)
	if text := string(h.do("GET", "/metrics", "").body); !strings.Contains(text, "holdfast_engine_checkpoints_total 1") {
		t.Error("the metrics do not count it")
	}
}

// crampedDisk has room until it is full.
type crampedDisk struct {
	vfs.FS
	full *atomic.Bool
}

func (d crampedDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	if d.full.Load() {
		return vfs.DiskUsage{}, nil
	}
	return vfs.DiskUsage{AvailBytes: 1 << 40}, nil
}

// TestReadinessOfAFailedJournal: a server that cannot write any more is not ready, and says why.
func TestReadinessOfAFailedJournal(t *testing.T) {
	disk := crampedDisk{vfs.Default, new(atomic.Bool)}
	h := &shop{t: t, dir: t.TempDir(), contract: theContract(t), options: Options{Log: slog.New(slog.DiscardHandler)}}
	h.storage.Journal.FS, h.storage.Journal.BallastBytes = disk, -1
	h.open()
	h.stock("A", 1_000_000)
	h.want(200, "GET", "/readyz", "")
	disk.full.Store(true)
	for deadline := time.Now().Add(10 * time.Second); h.do("POST", "/v1/orders", order("c", "A", 1)).status != 503; { // looked at now and then
		if time.Now().After(deadline) {
			t.Fatal("the disk is full, and orders go on")
		}
	}
	h.wantProblem(503, codeJournalWrong, "GET", "/readyz", "")
	h.http.CloseIdleConnections()
	if err := errors.Join(h.server.Shutdown(context.Background()), <-h.served); err != nil {
		t.Error(err)
	}
	if err := h.engine.Close(); !errors.Is(err, engine.ErrDiskFull) {
		t.Errorf("close: %v", err)
	}
}

// TestOperatorsSayWhatTheySend: a request that a page of another origin could send without being asked changes nothing.
func TestOperatorsSayWhatTheySend(t *testing.T) {
	h := openShop(t, Options{})
	for _, path := range []string{"/v1/promote", "/v1/checkpoint"} {
		for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
			headers := []string{"Origin: https://elsewhere.example", "Content-Type: " + kind}
			h.wantProblem(415, codeUnsupportedMedia, "POST", path, "", headers...)
			if kind != "" {
				h.wantProblem(415, codeUnsupportedMedia, "POST", path, "{}", headers...)
			}
		}
	}
	if checkpoints := h.engine.Stats().Checkpoints; checkpoints != 0 {
		t.Errorf("%d checkpoints were written", checkpoints)
	}
}

// TestRecoveringAnswers: what is answered before there is a server keeps the contract too.
func TestRecoveringAnswers(t *testing.T) {
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503, "/v1/audit": 503} {
		status, contentType, body := Recovering(path, "v1")
		if status != want {
			t.Errorf("%s: status %d", path, status)
		}
		request := httptest.NewRequest("GET", path, nil)
		response := &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {contentType}, "Retry-After": {"1"}}}
		theContract(t).check(t, request, "", response, body)
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	for _, took := range []time.Duration{-1, 0, 64 * time.Microsecond, 65 * time.Microsecond, 128 * time.Microsecond, 129 * time.Microsecond, time.Hour} {
		h.record(took)
	}
	if got := [4]uint64{h.buckets[0].Load(), h.buckets[1].Load(), h.buckets[2].Load(), h.buckets[bucketCount].Load()}; got != [4]uint64{3, 2, 1, 1} {
		t.Errorf("buckets %v", got)
	}
	var text strings.Builder
	h.write(&text, "x", `a="b"`)
	for _, line := range []string{`x_bucket{a="b",le="6.4e-05"} 3`, `x_bucket{a="b",le="0.000128"} 5`, `x_bucket{a="b",le="+Inf"} 7`, `x_count{a="b"} 7`} {
		if !strings.Contains(text.String(), line+"\n") {
			t.Errorf("no %s in\n%s", line, text.String())
		}
	}
}

func TestOptions(t *testing.T) {
	if err := (Options{}).Validate(); err != nil {
		t.Error(err)
	}
	if err := (Options{}).Effective().Validate(); err != nil {
		t.Error(err)
	}
	err := Options{ReadTimeout: -1, IdleTimeout: 1, MaxConnections: -1, MaxEventStreams: -2, RetryAfter: 1}.Validate()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, name := range []string{"ReadTimeout", "IdleTimeout", "MaxConnections", "MaxEventStreams", "RetryAfter"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not reported: %v", name, err)
		}
	}
}
