package bench

import "holdfast/engine/core"

// refusalCodes are the codes that a refused or failed order is counted under. The last one stands
// for every code that is not listed.
var refusalCodes = [...]string{
	"insufficient_stock", "limit_per_customer_exceeded", "overloaded", "rate_limited",
	"idempotency_key_reused", "idempotency_in_progress", "duplicate_external_id",
	"hold_expired", "hold_released", "hold_confirmed", "hold_not_found", "order_not_found", "order_cancelled",
	"version_conflict", "sku_not_found", "channel_not_found", "malformed_json", "malformed_batch", "journal_failed",
	"unavailable", "internal_error", "other",
}

// outcome is what one answer said about what its request asked for.
type outcome struct {
	placed   int   // orders or holds made now
	replayed int   // answered from what their keys had got before
	followed int   // holds confirmed or released
	reads    int   // availabilities and orders read
	lives    int   // orders whose life is complete with that
	stage    stage // of lives, that the request is of; 0 for none
	refused  [len(refusalCodes)]int32
}

// refuse counts a command that was not done.
func (o *outcome) refuse(code int) { o.refused[code]++ }

// codeIndex finds a code's place in refusalCodes.
func codeIndex(code []byte) int {
	for i := range refusalCodes {
		if string(code) == refusalCodes[i] {
			return i
		}
	}
	return len(refusalCodes) - 1
}

// reasonIndex gives each reason of a binary answer its place in refusalCodes.
var reasonIndex = func() (index [256]uint8) {
	names := map[core.Reason]string{
		core.ReasonOrderNotFound: "order_not_found", core.ReasonVersionConflict: "version_conflict",
		core.ReasonHoldExpired: "hold_expired", core.ReasonHoldReleased: "hold_released",
		core.ReasonHoldConfirmed: "hold_confirmed", core.ReasonOrderCancelled: "order_cancelled",
		core.ReasonSKUNotFound: "sku_not_found", core.ReasonChannelNotFound: "channel_not_found",
		core.ReasonDuplicateExternal: "duplicate_external_id",
		core.ReasonLimitPerCustomer:  "limit_per_customer_exceeded", core.ReasonInsufficientStock: "insufficient_stock",
		255: "malformed_batch", 254: "idempotency_key_reused", 253: "idempotency_in_progress", 252: "overloaded",
	}
	for i := range index {
		index[i] = uint8(codeIndex([]byte(names[core.Reason(i)])))
	}
	return index
}()
