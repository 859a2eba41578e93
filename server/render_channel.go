package server

import "holdfast/engine/core"

// appendChannelImage appends a channel with its settings. name is JSON, nil for none; sequence is 0 where the answer around it
// says it.
func appendChannelImage(dst []byte, c *core.ChannelImage, name []byte, sequence core.Sequence) []byte {
	dst = appendTextField(dst, `{"channel":`, c.Name)
	dst = appendNumberField(dst, `,"number":`, uint32(c.ID))
	if name != nil {
		dst = append(append(dst, `,"name":`...), name...)
	}
	dst = appendTextField(dst, `,"visibility":`, visibilityOf(c.Settings.Bands))
	dst = appendNumberField(dst, `,"buffer":`, c.Settings.Buffer)
	days := uint64(core.ReturnWindow / (24 * 60 * 60 * 1000))
	if c.Settings.HasReturnDays {
		days = uint64(c.Settings.ReturnDays)
	}
	dst = appendNumberField(dst, `,"return_window_days":`, days)
	dst = appendTextField(dst, `,"capture":`, capturePolicies[c.Settings.Capture])
	if c.Settings.PayWithin != 0 {
		dst = appendNumberField(dst, `,"payment_deadline_seconds":`, uint64(c.Settings.PayWithin/1000))
	} else {
		dst = append(dst, `,"payment_deadline_seconds":null`...)
	}
	return appendVersioned(dst, c.Version, sequence)
}

// poolStatuses are the names of the stations of a pool's life, by number.
var poolStatuses = [...]string{core.PoolWaiting: "waiting", core.PoolLive: "live", core.PoolEnded: "ended"}

// appendChannelRule appends what holds for a SKU in a channel.
func (s *Server) appendChannelRule(dst []byte, r *core.ChannelRuleImage, sequence core.Sequence) []byte {
	dst = s.appendSKU(append(dst, `{"sku":`...), r.SKU)
	dst = s.appendChannel(append(dst, `,"channel":`...), r.Channel)
	if r.HasBuffer {
		dst = appendNumberField(dst, `,"buffer":`, r.Buffer)
	} else {
		dst = append(dst, `,"buffer":null`...)
	}
	if r.HasPool {
		dst = appendPool(append(dst, `,"pool":`...), r)
	} else {
		dst = append(dst, `,"pool":null`...)
	}
	return appendVersioned(dst, r.Version, sequence)
}

func appendPool(dst []byte, r *core.ChannelRuleImage) []byte {
	dst = appendNumberField(dst, `{"quota":`, r.Pool.Quota)
	if r.Pool.Share != 0 {
		dst = appendNumberField(dst, `,"share_percent":`, uint32(r.Pool.Share))
	}
	dst = appendTimeField(dst, `,"starts_at":`, r.Pool.Start)
	if r.Pool.End != 0 {
		dst = appendTimeField(dst, `,"ends_at":`, r.Pool.End)
	} else {
		dst = append(dst, `,"ends_at":null`...)
	}
	dst = appendBoolField(dst, `,"exclusive":`, r.Pool.Exclusive)
	dst = appendTextField(dst, `,"status":`, poolStatuses[r.Phase])
	dst = appendNumberField(dst, `,"used":`, r.Used)
	dst = appendNumberField(dst, `,"left":`, r.Left())
	dst = appendNumberField(dst, `,"covered":`, r.Covered)
	return append(appendNumberField(dst, `,"short":`, r.Left()-r.Covered), '}')
}
