package codec

import (
	"encoding/binary"
	"hash/crc32"

	"holdfast/engine/core"
)

// archiveFormat is the version of the archive's values. It must not change without reading the older one.
const archiveFormat = 1

// Places in a value of the archive. They are in stored archives and must not change.
const (
	archiveCount    = 4
	archiveHeader   = 8
	archiveChecksum = 4
	// maxArchived bounds how many orders a value may say that it has.
	maxArchived = 1 << 16
)

// AppendArchive appends the value that keeps orders which have left memory: their images, each to be found by its place.
// read gives the order at a place.
func AppendArchive(dst []byte, orders int, read func(i int, img *core.OrderImage)) []byte {
	start := len(dst)
	dst = append(dst, archiveFormat, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(orders))
	ends := len(dst)
	dst = append(dst, make([]byte, 4*orders)...)
	images := len(dst)
	var img core.OrderImage
	for i := range orders {
		read(i, &img)
		dst = AppendOrderImage(dst, &img)
		binary.LittleEndian.PutUint32(dst[ends+4*i:], uint32(len(dst)-images))
	}
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// DecodeArchive checks a value of the archive, and gives the image (DecodeOrderImage) of the order at a place.
func DecodeArchive(value []byte, place int) (image []byte, err error) {
	if len(value) < archiveHeader+archiveChecksum {
		return nil, &FormatError{len(value), "ends in the middle of an archive's header"}
	}
	if binary.LittleEndian.Uint32(value) != archiveFormat {
		return nil, &FormatError{0, "unknown format of an archive"}
	}
	end := len(value) - archiveChecksum
	if crc32.Checksum(value[:end], castagnoli) != binary.LittleEndian.Uint32(value[end:]) {
		return nil, &FormatError{end, "checksum of an archive does not match"}
	}
	orders := binary.LittleEndian.Uint32(value[archiveCount:])
	images := archiveHeader + 4*int(min(orders, maxArchived))
	if orders > maxArchived || images > end {
		return nil, &FormatError{archiveCount, "archive has more orders than bytes"}
	}
	if place < 0 || place >= int(orders) {
		return nil, &FormatError{archiveCount, "archive has no such place"}
	}
	from := uint32(0)
	if place > 0 {
		from = binary.LittleEndian.Uint32(value[archiveHeader+4*(place-1):])
	}
	to := binary.LittleEndian.Uint32(value[archiveHeader+4*place:])
	if from > to || uint64(images)+uint64(to) > uint64(end) {
		return nil, &FormatError{archiveHeader + 4*place, "image lies beyond the archive's end"}
	}
	return value[images+int(from) : images+int(to)], nil
}
