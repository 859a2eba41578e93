package engine

import (
	"unsafe"

	"holdfast/engine/core"
)

// Keys are kept with a checkpoint while handlers go on binding and giving up keys: what is kept of a page may be newer
// than the checkpoint. That does no harm, since a restored table forgets what is newer, and the replay of the
// journal behind the checkpoint brings it back. What it must not miss is a key of a command that the checkpoint
// covers, so the checkpoint waits until the handlers have bound those.

func (s *keyStripe) pageBytes(page int) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(s.pages[page])), keyPageBytes)
}

// savePages calls save with a copy of every page of a stripe that changed since it was called last, and gives the
// number of the stripe's records.
func (t *keyTable) savePages(stripe int, scratch []byte, save func(page int, bytes []byte) error) (length uint32, pages int, err error) {
	s := &t.stripes[stripe]
	s.mu.Lock()
	defer s.mu.Unlock()
	length, pages = s.length, len(s.pages)
	for page := range pages {
		if !s.unsaved[page] {
			continue
		}
		s.unsaved[page] = false
		copy(scratch, s.pageBytes(page))
		s.mu.Unlock()
		err = save(page, scratch)
		s.mu.Lock()
		if err != nil {
			s.unsaved[page] = true
			return 0, 0, err
		}
	}
	return length, pages, nil
}

// unsave has the next checkpoint keep a page although it has not changed.
func (t *keyTable) unsave(stripe, page int) {
	s := &t.stripes[stripe]
	s.mu.Lock()
	s.unsaved[page] = true
	s.mu.Unlock()
}

// restorePages makes a stripe of a new table as large as it was.
func (t *keyTable) restorePages(stripe, pages int, length uint32) bool {
	s := &t.stripes[stripe]
	for range pages {
		s.addPage()
	}
	s.length = length
	return int64(length) <= int64(pages)*keyPageLength
}

// restorePage fills a page with what was kept of it.
func (t *keyTable) restorePage(stripe, page int, bytes []byte) bool {
	s := &t.stripes[stripe]
	if len(bytes) != keyPageBytes {
		return false
	}
	copy(s.pageBytes(page), bytes)
	s.unsaved[page] = false
	return true
}

// restoreIndex derives a stripe's index, and forgets the keys of commands up to one sequence and behind another, and of those
// that were under way.
func (t *keyTable) restoreIndex(stripe int, expired, last core.Sequence) {
	s := &t.stripes[stripe]
	for place := range s.length {
		r := s.at(place)
		if r.sequence <= expired || r.sequence > last || r.key == (core.IdempotencyKey{}) {
			*s.mut(place) = keyRecord{sequence: core.Sequence(s.free)}
			s.free = place + 1
			continue
		}
		s.index.Insert(t.hash(&r.key), place)
	}
}
