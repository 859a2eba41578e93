package server

import (
	_ "embed" // the OpenAPI document
	"encoding/binary"
	"encoding/hex"
	"io"

	"github.com/VictoriaMetrics/metrics"

	"holdfast/engine/core"
)

// openAPI is the whole contract, for machines and people.
//
//go:embed openapi.json
var openAPI []byte

const openAPIPath = "/openapi.json"

// getOpenAPI serves GET /openapi.json.
func (s *Server) getOpenAPI(x *exchange) { x.answer(200, typeJSON, openAPI) }

// getHealth serves GET /healthz: whoever reads the answer knows that the process runs, and does not have to be started again.
func (s *Server) getHealth(x *exchange) {
	dst := appendTextField(x.out[:0], `{"status":"ok","version":`, s.options.Version)
	x.answerJSON(200, append(dst, '}'))
}

// Recovering is the answer to a request for a path while there is no server yet, because the engine replays its
// journal: the process runs, and is not ready.
func Recovering(path, version string) (status int, contentType string, body []byte) {
	if path == "/healthz" {
		return 200, string(typeJSON), append(appendTextField(nil, `{"status":"recovering","version":`, version), '}')
	}
	p := newProblem(codeRecovering, "the server replays its journal and will soon be ready")
	return p.kind.status, string(typeProblem), appendProblem(nil, p)
}

// getReadiness serves GET /readyz: whether requests should be sent here.
func (s *Server) getReadiness(x *exchange) {
	switch err := s.engine.Err(); {
	case s.draining.Load():
		x.failWith(codeUnavailable, "the server is shutting down")
	case err != nil:
		s.failEngine(x, err)
	case s.engine.Following() && !s.replicaReady(x):
	default:
		dst := appendNumberField(x.out[:0], `{"status":"ready","sequence":`, s.engine.Sequence())
		x.answerJSON(200, append(dst, '}'))
	}
}

// getMetrics serves GET /metrics.
func (s *Server) getMetrics(x *exchange) {
	x.ctx.Response.Header.SetContentType("text/plain; version=0.0.4; charset=utf-8")
	s.writeMetrics(x.ctx.Response.BodyWriter())
}

// writeEngineMetrics writes the engine's figures.
func (s *Server) writeEngineMetrics(w io.Writer) {
	stats := s.engine.Stats()
	broken := uint64(0)
	if stats.JournalBroken {
		broken = 1
	}
	s.writeSearchMetrics(w)
	metrics.WriteCounterUint64(w, "holdfast_engine_commands_total", stats.Commands)
	metrics.WriteCounterUint64(w, "holdfast_engine_groups_total", stats.Groups)
	metrics.WriteCounterUint64(w, "holdfast_engine_events_total", stats.Events)
	metrics.WriteCounterUint64(w, "holdfast_engine_sold_out_total", stats.SoldOut)
	metrics.WriteGaugeUint64(w, "holdfast_engine_sequence", stats.Sequence)
	metrics.WriteGaugeUint64(w, "holdfast_engine_queued_commands", uint64(stats.Queued))
	metrics.WriteGaugeUint64(w, "holdfast_engine_idempotency_keys", uint64(stats.Keys))
	metrics.WriteGaugeUint64(w, "holdfast_engine_skus", uint64(stats.SKUs))
	metrics.WriteGaugeUint64(w, "holdfast_engine_orders", stats.Orders)
	metrics.WriteGaugeUint64(w, "holdfast_engine_archived_orders", stats.Archived)
	metrics.WriteGaugeUint64(w, "holdfast_engine_shards", uint64(stats.Shards))
	metrics.WriteGaugeUint64(w, "holdfast_engine_journal_broken", broken)
	metrics.WriteGaugeUint64(w, "holdfast_engine_checkpoint_sequence", stats.Checkpoint)
	metrics.WriteCounterUint64(w, "holdfast_engine_checkpoints_total", stats.Checkpoints)
	metrics.WriteCounterUint64(w, "holdfast_engine_checkpoint_pages_total", stats.CheckpointPages)
	metrics.WriteCounterUint64(w, "holdfast_engine_checkpoint_bytes_total", stats.CheckpointBytes)
	metrics.WriteCounterUint64(w, "holdfast_engine_checkpoint_failures_total", stats.CheckpointFailures)
	metrics.WriteCounterUint64(w, "holdfast_engine_checkpoint_pages_verified_total", stats.PagesVerified)
	metrics.WriteGaugeUint64(w, "holdfast_engine_checkpoint_pages_rotten", stats.PagesRotten)
	metrics.WriteCounterUint64(w, "holdfast_engine_journal_cuts_total", stats.JournalCuts)
	metrics.WriteCounterUint64(w, "holdfast_engine_feed_cuts_total", stats.FeedCuts)
	metrics.WriteGaugeUint64(w, "holdfast_engine_feed_floor_sequence", stats.FeedFloor)
	metrics.WriteGaugeUint64(w, "holdfast_engine_readers", uint64(stats.Readers))
	metrics.WriteCounterUint64(w, "holdfast_engine_readers_overrun_total", stats.ReadersOverrun)
	metrics.WriteCounterUint64(w, `holdfast_keys_evicted_total{reason="age"}`, stats.KeysExpired)
	metrics.WriteCounterUint64(w, `holdfast_keys_evicted_total{reason="number"}`, stats.KeysCrowded)
	s.writeReplicationMetrics(w)
	metrics.WriteGaugeUint64(w, "holdfast_engine_clock_behind_milliseconds", stats.ClockBehind)
	metrics.WriteCounterUint64(w, "holdfast_engine_clock_back_total", stats.ClockBack)
	metrics.WriteCounterUint64(w, "holdfast_engine_clock_forward_total", stats.ClockForward)
}

// getDigest serves GET /v1/digest.
func (s *Server) getDigest(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	digest, sequence, err := s.engine.Digest()
	if err != nil {
		s.failEngine(x, err)
		return
	}
	var bytes [16]byte
	binary.BigEndian.PutUint64(bytes[:8], digest.High)
	binary.BigEndian.PutUint64(bytes[8:], digest.Low)
	dst := appendNumberField(x.out[:0], `{"sequence":`, sequence)
	dst = hex.AppendEncode(append(dst, `,"digest":"`...), bytes[:])
	x.answerJSON(200, append(dst, `"}`...))
}

// writeCheckpoint serves POST /v1/checkpoint: it answers when the checkpoint is on the disk.
func (s *Server) writeCheckpoint(x *exchange) {
	x.intake.parseNothing(x.body())
	if x.hasFaults() {
		return
	}
	info, err := s.engine.Checkpoint()
	if err != nil {
		s.failEngine(x, err)
		return
	}
	dst := appendNumberField(x.out[:0], `{"sequence":`, info.Sequence)
	x.answerJSON(200, append(dst, '}'))
}

// violationKinds are the names of the invariants that an audit checks, by number.
var violationKinds = [...]string{
	core.ViolationSKUSum:           "sku_sum",
	core.ViolationNegative:         "negative_quantity",
	core.ViolationReserved:         "reserved_sum",
	core.ViolationAllocated:        "allocated_sum",
	core.ViolationBackordered:      "backordered_sum",
	core.ViolationOversold:         "oversold",
	core.ViolationLine:             "line_sum",
	core.ViolationLimitCount:       "limit_count",
	core.ViolationExternalMissing:  "external_id_missing",
	core.ViolationStatus:           "impossible_status",
	core.ViolationPart:             "stray_part",
	core.ViolationLeak:             "leaked_records",
	core.ViolationSupply:           "supply_not_told",
	core.ViolationWithheld:         "withheld_sum",
	core.ViolationPool:             "pool_sum",
	core.ViolationQueue:            "queue_counters",
	core.ViolationWaitlist:         "waitlist_count",
	core.ViolationSaleItem:         "sale_item_count",
	core.ViolationSaleBuyer:        "sale_buyer_count",
	core.ViolationIncoming:         "incoming_lots",
	core.ViolationKit:              "kit",
	core.ViolationInbound:          "inbound_sum",
	core.ViolationLife:             "life",
	core.ViolationShipment:         "shipment_sum",
	core.ViolationFulfilment:       "fulfillment_sum",
	core.ViolationFulfilmentStatus: "fulfillment_status",
	core.ViolationSettled:          "settled_sum",
	core.ViolationRevision:         "revision",
	core.ViolationWaiting:          "waiting_queue",
	core.ViolationCase:             "oversold_case",
}

// getAudit serves GET /v1/audit.
func (s *Server) getAudit(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	report, sequence, err := s.engine.Audit()
	if err != nil {
		s.failEngine(x, err)
		return
	}
	dst := appendNumberField(x.out[:0], `{"sequence":`, sequence)
	dst = appendBoolField(dst, `,"ok":`, report.Found == 0)
	dst = append(dst, `,"violations":[`...)
	for i := range report.Violations {
		dst = s.appendViolation(appendComma(dst, i), &report.Violations[i])
	}
	dst = appendNumberField(dst, `],"violations_found":`, report.Found)
	dst = appendNumberField(dst, `,"skus":`, report.SKUs)
	dst = appendNumberField(dst, `,"orders":`, report.Placed+report.Cancelled+report.Completed+report.Closed)
	dst = appendNumberField(dst, `,"holds":`, report.Held)
	dst = appendNumberField(dst, `,"by_status":{"held":`, report.Held)
	dst = appendNumberField(dst, `,"placed":`, report.Placed)
	dst = appendNumberField(dst, `,"cancelled":`, report.Cancelled)
	dst = appendNumberField(dst, `,"released":`, report.Released)
	dst = appendNumberField(dst, `,"expired":`, report.Expired)
	dst = appendNumberField(dst, `,"completed":`, report.Completed)
	dst = appendNumberField(dst, `,"closed":`, report.Closed)
	dst = appendNumberField(dst, `},"archived":`, report.Archived)
	dst = appendNumberField(dst, `,"inbound":`, report.Inbound)
	x.answerJSON(200, append(dst, '}'))
}

func (s *Server) appendViolation(dst []byte, v *core.Violation) []byte {
	dst = append(dst, `{"kind":"`...)
	dst = append(dst, violationKinds[v.Kind]...)
	dst = s.appendSKU(append(dst, `","sku":`...), v.SKU)
	dst = s.appendLocation(append(dst, `,"location":`...), v.Location)
	dst = append(dst, `,"order":"`...)
	dst = append(appendID(dst, s.engine.PublicOrderID(v.Order)), '"')
	dst = appendNumberField(dst, `,"want":`, v.Want)
	dst = appendNumberField(dst, `,"got":`, v.Got)
	return append(dst, '}')
}
