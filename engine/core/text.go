package core

import (
	"unsafe"

	"holdfast/engine/invariant"
)

// textPageBytes is the size of a page of texts. An entry never crosses a page's end.
const textPageBytes = 1 << textPageShift

// texts is an append-only store of pairs of short strings, each at most 255 bytes: a customer and an
// external id, or a name and nothing.
//
//	offset  0  1 byte   length a of the first
//	        1  a bytes  the first
//	      1+a  1 byte   length b of the second
//	      2+a  b bytes  the second
type texts struct {
	pages    []textPage
	length   uint32
	keeper   *keeper
	allocate Allocator
	spare    []*[textPageBytes]byte // of pages that were dropped
	usage
}

// textPage is a page's bytes and what is known of them.
type textPage struct {
	bytes *[textPageBytes]byte
	pageState
}

// add stores a pair and gives its offset.
func (t *texts) add(first, second []byte) uint32 {
	size := uint32(len(first) + len(second) + 2)
	if t.length&(textPageBytes-1)+size > textPageBytes || int(t.length>>textPageShift) == len(t.pages) {
		invariant.Check(len(t.pages) < 1<<(32-textPageShift), "offsets of texts have 32 bits")
		t.length = uint32(len(t.pages)) << textPageShift
		t.addPage()
	}
	offset := t.length
	t.length += size
	page := &t.pages[offset>>textPageShift]
	if page.marks != 0 {
		t.changePage(offset >> textPageShift)
	}
	entry := page.bytes[offset&(textPageBytes-1):]
	entry[0] = byte(len(first))
	copy(entry[1:], first)
	entry = entry[1+len(first):]
	entry[0] = byte(len(second))
	copy(entry[1:], second)
	if k := t.length & (textPageBytes - 1); k != 0 && k+size <= textPageBytes {
		prefetchEnd(unsafe.Pointer(&page.bytes[k]), uintptr(size)) // the next pair is likely as long
	}
	return offset
}

func (t *texts) addPage() {
	t.users = append(t.users, 0)
	if n := len(t.spare); n > 0 {
		bytes := t.spare[n-1]
		t.spare = t.spare[:n-1]
		clear(bytes[:])
		t.pages = append(t.pages, textPage{bytes: bytes})
		return
	}
	memory := t.allocate(textPageBytes)
	t.pages = append(t.pages, textPage{bytes: (*[textPageBytes]byte)(unsafe.Pointer(&memory[0]))})
}

// addDropped makes a page that is not in memory.
func (t *texts) addDropped() {
	t.users = append(t.users, 0)
	t.pages = append(t.pages, textPage{pageState: droppedPage})
}

// drop takes a page out of memory, which the next new page gets.
func (t *texts) drop(n uint32) {
	p := &t.pages[n]
	if p.marks&pagePending != 0 {
		t.keeper.keepPage(SlabTexts, n, p.bytes[:])
	}
	t.spare = append(t.spare, p.bytes)
	*p = textPage{pageState: droppedPage}
}

// isHere tells whether a page is in memory.
func (t *texts) isHere(n uint32) bool { return t.pages[n].bytes != nil }

// isFull tells whether nothing will be added to a page.
func (t *texts) isFull(n uint32) bool { return uint64(n+1)<<textPageShift <= uint64(t.length) }

// get gives a stored pair. The slices are read-only, and valid as long as the page is in memory: those of a SKU's name for
// ever, those of an order until it is archived.
func (t *texts) get(offset uint32) (first, second []byte) {
	entry := t.pages[offset>>textPageShift].bytes[offset&(textPageBytes-1):]
	n := int(entry[0])
	first = entry[1 : 1+n : 1+n]
	entry = entry[1+n:]
	n = int(entry[0])
	return first, entry[1 : 1+n : 1+n]
}

// changePage is for a page of which somebody has taken note since it changed last.
func (t *texts) changePage(n uint32) {
	p := &t.pages[n]
	if p.marks&pagePending != 0 {
		t.keeper.keepPage(SlabTexts, n, p.bytes[:])
	}
	p.marks = 0
}

func (t *texts) page(n uint32) ([]byte, *pageState) {
	p := &t.pages[n]
	if p.bytes == nil {
		return nil, &p.pageState
	}
	return p.bytes[:], &p.pageState
}

func (t *texts) image() SlabImage {
	return SlabImage{Kind: SlabTexts, Length: t.length, Pages: uint32(len(t.pages))}
}

func (t *texts) restore(image SlabImage, dropped func(n uint32) bool) {
	for n := range image.Pages {
		if dropped(n) {
			t.addDropped()
		} else {
			t.addPage()
		}
	}
	t.length = image.Length
}

func (t *texts) digest() Digest { return digestStore(t) }
