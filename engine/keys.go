package engine

import (
	"encoding/binary"
	"math/bits"
	"sync"
	"unsafe"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// The key table remembers which command first used an idempotency key. It is derived from the journal,
// and consulted before it: handlers claim a key, and when the command was done bind it to its sequence, or give
// it up when it was refused. Old keys are forgotten (keys_evict.go).
//
// It lies in 64 stripes by the key's hash, each under its own lock. A record keeps the whole key, which is
// compared; the index only finds it.
const (
	keyStripes    = codec.KeyStripes
	keyPageLength = 1 << keyPageShift
	keyPageBytes  = keyPageLength * int(unsafe.Sizeof(keyRecord{}))
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
	unsaved  []bool          // of the pages: changed since the last checkpoint
	oldest   []core.Sequence // of the pages: no key in it is bound to an earlier command; 0 for not known
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
	claimNone     claimState = iota // there is no key
	claimNew                        // the key is the caller's now
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

// claim is one command's wish for its key, and what became of it.
type claim struct {
	key         core.IdempotencyKey
	hash        uint64
	fingerprint uint64
	value       uint64 // claimNew: the handle; claimBound: the sequence
	state       claimState
}

// claimAhead is how many claims are looked at side by side, so that their cache misses overlap.
const claimAhead = 16

// claimAll takes the keys of commands, or tells who has them. Claims with state claimNone and no key stay as they
// are. Each stripe is locked once; of equal keys the first claim wins.
func (t *keyTable) claimAll(claims []claim, order *[]uint16) {
	if len(claims) == 1 {
		*order = append((*order)[:0], 0)
		t.claimStripe(claims[0].hash%keyStripes, claims, *order)
		return
	}
	var ends [keyStripes]int
	for i := range claims {
		ends[claims[i].hash%keyStripes]++
	}
	sum := 0
	for i := range ends {
		sum, ends[i] = sum+ends[i], sum
	}
	if cap(*order) < len(claims) {
		*order = make([]uint16, len(claims))
	}
	places := (*order)[:len(claims)]
	for i := range claims {
		stripe := claims[i].hash % keyStripes
		places[ends[stripe]] = uint16(i)
		ends[stripe]++
	}
	from := 0
	for stripe, end := range ends {
		if end > from {
			t.claimStripe(uint64(stripe), claims, places[from:end])
		}
		from = end
	}
}

// claimStripe carries out the claims at some places, which all lie in one stripe.
func (t *keyTable) claimStripe(stripe uint64, claims []claim, places []uint16) {
	s := &t.stripes[stripe]
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(places) > 0 {
		n := min(len(places), claimAhead)
		for _, i := range places[:n] {
			s.index.Prefetch(claims[i].hash)
		}
		for _, i := range places[:n] {
			if c := &claims[i]; c.value != uint64(noKey) {
				s.claim(c, stripe)
			}
		}
		places = places[n:]
	}
}

func (s *keyStripe) claim(c *claim, stripe uint64) {
	if place, found := s.search(c.hash, &c.key); found {
		switch r := s.at(place); {
		case r.fingerprint != c.fingerprint:
			c.state = claimReused
		case r.sequence == 0:
			c.state = claimInFlight
		default:
			c.state, c.value = claimBound, uint64(r.sequence)
		}
		return
	}
	place := s.insert(c.hash, keyRecord{key: c.key, fingerprint: c.fingerprint})
	c.state, c.value = claimNew, uint64(place)<<6|stripe
}

// Remembers tells whether a command with an idempotency key was carried out, and the key is not forgotten yet.
func (e *Engine) Remembers(key core.IdempotencyKey) bool {
	_, _, known := e.Remembered(key)
	return known
}

// Remembered gives the sequence and the codec.Fingerprint of the command with an idempotency key that was carried out, if the key is not forgotten yet.
func (e *Engine) Remembered(key core.IdempotencyKey) (sequence core.Sequence, fingerprint uint64, known bool) {
	hash := e.keys.hash(&key)
	s := &e.keys.stripes[hash%keyStripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	place, found := s.search(hash, &key)
	if !found {
		return 0, 0, false
	}
	r := s.at(place)
	return r.sequence, r.fingerprint, r.sequence != 0
}

// bind makes a claimed key answer with a command from now on.
func (t *keyTable) bind(h keyHandle, sequence core.Sequence) {
	s := &t.stripes[h%keyStripes]
	s.mu.Lock()
	s.mut(uint32(h >> 6)).sequence = sequence
	s.mu.Unlock()
}

// abandon forgets a claimed key: its command changed nothing.
func (t *keyTable) abandon(h keyHandle) {
	s := &t.stripes[h%keyStripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	place := uint32(h >> 6)
	s.remove(place, t.hash(&s.at(place).key))
}

// remove forgets a key. Its place is the next to be used again.
func (s *keyStripe) remove(place uint32, hash uint64) {
	s.index.Delete(hash, place)
	*s.mut(place) = keyRecord{sequence: core.Sequence(s.free)}
	s.free = place + 1
}

// restore takes over a key from the journal. When two commands of the journal have the key it had been forgotten when the
// second came, which is the one that has it now.
func (t *keyTable) restore(key *core.IdempotencyKey, fingerprint uint64, sequence core.Sequence) {
	hash := t.hash(key)
	s := &t.stripes[hash%keyStripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	r := keyRecord{key: *key, fingerprint: fingerprint, sequence: sequence}
	if place, found := s.search(hash, key); found {
		*s.mut(place) = r
	} else {
		s.insert(hash, r)
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

// mut gives a record to change.
func (s *keyStripe) mut(place uint32) *keyRecord {
	s.unsaved[place>>keyPageShift] = true
	return s.at(place)
}

func (s *keyStripe) addPage() {
	memory := s.allocate(keyPageBytes)
	s.pages = append(s.pages, (*[keyPageLength]keyRecord)(unsafe.Pointer(&memory[0])))
	s.unsaved = append(s.unsaved, true)
	s.oldest = append(s.oldest, 0)
}

// search finds the place of a key.
func (s *keyStripe) search(hash uint64, key *core.IdempotencyKey) (place uint32, found bool) {
	cursor := s.index.Search(hash)
	for cursor.Next() {
		if s.at(cursor.Record()).key == *key {
			return cursor.Record(), true
		}
	}
	return 0, false
}

func (s *keyStripe) insert(hash uint64, r keyRecord) uint32 {
	place := s.free - 1
	if s.free != 0 {
		s.free = uint32(s.at(place).sequence)
	} else {
		place = s.length
		s.length++
		if int(place>>keyPageShift) == len(s.pages) {
			s.addPage()
		}
	}
	*s.mut(place) = r
	s.index.Insert(hash, place)
	return place
}
