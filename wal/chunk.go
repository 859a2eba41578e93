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
//	6   1 byte    kind: whole, first, middle or last chunk of a record, in one of three formats
//	7   4 bytes   number of the log file       (not in the MANIFEST)
//	11  8 bytes   synced up to this offset     (not in the MANIFEST)
const (
	logBlock           = 32 << 10
	manifestHeader     = 7
	logHeader          = 19
	kindManifestWhole  = 1
	kindManifestFirst  = 2
	kindManifestLast   = 4
	kindLogWhole       = 9
	kindLogFirst       = 10
	kindLogLast        = 12
	chunkNumberOffset  = 7
	chunkMaskRotation  = 15
	chunkMaskIncrement = 0xa282ead8
)

// chunk is a chunk that reads well.
type chunk struct {
	begins  bool // it is the first of its record
	payload []byte
	size    int // with its header
}

// logChunk reads the chunk at the beginning of b, which belongs to the log file of that number.
func logChunk(b []byte, number uint32) (chunk, bool) {
	if len(b) < logHeader || b[6] < kindLogWhole || b[6] > kindLogLast ||
		binary.LittleEndian.Uint32(b[chunkNumberOffset:]) != number {
		return chunk{}, false
	}
	return checkedChunk(b, logHeader, b[6] == kindLogWhole || b[6] == kindLogFirst)
}

// manifestChunk reads the chunk at the beginning of b in a MANIFEST.
func manifestChunk(b []byte) (chunk, bool) {
	if len(b) < manifestHeader || b[6] < kindManifestWhole || b[6] > kindManifestLast {
		return chunk{}, false
	}
	return checkedChunk(b, manifestHeader, b[6] == kindManifestWhole || b[6] == kindManifestFirst)
}

func checkedChunk(b []byte, header int, begins bool) (chunk, bool) {
	size := header + int(binary.LittleEndian.Uint16(b[4:]))
	if size > len(b) {
		return chunk{}, false
	}
	sum := crc32.Checksum(b[6:size], castagnoli)
	sum = (sum>>chunkMaskRotation | sum<<(32-chunkMaskRotation)) + chunkMaskIncrement
	if sum != binary.LittleEndian.Uint32(b) {
		return chunk{}, false
	}
	return chunk{begins: begins, payload: b[header:size], size: size}, true
}
