package server

import (
	"errors"
	"io"
	"strconv"

	"github.com/VictoriaMetrics/metrics"

	"holdfast/engine"
	"holdfast/engine/core"
)

// typeManifest is the media type of a checkpoint's manifest (codec.DecodeManifest).
const typeManifest = "application/vnd.holdfast.manifest"

// failNotPrimary answers a write that came to a replica.
func (s *Server) failNotPrimary(x *exchange) {
	if s.options.Primary == "" {
		x.failWith(codeNotPrimary, "this server is a replica and takes no writes until it is promoted")
		return
	}
	x.failWith(codeNotPrimary, "this server is a replica: send writes to "+s.options.Primary)
	x.ctx.Response.Header.Set("Location", s.options.Primary)
}

// replicaReady answers that a replica is not ready, unless it is.
func (s *Server) replicaReady(x *exchange) bool {
	if s.options.Follower == nil {
		x.failWith(codeCatchingUp, "this server is a replica that follows nobody: promote it, or start it with --follow")
		return false
	}
	status := s.options.Follower.Status()
	switch {
	case status.Diverged != nil:
		x.failWith(codeDiverged, status.Diverged.Error())
		return false
	case status.CaughtUp:
		return true
	}
	detail := "the replica is at sequence " + strconv.FormatUint(uint64(status.Sequence), 10) +
		" and its primary at " + strconv.FormatUint(uint64(status.PrimarySequence), 10)
	if status.LastError != nil {
		detail = "the replica is not connected to its primary: " + status.LastError.Error()
	}
	x.failWith(codeCatchingUp, detail)
	x.ctx.Response.Header.Set("Retry-After", s.retryAfter)
	return false
}

// promote serves POST /v1/promote.
func (s *Server) promote(x *exchange) {
	x.intake.parseNothing(x.body())
	if x.hasFaults() {
		return
	}
	promote := s.engine.Promote
	if s.options.Follower != nil {
		promote = s.options.Follower.Promote
	}
	epoch, last, err := promote()
	var diverged *engine.DivergedError
	switch {
	case errors.Is(err, engine.ErrPrimary):
		x.failWith(codeAlreadyPrimary, "this server is a primary, of epoch "+strconv.FormatUint(s.engine.Epoch(), 10))
	case errors.As(err, &diverged):
		x.failWith(codeDiverged, diverged.Error())
	case err != nil:
		s.failEngine(x, err)
	default:
		s.options.Log.Info("promoted: this server takes writes now", "epoch", epoch, "sequence", last)
		dst := appendNumberField(x.out[:0], `{"epoch":`, epoch)
		dst = appendNumberField(dst, `,"sequence":`, last)
		x.answerJSON(200, append(dst, '}'))
	}
}

// getManifest serves GET /v1/checkpoints/{checkpoint}, for a replica that wants to know where it differs.
func (s *Server) getManifest(x *exchange) {
	if !x.takesNoQuery() {
		return
	}
	number, whole, fits := parseInteger(x.variable)
	if !whole || !fits || number < 1 {
		x.failWith(codeCheckpointNotFound, "a checkpoint is named by its sequence")
		return
	}
	manifest, err := s.engine.Manifest(core.Sequence(number))
	if errors.Is(err, engine.ErrNotFound) {
		x.failWith(codeCheckpointNotFound, "there is no checkpoint of this sequence any more, or there never was")
		return
	}
	if err != nil {
		s.failEngine(x, err)
		return
	}
	x.answer(200, []byte(typeManifest), manifest)
}

// getReplication serves GET /v1/replication: how this server stands to others.
func (s *Server) getReplication(x *exchange) {
	if !x.takesNoQuery() {
		return
	}
	role := "primary"
	if s.engine.Following() {
		role = "replica"
	}
	dst := append(append(x.out[:0], `{"role":"`...), role...)
	dst = appendNumberField(dst, `","epoch":`, s.engine.Epoch())
	dst = appendNumberField(dst, `,"sequence":`, s.engine.Sequence())
	if s.engine.Following() && s.options.Follower != nil {
		dst = s.appendFollowing(dst)
	}
	dst = append(dst, `,"followers":[`...)
	for i, f := range s.followers.snapshot() {
		dst = appendTextField(appendComma(dst, i), `{"address":`, f.remote.String())
		dst = appendNumberField(dst, `,"sequence":`, f.sent.Load())
		dst = append(appendTimeField(dst, `,"connected_since":`, core.Millis(f.since.UnixMilli())), '}')
	}
	x.answerJSON(200, append(dst, "]}"...))
}

// appendFollowing appends how a replica stands to its primary.
func (s *Server) appendFollowing(dst []byte) []byte {
	status := s.options.Follower.Status()
	dst = appendTextField(dst, `,"primary":`, s.options.Primary)
	dst = appendNumberField(dst, `,"primary_sequence":`, status.PrimarySequence)
	dst = appendNumberField(dst, `,"primary_epoch":`, status.PrimaryEpoch)
	dst = appendNumberField(dst, `,"lag_sequences":`, status.LagSequences)
	dst = strconv.AppendFloat(append(dst, `,"lag_seconds":`...), status.Lag.Seconds(), 'f', 3, 64)
	dst = appendBoolField(dst, `,"caught_up":`, status.CaughtUp)
	dst = appendBoolField(dst, `,"connected":`, status.Connected)
	if !status.Since.IsZero() {
		dst = appendTimeField(dst, `,"since":`, core.Millis(status.Since.UnixMilli()))
	}
	dst = appendNumberField(dst, `,"reconnects":`, status.Reconnects)
	dst = appendNumberField(dst, `,"compared":`, status.Compared)
	if status.LastError != nil {
		dst = appendTextField(dst, `,"last_error":`, status.LastError.Error())
	}
	if status.Diverged != nil {
		dst = appendTextField(dst, `,"diverged":`, status.Diverged.Error())
	}
	return dst
}

// writeReplicationMetrics writes the figures of replication.
func (s *Server) writeReplicationMetrics(w io.Writer) {
	number := func(yes bool) uint64 {
		if yes {
			return 1
		}
		return 0
	}
	following := s.engine.Following()
	metrics.WriteGaugeUint64(w, "holdfast_replication_is_replica", number(following))
	metrics.WriteGaugeUint64(w, "holdfast_replication_epoch", s.engine.Epoch())
	metrics.WriteGaugeUint64(w, "holdfast_replication_followers", uint64(len(s.followers.snapshot())))
	if s.options.Follower == nil || !following {
		return
	}
	status := s.options.Follower.Status()
	metrics.WriteGaugeUint64(w, "holdfast_replication_lag_sequences", status.LagSequences)
	metrics.WriteGaugeFloat64(w, "holdfast_replication_lag_seconds", status.Lag.Seconds())
	metrics.WriteGaugeUint64(w, "holdfast_replication_connected", number(status.Connected))
	metrics.WriteCounterUint64(w, "holdfast_replication_reconnects_total", status.Reconnects)
	metrics.WriteGaugeUint64(w, "holdfast_replication_compared_sequence", uint64(status.Compared))
	metrics.WriteGaugeUint64(w, "holdfast_replication_diverged", number(status.Diverged != nil))
}
