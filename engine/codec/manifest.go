package codec

import (
	"encoding/binary"
	"slices"

	"holdfast/engine/core"
)

// manifestMagic begins a manifest.
const manifestMagic = "HFC2"

// KeyStripes is the number of stripes of the engine's key table, whose pages are in checkpoints too.
const KeyStripes = 64

// Manifest says what a checkpoint is made of.
type Manifest struct {
	Sequence  core.Sequence // of the last command whose effects are in it
	At        core.Millis   // the time of that command's group
	Epoch     uint64
	Chain     [32]byte // SHA-256 of that group
	Tables    core.Digest
	Sets      []ValueSet // in ascending order; the last is the checkpoint's own
	Locations []core.LocationImage
	Channels  []core.ChannelImage
	Sales     []core.SaleImage
	Routing   core.RoutingImage
	Archived  [core.SlotCount]core.Digest // of what left each slot
	Slabs     [core.SlotCount][core.SlabKinds]SlabPages
	KeySeed   [2]uint64 // of the key table's hash, which says what lies in which stripe
	Keys      [KeyStripes]KeyPages
}

// ValueSet is the values that were kept with one checkpoint.
type ValueSet struct {
	Sequence core.Sequence
	Values   uint32 // how many, without the manifest
}

// SlabPages is a slab and where its pages are.
type SlabPages struct {
	Image core.SlabImage
	First uint32    // pages before it were archived
	Pages []PageRef // from the first on
}

// Page gives where a page is.
func (s *SlabPages) Page(n uint32) *PageRef { return &s.Pages[n-s.First] }

// IsArchived tells whether a page was archived.
func (s *SlabPages) IsArchived(n uint32) bool { return n < s.First || s.Page(n).IsArchived() }

// Archive notes that a page was archived.
func (s *SlabPages) Archive(n uint32) {
	if n < s.First {
		return
	}
	*s.Page(n) = ArchivedPage
	for len(s.Pages) > 0 && s.Pages[0].IsArchived() {
		s.First++
		s.Pages = s.Pages[1:]
	}
}

// KeyPages is a stripe of the key table and where its pages are.
type KeyPages struct {
	Length uint32 // records
	Pages  []PageRef
}

// PageRef says where a page is, and what it has to be.
type PageRef struct {
	Set    uint32 // place in the manifest's Sets
	Number uint32 // of the value
	Digest core.Digest
}

const pageRefSize = 4 + 4 + 16

// maxPages is more than a slab can have: numbers of records have 32 bits.
const maxPages = 1 << 22

// ArchivedPage is where a page is that was archived: nowhere.
var ArchivedPage = PageRef{Set: 1<<32 - 1}

// IsArchived tells whether the page was archived.
func (p *PageRef) IsArchived() bool { return p.Set == ArchivedPage.Set }

// AppendManifest appends a manifest.
func AppendManifest(dst []byte, m *Manifest) []byte {
	dst = append(dst, manifestMagic...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.Sequence))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(m.At))
	dst = binary.LittleEndian.AppendUint64(dst, m.Epoch)
	dst = append(dst, m.Chain[:]...)
	dst = appendDigest(dst, m.Tables)
	dst = appendUvarint(dst, uint64(len(m.Sets)))
	for _, set := range m.Sets {
		dst = binary.LittleEndian.AppendUint64(dst, uint64(set.Sequence))
		dst = binary.LittleEndian.AppendUint32(dst, set.Values)
	}
	dst = appendUvarint(dst, uint64(len(m.Locations)))
	for i := range m.Locations {
		dst = AppendLocationImage(dst, &m.Locations[i])
	}
	dst = appendUvarint(dst, uint64(len(m.Channels)))
	for i := range m.Channels {
		dst = AppendChannelImage(dst, &m.Channels[i])
	}
	dst = appendUvarint(dst, uint64(len(m.Sales)))
	for i := range m.Sales {
		dst = AppendSaleImage(dst, &m.Sales[i])
	}
	dst = AppendRoutingImage(dst, &m.Routing)
	for slot := range m.Slabs {
		dst = appendDigest(dst, m.Archived[slot])
		for kind := range m.Slabs[slot] {
			s := &m.Slabs[slot][kind]
			dst = binary.LittleEndian.AppendUint32(dst, s.Image.Length)
			dst = binary.LittleEndian.AppendUint32(dst, s.Image.Free)
			dst = binary.LittleEndian.AppendUint32(dst, s.Image.Live)
			dst = binary.LittleEndian.AppendUint32(dst, s.First)
			dst = appendPageRefs(dst, s.Pages)
		}
	}
	for _, seed := range m.KeySeed {
		dst = binary.LittleEndian.AppendUint64(dst, seed)
	}
	for i := range m.Keys {
		dst = binary.LittleEndian.AppendUint32(dst, m.Keys[i].Length)
		dst = appendPageRefs(dst, m.Keys[i].Pages)
	}
	return dst
}

func appendPageRefs(dst []byte, pages []PageRef) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(pages)))
	for i := range pages {
		dst = binary.LittleEndian.AppendUint32(dst, pages[i].Set)
		dst = binary.LittleEndian.AppendUint32(dst, pages[i].Number)
		dst = appendDigest(dst, pages[i].Digest)
	}
	return dst
}

func appendDigest(dst []byte, d core.Digest) []byte {
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, d.High), d.Low)
}

// DecodeManifest reads a manifest, which is all of src. Names point into src.
func DecodeManifest(src []byte, m *Manifest) error {
	c := cursor{buf: src}
	if string(c.take(len(manifestMagic))) != manifestMagic {
		c.fail(0, "is no manifest of version 1")
	}
	m.Sequence = core.Sequence(c.uint64())
	m.At = core.Millis(c.uint64())
	m.Epoch = c.uint64()
	copy(m.Chain[:], c.take(len(m.Chain)))
	m.Tables = c.digest()
	n := c.count(1, 1<<20, 12, "value sets are not 1 to 1048576")
	m.Sets = slices.Grow(m.Sets[:0], n)[:n]
	for i := range m.Sets {
		m.Sets[i] = ValueSet{Sequence: core.Sequence(c.uint64()), Values: c.uint32()}
	}
	n = c.count(1, core.MaxLocations, 5, "locations are not 1 to 4096")
	m.Locations = make([]core.LocationImage, n)
	for i := range m.Locations {
		c.locationImage(&m.Locations[i])
	}
	n = c.count(1, core.MaxChannels, 7, "channels are not 1 to 4096")
	m.Channels = make([]core.ChannelImage, n)
	for i := range m.Channels {
		c.channelImage(&m.Channels[i])
	}
	n = c.count(0, core.MaxSales, 20, "sales are more than 16384")
	m.Sales = make([]core.SaleImage, n)
	for i := range m.Sales {
		c.saleImage(&m.Sales[i])
	}
	c.routingImage(&m.Routing)
	for slot := range m.Slabs {
		m.Archived[slot] = c.digest()
		for kind := range m.Slabs[slot] {
			s := &m.Slabs[slot][kind]
			s.Image.Kind = core.SlabKind(kind + 1)
			s.Image.Length, s.Image.Free, s.Image.Live = c.uint32(), c.uint32(), c.uint32()
			at := c.pos
			s.First = c.uint32()
			s.Pages = c.pageRefs(m.Sets)
			if s.First > maxPages || len(s.Pages) > 0 && s.Pages[0].IsArchived() {
				c.fail(at, "begins with a page that was archived")
			}
			s.Image.Pages = s.First + uint32(len(s.Pages))
		}
	}
	for i := range m.KeySeed {
		m.KeySeed[i] = c.uint64()
	}
	for i := range m.Keys {
		m.Keys[i].Length = c.uint32()
		m.Keys[i].Pages = c.pageRefs(m.Sets)
	}
	return c.end("goes on after its end")
}

func (c *cursor) pageRefs(sets []ValueSet) []PageRef {
	n := int(c.uint32())
	if n > (len(c.buf)-c.pos)/pageRefSize {
		c.fail(c.pos, "ends in the middle of a list of pages")
		return nil
	}
	pages := make([]PageRef, n)
	for i := range pages {
		p := &pages[i]
		at := c.pos
		p.Set, p.Number, p.Digest = c.uint32(), c.uint32(), c.digest()
		if *p == ArchivedPage {
			continue
		}
		if int(p.Set) >= len(sets) || p.Number >= sets[p.Set].Values {
			c.fail(at, "a page is in no value")
			return nil
		}
	}
	return pages
}

func (c *cursor) digest() core.Digest {
	return core.Digest{High: c.uint64(), Low: c.uint64()}
}

// EachPage calls fn with every page that is somewhere, those of the keys as pages of slab 0 in the slot of the stripe's
// number. fn may change where a page is.
func (m *Manifest) EachPage(fn func(id core.PageID, p *PageRef)) {
	each := func(slot int, slab core.SlabKind, first uint32, pages []PageRef) {
		for n := range pages {
			if pages[n].IsArchived() {
				continue
			}
			fn(core.PageID{Slot: core.Slot(slot), Slab: slab, Number: first + uint32(n)}, &pages[n])
		}
	}
	for slot := range m.Slabs {
		for kind := range m.Slabs[slot] {
			s := &m.Slabs[slot][kind]
			each(slot, core.SlabKind(kind+1), s.First, s.Pages)
		}
	}
	for stripe := range m.Keys {
		each(stripe, 0, 0, m.Keys[stripe].Pages)
	}
}

// Digest is that of the state that the manifest describes.
func (m *Manifest) Digest() core.Digest {
	var slots [core.SlotCount]core.Digest
	for slot := range slots {
		var slabs [core.SlabKinds]core.Digest
		for kind := range slabs {
			s := &m.Slabs[slot][kind]
			slabs[kind] = core.DigestSlab(s.Image, func(n uint32) core.Digest {
				if s.IsArchived(n) {
					return core.Digest{}
				}
				return s.Page(n).Digest
			})
		}
		slots[slot] = core.DigestSlabs(core.Slot(slot), slabs, m.Archived[slot])
	}
	return core.DigestSlots(m.Tables, &slots)
}
