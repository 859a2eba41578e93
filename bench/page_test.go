package bench

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sampleReport has everything that a report can have, and texts that would break a page.
func sampleReport() *Report {
	h := newHistogram()
	for i := range int64(5000) {
		_ = h.RecordValue(1 + i*i%70_000)
	}
	load := Load{Seconds: 4, OrdersPerS: 1234.5, Latency: summarize(h, true), Server: Usage{Cores: 1, CPU: 4, Resident: 1 << 30}}
	reads := load.Latency
	load.ReadLatency, load.GeneratorLate = &reads, &reads
	load.Counts.Placed, load.Counts.Reads, load.Counts.Errors = 5000, 7, 1
	load.Counts.refused[0] = 3
	load.Counts.name()
	load.Unusable = `<script>alert("x")</script> & more`
	for i := range 8 {
		at := float64(i + 1)
		if i >= 4 {
			at += 10 // another turn
		}
		load.Points = append(load.Points, Point{At: at, Span: 1, Placed: float64(1000 + 100*i), Refused: float64(i), Reads: 1,
			P50: int64(100 + i), P99: 1000, Max: 20_000, ServerCPU: 0.9, Resident: 1 << 20})
	}
	r := &Report{
		Started: time.Unix(1e9, 0).UTC(), Machine: thisMachine(), Config: Config{Mode: Binary}.withDefaults(),
		Command: []string{"holdfast", "bench", "--html", `<"&'>`}, Load: load, Memory: &Memory{Before: 1, After: 1 << 30, Orders: 5000, Growth: 1, PerOrder: 2},
		DiskBefore:   Disk{FileSystem: "memory", Syncs: 1, PerSecond: 2, P50: 3, P99: 4, Max: 5},
		Verification: &Verification{Checks: []Check{{"ids are distinct", true, "all"}, {"audit", false, `"<b>wrong</b>"`}}},
	}
	r.Comparison = &Comparison{Notes: []string{"a note"}, Contenders: []Contender{
		{Name: "holdfast", PerSecond: []float64{10, 12}, Median: 11, Load: load},
		{Name: "echo", PerSecond: []float64{20, 22}, Median: 21, Load: load},
		{Name: "redis 64×16", PerSecond: []float64{5, 4}, Median: 4.5, Load: load},
		{Name: "redis 64×64", PerSecond: []float64{6, 5}, Median: 5.5, Load: load},
	}}
	r.Comparison.Ratios = ratios(r.Comparison.Contenders)
	return r
}

// emptyReport is what a run that got nowhere leaves.
func emptyReport() *Report { return &Report{Config: Config{}.withDefaults()} }

func TestPageIsWellFormedAndWhole(t *testing.T) {
	for name, r := range map[string]*Report{"full": sampleReport(), "empty": emptyReport()} {
		t.Run(name, func(t *testing.T) {
			var page bytes.Buffer
			if err := r.WritePage(&page); err != nil {
				t.Fatal(err)
			}
			text := page.String()
			checkElements(t, text)
			if found := regexp.MustCompile(`(?i)https?://|src=|href=|@import|url\(`).FindString(text); found != "" {
				t.Errorf("the page needs something from outside: %q", found)
			}
			for _, bad := range []string{"ZgotmplZ", "NaN", "+Inf", `alert("x")`, "<b>wrong"} {
				if strings.Contains(text, bad) {
					t.Errorf("the page has %q in it", bad)
				}
			}
			checkDrawings(t, text)
		})
	}
}

// checkElements reads the page as XML, for which every element must be closed. What browsers read as
// a program is left out, as its signs mean something else there.
func checkElements(t *testing.T, text string) {
	t.Helper()
	start, end := strings.Index(text, "<script>"), strings.Index(text, "</script>")
	d := xml.NewDecoder(strings.NewReader(text[:start] + text[end+len("</script>"):]))
	d.Entity = xml.HTMLEntity
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// checkDrawings makes sure that no line leaves its drawing.
func checkDrawings(t *testing.T, text string) {
	t.Helper()
	for _, d := range regexp.MustCompile(` d="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		for i, number := range regexp.MustCompile(`-?[0-9.]+`).FindAllString(d[1], -1) {
			v, err := strconv.ParseFloat(number, 64)
			limit := []float64{chartWidth, chartHeight}[i%2]
			if err != nil || v < 0 || v > limit {
				t.Fatalf("coordinate %s is outside the drawing", number)
			}
		}
	}
}

func TestReportAsTextAndFiles(t *testing.T) {
	r := sampleReport()
	text := r.String()
	for _, want := range []string{"p99.9", "holdfast / echo", "0.52 ×", "Redis at its fastest", "WRONG", "FAILED", "memory: nothing here is durable", "a note"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report:\n%s", want, text)
		}
	}
	if text := emptyReport().String(); !strings.Contains(text, "left out") {
		t.Errorf("%s", text)
	}
	dir := t.TempDir()
	r.Config.ResultFile, r.Config.PageFile = filepath.Join(dir, "a.json"), filepath.Join(dir, "a.html")
	if err := r.save(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{r.Config.ResultFile, r.Config.PageFile} {
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
	r.Config.ResultFile = filepath.Join(dir, "none", "a.json")
	if err := r.save(); err == nil {
		t.Error("a file in no directory was written")
	}
}

func TestRatiosAreOfTurnsInOneRound(t *testing.T) {
	got := ratios([]Contender{
		{Name: "holdfast", PerSecond: []float64{10, 40, 90}},
		{Name: "echo", PerSecond: []float64{20, 50, 90}},
		{Name: "redis", PerSecond: []float64{0, 10, 30}},
	})
	if len(got) != 2 || got[0].Median != 0.8 || got[0].Low != 0.5 || got[0].High != 1 || got[1].Median != 3.5 || got[1].Best {
		t.Fatalf("%+v", got)
	}
	if median(nil) != 0 || median([]float64{3}) != 3 || median([]float64{4, 1, 3, 2}) != 2.5 {
		t.Fatal("the median is wrong")
	}
}

func TestAxes(t *testing.T) {
	for _, tc := range []struct{ v, want float64 }{{0, 1}, {1, 1}, {1.1, 2}, {4, 5}, {6, 10}, {70, 100}, {0.03, 0.05}} {
		if got := roundStep(tc.v); got < tc.want*0.999 || got > tc.want*1.001 {
			t.Errorf("roundStep(%g) is %g, not %g", tc.v, got, tc.want)
		}
	}
	a := latencyAxis(150, 25_000)
	if a.low != 100 || a.high != 100_000 || len(a.ticks) != 4 || a.ticks[1].label != "1 ms" {
		t.Errorf("%+v", a)
	}
	for nines, want := range map[float64]string{1: "90 %", 2: "99 %", 3: "99.9 %", 5: "99.999 %"} {
		if got := quantileLabel(nines); got != want+" of requests" {
			t.Errorf("%g nines are %q", nines, got)
		}
	}
}

func TestUnits(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{grouped(0), "0"}, {grouped(999.4), "999"}, {grouped(1234567), "1,234,567"}, {grouped(-1000), "-1,000"},
		{micros(7), "7 µs"}, {micros(1500), "1.50 ms"}, {micros(250_000), "250 ms"}, {micros(2_500_000), "2.50 s"},
		{bytesText(5), "5 B"}, {bytesText(20 << 10), "20 KiB"}, {bytesText(3 << 20), "3 MiB"}, {bytesText(20 << 30), "20.0 GiB"},
	} {
		if tc.got != tc.want {
			t.Errorf("%q, not %q", tc.got, tc.want)
		}
	}
}
