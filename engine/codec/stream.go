package codec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"holdfast/engine/core"
)

// StreamMediaType is the media type of the journal's stream.
const StreamMediaType = "application/vnd.holdfast.journal"

const (
	streamMagic  = "HFSTREAM"
	streamFormat = 2
	// StreamHeadLength is the length of what a stream begins with.
	StreamHeadLength = 68
	// PieceHeadLength is what a piece has before its body.
	PieceHeadLength = 12
)

// pieceLengths are those of the bodies whose length is fixed, by kind.
var pieceLengths = [...]int{PieceAlive: 8 + 8 + 8, PieceCheckpoint: 8, PieceDigest: 8 + 16}

// Position is where a journal ends, and who may go on with it.
type Position struct {
	Next       core.Sequence // the sequence that comes next
	Chain      [32]byte      // hash of the group before, zero when there is none
	Epoch      uint64        // of the groups that come next
	EpochAfter core.Sequence // the last sequence before that epoch
}

// StreamHead is what the stream of a journal begins with.
type StreamHead struct {
	Instance   [16]byte      // identity of the data directory
	First      core.Sequence // with which its journal begins; 0 while there is nothing
	Released   core.Sequence // the last that may be seen
	Epoch      uint64
	EpochAfter core.Sequence // the last sequence before that epoch
}

// PieceKind says what a piece of a stream is.
type PieceKind uint8

// The kinds of pieces. They must not change.
const (
	PieceGroup      PieceKind = 1 // a group of the journal
	PieceAlive      PieceKind = 2 // the server is still there
	PieceCheckpoint PieceKind = 3 // the server has begun a checkpoint of the state at this place of the stream
	PieceDigest     PieceKind = 4 // that checkpoint is complete, and this is the state's digest
)

// Piece is a part of a stream.
type Piece struct {
	Kind     PieceKind
	Group    []byte        // PieceGroup: the whole value, as package wal describes it
	Sequence core.Sequence // PieceAlive: the last one released; PieceCheckpoint, PieceDigest: of the checkpoint
	Digest   core.Digest   // PieceDigest

	Epoch      uint64        // PieceAlive
	EpochAfter core.Sequence // PieceAlive: the last sequence before that epoch
}

// AppendStreamHead appends what a stream begins with.
func AppendStreamHead(dst []byte, h *StreamHead) []byte {
	start := len(dst)
	dst = append(dst, streamMagic...)
	dst = binary.LittleEndian.AppendUint32(dst, streamFormat)
	dst = append(dst, 0, 0, 0, 0)
	dst = append(dst, h.Instance[:]...)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.First))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.Released))
	dst = binary.LittleEndian.AppendUint64(dst, h.Epoch)
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.EpochAfter))
	return binary.LittleEndian.AppendUint32(dst, crc32.Checksum(dst[start:], castagnoli))
}

// AppendPiece appends a piece.
func AppendPiece(dst []byte, p *Piece) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, byte(p.Kind), 0, 0, 0, 0, 0, 0, 0)
	switch p.Kind {
	case PieceGroup:
		dst = append(dst, p.Group...)
	case PieceAlive:
		dst = binary.LittleEndian.AppendUint64(dst, uint64(p.Sequence))
		dst = binary.LittleEndian.AppendUint64(dst, p.Epoch)
		dst = binary.LittleEndian.AppendUint64(dst, uint64(p.EpochAfter))
	case PieceCheckpoint:
		dst = binary.LittleEndian.AppendUint64(dst, uint64(p.Sequence))
	case PieceDigest:
		dst = binary.LittleEndian.AppendUint64(dst, uint64(p.Sequence))
		dst = appendDigest(dst, p.Digest)
	}
	piece := dst[start:]
	binary.LittleEndian.PutUint32(piece, uint32(len(piece)-PieceHeadLength))
	binary.LittleEndian.PutUint32(piece[8:], pieceChecksum(piece[:8], piece[PieceHeadLength:]))
	return dst
}

// pieceChecksum leaves the body of a group out, which has a checksum of its own at its end.
func pieceChecksum(head, body []byte) uint32 {
	sum := crc32.Checksum(head, castagnoli)
	if PieceKind(head[4]) != PieceGroup {
		sum = crc32.Update(sum, castagnoli, body)
	}
	return sum
}

// StreamReader reads a stream. Errors are those of the reader below, io.ErrUnexpectedEOF for a stream that ends in the middle
// of a piece, and *FormatError for what is no stream.
type StreamReader struct {
	from    BufferedReader
	longest int
	offset  int
	body    []byte
}

// BufferedReader is what a StreamReader reads from.
type BufferedReader interface {
	io.Reader
	Peek(n int) ([]byte, error)
	Buffered() int
}

// NewStreamReader reads from a buffered reader. No group may be longer than so many bytes.
func NewStreamReader(from BufferedReader, longest int) *StreamReader {
	return &StreamReader{from: from, longest: longest}
}

// Head reads what the stream begins with.
func (r *StreamReader) Head() (h StreamHead, err error) {
	var b [StreamHeadLength]byte
	if err := r.read(b[:]); err != nil {
		return h, err
	}
	const body = StreamHeadLength - 4
	switch {
	case string(b[:8]) != streamMagic:
		return h, &FormatError{Offset: 0, What: "is no stream of a journal"}
	case binary.LittleEndian.Uint32(b[8:]) != streamFormat:
		return h, &FormatError{Offset: 8, What: fmt.Sprintf("has stream format %d, this program knows %d", binary.LittleEndian.Uint32(b[8:]), streamFormat)}
	case crc32.Checksum(b[:body], castagnoli) != binary.LittleEndian.Uint32(b[body:]):
		return h, &FormatError{Offset: body, What: "has a wrong checksum"}
	case binary.LittleEndian.Uint32(b[12:]) != 0:
		return h, &FormatError{Offset: 12, What: "has something where nothing may be"}
	}
	h.Instance = [16]byte(b[16:32])
	h.First = core.Sequence(binary.LittleEndian.Uint64(b[32:]))
	h.Released = core.Sequence(binary.LittleEndian.Uint64(b[40:]))
	h.Epoch = binary.LittleEndian.Uint64(b[48:])
	h.EpochAfter = core.Sequence(binary.LittleEndian.Uint64(b[56:]))
	return h, nil
}

// Ready tells whether the next piece has come in as a whole, so that reading it does not wait.
func (r *StreamReader) Ready() bool {
	if r.from.Buffered() < PieceHeadLength {
		return false
	}
	head, err := r.from.Peek(PieceHeadLength)
	return err == nil && r.from.Buffered()-PieceHeadLength >= int(binary.LittleEndian.Uint32(head))
}

// Next reads a piece. Its group is valid until the next call.
func (r *StreamReader) Next() (p Piece, err error) {
	var head [PieceHeadLength]byte
	at := r.offset
	if err := r.read(head[:]); err != nil {
		return p, err
	}
	length := int(binary.LittleEndian.Uint32(head[:]))
	p.Kind = PieceKind(head[4])
	if head[5]|head[6]|head[7] != 0 {
		return Piece{}, &FormatError{Offset: at, What: "has something where nothing may be"}
	}
	if reason := r.impossible(p.Kind, length); reason != "" {
		return Piece{}, &FormatError{Offset: at, What: reason}
	}
	if cap(r.body) < length {
		r.body = make([]byte, length)
	}
	body := r.body[:length]
	if err := r.read(body); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Piece{}, err
	}
	if pieceChecksum(head[:8], body) != binary.LittleEndian.Uint32(head[8:]) {
		return Piece{}, &FormatError{Offset: at, What: "has a piece with a wrong checksum"}
	}
	if p.Kind == PieceGroup {
		p.Group = body
		return p, nil
	}
	p.Sequence = core.Sequence(binary.LittleEndian.Uint64(body))
	switch p.Kind {
	case PieceAlive:
		p.Epoch = binary.LittleEndian.Uint64(body[8:])
		p.EpochAfter = core.Sequence(binary.LittleEndian.Uint64(body[16:]))
	case PieceDigest:
		p.Digest = core.Digest{High: binary.LittleEndian.Uint64(body[8:]), Low: binary.LittleEndian.Uint64(body[16:])}
	}
	return p, nil
}

// impossible tells why there can be no such piece, before anything of its length is believed.
func (r *StreamReader) impossible(kind PieceKind, length int) string {
	switch {
	case kind == PieceGroup && length > r.longest:
		return fmt.Sprintf("has a group of %d bytes, and at most %d are allowed", length, r.longest)
	case kind == PieceGroup:
		return ""
	case int(kind) >= len(pieceLengths) || pieceLengths[kind] == 0:
		return fmt.Sprintf("has a piece of kind %d, which this program does not know", kind)
	case pieceLengths[kind] != length:
		return fmt.Sprintf("has a piece of kind %d with %d bytes, and it must have %d", kind, length, pieceLengths[kind])
	}
	return ""
}

func (r *StreamReader) read(b []byte) error {
	n, err := io.ReadFull(r.from, b)
	r.offset += n
	return err
}
