package codec

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"holdfast/engine/core"
)

var streamHead = StreamHead{Instance: [16]byte{1, 2, 3}, First: 4, Released: 500, Epoch: 6, EpochAfter: 70}

var streamPieces = []Piece{
	{Kind: PieceGroup, Group: []byte("a group, whose own checksum is not looked at here")},
	{Kind: PieceAlive, Sequence: 500, Epoch: 6, EpochAfter: 70},
	{Kind: PieceCheckpoint, Sequence: 499},
	{Kind: PieceDigest, Sequence: 499, Digest: core.Digest{High: 1 << 60, Low: 2}},
}

func stream() []byte {
	out := AppendStreamHead(nil, &streamHead)
	for i := range streamPieces {
		out = AppendPiece(out, &streamPieces[i])
	}
	return out
}

// readStream reads a stream to its end.
func readStream(from io.Reader, longest int) (h StreamHead, pieces []Piece, err error) {
	r := NewStreamReader(bufio.NewReaderSize(from, 64), longest)
	if h, err = r.Head(); err != nil {
		return h, nil, err
	}
	for {
		p, err := r.Next()
		if err != nil {
			return h, pieces, err
		}
		p.Group = bytes.Clone(p.Group)
		pieces = append(pieces, p)
	}
}

// TestStream: what is written is read, in whatever portions it comes, and its bytes do not change.
func TestStream(t *testing.T) {
	const path = "testdata/stream.hex"
	if *update {
		if err := os.WriteFile(path, dump("the head of a stream, and a piece of each kind", stream()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	golden := readHex(t, path)
	if !bytes.Equal(stream(), golden) {
		t.Errorf("a stream is not written as it was: %x", stream())
	}
	for _, from := range []io.Reader{bytes.NewReader(golden), &dribble{rest: golden}} {
		h, pieces, err := readStream(from, 100)
		if !errors.Is(err, io.EOF) || h != streamHead || !reflect.DeepEqual(pieces, streamPieces) {
			t.Errorf("%+v %+v %v", h, pieces, err)
		}
	}
}

// dribble gives a byte at a time.
type dribble struct{ rest []byte }

func (d *dribble) Read(b []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	b[0], d.rest = d.rest[0], d.rest[1:]
	return 1, nil
}

// TestStreamIsCutAnywhere: a stream that ends between two pieces ends with io.EOF, any other with io.ErrUnexpectedEOF.
func TestStreamIsCutAnywhere(t *testing.T) {
	whole := stream()
	ends := map[int]bool{StreamHeadLength: true}
	at := StreamHeadLength
	for i := range streamPieces {
		at += len(AppendPiece(nil, &streamPieces[i]))
		ends[at] = true
	}
	for n := range len(whole) {
		_, _, err := readStream(bytes.NewReader(whole[:n]), 100)
		if want := io.ErrUnexpectedEOF; ends[n] || n == 0 {
			if !errors.Is(err, io.EOF) {
				t.Errorf("cut at %d: %v", n, err)
			}
		} else if !errors.Is(err, want) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
}

// TestStreamIsChangedAnywhere flips every bit but those of the group, which has a checksum of its own, and of the identity,
// which says for itself whose it is: no change passes for a piece.
func TestStreamIsChangedAnywhere(t *testing.T) {
	whole := stream()
	group := StreamHeadLength + PieceHeadLength
	for n := range len(whole) * 8 {
		if at := n / 8; at >= group && at < group+len(streamPieces[0].Group) {
			continue
		}
		changed := bytes.Clone(whole)
		changed[n/8] ^= 1 << (n % 8)
		_, pieces, err := readStream(bytes.NewReader(changed), 100)
		var format *FormatError
		if !errors.As(err, &format) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("bit %d: %v", n, err)
		}
		for i := range pieces {
			if i >= len(streamPieces) || !reflect.DeepEqual(pieces[i], streamPieces[i]) {
				t.Errorf("bit %d: piece %d is %+v", n, i, pieces[i])
			}
		}
	}
}

// TestStreamLimits: a length that cannot be is refused before memory is taken for it.
func TestStreamLimits(t *testing.T) {
	_, _, err := readStream(bytes.NewReader(stream()), 10)
	if err == nil || !strings.Contains(err.Error(), "at most 10") {
		t.Error(err)
	}
	r := NewStreamReader(bufio.NewReader(bytes.NewReader(stream())), 100)
	if r.Ready() {
		t.Error("ready before anything was read")
	}
	if _, err := r.Head(); err != nil {
		t.Fatal(err)
	}
	for range streamPieces {
		if !r.Ready() {
			t.Error("not ready although the piece is there")
		}
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
	}
	if r.Ready() {
		t.Error("ready at the end")
	}
}

func FuzzStream(f *testing.F) {
	f.Add(stream())
	f.Fuzz(func(t *testing.T, b []byte) {
		h, pieces, _ := readStream(bytes.NewReader(b), 1<<16)
		if len(pieces) == 0 {
			return
		}
		again := AppendStreamHead(nil, &h)
		for i := range pieces {
			again = AppendPiece(again, &pieces[i])
		}
		if !bytes.HasPrefix(b[StreamHeadLength:], again[StreamHeadLength:]) {
			t.Errorf("%x was read from %x", again, b)
		}
	})
}
