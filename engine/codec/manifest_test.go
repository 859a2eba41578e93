package codec

import (
	"reflect"
	"testing"

	"holdfast/engine/core"
)

func someManifest() *Manifest {
	m := &Manifest{
		Sequence: 900, At: 1_700_000_000_000, Epoch: 2, Chain: [32]byte{1, 31: 2}, Tables: core.Digest{High: 3, Low: 4},
		Sets:      []ValueSet{{400, 7}, {900, 3}},
		Locations: []core.LocationImage{{Version: 1, Name: []byte("main")}, {ID: 1, Version: 4, Name: []byte("altona")}},
		Channels:  []core.ChannelImage{{Name: []byte("web")}},
		Sales:     []core.SaleImage{{ID: core.MakeSaleID(7, 0), Version: 1, Name: []byte("friday"), Settings: goldenSaleSettings()}},
		KeySeed:   [2]uint64{5, 6},
	}
	for slot := range m.Slabs {
		for kind := range m.Slabs[slot] {
			m.Slabs[slot][kind] = SlabPages{Image: core.SlabImage{Kind: core.SlabKind(kind + 1)}, Pages: []PageRef{}}
		}
	}
	m.Slabs[3][2] = SlabPages{
		Image: core.SlabImage{Kind: 3, Length: 1500, Pages: 2, Free: 1, Live: 2},
		Pages: []PageRef{{0, 6, core.Digest{High: 7, Low: 8}}, {1, 2, core.Digest{High: 9, Low: 10}}},
	}
	for i := range m.Keys {
		m.Keys[i].Pages = []PageRef{}
	}
	m.Keys[63] = KeyPages{Length: 5, Pages: []PageRef{{1, 0, core.Digest{High: 11}}}}
	return m
}

func TestManifest(t *testing.T) {
	want := someManifest()
	encoded := AppendManifest(nil, want)
	var got Manifest
	if err := DecodeManifest(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got.Digest() != want.Digest() || got.Digest() == (&Manifest{}).Digest() {
		t.Error("the digest does not follow from the manifest")
	}
	for n := range encoded {
		if DecodeManifest(encoded[:n], &got) == nil {
			t.Fatalf("a manifest cut off at byte %d is taken", n)
		}
	}
	if DecodeManifest(append(encoded, 0), &got) == nil {
		t.Error("a byte behind the end is taken")
	}
	for _, wrong := range []func(m *Manifest){
		func(m *Manifest) { m.Slabs[3][2].Pages[0].Set = 2 },
		func(m *Manifest) { m.Slabs[3][2].Pages[0].Number = 7 },
		func(m *Manifest) { m.Sets = nil },
		func(m *Manifest) { m.Locations = nil },
		func(m *Manifest) { m.Channels = nil },
	} {
		m := someManifest()
		wrong(m)
		if DecodeManifest(AppendManifest(nil, m), &got) == nil {
			t.Errorf("taken: %+v", m)
		}
	}
}

func FuzzDecodeManifest(f *testing.F) {
	f.Add(AppendManifest(nil, someManifest()))
	f.Fuzz(func(t *testing.T, src []byte) {
		var m Manifest
		if DecodeManifest(src, &m) != nil {
			return
		}
		if again := AppendManifest(nil, &m); string(again) != string(src) {
			t.Fatalf("%x is encoded as %x", src, again)
		}
		m.Digest()
	})
}
