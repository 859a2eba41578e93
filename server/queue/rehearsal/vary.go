package rehearsal

import (
	"fmt"
	"strconv"
	"strings"
)

// VariationNames are the settings that Vary takes.
const VariationNames = "ttl, quota, limit, held, expired, opening, token, patience, rate, share, waitlist, offer (all numbers) and queue (on or off)"

// Vary gives the plan with other rules, such as "ttl=300,limit=1": the same crowd in another sale.
func (p Plan) Vary(settings string) (Plan, error) {
	p.Rules.Items = append([]RuleItem(nil), p.Rules.Items...)
	for setting := range strings.SplitSeq(settings, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(setting), "=")
		if !ok {
			return p, fmt.Errorf("%q is not of the form name=value", setting)
		}
		if err := p.set(name, value); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (p *Plan) set(name, value string) error {
	q := &p.Rules.Queue
	if name == "queue" {
		if value != "on" && value != "off" {
			return fmt.Errorf("queue: %q is neither on nor off", value)
		}
		q.Required = value == "on"
		return nil
	}
	number, err := strconv.ParseInt(value, 10, 32)
	if err != nil || number < 0 {
		return fmt.Errorf("%s: %q is no whole number from 0 to %d", name, value, 1<<31-1)
	}
	switch name {
	case "ttl":
		return setSeconds(&p.Rules.HoldTTL, name, number)
	case "token":
		return setSeconds(&q.Entrance, name, number)
	case "patience":
		return setSeconds(&q.Patience, name, number)
	case "opening":
		q.Opening = float64(number)
	case "limit":
		p.Rules.LimitPerCustomer = number
	case "offer":
		return setSeconds(&p.Rules.WaitlistTTL, name, number)
	case "waitlist":
		p.Rules.WaitlistCapacity = uint32(number)
	case "expired":
		p.Rules.MaxExpired = uint32(number)
	case "rate":
		q.PerMinute = uint32(number)
	case "share":
		if number == 0 {
			return fmt.Errorf("share: must be at least 1 percent")
		}
		q.Share = uint32(number)
	case "quota", "held":
		for i := range p.Rules.Items {
			if name == "quota" {
				p.Rules.Items[i].Quota = &number
			} else {
				p.Rules.Items[i].MaxHeld = number
			}
		}
	default:
		return fmt.Errorf("%q is none of %s", name, VariationNames)
	}
	return nil
}

// setSeconds sets a time that cannot be nothing: 0 would mean the default.
func setSeconds(seconds *float64, name string, number int64) error {
	if number == 0 {
		return fmt.Errorf("%s: must be at least 1 second", name)
	}
	*seconds = float64(number)
	return nil
}
