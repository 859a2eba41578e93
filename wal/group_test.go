package wal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// goldenGroup is the group whose bytes are kept in testdata: they must never change.
var goldenGroup = Group{
	First:    0x0102030405060708,
	Count:    3,
	Time:     1_700_000_000_123,
	Epoch:    5,
	Previous: HashGroup([]byte("the group before")),
	Payload:  []byte("three commands, as somebody encoded them"),
}

func TestGroupGolden(t *testing.T) {
	golden := readHex(t, "group.hex")
	if got := AppendGroup(nil, &goldenGroup); !bytes.Equal(got, golden) {
		t.Errorf("the encoding of a group has changed:\n%s", hex.Dump(got))
	}
	g, err := DecodeGroup(golden)
	if err != nil {
		t.Fatal(err)
	}
	if g.First != goldenGroup.First || g.Count != goldenGroup.Count || g.Time != goldenGroup.Time ||
		g.Epoch != goldenGroup.Epoch || g.Previous != goldenGroup.Previous || !bytes.Equal(g.Payload, goldenGroup.Payload) {
		t.Errorf("decoded %+v", g)
	}
}

func TestIdentityGolden(t *testing.T) {
	id := Identity{Created: 1_700_000_000_123}
	copy(id.OrderKey[:], "order key 16 byt")
	copy(id.Instance[:], "instance 16 byte")
	golden := readHex(t, "identity.hex")
	if got := id.encode(); !bytes.Equal(got, golden) {
		t.Errorf("the encoding of the identity has changed:\n%s", hex.Dump(got))
	}
	if got, err := decodeIdentity(golden); err != nil || got != id {
		t.Errorf("decoded %+v, %v", got, err)
	}
	if _, err := decodeIdentity(readHex(t, "identity-1.hex")); !errors.Is(err, ErrOlderVersion) || !strings.Contains(err.Error(), "format version 1") {
		t.Errorf("an identity of an older format: %v", err)
	}
}

// readHex reads a golden file: hexadecimal digits, with white space anywhere.
func readHex(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	data, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestDecodeGroupRefuses(t *testing.T) {
	reseal := func(change func(b []byte)) []byte {
		b := AppendGroup(nil, &goldenGroup)
		change(b)
		g := goldenGroup
		sealed := AppendGroup(nil, &g)
		copy(sealed, b[:len(b)-trailerLength])
		reChecksum(sealed)
		return sealed
	}
	tests := []struct {
		name  string
		value []byte
		want  string
	}{
		{"nothing", nil, "cut off"},
		{"a byte short of the smallest", make([]byte, GroupOverhead-1), "cut off"},
		{"all zero", make([]byte, GroupOverhead), "checksum"},
		{"another version", reseal(func(b []byte) { b[0] = 2 }), "format version 2"},
		{"reserved bytes", reseal(func(b []byte) { b[2] = 1 }), "not zero"},
		{"no commands", reseal(func(b []byte) { clear(b[4:8]) }), "no commands"},
		{"sequence zero", reseal(func(b []byte) { clear(b[8:16]) }), "sequence 0"},
		{"beyond all numbers", reseal(func(b []byte) { copy(b[8:16], bytes.Repeat([]byte{0xff}, 8)) }), "no sequence number can count"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := DecodeGroup(test.value)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestDecodeGroupFindsEveryFlippedBit(t *testing.T) {
	value := AppendGroup(nil, &goldenGroup)
	for i := range len(value) * 8 {
		value[i/8] ^= 1 << (i % 8)
		if _, err := DecodeGroup(value); err == nil {
			t.Fatalf("bit %d was flipped and nobody noticed", i)
		}
		value[i/8] ^= 1 << (i % 8)
	}
}

// FuzzDecodeGroup feeds the decoder anything: it must not panic, and what it accepts must encode to the same.
func FuzzDecodeGroup(f *testing.F) {
	f.Add(AppendGroup(nil, &goldenGroup))
	f.Add(AppendGroup(nil, &Group{First: 1, Count: 1}))
	f.Add(make([]byte, GroupOverhead))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		checkDecode(t, data)
		if len(data) >= GroupOverhead {
			// The same with a good checksum, or the fuzzer would never come past it.
			sealed := bytes.Clone(data)
			reChecksum(sealed)
			checkDecode(t, sealed)
		}
	})
}

func checkDecode(t *testing.T, value []byte) {
	g, err := DecodeGroup(value)
	if err != nil {
		return
	}
	if again := AppendGroup(nil, &g); !bytes.Equal(again, value) {
		t.Errorf("decoded and encoded again:\n%s", hex.Dump(again))
	}
	if g.Count == 0 || g.First == 0 || g.Last() < g.First {
		t.Errorf("accepted %d commands from %d", g.Count, g.First)
	}
}

// FuzzChunks feeds the readers of Pebble's logs and MANIFEST anything.
func FuzzChunks(f *testing.F) {
	f.Add([]byte{}, uint32(1))
	f.Add(bytes.Repeat([]byte{0}, logBlock), uint32(0))
	f.Fuzz(func(t *testing.T, data []byte, number uint32) {
		data = append(data, markMagic...)
		promiseIn(data[:min(len(data), logBlock)], number)
		damagedInside(data)
	})
}

// reChecksum makes the checksum right for whatever a value holds.
func reChecksum(value []byte) {
	body := len(value) - trailerLength
	binary.LittleEndian.PutUint32(value[body:], crc32.Checksum(value[:body], castagnoli))
}
