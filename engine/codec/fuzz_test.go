package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/engine/core"
)

// addGolden seeds a fuzzer with the golden files whose names begin with a prefix.
func addGolden(f *testing.F, prefix string, add func(value []byte)) {
	f.Helper()
	files, err := filepath.Glob("testdata/" + prefix + "*.hex")
	if err != nil || len(files) == 0 {
		f.Fatalf("no golden files for %s: %v", prefix, err)
	}
	for _, path := range files {
		add(readHex(f, path))
	}
}

// onlyFormatErrors checks what every decoder promises about its failures.
func onlyFormatErrors(t *testing.T, src []byte, n int, err error) {
	t.Helper()
	var e *FormatError
	switch {
	case err == nil && (n < 0 || n > len(src)):
		t.Fatalf("read %d of %d bytes", n, len(src))
	case err == nil:
	case !errors.As(err, &e) || e.What == "" || strings.TrimSpace(e.What) != e.What:
		t.Fatalf("error is %#v", err)
	case e.Offset < 0 || e.Offset > len(src) || n != 0:
		t.Fatalf("error is at %d of %d bytes, after %d", e.Offset, len(src), n)
	}
}

func FuzzDecodeCommand(f *testing.F) {
	addGolden(f, "command_", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, src []byte) {
		var c core.Command
		n, err := DecodeCommand(src, &c)
		onlyFormatErrors(t, src, n, err)
		if _, both := decodeBothWays(src); fmt.Sprint(both) != fmt.Sprint(err) {
			t.Fatal(both)
		}
		if err != nil {
			return
		}
		canonical := AppendCommand(nil, &c)
		var again core.Command
		if _, err := DecodeCommand(canonical, &again); err != nil || !equalCommands(&c, &again) {
			t.Fatalf("comes back as\n%+v\nnot\n%+v: %v", again, c, err)
		}
		if !bytes.Equal(canonical, withoutSpareRoom(src[:n])) {
			t.Fatalf("two encodings of one command:\n% x\n% x", src[:n], canonical)
		}
		if Fingerprint(canonical) != Fingerprint(src[:n]) {
			t.Fatal("two fingerprints of one command")
		}
	})
}

// withoutSpareRoom takes the field for several slots out of a frame that has only one in it, which is the
// one freedom that a frame has.
func withoutSpareRoom(frame []byte) []byte {
	h, _ := PeekCommand(frame)
	if !h.HasRoom || h.Mask&(h.Mask-1) != 0 {
		return frame
	}
	at := bodyOffset(frame[frameFlags] & flagKey)
	out := append(bytes.Clone(frame[:at]), frame[at+maskSize:]...)
	out[frameFlags] &^= flagMask
	out[frameSlot] = byte(bits.TrailingZeros64(uint64(h.Mask)))
	binary.LittleEndian.PutUint32(out[frameLength:], uint32(len(out)))
	return out
}

func FuzzDecodeEvent(f *testing.F) {
	addGolden(f, "event_", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, src []byte) {
		var ev core.Event
		n, err := DecodeEvent(src, &ev)
		onlyFormatErrors(t, src, n, err)
		if err != nil {
			return
		}
		if canonical := AppendEvent(nil, &ev); !bytes.Equal(canonical, src[:n]) {
			t.Fatalf("two encodings of one event:\n% x\n% x", src[:n], canonical)
		}
	})
}

func FuzzDecodeRefusal(f *testing.F) {
	addGolden(f, "refusal_", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, src []byte) { fuzzImage(t, src, AppendRefusal, DecodeRefusal) })
}

func FuzzDecodeImages(f *testing.F) {
	addGolden(f, "image_", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, src []byte) {
		fuzzImage(t, src, AppendOrderImage, DecodeOrderImage)
		fuzzImage(t, src, AppendSKUImage, DecodeSKUImage)
		fuzzImage(t, src, AppendLocationImage, DecodeLocationImage)
		fuzzImage(t, src, AppendAvailability, DecodeAvailability)
		fuzzImage(t, src, AppendSaleImage, DecodeSaleImage)
		fuzzImage(t, src, AppendQueueImage, DecodeQueueImage)
		fuzzImage(t, src, AppendWaiterImage, DecodeWaiterImage)
	})
}

func fuzzImage[T any](t *testing.T, src []byte, encode func([]byte, *T) []byte, decode func([]byte, *T) (int, error)) {
	var v T
	n, err := decode(src, &v)
	onlyFormatErrors(t, src, n, err)
	if err != nil {
		return
	}
	if canonical := encode(nil, &v); !bytes.Equal(canonical, src[:n]) {
		t.Fatalf("two encodings of one %T:\n% x\n% x", v, src[:n], canonical)
	}
}

// FuzzDecodeFeed gives values as they are, and sealed anew so that more than the checksum is tried.
func FuzzDecodeFeed(f *testing.F) {
	addGolden(f, "feed", func(b []byte) {
		f.Add(b, false)
		f.Add(b[:len(b)-feedChecksum], true)
	})
	f.Fuzz(func(t *testing.T, src []byte, seal bool) {
		if seal && len(src) >= feedHeader {
			src = resealed(src)
		}
		first, last, events, err := DecodeFeed(src)
		onlyFormatErrors(t, src, 0, err)
		if err != nil {
			return
		}
		for len(events) > 0 {
			h, err := PeekEvent(events)
			if err != nil || h.Sequence < first || h.Sequence > last {
				t.Fatalf("event %+v is not between %d and %d: %v", h, first, last, err)
			}
			events = events[h.Length:]
		}
		if !bytes.Equal(resealed(src[:len(src)-feedChecksum]), src) {
			t.Fatal("two encodings of one feed group")
		}
	})
}

// resealed is the value of the feed that has the header and events of src.
func resealed(src []byte) []byte {
	out := bytes.Clone(src)
	count := int(out[feedCount]) | int(out[feedCount+1])<<8 | int(out[feedCount+2])<<16 | int(out[feedCount+3])<<24
	return SealFeed(out, 0, count)
}

func FuzzDecodeBatch(f *testing.F) {
	addGolden(f, "batch", func(b []byte) { f.Add(b) })
	f.Fuzz(func(t *testing.T, src []byte) {
		count, frames, err := DecodeBatch(src)
		onlyFormatErrors(t, src, 0, err)
		if err == nil {
			fuzzFrames(t, src, count, frames)
		}
		answers, sequence, rest, err := DecodeAnswers(src)
		onlyFormatErrors(t, src, 0, err)
		if err == nil {
			fuzzAnswers(t, src, answers, sequence, rest)
		}
	})
}

func fuzzFrames(t *testing.T, src []byte, count int, frames []byte) {
	canonical := AppendBatchHeader(nil, count)
	for range count {
		n, err := FrameLength(frames)
		if err != nil {
			t.Fatal(err)
		}
		var c core.Command
		read, err := DecodeCommand(frames, &c)
		onlyFormatErrors(t, frames, read, err)
		if err == nil && read != n {
			t.Fatalf("a frame of %d bytes was read as %d", n, read)
		}
		canonical = append(canonical, frames[:n]...)
		frames = frames[n:]
	}
	if !bytes.Equal(canonical, src) {
		t.Fatal("two encodings of one batch")
	}
}

func fuzzAnswers(t *testing.T, src []byte, count int, sequence core.Sequence, answers []byte) {
	canonical := AppendAnswerHeader(nil, count, sequence)
	for i := range count {
		a, err := DecodeAnswer(answers[i*AnswerSize:])
		onlyFormatErrors(t, src, 0, err)
		if err != nil {
			return
		}
		canonical = AppendAnswer(canonical, a)
	}
	if !bytes.Equal(canonical, src) {
		t.Fatal("two encodings of one answer")
	}
}
