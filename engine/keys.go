package engine

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unsafe"

	"holdfast/engine/core"
)

// The key table remembers which command first used an idempotency key. It is derived from the journal,
// and consulted before it: handlers claim a key, and when the command was done bind it to its sequence, or give
// it up when it was refused.
//
// It lies in 64 stripes by the key's hash, each under its own lock. A record keeps the whole key, which is
// compared; the index only finds it.
const (
	keyStripes    = 64
	keyPageShift  = 12
	keyPageLength = 1 << keyPageShift
)

// keyTable is the whole table.
type keyTable struct {
	seed    [2]uint64
	stripes [keyStripes]keyStripe
}

type keyStripe struct {
	mu       sync.Mutex
	index    *core.Index
	allocate core.Allocator
	pages    []*[keyPageLength]keyRecord
	length   uint32
	free     uint32 // the record freed last, plus one; its sequence is the next
	_        [64]byte
}

// keyRecord is one key. Sequence 0 means that its command is still under way.
type keyRecord struct {
	key         core.IdempotencyKey
	fingerprint uint64
	sequence    core.Sequence
}

// keyHandle says where a claimed key lies: the stripe in the low six bits, the record above.
type keyHandle uint64

// noKey is the handle of a command without a key.
const noKey = ^keyHandle(0)

// claimState is what became of a claim.
type claimState uint8

const (
	claimNew      claimState = iota // the key is the caller's now
	claimBound                      // it was used by the same command before
	claimReused                     // it was used by another command
	claimInFlight                   // its command is still under way
)

func newKeyTable(allocate core.Allocator, seed [2]uint64) *keyTable {
	t := &keyTable{seed: seed}
	for i := range t.stripes {
		t.stripes[i].allocate = allocate
		t.stripes[i].index = core.NewIndex(allocate)
	}
	return t
}

// hash is keyed, as clients choose the keys.
func (t *keyTable) hash(key *core.IdempotencyKey) uint64 {
	a := binary.LittleEndian.Uint64(key[:8]) ^ t.seed[0]
	b := binary.LittleEndian.Uint64(key[8:]) ^ t.seed[1]
	high, low := bits.Mul64(a|1, b|1)
	h := high ^ low ^ a ^ bits.RotateLeft64(b, 32)
	high, low = bits.Mul64(h^t.seed[1], 0x9e3779b97f4a7c15)
	return high ^ low
}

// claim takes a key for a command, or tells who has it. sequence is set for claimBound.
func (t *keyTable) claim(key *core.IdempotencyKey, fingerprint uint64) (h keyHandle, state claimState, sequence core.Sequence) {
	hash := t.hash(key)
	s := &t.stripes[hash%keyStripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.find(hash, key); r != nil {
		switch {
		case r.fingerprint != fingerprint:
			return noKey, claimReused, 0
		case r.sequence == 0:
			return noKey, claimInFlight, 0
		}
		return noKey, claimBound, r.sequence
	}
	place := s.insert(hash, keyRecord{key: *key, fingerprint: fingerprint})
	return keyHandle(place)<<6 | keyHandle(hash%keyStripes), claimNew, 0
}

// lookup tells about a key without claiming it.
func (t *keyTable) lookup(key *core.IdempotencyKey, fingerprint uint64) (state claimState, sequence core.Sequence) {
	hash := t.hash(key)
	s := &t.stripes[hash%keyStripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(hash, key)
	switch {
	case r == nil:
		return claimNew, 0
	case r.fingerprint != fingerprint:
		return claimReused, 0
	case r.sequence == 0:
		return claimInFlight, 0
	}
	return claimBound, r.sequence
}

// touch begins to fetch the memory that a claim of the key will read.
func (t *keyTable) touch(key *core.IdempotencyKey) uint64 {
	hash := t.hash(key)
	return t.stripes[hash%keyStripes].index.Touch(hash)
}

// bind makes a claimed key answer with a command from now on.
func (t *keyTable) bind(h keyHandle, sequence core.Sequence) {
	s := &t.stripes[h%keyStripes]
	s.mu.Lock()
	s.at(uint32(h >> 6)).sequence = sequence
	s.mu.Unlock()
}

// abandon forgets a claimed key: its command changed nothing.
func (t *keyTable) abandon(h keyHandle) {
	s := &t.stripes[h%keyStripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	place := uint32(h >> 6)
	r := s.at(place)
	s.index.Delete(t.hash(&r.key), place)
	*r = keyRecord{sequence: core.Sequence(s.free)}
	s.free = place + 1
}

// restore takes over a key from the journal.
func (t *keyTable) restore(key *core.IdempotencyKey, fingerprint uint64, sequence core.Sequence) {
	hash := t.hash(key)
	s := &t.stripes[hash%keyStripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.find(hash, key) == nil {
		s.insert(hash, keyRecord{key: *key, fingerprint: fingerprint, sequence: sequence})
	}
}

// length is the number of keys.
func (t *keyTable) length() (n int) {
	for i := range t.stripes {
		s := &t.stripes[i]
		s.mu.Lock()
		n += s.index.Len()
		s.mu.Unlock()
	}
	return n
}

func (s *keyStripe) at(place uint32) *keyRecord {
	return &s.pages[place>>keyPageShift][place&(keyPageLength-1)]
}

func (s *keyStripe) find(hash uint64, key *core.IdempotencyKey) *keyRecord {
	cursor := s.index.Search(hash)
	for cursor.Next() {
		if r := s.at(cursor.Record()); r.key == *key {
			return r
		}
	}
	return nil
}

func (s *keyStripe) insert(hash uint64, r keyRecord) uint32 {
	place := s.free - 1
	if s.free != 0 {
		s.free = uint32(s.at(place).sequence)
	} else {
		place = s.length
		s.length++
		if int(place>>keyPageShift) == len(s.pages) {
			memory := s.allocate(keyPageLength * int(unsafe.Sizeof(keyRecord{})))
			s.pages = append(s.pages, (*[keyPageLength]keyRecord)(unsafe.Pointer(&memory[0])))
		}
	}
	*s.at(place) = r
	s.index.Insert(hash, place)
	return place
}
