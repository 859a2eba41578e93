package bench

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// grouped writes a number without fraction, its thousands apart: 1,234,567.
func grouped(v float64) string {
	digits := strconv.FormatInt(int64(math.Round(v)), 10)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// micros writes a latency in the unit that suits it.
func micros(us int64) string {
	switch v := float64(us); {
	case us < 1000:
		return fmt.Sprintf("%d µs", us)
	case us < 100_000:
		return fmt.Sprintf("%.2f ms", v/1000)
	case us < 1_000_000:
		return fmt.Sprintf("%.0f ms", v/1000)
	default:
		return fmt.Sprintf("%.2f s", v/1e6)
	}
}

// microTick writes a round latency on an axis: 100 µs, 1 ms, 10 s.
func microTick(us float64) string {
	switch {
	case us < 1000:
		return fmt.Sprintf("%g µs", us)
	case us < 1e6:
		return fmt.Sprintf("%g ms", us/1000)
	default:
		return fmt.Sprintf("%g s", us/1e6)
	}
}

// bytesText writes a size in the unit that suits it.
func bytesText(n int64) string {
	switch v := float64(n); {
	case n < 10<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.0f KiB", v/(1<<10))
	case n < 10<<30:
		return fmt.Sprintf("%.0f MiB", v/(1<<20))
	default:
		return fmt.Sprintf("%.1f GiB", v/(1<<30))
	}
}
