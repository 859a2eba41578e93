package codec

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"math/rand/v2"
	"reflect"
	"testing"

	"holdfast/engine/core"
)

// someArchive is a value of the archive and the orders in it.
func someArchive(orders int) ([]byte, []core.OrderImage) {
	g := generator{rand.New(rand.NewPCG(5, 6))}
	images := make([]core.OrderImage, orders)
	for i := range images {
		images[i] = g.orderImage()
	}
	return AppendArchive([]byte("before"), orders, func(i int, img *core.OrderImage) { *img = images[i] })[len("before"):], images
}

func TestArchive(t *testing.T) {
	value, want := someArchive(50)
	for i := range want {
		image, err := DecodeArchive(value, i)
		if err != nil {
			t.Fatal(err)
		}
		var got core.OrderImage
		if n, err := DecodeOrderImage(image, &got); err != nil || n != len(image) || !reflect.DeepEqual(got, want[i]) {
			t.Fatalf("order %d: %+v %v, want %+v", i, got, err, want[i])
		}
	}
	for _, place := range []int{-1, 50, 1 << 40} {
		if _, err := DecodeArchive(value, place); err == nil {
			t.Errorf("there is an order at place %d", place)
		}
	}
}

// TestMalformedArchive changes every byte, and what a right checksum hides.
func TestMalformedArchive(t *testing.T) {
	value, _ := someArchive(3)
	for i := range value {
		broken := bytes.Clone(value)
		broken[i] ^= 0x10
		if _, err := DecodeArchive(broken, 1); err == nil {
			t.Errorf("byte %d can be changed", i)
		}
		if _, err := DecodeArchive(value[:i], 1); err == nil {
			t.Errorf("it can be cut off at byte %d", i)
		}
	}
	for _, wrong := range []struct {
		at    int
		value uint32
	}{{0, 2}, {archiveCount, 1 << 30}, {archiveCount, 1 << 15}, {archiveHeader, 1 << 31}, {archiveHeader + 4, 1}} {
		broken := bytes.Clone(value[:len(value)-archiveChecksum])
		binary.LittleEndian.PutUint32(broken[wrong.at:], wrong.value)
		broken = binary.LittleEndian.AppendUint32(broken, crc32.Checksum(broken, castagnoli))
		if _, err := DecodeArchive(broken, 1); err == nil {
			t.Errorf("%d can be at %d", wrong.value, wrong.at)
		}
	}
}

func FuzzDecodeArchive(f *testing.F) {
	value, _ := someArchive(3)
	f.Add(value, 1)
	f.Fuzz(func(t *testing.T, src []byte, place int) {
		if len(src) >= archiveChecksum {
			end := len(src) - archiveChecksum
			binary.LittleEndian.PutUint32(src[end:], crc32.Checksum(src[:end], castagnoli))
		}
		image, err := DecodeArchive(src, place)
		var order core.OrderImage
		if err == nil {
			_, _ = DecodeOrderImage(image, &order)
		}
	})
}
