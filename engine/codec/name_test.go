package codec

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"holdfast/engine/core"
)

func TestValidName(t *testing.T) {
	valid := []string{
		"a", "!", "~", "SKU-1", "seven77", "eight888", "nine99999", "Größe-42", "日本語の商品", "№5", "e\u0301clair",
		"a\\b", strings.Repeat("x", 128), strings.Repeat("é", 64), "12345678901234é", "\U0001F4F1",
	}
	invalid := []string{
		"", " ", "/", "a b", "a/b", "\t", "a\x00", "a\x7f", "\x80", "abcdefgh\xff", "\xc3", "12345678\xc3", "\xc0\xaf", "\xed\xa0\x80",
		"a\u00a0b", "a\u2028b", "a\u200bb", "\ufeffa", "\ue000", strings.Repeat("x", 129), strings.Repeat("é", 65),
		"12345678 12345678", "12345678/", "/12345678", "1234567 ", "1234567\n", "12345678901234/6",
	}
	for _, s := range valid {
		if !ValidName([]byte(s)) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range invalid {
		if ValidName([]byte(s)) {
			t.Errorf("%q is taken", s)
		}
	}
}

// TestValidNameEveryByte puts every byte at every place of names of all lengths near a word's.
func TestValidNameEveryByte(t *testing.T) {
	for n := 1; n <= 25; n++ {
		for at := range n {
			for b := range 256 {
				name := bytes.Repeat([]byte("x"), n)
				name[at] = byte(b)
				if got, want := ValidName(name), plainName(name); got != want {
					t.Fatalf("%q: %t, want %t", name, got, want)
				}
			}
		}
	}
}

func TestValidNameAgreesWithPlainOne(t *testing.T) {
	g := newGenerator(21)
	runes := []rune("aZ0-_~!.é日\u00a0/ \x7f\x1f\u200b\ufffd№\U0001F4F1")
	for range 100_000 {
		var name []byte
		for range g.IntN(20) {
			if g.IntN(50) == 0 {
				name = append(name, byte(g.IntN(256)))
				continue
			}
			name = utf8.AppendRune(name, runes[min(g.IntN(len(runes)), g.IntN(len(runes)))])
		}
		if got, want := ValidName(name), plainName(name); got != want {
			t.Fatalf("%q: %t, want %t", name, got, want)
		}
	}
}

// plainName is what ValidName is meant to say.
func plainName(b []byte) bool {
	if len(b) == 0 || len(b) > core.MaxNameLength || !utf8.Valid(b) {
		return false
	}
	for _, r := range string(b) {
		if unicode.IsSpace(r) || r == '/' || !unicode.IsPrint(r) {
			return false
		}
	}
	return true
}

func TestValidIdentifier(t *testing.T) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:-"
	for b := range 256 {
		want := strings.IndexByte(alphabet, byte(b)) >= 0
		if got := ValidIdentifier([]byte{'x', byte(b)}); got != want {
			t.Errorf("byte %#x: %t, want %t", b, got, want)
		}
	}
	for n, want := range map[int]bool{0: false, 1: true, 64: true, 65: false} {
		if got := ValidIdentifier(bytes.Repeat([]byte("x"), n)); got != want {
			t.Errorf("%d bytes: %t, want %t", n, got, want)
		}
	}
}
