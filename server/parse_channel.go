package server

import "holdfast/engine/core"

// visibilities are how a channel may show what there is.
var visibilities = [...]string{"exact", "bands"}

func visibilityOf(bands bool) string {
	if bands {
		return visibilities[1]
	}
	return visibilities[0]
}

// parseChannel reads the body of PUT /v1/channels/{channel}. Every setting has a default.
func (in *intake) parseChannel(body []byte) {
	in.begin(core.CommandSetChannel, body)
	var title []byte
	settings := &in.command.Selling
	if in.object() {
		for in.more() {
			switch string(in.name()) {
			case "name":
				title = in.text(&titleRule)
			case "visibility":
				settings.Bands = in.oneOf(visibilities[:]) == 1
			case "buffer":
				settings.Buffer = core.Quantity(in.integer(0, int64(core.MaxSettingQuantity)))
			case "capture":
				settings.Capture = core.CapturePolicy(in.oneOf(capturePolicies[:]))
			case "payment_deadline_seconds":
				if settings.PayWithin = 0; !in.null() {
					settings.PayWithin = core.Millis(in.integer(1, int64(core.MaxPayWithin/1000))) * 1000
				}
			case "return_window_days":
				settings.HasReturnDays, settings.ReturnDays = true, uint16(in.integer(0, core.MaxReturnDays))
			default:
				in.unknown()
			}
		}
	}
	in.end()
	if len(in.faults) == 0 {
		in.composeNamed(documentName, title)
	}
}

// parseChannelRule reads the body of PUT /v1/skus/{sku}/channels/{channel}.
func (in *intake) parseChannelRule(body []byte) {
	in.begin(core.CommandSetChannelRule, body)
	rule := &in.command.Rule
	if in.object() {
		for in.more() {
			switch string(in.name()) {
			case "buffer":
				if rule.HasBuffer = !in.null(); rule.HasBuffer {
					rule.Buffer = core.Quantity(in.integer(0, int64(core.MaxSettingQuantity)))
				}
			case "pool":
				if rule.HasPool = !in.null(); rule.HasPool {
					in.parsePool(&rule.Pool)
				}
			default:
				in.unknown()
			}
		}
		if !rule.HasBuffer && !rule.HasPool && len(in.faults) == 0 {
			in.fault(codeMissingField, "buffer", "or pool is required; DELETE takes a rule back")
		}
	}
	in.end()
}

func (in *intake) parsePool(pool *core.PoolSettings) {
	if !in.object() {
		return
	}
	hasQuota, hasShare := false, false
	for in.more() {
		switch string(in.name()) {
		case "quota":
			pool.Quota, hasQuota = core.Quantity(in.integer(1, int64(core.MaxOnHand))), true
		case "share_percent":
			if hasShare = !in.null(); hasShare {
				pool.Share = uint8(in.integer(1, 100))
			}
		case "starts_at":
			if !in.null() {
				pool.Start = in.instant()
			}
		case "ends_at":
			if !in.null() {
				pool.End = max(1, in.instant()) // 0 is no end
			}
		case "exclusive":
			pool.Exclusive = in.boolean()
		default:
			in.unknown()
		}
	}
	switch {
	case !hasQuota && !hasShare && len(in.faults) == 0:
		in.faultIn("quota", codeMissingField, "or share_percent is required")
	case hasQuota && hasShare:
		in.faultIn("share_percent", codeWrongType, "must not be given together with quota")
	}
	if pool.End != 0 && pool.End <= pool.Start {
		in.faultIn("ends_at", codeOutOfRange, "must be after starts_at")
	}
}
