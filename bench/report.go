package bench

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// Report is everything that a run found out.
type Report struct {
	Started time.Time `json:"started"`
	Machine Machine   `json:"machine"`
	Config  Config    `json:"config"` // with its defaults filled in
	Command []string  `json:"command"`

	DiskBefore Disk `json:"disk_before"`
	DiskAfter  Disk `json:"disk_after"`

	Load         Load           `json:"load"` // of the server; of a comparison, all its rounds together
	Memory       *Memory        `json:"memory,omitempty"`
	Endless      *EndlessResult `json:"endless,omitempty"`
	Sale         *SaleResult    `json:"sale,omitempty"`
	Lifecycle    *LifeResult    `json:"lifecycle,omitempty"`
	Comparison   *Comparison    `json:"comparison,omitempty"`
	Verification *Verification  `json:"verification,omitempty"` // nil: left out
	DataDir      string         `json:"data_dir,omitempty"`     // where the data was left
}

// Machine is where the run took place.
type Machine struct {
	Cores     int    `json:"cores"`
	Processor string `json:"processor"`
	System    string `json:"system"`
	Go        string `json:"go"`
}

// Load is what one server did under one load.
type Load struct {
	Seconds       float64  `json:"seconds"`
	Counts        Counts   `json:"counts"`
	OrdersPerS    float64  `json:"orders_per_s"`   // placed, or held, and acknowledged
	CommandsPerS  float64  `json:"commands_per_s"` // all that were decided, refused ones included
	RequestsPerS  float64  `json:"requests_per_s"` // HTTP requests, or Redis pipelines
	Latency       Latency  `json:"latency"`        // of the writes
	ReadLatency   *Latency `json:"read_latency,omitempty"`
	GeneratorLate *Latency `json:"generator_late,omitempty"` // open loop: how late the generator itself was
	Server        Usage    `json:"server"`
	Generator     Usage    `json:"generator"`
	ServerMicros  float64  `json:"server_cpu_us_per_command"`
	Unusable      string   `json:"first_error,omitempty"`
	Points        []Point  `json:"points,omitempty"`
}

// Memory is the server's resident memory over the run.
type Memory struct {
	Before   int64   `json:"resident_before_bytes"` // with SKUs and stock, without orders
	After    int64   `json:"resident_after_bytes"`
	Peak     int64   `json:"peak_bytes"`
	Orders   int64   `json:"orders"`
	Growth   float64 `json:"growth_bytes_per_order"`   // (after − before) / orders
	PerOrder float64 `json:"resident_bytes_per_order"` // after / orders
}

func thisMachine() Machine {
	m := Machine{Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return m
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "model name"); ok {
			m.Processor = strings.Trim(name, "\t :")
			break
		}
	}
	return m
}

// summarizeLoad turns a measurement into figures.
func summarizeLoad(m *measurement) Load {
	seconds := m.elapsed.Seconds()
	l := Load{
		Seconds: seconds, Counts: m.total.counts, Points: m.points,
		Latency: summarize(m.total.writes, true), Server: m.server, Generator: m.generator,
	}
	if m.total.reads.TotalCount() > 0 {
		reads := summarize(m.total.reads, true)
		l.ReadLatency = &reads
	}
	if m.late != nil {
		late := summarize(m.late, false)
		l.GeneratorLate = &late
	}
	if m.unusable != nil {
		l.Unusable = m.unusable.Error()
	}
	if seconds > 0 {
		l.OrdersPerS = float64(l.Counts.Placed+l.Counts.Replayed) / seconds
		l.CommandsPerS = float64(l.Counts.Commands()) / seconds
		l.RequestsPerS = float64(l.Counts.Requests) / seconds
	}
	if commands := l.Counts.Commands() + l.Counts.Reads; commands > 0 {
		l.ServerMicros = m.server.CPU * 1e6 / float64(commands)
	}
	return l
}

func memoryOf(before, after usage, orders int64) *Memory {
	if after.resident == 0 {
		return nil
	}
	m := &Memory{Before: before.resident, After: after.resident, Peak: after.peak, Orders: orders}
	if orders > 0 {
		m.Growth = float64(after.resident-before.resident) / float64(orders)
		m.PerOrder = float64(after.resident) / float64(orders)
	}
	return m
}

// save writes the files that the configuration asks for.
func (r *Report) save() error {
	var errs []error
	if path := r.Config.ResultFile; path != "" {
		text, err := json.MarshalIndent(r, "", "  ")
		if err == nil {
			err = os.WriteFile(path, append(text, '\n'), 0o644)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("result file: %w", err))
		}
	}
	if path := r.Config.PageFile; path != "" {
		if err := r.savePage(path); err != nil {
			errs = append(errs, fmt.Errorf("page file: %w", err))
		}
	}
	return errors.Join(errs...)
}

func (r *Report) savePage(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(r.WritePage(f), f.Close())
}
