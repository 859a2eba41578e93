package engine

import (
	"sync/atomic"

	"github.com/puzpuzpuz/xsync/v3"

	"holdfast/engine/core"
)

// SaleEntry is what everybody may know of a sale at once.
type SaleEntry struct {
	ID       core.SaleID
	Name     string
	settings atomic.Pointer[core.SaleSettings]
	left     *xsync.MapOf[core.SKUID, core.Quantity] // of each item
}

// Settings are the sale's, as of the last release. Nobody may change them.
func (s *SaleEntry) Settings() *core.SaleSettings { return s.settings.Load() }

// LeftOf is how many units of a SKU the sale may still sell, as of the last release; core.Unlimited when there is no end, and
// nothing of a SKU that it does not sell.
func (s *SaleEntry) LeftOf(sku core.SKUID) core.Quantity {
	left, _ := s.left.Load(sku)
	return left
}

// Left is LeftOf over all SKUs of the sale.
func (s *SaleEntry) Left() (sum core.Quantity) {
	for _, item := range s.Settings().Items {
		left := s.LeftOf(item.SKU)
		if left == core.Unlimited {
			return core.Unlimited
		}
		sum += left
	}
	return sum
}

func (d *directory) defineSale(image *core.SaleImage) {
	settings := image.Settings
	known := *d.salesByPlace.Load()
	if place := int(image.ID.Place()); place < len(known) {
		known[place].settings.Store(&settings)
		return
	}
	entry := &SaleEntry{ID: image.ID, Name: string(image.Name), left: xsync.NewMapOf[core.SKUID, core.Quantity]()}
	entry.settings.Store(&settings)
	known = append(known, entry)
	d.salesByPlace.Store(&known)
	d.sales.Store(entry.Name, entry)
}

// publishItem notes what a sale may still sell of a SKU.
func (d *directory) publishItem(id core.SaleID, sku core.SKUID, left core.Quantity) {
	entry, ok := d.sale(id)
	if !ok {
		return
	}
	before, known := entry.left.LoadAndStore(sku, left)
	switch was, now := known && before == 0, left == 0; {
	case !was && now:
		d.exhausted.Add(1)
	case was && !now:
		d.exhausted.Add(-1)
	}
}

func (d *directory) sale(id core.SaleID) (*SaleEntry, bool) {
	known := *d.salesByPlace.Load()
	if place := id.Place(); place < uint32(len(known)) && known[place].ID == id {
		return known[place], true
	}
	return nil, false
}

// Sale finds a sale by name.
func (e *Engine) Sale(name []byte) (*SaleEntry, bool) { return e.directory.sales.Load(view(name)) }

// SaleByID finds a sale by number.
func (e *Engine) SaleByID(id core.SaleID) (*SaleEntry, bool) { return e.directory.sale(id) }

// SaleNames calls fn with every sale, in the order in which they were defined, until it returns false.
func (e *Engine) SaleNames(fn func(entry *SaleEntry) bool) {
	for _, entry := range *e.directory.salesByPlace.Load() {
		if !fn(entry) {
			return
		}
	}
}

// itemLeft is how many units of a line's SKU the sale of an order may still sell.
func (e *Engine) itemLeft(c *core.Command, k int) core.Quantity {
	entry, _ := e.directory.sale(c.Sale)
	return entry.LeftOf(c.Lines[k].SKU)
}

// anyItemShort tells whether an order in a sale is certain to be refused as a quota is used up. What the sale does not sell,
// and an unknown sale, is for the machine to refuse.
func (e *Engine) anyItemShort(c *core.Command) (short bool) {
	entry, ok := e.directory.sale(c.Sale)
	if !ok {
		return false
	}
	for k := range c.Lines {
		if _, total, first := e.lineTotal(c, k); first {
			left, listed := entry.left.Load(c.Lines[k].SKU)
			if !listed || !entry.sells(c.Lines[k].SKU) {
				return false
			}
			short = short || left != core.Unlimited && leastOf(c, total) > left
		}
	}
	return short
}

func (s *SaleEntry) sells(sku core.SKUID) bool {
	for _, item := range s.Settings().Items {
		if item.SKU == sku {
			return true
		}
	}
	return false
}
