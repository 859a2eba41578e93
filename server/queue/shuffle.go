package queue

import (
	"encoding/binary"
	"math/bits"
)

// shuffleRounds is the number of rounds of the permutation.
const shuffleRounds = 6

// shuffle is a permutation of the numbers below count: a Feistel network over the least even number of bits that hold
// them, walked until it comes out below count. With a key that nobody knows, nobody can tell where a number will lie.
type shuffle struct {
	count uint32
	half  uint // bits of each half
	keys  [shuffleRounds]uint64
}

func newShuffle(s *Signer, sale, count uint32) shuffle {
	sh := shuffle{count: count, half: max(1, uint(bits.Len32(count-1)+1)/2)}
	key := s.shuffleKey(sale, count)
	for i := range sh.keys {
		sh.keys[i] = mix(binary.BigEndian.Uint64(key[i%4*8:]) + uint64(i))
	}
	return sh
}

// rank is where a number lies in the drawn order.
func (s *shuffle) rank(number uint32) uint32 {
	x := uint64(number)
	for {
		left, right := x>>s.half, x&(1<<s.half-1)
		for _, key := range s.keys {
			left, right = right, left^s.round(right, key)
		}
		if x = left<<s.half | right; x < uint64(s.count) {
			return uint32(x)
		}
	}
}

// number undoes rank.
func (s *shuffle) number(rank uint32) uint32 {
	x := uint64(rank)
	for {
		left, right := x>>s.half, x&(1<<s.half-1)
		for i := shuffleRounds - 1; i >= 0; i-- {
			left, right = right^s.round(left, s.keys[i]), left
		}
		if x = left<<s.half | right; x < uint64(s.count) {
			return uint32(x)
		}
	}
}

func (s *shuffle) round(half, key uint64) uint64 { return mix(half^key) & (1<<s.half - 1) }

// mix spreads every bit of x over all bits.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
