package core

import "unsafe"

// A state of millions of orders lies in memory far from the processor, and a slot is asked again only after many
// others: without help, every order waits for several cache lines, one after the other. The processor fetches
// them beside its work when it is told in time. Telling it reads and changes nothing, so it never reaches a result.

// Prefetch tells the processor what a placement will look at. It is worth calling one command ahead, by whoever may
// execute the command: all its slots have to be the caller's. The lines of large orders are left alone.
func (m *Machine) Prefetch(c *Command) {
	if len(c.Lines) > prefetchedLines {
		return
	}
	for i := range c.Lines {
		id := c.Lines[i].SKU
		s := &m.slots[id.Slot()]
		if place := id.Place(); place < s.skus.length {
			sku := unsafe.Pointer(s.skus.at(place))
			prefetchRead(sku)
			prefetchRead(unsafe.Add(sku, unsafe.Sizeof(skuRecord{})-1))
			prefetchRead(unsafe.Pointer(&s.mark[place]))
		}
	}
}

// PrefetchLevels goes on where Prefetch ended, once that has had time: it tells the processor which levels a placement will look at,
// which the SKUs' records say, and where its order and its lines will be written.
func (m *Machine) PrefetchLevels(c *Command) {
	if len(c.Lines) == 0 || len(c.Lines) > prefetchedLines {
		return
	}
	for i := range c.Lines {
		id := c.Lines[i].SKU
		s := &m.slots[id.Slot()]
		if place := id.Place(); place < s.skus.length {
			if first := s.skus.at(place).firstLevel; first != 0 {
				level := unsafe.Pointer(s.levels.at(first - 1))
				prefetchWrite(level)
				prefetchEnd(level, unsafe.Sizeof(levelRecord{}))
			}
		}
	}
	home := &m.slots[c.Lines[0].SKU.Slot()] // most orders have no external id
	home.orders.prefetchPage()
	home.lines.prefetchPage()
}

// prefetchedLines bounds what one call asks for: what is asked for beyond a few dozen cache lines at a time waits, and
// what is really needed waits behind it.
const prefetchedLines = 8

// prefetchEnd announces a write of size bytes at p, of which the first lies in a line that is near already.
func prefetchEnd(p unsafe.Pointer, size uintptr) { prefetchWrite(unsafe.Add(p, size-1)) }
