package core

import "holdfast/engine/invariant"

// unitsOf is how many units of a SKU a customer has in live holds and orders, as far as counted.
func (s *slot) unitsOf(customer customerHash, sku SKUID) Quantity {
	if place, ok := s.findLimit(customer, sku); ok {
		return s.limits.at(place).units
	}
	return 0
}

// count adds to a customer's units of a SKU. Who has none has no record.
func (s *slot) count(customer customerHash, sku SKUID, n Quantity) {
	place, ok := s.findLimit(customer, sku)
	if !ok {
		place = s.limits.acquire()
		*s.limits.mut(place) = limitRecord{customer: customer, sku: sku}
		s.limitOf.Insert(s.limitHash(customer, sku), place)
	}
	record := s.limits.mut(place)
	record.units += n
	invariant.Check(record.units >= 0, "a customer's counted units are never negative")
	if record.units == 0 {
		s.limitOf.Delete(s.limitHash(customer, sku), place)
		s.limits.release(place)
	}
}

func (s *slot) findLimit(customer customerHash, sku SKUID) (uint32, bool) {
	cursor := s.limitOf.Search(s.limitHash(customer, sku))
	for cursor.Next() {
		if r := s.limits.at(cursor.Record()); r.customer == customer && r.sku == sku {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (s *slot) limitHash(customer customerHash, sku SKUID) uint64 {
	return finish(fold(customer.high^s.seed, customer.low^digestA) + uint64(sku))
}
