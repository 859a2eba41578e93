package queue

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"sync"
)

// Kind says what a token is good for.
type Kind byte

const (
	KindTicket   Kind = 'T' // a place in a line
	KindEntrance Kind = 'E' // the right to order
)

// Token is what a signed paper says.
type Token struct {
	Kind     Kind
	Sale     uint32
	Number   uint32 // of the ticket, from 1
	Time     int64  // of a ticket: when it was made; of an entrance: its deadline; both in milliseconds since 1970
	Customer uint64 // Signer.Customer of the name
}

// The layout of a token. Its length is a multiple of three, so that its text has no spare bits in which two could differ.
//
//	 0   1 byte    kind
//	 1   4 bytes   sale
//	 5   4 bytes   number
//	 9   6 bytes   time
//	15   8 bytes   customer
//	23  16 bytes   the first half of HMAC-SHA-256 over everything before
const (
	saidLength  = 23
	macLength   = 16
	tokenLength = saidLength + macLength

	// TextLength is that of every token's text.
	TextLength = tokenLength / 3 * 4
)

var encoding = base64.RawURLEncoding.Strict()

// Signer signs tokens and tells them from forged ones. Several goroutines may use it.
type Signer struct {
	key  [32]byte
	pool sync.Pool // of *signing
}

// signing is a hash under the signer's key, with room for what goes in and comes out of it.
type signing struct {
	mac hash.Hash
	in  [tokenLength]byte
	sum [sha256.Size]byte
}

// NewSigner makes a signer with a secret of its own.
func NewSigner(key [32]byte) *Signer {
	s := &Signer{key: key}
	s.pool.New = func() any { return &signing{mac: hmac.New(sha256.New, s.key[:])} }
	return s
}

// Customer is what tokens say of a customer: a keyed hash of the name, so that a token tells nobody whose it is.
func (s *Signer) Customer(sale uint32, name []byte) uint64 {
	work := s.pool.Get().(*signing)
	defer s.pool.Put(work)
	work.in[0] = 'C'
	binary.BigEndian.PutUint32(work.in[1:], sale)
	work.mac.Reset()
	_, _ = work.mac.Write(work.in[:5]) // a hash takes everything
	_, _ = work.mac.Write(name)
	return binary.BigEndian.Uint64(work.mac.Sum(work.sum[:0]))
}

// shuffleKey is the secret under which the order of a line is drawn.
func (s *Signer) shuffleKey(sale, count uint32) (key [sha256.Size]byte) {
	work := s.pool.Get().(*signing)
	defer s.pool.Put(work)
	work.in[0] = 'S'
	binary.BigEndian.PutUint32(work.in[1:], sale)
	binary.BigEndian.PutUint32(work.in[5:], count)
	work.sign(9, &key)
	return key
}

// Append appends a token's text.
func (s *Signer) Append(dst []byte, t Token) []byte {
	work := s.pool.Get().(*signing)
	defer s.pool.Put(work)
	work.in[0] = byte(t.Kind)
	binary.BigEndian.PutUint32(work.in[1:], t.Sale)
	binary.BigEndian.PutUint32(work.in[5:], t.Number)
	binary.BigEndian.PutUint16(work.in[9:], uint16(t.Time>>32))
	binary.BigEndian.PutUint32(work.in[11:], uint32(t.Time))
	binary.BigEndian.PutUint64(work.in[15:], t.Customer)
	work.sign(saidLength, &work.sum)
	copy(work.in[saidLength:], work.sum[:macLength])
	return encoding.AppendEncode(dst, work.in[:])
}

// Read reads a token's text; ok is false for everything that this signer has not written.
func (s *Signer) Read(text []byte) (t Token, ok bool) {
	if len(text) != TextLength {
		return Token{}, false
	}
	work := s.pool.Get().(*signing)
	defer s.pool.Put(work)
	var in [tokenLength]byte
	if n, err := encoding.Decode(in[:], text); err != nil || n != tokenLength {
		return Token{}, false
	}
	copy(work.in[:], in[:saidLength])
	work.sign(saidLength, &work.sum)
	if !hmac.Equal(work.sum[:macLength], in[saidLength:]) {
		return Token{}, false
	}
	return Token{
		Kind:     Kind(in[0]),
		Sale:     binary.BigEndian.Uint32(in[1:]),
		Number:   binary.BigEndian.Uint32(in[5:]),
		Time:     int64(binary.BigEndian.Uint16(in[9:]))<<32 | int64(binary.BigEndian.Uint32(in[11:])),
		Customer: binary.BigEndian.Uint64(in[15:]),
	}, true
}

// sign writes the hash of the first n bytes of what goes in.
func (w *signing) sign(n int, sum *[sha256.Size]byte) {
	w.mac.Reset()
	_, _ = w.mac.Write(w.in[:n]) // a hash takes everything
	w.mac.Sum(sum[:0])
}
