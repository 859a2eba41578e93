package reference

import (
	"bytes"

	"holdfast/engine/core"
)

// isStale tells whether a command expects another version than the one at hand, and gives the refusal.
func isStale(c *core.Command, version uint32) (core.Outcome, bool) {
	if c.ExpectedVersion == 0 || c.ExpectedVersion == version {
		return core.Outcome{}, false
	}
	return refuse(core.Refusal{Reason: core.ReasonVersionConflict, Version: version}), true
}

// settingsVersion is the version of what a command gives settings to; 0 of what is not there.
func (m *Model) settingsVersion(c *core.Command) uint32 {
	switch c.Kind {
	case core.CommandDefineSKU:
		if id, known := m.skuNumber[string(c.Name)]; known {
			return m.skus[id].image.Version
		}
	case core.CommandDefineLocation:
		if l := m.locationNamed(c.Name); l != nil {
			return l.image.Version
		}
	case core.CommandSetChannel:
		if row := m.channelNamed(c.Name); row != nil {
			return row.image.Version
		}
	case core.CommandSetChannelRule:
		if m.skus[c.Rule.SKU] == nil {
			return 0
		}
		if r := m.ruleAbout(c.Rule.SKU, c.Rule.Channel); r != nil {
			return r.version
		}
	case core.CommandDefineSale:
		for _, s := range m.sales {
			if bytes.Equal(s.image.Name, c.Name) {
				return s.image.Version
			}
		}
	case core.CommandDefineRouting:
		return m.routing.Version
	}
	return 0
}
