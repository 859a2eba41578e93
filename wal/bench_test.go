package wal

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

var (
	benchBytes = flag.Int64("wal.bytes", 1<<30, "journal bytes that BenchmarkVolume writes")
	benchGroup = flag.Int("wal.group", 512<<10, "payload of a group in BenchmarkVolume")
	benchFeed  = flag.Int("wal.feed", 0, "feed bytes per group in BenchmarkVolume")
	benchDocs  = flag.Int("wal.docs", 0, "documents of 400 bytes per group in BenchmarkVolume")
	benchDir   = flag.String("wal.dir", "", "directory of the benchmarks, a temporary one if empty")
)

func benchmarkDir(b *testing.B) string {
	if *benchDir != "" {
		return *benchDir
	}
	return b.TempDir()
}

// noise is bytes that compress about as badly as commands do.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
		if i%4 == 0 {
			b[i] = 0
		}
	}
	return b
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkVolume writes gigabytes and reports what they cost: run it with -benchtime=1x.
func BenchmarkVolume(b *testing.B) {
	for b.Loop() {
		benchmarkVolume(b)
	}
}

func benchmarkVolume(b *testing.B) {
	var stalls int
	j, err := Open(benchmarkDir(b), Options{Hooks: Hooks{StallBegin: func(string) { stalls++ }}})
	if err != nil {
		b.Fatal(err)
	}
	payload, feed, doc := noise(*benchGroup), noise(*benchFeed), noise(400)
	start, cpuAtStart := time.Now(), cpuTime()
	var longest, sum time.Duration
	var user int64
	n := 0
	var memory uint64
	for seq := uint64(1); user < *benchBytes; seq += 8192 {
		t := time.Now()
		p, err := j.Begin(seq, 8192, int64(seq), len(payload))
		if err != nil {
			b.Fatal(err)
		}
		copy(p.Payload(), payload)
		for i := range *benchDocs {
			p.AddDocument(seq+uint64(i), doc)
		}
		if err := p.Commit(); err != nil {
			b.Fatal(err)
		}
		if err := p.Wait(); err != nil {
			b.Fatal(err)
		}
		p.Release()
		if *benchFeed > 0 {
			if err := j.AppendFeed(seq, seq+8191, feed); err != nil {
				b.Fatal(err)
			}
		}
		took := time.Since(t)
		longest, sum = max(longest, took), sum+took
		user += int64(len(payload) + len(feed) + *benchDocs*400)
		if n++; n%50 == 0 {
			memory = max(memory, j.Metrics().MemTableBytes)
		}
	}
	took, used := time.Since(start), cpuTime()-cpuAtStart
	m := j.Metrics()
	gb := float64(user) / 1e9
	b.ReportMetric(float64(user)/1e6/took.Seconds(), "MB/s")
	b.ReportMetric(used.Seconds()/gb, "cpu-s/GB")
	b.ReportMetric(float64(m.LogBytes)/float64(user), "log-x")
	b.ReportMetric(float64(m.FlushBytes)/float64(user), "flush-x")
	b.ReportMetric(float64(m.CompactionBytes)/float64(user), "compact-x")
	b.ReportMetric(float64(m.MovedBytes)/float64(user), "moved-x")
	b.ReportMetric(sum.Seconds()*1e3/float64(n), "ms/group")
	b.ReportMetric(longest.Seconds()*1e3, "max-ms")
	b.ReportMetric(float64(stalls), "stalls")
	b.ReportMetric(float64(memory)/(1<<20), "memtable-MB")
	if testing.Verbose() {
		b.Log("\n" + j.db.Metrics().String())
	}
	t, cpu := time.Now(), cpuTime()
	if err := j.Replay(1, func(Group) error { return nil }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(n**benchGroup)/1e9/time.Since(t).Seconds(), "replay-GB/s")
	b.ReportMetric((cpuTime()-cpu).Seconds()/(float64(n**benchGroup)/1e9), "replay-cpu-s/GB")
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkCommit compares ways to make a group durable: Pebble's plain Commit, and ours with one group in flight or
// several.
func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{1 << 10, 16 << 10, 128 << 10, 512 << 10} {
		payload := noise(size)
		b.Run(fmt.Sprintf("size=%dK/plain", size>>10), func(b *testing.B) { benchmarkPlain(b, payload) })
		for _, depth := range []int{1, 2, 4} {
			b.Run(fmt.Sprintf("size=%dK/flight=%d", size>>10, depth), func(b *testing.B) { benchmarkFlight(b, payload, depth) })
		}
	}
}

func benchmarkPlain(b *testing.B, payload []byte) {
	db, err := pebble.Open(b.TempDir(), standard.pebbleOptions(vfs.Default, false))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	batch := db.NewBatch(pebble.WithInitialSizeBytes(1<<20), pebble.WithMaxRetainedSizeBytes(8<<20))
	b.SetBytes(int64(len(payload)))
	var seq uint64
	for b.Loop() {
		seq++
		op := batch.SetDeferred(sequenceKeyLength, len(payload)+GroupOverhead)
		putSequenceKey(op.Key, familyJournal, seq)
		copy(op.Value[headerLength:], payload)
		sealGroup(op.Value, &Group{First: seq, Count: 1})
		if err := batch.Commit(pebble.Sync); err != nil {
			b.Fatal(err)
		}
		HashGroup(op.Value)
		batch.Reset()
	}
}

func benchmarkFlight(b *testing.B, payload []byte, depth int) {
	j, err := Open(b.TempDir(), Options{BallastBytes: -1})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(payload)))
	var flight []*Pending
	wait := func() {
		if err := flight[0].Wait(); err != nil {
			b.Fatal(err)
		}
		flight[0].Release()
		flight = flight[1:]
	}
	var seq uint64
	for b.Loop() {
		seq++
		p, err := j.Begin(seq, 1, 0, len(payload))
		if err != nil {
			b.Fatal(err)
		}
		copy(p.Payload(), payload)
		if err := p.Commit(); err != nil {
			b.Fatal(err)
		}
		if flight = append(flight, p); len(flight) == depth {
			wait()
		}
	}
	for len(flight) > 0 {
		wait()
	}
	if err := j.Close(); err != nil {
		b.Fatal(err)
	}
}
