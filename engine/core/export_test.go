package core

import (
	"fmt"
	"reflect"
	"unsafe"
)

// FilledBlanks looks for bytes that fill up a record and are not zero: they would be part of digests, and nobody
// knows what puts them there.
func (m *Machine) FilledBlanks() []string {
	var found []string
	for i := range m.slots {
		s := &m.slots[i]
		found = append(found, filledBlanks(&s.skus)...)
		found = append(found, filledBlanks(&s.levels)...)
		found = append(found, filledBlanks(&s.orders)...)
		found = append(found, filledBlanks(&s.lines)...)
		found = append(found, filledBlanks(&s.allocations)...)
		found = append(found, filledBlanks(&s.parts.slab)...)
		found = append(found, filledBlanks(&s.partLines.slab)...)
		found = append(found, filledBlanks(&s.limits.slab)...)
		found = append(found, filledBlanks(&s.rules)...)
		found = append(found, filledBlanks(&s.inbounds)...)
		found = append(found, filledBlanks(&s.inboundLines)...)
		found = append(found, filledBlanks(&s.lots.slab)...)
		found = append(found, filledBlanks(&s.components.slab)...)
	}
	return found
}

func filledBlanks[T any](s *slab[T]) (found []string) {
	r := reflect.TypeFor[T]()
	for i := range r.NumField() {
		f := r.Field(i)
		if f.Name != "_" {
			continue
		}
		for place := range s.length {
			if !s.isHere(place >> pageShift) {
				continue
			}
			record := unsafe.Pointer(s.at(place))
			for _, b := range unsafe.Slice((*byte)(unsafe.Add(record, f.Offset)), f.Type.Size()) {
				if b != 0 {
					found = append(found, fmt.Sprintf("%s %d has %#x behind its fields", r.Name(), place, b))
				}
			}
		}
	}
	return found
}

// Records is the number of records of a machine, in all slabs.
func (m *Machine) Records() (n uint32) {
	for i := range m.slots {
		s := &m.slots[i]
		n += s.skus.length + s.levels.length + s.orders.length + s.lines.length + s.allocations.length +
			s.parts.length + s.partLines.length + s.limits.length + s.rules.length +
			s.inbounds.length + s.inboundLines.length + s.lots.length + s.components.length
	}
	return n
}

// Looks is how often somebody who waits was looked at to find out whose turn it is, or where in a queue it stands.
func (m *Machine) Looks() (n uint64) {
	for i := range m.slots {
		n += m.slots[i].looks
	}
	return n
}
