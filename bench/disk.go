package bench

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// Disk is what small synced writes cost on the directory's volume.
type Disk struct {
	FileSystem string  `json:"file_system"` // "memory" means that nothing is durable there
	Syncs      int64   `json:"syncs"`
	PerSecond  float64 `json:"per_second"`
	P50        int64   `json:"p50_us"`
	P99        int64   `json:"p99_us"`
	Max        int64   `json:"max_us"`
}

// The probe overwrites a file that exists already, as a log does that is used again, so that no sync
// has to write metadata as well.
const (
	probeBlock = 4 << 10
	probeFile  = 4 << 20
	probeSyncs = 1000
	probeTime  = 500 * time.Millisecond
)

// probeDisk writes 4 KiB and waits for fdatasync, over and over for half a second at most.
func probeDisk(dir string) (d Disk, err error) {
	d.FileSystem = fileSystem(dir)
	f, err := os.CreateTemp(dir, "sync-probe-")
	if err != nil {
		return d, fmt.Errorf("disk probe: %w", err)
	}
	defer func() {
		if cleanup := errors.Join(f.Close(), os.Remove(f.Name())); cleanup != nil && err == nil {
			err = fmt.Errorf("disk probe: %w", cleanup)
		}
	}()
	block := make([]byte, probeFile)
	for i := range block {
		block[i] = byte(mix(uint64(i))) // not zero, which some disks do not store
	}
	if _, err = f.Write(block); err == nil {
		err = f.Sync()
	}
	if err != nil {
		return d, fmt.Errorf("disk probe: %w", err)
	}
	h := newHistogram()
	begin := time.Now()
	for i := 0; i < probeSyncs && time.Since(begin) < probeTime; i++ {
		at := time.Now()
		if _, err = f.WriteAt(block[:probeBlock], int64(i*probeBlock%probeFile)); err == nil {
			err = syncData(f)
		}
		if err != nil {
			return d, fmt.Errorf("disk probe: %w", err)
		}
		_ = h.RecordValue(int64(time.Since(at) / latencyUnit)) // a sync of ten minutes is not worth a figure
	}
	d.Syncs, d.PerSecond = h.TotalCount(), float64(h.TotalCount())/time.Since(begin).Seconds()
	d.P50, d.P99, d.Max = h.ValueAtQuantile(50), h.ValueAtQuantile(99), h.Max()
	return d, nil
}
