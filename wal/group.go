package wal

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// The layout of a group; see the package comment. These must not change.
const (
	groupFormat   = 1
	headerLength  = 64
	trailerLength = 4
	// GroupOverhead is what a group's value holds beside its payload, in bytes.
	GroupOverhead = headerLength + trailerLength
)

// Hash is the SHA-256 of a whole group value: the link of the chain.
type Hash [sha256.Size]byte

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Group is one verified group of the journal.
type Group struct {
	// First is the sequence number of the first command; Count is how many there are, at least 1.
	First uint64
	Count uint32
	// Time is when the group was stamped, in milliseconds since 1970.
	Time int64
	// Epoch counts how often the right to write has changed hands.
	Epoch uint64
	// Previous is the SHA-256 of the group before, zero in the very first.
	Previous Hash
	// Payload is the commands as they were encoded. It is valid only as long as the value it came from.
	Payload []byte
}

// Last is the sequence number of the group's last command.
func (g *Group) Last() uint64 { return g.First + uint64(g.Count) - 1 }

// putHeader writes the header of g into the first 64 bytes of value.
func putHeader(value []byte, g *Group) {
	value[0] = groupFormat
	value[1], value[2], value[3] = 0, 0, 0
	binary.LittleEndian.PutUint32(value[4:], g.Count)
	binary.LittleEndian.PutUint64(value[8:], g.First)
	binary.LittleEndian.PutUint64(value[16:], uint64(g.Time))
	binary.LittleEndian.PutUint64(value[24:], g.Epoch)
	copy(value[32:headerLength], g.Previous[:])
}

// sealGroup writes header and checksum around a payload that is already in its place.
func sealGroup(value []byte, g *Group) {
	putHeader(value, g)
	body := len(value) - trailerLength
	binary.LittleEndian.PutUint32(value[body:], crc32.Checksum(value[:body], castagnoli))
}

// AppendGroup appends the whole value of g to dst. The journal itself encodes in place; this is for
// those who make groups elsewhere.
func AppendGroup(dst []byte, g *Group) []byte {
	start := len(dst)
	dst = append(dst, make([]byte, headerLength)...)
	dst = append(dst, g.Payload...)
	dst = append(dst, make([]byte, trailerLength)...)
	sealGroup(dst[start:], g)
	return dst
}

// DecodeGroup checks everything about a group's value that can be seen without its neighbours, and returns
// what it holds. The payload aliases value. The error says in words what is wrong.
func DecodeGroup(value []byte) (Group, error) {
	if len(value) < GroupOverhead {
		return Group{}, fmt.Errorf("the group is cut off: it has %d bytes, and even an empty one has %d", len(value), GroupOverhead)
	}
	body := len(value) - trailerLength
	stored := binary.LittleEndian.Uint32(value[body:])
	if sum := crc32.Checksum(value[:body], castagnoli); sum != stored {
		return Group{}, fmt.Errorf("the checksum of the group is %08x and should be %08x", sum, stored)
	}
	if value[0] > groupFormat {
		return Group{}, fmt.Errorf("%w: a group has format version %d, this program knows %d", ErrNewerVersion, value[0], groupFormat)
	}
	if value[0] != groupFormat {
		return Group{}, fmt.Errorf("the group has format version %d, and this program knows only %d", value[0], groupFormat)
	}
	if value[1]|value[2]|value[3] != 0 {
		return Group{}, fmt.Errorf("bytes 1 to 3 of the group's header are not zero")
	}
	g := Group{
		First:    binary.LittleEndian.Uint64(value[8:]),
		Count:    binary.LittleEndian.Uint32(value[4:]),
		Time:     int64(binary.LittleEndian.Uint64(value[16:])),
		Epoch:    binary.LittleEndian.Uint64(value[24:]),
		Previous: Hash(value[32:headerLength]),
		Payload:  value[headerLength:body:body],
	}
	switch {
	case g.First == 0:
		return Group{}, fmt.Errorf("the group begins with sequence 0, and sequences begin with 1")
	case g.Count == 0:
		return Group{}, fmt.Errorf("the group holds no commands")
	case g.Last() < g.First:
		return Group{}, fmt.Errorf("the group begins with sequence %d and holds %d commands, which no sequence number can count", g.First, g.Count)
	}
	return g, nil
}

// HashGroup is the link of the chain for a group's whole value.
func HashGroup(value []byte) Hash { return sha256.Sum256(value) }
