package engine

import (
	"sync/atomic"
	"unsafe"

	"github.com/puzpuzpuz/xsync/v3"

	"holdfast/engine/core"
)

// directory is what handlers look up without asking a shard: names and numbers, and what may still be
// sold. It is written by release, so it never shows what a power cut could take back.
type directory struct {
	skus      *xsync.MapOf[string, *SKUEntry]
	locations *xsync.MapOf[string, core.LocationID]
	channels  *xsync.MapOf[string, core.ChannelID]
	sales     *xsync.MapOf[string, *SaleEntry]

	// exhausted counts the SKUs of which nothing may be ordered, and the quotas of sales of which nothing is left. While it is zero, admission looks no further.
	exhausted atomic.Int64

	// kits counts the SKUs that are kits. Without, nobody looks for recipes.
	kits atomic.Int64

	// capacities counts the locations with a capacity of a day. Without, nobody looks whether an order is to be booked.
	capacities   atomic.Int64
	withCapacity [core.MaxLocations / 64]atomic.Uint64 // by number; written by release alone

	byNumber      [core.SlotCount]atomic.Pointer[[]*SKUEntry]
	locationNames atomic.Pointer[[]string]
	channelNames  atomic.Pointer[[]string]
	channelBands  [core.MaxChannels / 64]atomic.Uint64 // by number: the channel shows no numbers
	salesByPlace  atomic.Pointer[[]*SaleEntry]
}

// SKUEntry is what everybody may know of a SKU at once.
type SKUEntry struct {
	ID        core.SKUID
	Name      string
	orderable atomic.Int64
	recipe    atomic.Pointer[core.Recipe] // nil for none
}

// Orderable is how many units an order may ask for, as of the last release: the available ones and the backorder
// room; core.Unlimited when there is no end, core.Stopped when nothing is sold.
func (s *SKUEntry) Orderable() core.Quantity { return core.Quantity(s.orderable.Load()) }

// short tells whether an order of so many units is certain to be refused.
func (s *SKUEntry) short(wanted core.Quantity) bool {
	orderable := s.Orderable()
	return orderable != core.Unlimited && wanted > orderable
}

func (s *SKUEntry) stopped() bool { return s.Orderable() == core.Stopped }

func newDirectory() *directory {
	d := &directory{
		skus:      xsync.NewMapOf[string, *SKUEntry](),
		locations: xsync.NewMapOf[string, core.LocationID](),
		channels:  xsync.NewMapOf[string, core.ChannelID](),
		sales:     xsync.NewMapOf[string, *SaleEntry](),
	}
	for i := range d.byNumber {
		d.byNumber[i].Store(&[]*SKUEntry{})
	}
	d.locationNames.Store(&[]string{"main"})
	d.locations.Store("main", 0)
	d.channelNames.Store(&[]string{"web"})
	d.channels.Store("web", 0)
	d.salesByPlace.Store(&[]*SaleEntry{})
	return d
}

// define takes the event of a definition.
func (d *directory) define(ev *core.Event) {
	switch ev.Kind {
	case core.EventSKUDefined:
		d.defineSKU(ev.SKU.ID, string(ev.SKU.Name))
	case core.EventLocationDefined:
		defineName(&d.locationNames, d.locations, ev.Location.ID, string(ev.Location.Name))
		d.setCapacity(&ev.Location)
	case core.EventChannelDefined:
		defineName(&d.channelNames, d.channels, ev.Channel.ID, string(ev.Channel.Name))
		d.setBands(ev.Channel.ID, ev.Channel.Settings.Bands)
	case core.EventSaleDefined:
		d.defineSale(&ev.Sale)
	case core.EventKitSet:
		d.setRecipe(&ev.Recipe)
	}
}

func (d *directory) setBands(id core.ChannelID, bands bool) {
	if word, bit := &d.channelBands[id/64], uint64(1)<<(id%64); bands {
		word.Or(bit)
	} else {
		word.And(^bit)
	}
}

func (d *directory) defineSKU(id core.SKUID, name string) {
	known := *d.byNumber[id.Slot()].Load()
	if int(id.Place()) < len(known) {
		return // only its settings changed
	}
	entry := &SKUEntry{ID: id, Name: name}
	d.exhausted.Add(1) // until its first availability is published
	known = append(known, entry)
	d.byNumber[id.Slot()].Store(&known)
	d.skus.Store(name, entry)
}

// defineName adds a name to a table whose numbers are places, unless it is there. Readers hold the slice
// that they loaded: append writes only behind its end.
func defineName[N ~uint16](names *atomic.Pointer[[]string], numbers *xsync.MapOf[string, N], id N, name string) {
	known := *names.Load()
	if int(id) < len(known) {
		return
	}
	known = append(known, name)
	names.Store(&known)
	numbers.Store(name, id)
}

func (d *directory) publish(id core.SKUID, orderable core.Quantity) {
	entry, ok := d.sku(id)
	if !ok {
		return
	}
	before := isExhausted(core.Quantity(entry.orderable.Swap(int64(orderable))))
	switch now := isExhausted(orderable); {
	case !before && now:
		d.exhausted.Add(1)
	case before && !now:
		d.exhausted.Add(-1)
	}
}

// isExhausted tells whether no unit can be ordered.
func isExhausted(orderable core.Quantity) bool { return orderable == 0 || orderable == core.Stopped }

func (d *directory) sku(id core.SKUID) (*SKUEntry, bool) {
	known := *d.byNumber[id.Slot()].Load()
	if int(id.Place()) >= len(known) {
		return nil, false
	}
	return known[id.Place()], true
}

// view is a string over bytes that nobody changes while it is used for a look-up.
func view(name []byte) string { return unsafe.String(unsafe.SliceData(name), len(name)) }

// SKU finds a SKU by name.
func (e *Engine) SKU(name []byte) (*SKUEntry, bool) { return e.directory.skus.Load(view(name)) }

// SKUByID finds a SKU by number.
func (e *Engine) SKUByID(id core.SKUID) (*SKUEntry, bool) { return e.directory.sku(id) }

// SKUNames calls fn with every SKU's name, in no order, until it returns false.
func (e *Engine) SKUNames(fn func(entry *SKUEntry) bool) {
	e.directory.skus.Range(func(_ string, entry *SKUEntry) bool { return fn(entry) })
}

// Location finds a location's number.
func (e *Engine) Location(name []byte) (core.LocationID, bool) {
	return e.directory.locations.Load(view(name))
}

// LocationName gives a location's name, "" for a number that is not given out.
func (e *Engine) LocationName(id core.LocationID) string {
	return nameAt(*e.directory.locationNames.Load(), int(id))
}

// Locations is the number of locations.
func (e *Engine) Locations() int { return len(*e.directory.locationNames.Load()) }

// Channel finds a channel's number.
func (e *Engine) Channel(name []byte) (core.ChannelID, bool) {
	return e.directory.channels.Load(view(name))
}

// ChannelName gives a channel's name, "" for a number that is not given out.
func (e *Engine) ChannelName(id core.ChannelID) string {
	return nameAt(*e.directory.channelNames.Load(), int(id))
}

// ShowsBands tells whether a channel is told how much there is in bands only.
func (e *Engine) ShowsBands(id core.ChannelID) bool {
	return int(id) < core.MaxChannels && e.directory.channelBands[id/64].Load()>>(id%64)&1 != 0
}

// Channels is the number of channels.
func (e *Engine) Channels() int { return len(*e.directory.channelNames.Load()) }

func nameAt(names []string, i int) string {
	if i >= len(names) {
		return ""
	}
	return names[i]
}
