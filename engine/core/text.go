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
	memory := t.allocate(textPageBytes)
	t.pages = append(t.pages, textPage{bytes: (*[textPageBytes]byte)(unsafe.Pointer(&memory[0]))})
}

// get gives a stored pair; the slices are read-only and stay valid.
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
	return p.bytes[:], &p.pageState
}

func (t *texts) image() SlabImage {
	return SlabImage{Kind: SlabTexts, Length: t.length, Pages: uint32(len(t.pages))}
}

func (t *texts) restore(image SlabImage) {
	for range image.Pages {
		t.addPage()
	}
	t.length = image.Length
}

func (t *texts) digest() Digest { return digestStore(t) }
