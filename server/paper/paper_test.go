package paper

import (
	"bytes"
	"compress/zlib"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// textOf reads the texts of a PDF of ours: its streams are compressed, and texts are UTF-16.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	var out strings.Builder
	for rest := pdf; ; {
		_, after, found := bytes.Cut(rest, []byte("stream\n"))
		if !found {
			return out.String()
		}
		body, next, _ := bytes.Cut(after, []byte("endstream"))
		rest = next
		r, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			continue // a font's file, or none that is compressed
		}
		content, err := io.ReadAll(r)
		if err != nil || !bytes.Contains(content, []byte(")Tj")) {
			continue
		}
		for line := range bytes.SplitSeq(content, []byte(")Tj")) {
			start := bytes.LastIndex(line, []byte("Td ("))
			if start < 0 {
				continue
			}
			out.WriteString(decode(line[start+4:]))
			out.WriteByte('\n')
		}
	}
}

// decode undoes the escapes of a text in a PDF, and reads it as UTF-16.
func decode(text []byte) string {
	var plain []byte
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			if i++; text[i] == 'r' {
				plain = append(plain, '\r')
				continue
			}
		}
		plain = append(plain, text[i])
	}
	var units []uint16
	for i := 0; i+1 < len(plain); i += 2 {
		units = append(units, uint16(plain[i])<<8|uint16(plain[i+1]))
	}
	return string(utf16.Decode(units))
}

func sheet() *Sheet {
	return &Sheet{
		Title: "Packing slip", Number: "6hr0r5nmrxb7q-1", Facts: []string{"shipped from main"}, Made: time.UnixMilli(1_790_000_000_000).UTC(),
		Address: []string{"Jürgen Müßig", "Øster Allé 1", "Łódź"},
		Rows:    []Row{{SKU: "tea-black", Title: "Schwarzer Tee, süß", Quantity: 12, For: []string{"7 × 6hr0r5nmrxb7q", "5 × 000000000001q"}}, {SKU: "pot", Quantity: 1}},
	}
}

func TestWrite(t *testing.T) {
	var first, second bytes.Buffer
	if err := Write(&first, sheet()); err != nil {
		t.Fatal(err)
	}
	text := textOf(t, first.Bytes())
	for _, want := range []string{"Packing slip", "6hr0r5nmrxb7q-1", "Jürgen Müßig", "Øster Allé 1", "Łódź", "tea-black", "Schwarzer Tee, süß", "12 ×", "7 × 6hr0r5nmrxb7q", "1 ×"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the sheet:\n%s", want, text)
		}
	}
	if err := Write(&second, sheet()); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Errorf("the same sheet gives other bytes: %v", err)
	}
}

// TestManyRows: a long list goes on over pages, none of its rows is lost.
func TestManyRows(t *testing.T) {
	s := sheet()
	for range 200 {
		s.Rows = append(s.Rows, Row{SKU: "cup", Quantity: 3})
	}
	var out bytes.Buffer
	if err := Write(&out, s); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(textOf(t, out.Bytes()), "cup\n"); n != 200 {
		t.Errorf("%d of 200 rows", n)
	}
	s.Number = "ü"
	if Write(&out, s) == nil {
		t.Error("a number that no bar code has is taken")
	}
}
