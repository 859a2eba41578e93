package server

import "holdfast/engine/core"

// appendSale appends a sale with its rules and, when the image has counts, what became of it. document is what no decision
// needs, nil for none; sequence is 0 where the answer around it says it.
func (s *Server) appendSale(dst []byte, sale *core.SaleImage, document *orderDocument, sequence core.Sequence) []byte {
	rules := &sale.Settings
	dst = appendTextField(dst, `{"sale":`, sale.Name)
	dst = appendNumberField(dst, `,"number":`, uint64(sale.ID))
	if document != nil && len(document.title) > 0 {
		dst = append(append(dst, `,"title":`...), document.title...)
	}
	dst = appendTimeField(dst, `,"starts_at":`, rules.StartsAt)
	dst = appendTimeField(dst, `,"ends_at":`, rules.EndsAt)
	dst = append(dst, `,"items":[`...)
	for i := range rules.Items {
		dst = s.appendSKU(append(appendComma(dst, i), `{"sku":`...), rules.Items[i].SKU)
		dst = appendSaleRules(dst, &rules.Items[i])
		if document != nil && i < len(document.prices) && document.prices[i][0] == '{' {
			dst = append(append(dst, `,"unit_price":`...), document.prices[i]...)
		}
		if len(sale.Counts) > 0 {
			dst = appendSaleCounts(dst, &rules.Items[i], &sale.Counts[i])
		}
		dst = append(dst, '}')
	}
	dst = append(dst, ']')
	for kind, name := range identityNames {
		dst = append(append(dst, `,"limit_per_`...), name...)
		dst = appendOrNone(append(dst, '"', ':'), rules.Limits[kind])
	}
	dst = appendOrNone(append(dst, `,"max_ttl_seconds":`...), core.Quantity(rules.MaxTTL/1000))
	dst = appendOrNone(append(dst, `,"max_expired_holds":`...), core.Quantity(rules.MaxExpired))
	dst = appendOrNone(append(dst, `,"waitlist_capacity":`...), core.Quantity(rules.WaitlistCapacity))
	dst = appendNumberField(dst, `,"waitlist_hold_seconds":`, int64(rules.WaitlistTTL/1000))
	dst = appendBoolField(dst, `,"queue":{"required":`, rules.Queue.Required)
	dst = appendNumberField(dst, `,"opening_seconds":`, int64(rules.Queue.Opening/1000))
	dst = appendOrNone(append(dst, `,"rate_per_minute":`...), core.Quantity(rules.Queue.RatePerMinute))
	dst = appendNumberField(dst, `,"token_seconds":`, int64(rules.Queue.TokenTTL/1000))
	dst = appendOrNone(append(dst, `,"patience_seconds":`...), core.Quantity(rules.Queue.Patience/1000))
	dst = appendOrNone(append(dst, `,"share_percent":`...), core.Quantity(rules.Queue.Share))
	return appendVersioned(append(dst, '}'), sale.Version, sequence)
}

func appendSaleRules(dst []byte, item *core.SaleItem) []byte {
	dst = append(dst, `,"quota":`...)
	if item.Quota == core.Unlimited {
		dst = append(dst, "null"...)
	} else {
		dst = appendNumberField(dst, "", item.Quota)
	}
	return appendOrNone(append(dst, `,"max_held":`...), item.MaxHeld)
}

// appendSaleCounts appends what an item has sold, what is left of its quota, what stock and backorder room allow, and how
// many units of what is left those do not cover.
func appendSaleCounts(dst []byte, item *core.SaleItem, count *core.SaleCount) []byte {
	dst = appendNumberField(dst, `,"held":`, count.Held)
	dst = appendNumberField(dst, `,"sold":`, count.Sold)
	dst = appendNumberField(dst, `,"waiting":`, count.Waiters)
	dst = appendNumberField(dst, `,"waited_for":`, count.Waited)
	left, beyond := max(0, item.Quota-count.Held-count.Sold), core.Quantity(0)
	available := max(0, count.Orderable)
	if count.Orderable == core.Unlimited {
		dst = append(dst, `,"available":null`...)
	} else {
		dst = appendNumberField(dst, `,"available":`, available)
		beyond = max(0, left-available)
	}
	if item.Quota == core.Unlimited {
		return append(dst, `,"left":null,"beyond_stock":0`...)
	}
	dst = appendNumberField(dst, `,"left":`, left)
	return appendNumberField(dst, `,"beyond_stock":`, beyond)
}

// appendOrNone appends a number, null for 0.
func appendOrNone(dst []byte, n core.Quantity) []byte {
	if n == 0 {
		return append(dst, "null"...)
	}
	return appendNumberField(dst, "", n)
}
