package wal

import (
	"encoding/binary"
	"hash/crc32"
)

// Pebble writes its logs and its MANIFEST in blocks of 32 KB, and records in chunks that never lie across two
// blocks. Its own reader stops at the first chunk that it cannot read; to tell a torn end from damage in the
// middle we must look beyond. A chunk begins with
//
//	0   4 bytes   CRC-32C, masked, from byte 6 to the end of the chunk
//	4   2 bytes   length of what follows the header
//	6   1 byte    kind: a whole record, or the first, a middle or the last chunk of one
//	7   4 bytes   number of the log file       (not in the MANIFEST)
//	11  8 bytes   synced up to this offset     (not in the MANIFEST, nor in the very first log of a database)
//
// with four kinds, in this order, for each of the three headers.
const (
	logBlock           = 32 << 10
	chunkNumberOffset  = 7
	chunkMaskRotation  = 15
	chunkMaskIncrement = 0xa282ead8
)

// chunkKind is what byte 6 says.
type chunkKind struct {
	header       int  // length
	begins, ends bool // a record
}

var (
	manifestKinds = [...]chunkKind{1: {7, true, true}, 2: {7, true, false}, 3: {7, false, false}, 4: {7, false, true}}
	logKinds      = [...]chunkKind{
		5: {11, true, true}, 6: {11, true, false}, 7: {11, false, false}, 8: {11, false, true},
		9: {19, true, true}, 10: {19, true, false}, 11: {19, false, false}, 12: {19, false, true},
	}
)

const (
	manifestHeader = 7
	logHeader      = 11 // the shorter one
)

// chunk is a chunk that reads well.
type chunk struct {
	begins  bool // it is the first of its record
	ends    bool // it is the last
	payload []byte
	size    int // with its header
}

// logChunk reads the chunk at the beginning of b, which belongs to the log file of that number.
func logChunk(b []byte, number uint32) (chunk, bool) {
	if len(b) < logHeader || binary.LittleEndian.Uint32(b[chunkNumberOffset:]) != number {
		return chunk{}, false
	}
	return checkedChunk(b, logKinds[:])
}

// manifestChunk reads the chunk at the beginning of b in a MANIFEST.
func manifestChunk(b []byte) (chunk, bool) {
	if len(b) < manifestHeader {
		return chunk{}, false
	}
	return checkedChunk(b, manifestKinds[:])
}

func checkedChunk(b []byte, kinds []chunkKind) (chunk, bool) {
	if int(b[6]) >= len(kinds) || kinds[b[6]].header == 0 {
		return chunk{}, false
	}
	kind := kinds[b[6]]
	size := kind.header + int(binary.LittleEndian.Uint16(b[4:]))
	if size > len(b) {
		return chunk{}, false
	}
	sum := crc32.Checksum(b[6:size], castagnoli)
	sum = (sum>>chunkMaskRotation | sum<<(32-chunkMaskRotation)) + chunkMaskIncrement
	if sum != binary.LittleEndian.Uint32(b) {
		return chunk{}, false
	}
	return chunk{begins: kind.begins, ends: kind.ends, payload: b[kind.header:size], size: size}, true
}
