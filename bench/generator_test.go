package bench

import (
	"testing"

	"holdfast/engine/core"
)

// BenchmarkGenerate tells what an order costs the generator before it is sent, in each form.
func BenchmarkGenerate(b *testing.B) {
	w := newWorkload(testSpec(Zipf))
	w.spec.Keys = true
	numbers := make([]core.SKUID, w.spec.SKUs)
	for i := range numbers {
		numbers[i] = core.MakeSKUID(core.Slot(i%core.SlotCount), uint32(i/core.SlotCount))
	}
	for name, f := range map[string]form{
		"single": &singleForm{work: w}, "ndjson": &ndjsonForm{work: w}, "binary": &binaryForm{work: w, numbers: numbers},
		"redis": &redisForm{work: w, digest: "0123456789012345678901234567890123456789"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var o order
			for i := 0; i < b.N; {
				f.begin()
				for end := min(b.N, i+1024); i < end; i++ {
					w.fill(&o, uint64(i))
					f.order(&o)
				}
				f.finish()
			}
		})
	}
}
