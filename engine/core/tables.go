package core

// gatherSKU looks up the name that a command defines.
func (s *slot) gatherSKU(st *Step) {
	st.home = s.id
	st.place, st.known = s.findSKU(st.command.Name)
	if st.known {
		st.version = s.skus.at(st.place).version
	} else {
		st.place, st.version = s.skus.length, 0
	}
}

func (s *slot) findSKU(name []byte) (uint32, bool) {
	cursor := s.names.Search(indexHash(s.seed, name))
	for cursor.Next() {
		known, _ := s.texts.get(s.skus.at(cursor.Record()).name)
		if string(known) == string(name) {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (m *Machine) decideSKU(st *Step) {
	if st.isStale(st.version) {
		return
	}
	if st.place >= MaxSKUsPerSlot {
		st.refuse(ReasonTableFull)
		return
	}
	st.event.Kind = EventSKUDefined
	st.event.SKU = SKUImage{
		ID:          MakeSKUID(st.home, st.place),
		Version:     st.version + 1,
		Changed:     st.sequence,
		HasDocument: len(st.command.Document) > 0,
		Name:        st.command.Name,
		Settings:    st.command.SKU,
	}
	st.Outcome.Changed = true
}

func (s *slot) applySKU(st *Step, sink Sink) {
	image := &st.event.SKU
	if !st.known {
		place := s.skus.push()
		name := s.texts.add(image.Name, nil)
		s.skus.mut(place).name = name
		s.texts.refer(name>>textPageShift, 1) // so its page never leaves
		s.names.Insert(indexHash(s.seed, image.Name), place)
		s.mark = append(s.mark, 0)
	}
	record := s.skus.mut(st.place)
	record.define(image)
	s.setPreorder(image.ID, image.Settings.Preorder, st.now)
	s.touch(record, image.ID)
	sink.Event(&st.event)
}

// decideLocation changes the table of locations. It may: every slot stands at this command.
func (m *Machine) decideLocation(st *Step) {
	c := st.command
	id, version := m.findLocation(c.Name), uint32(0)
	if id < len(m.locations) {
		version = m.locations[id].version
	}
	if st.isStale(version) {
		return
	}
	if !m.knowsChannels(c.Location.Shipping) {
		st.refuse(ReasonChannelNotFound)
		return
	}
	if id == len(m.locations) {
		if id == MaxLocations {
			st.refuse(ReasonTableFull)
			return
		}
		m.locations = append(m.locations, location{name: append([]byte(nil), c.Name...)})
	}
	row := &m.locations[id]
	st.turned = row.version > 0 && row.settings.Stopped != c.Location.Stopped
	m.countCapacity(row, -1)
	row.settings, row.changed, row.hasDocument = c.Location, st.sequence, len(c.Document) > 0
	row.point = positionOf(&c.Location)
	m.countCapacity(row, 1)
	row.version++
	st.event.Kind = EventLocationDefined
	m.locationImage(LocationID(id), &st.event.Location)
	st.Outcome.Changed = true
}

// knowsChannels tells whether all channels that a location is set aside for exist.
func (m *Machine) knowsChannels(s *Shipping) bool {
	if s == nil {
		return true
	}
	for _, channel := range s.Channels {
		if int(channel) >= len(m.channels) {
			return false
		}
	}
	return true
}

// findLocation gives the location of a name, or the number that a new one would get.
func (m *Machine) findLocation(name []byte) int {
	for i := range m.locations {
		if string(m.locations[i].name) == string(name) {
			return i
		}
	}
	return len(m.locations)
}

func (m *Machine) locationImage(id LocationID, img *LocationImage) {
	row := &m.locations[id]
	*img = LocationImage{
		ID:          id,
		Version:     row.version,
		Changed:     row.changed,
		HasDocument: row.hasDocument,
		Name:        row.name,
		Settings:    row.settings,
	}
}

// decideChannel adds to the table of channels. It may: every slot stands at this command.
func (m *Machine) decideChannel(st *Step) {
	name := st.command.Name
	for i := range m.channels {
		if string(m.channels[i].name) == string(name) {
			return
		}
	}
	if len(m.channels) == MaxChannels {
		st.refuse(ReasonTableFull)
		return
	}
	id := ChannelID(len(m.channels))
	m.channels = append(m.channels, channel{name: append([]byte(nil), name...), version: 1, changed: st.sequence})
	st.event.Kind = EventChannelDefined
	m.channelImage(id, &st.event.Channel)
	st.Outcome.Changed = true
}

// decideSetChannel changes the table of channels, as decideChannel does.
func (m *Machine) decideSetChannel(st *Step) {
	c := st.command
	id := 0
	for id < len(m.channels) && string(m.channels[id].name) != string(c.Name) {
		id++
	}
	version := uint32(0)
	if id < len(m.channels) {
		version = m.channels[id].version
	}
	if st.isStale(version) {
		return
	}
	if id == len(m.channels) {
		if id == MaxChannels {
			st.refuse(ReasonTableFull)
			return
		}
		m.channels = append(m.channels, channel{name: append([]byte(nil), c.Name...)})
	}
	row := &m.channels[id]
	row.settings, row.changed, row.hasDocument = c.Selling, st.sequence, len(c.Document) > 0
	row.version++
	st.event.Kind = EventChannelDefined
	m.channelImage(ChannelID(id), &st.event.Channel)
	st.Outcome.Changed = true
}

func (m *Machine) channelImage(id ChannelID, img *ChannelImage) {
	row := &m.channels[id]
	*img = ChannelImage{
		ID:          id,
		Version:     row.version,
		Changed:     row.changed,
		HasDocument: row.hasDocument,
		Name:        row.name,
		Settings:    row.settings,
	}
}
