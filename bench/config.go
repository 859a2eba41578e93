package bench

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// Scenario says what the buyers want.
type Scenario string

// The scenarios. Each is described in the package comment.
const (
	Hot       Scenario = "hot"       // everybody wants the same SKU
	Zipf      Scenario = "zipf"      // many SKUs, a few of them wanted by most
	Basket    Scenario = "basket"    // one to five lines of any SKUs, all or nothing
	Holds     Scenario = "holds"     // a hold first; then 70 % confirm, 20 % release, 10 % let it expire
	SoldOut   Scenario = "soldout"   // ten times more buyers than units
	Mixed     Scenario = "mixed"     // orders as in zipf, and reads between them
	Endless   Scenario = "endless"   // orders as in zipf, of which the oldest is cancelled once so many are open
	Lifecycle Scenario = "lifecycle" // orders from placed to delivered, and one in ten back
	Sale      Scenario = "sale"      // a crowd before a sale with a queue, limits, and payments that fail
)

// Scenarios lists every scenario, in the order in which help texts should name them.
func Scenarios() []Scenario {
	return []Scenario{Hot, Zipf, Basket, Holds, SoldOut, Mixed, Endless, Lifecycle, Sale}
}

// Mode says how orders travel.
type Mode string

// The modes.
const (
	Single Mode = "single" // one order per POST /v1/orders, JSON
	NDJSON Mode = "ndjson" // many per POST /v1/batch, a JSON line each
	Binary Mode = "binary" // many per POST /v1/batch, the engine's own form
)

// Modes lists every mode.
func Modes() []Mode { return []Mode{Single, NDJSON, Binary} }

// Toggle is a switch whose default depends on the rest of the configuration.
type Toggle string

// The positions of a Toggle. The zero value is Auto.
const (
	Auto Toggle = ""
	On   Toggle = "on"
	Off  Toggle = "off"
)

// Config says what to measure. The zero value is a ten-second run of single zipf orders over 256
// connections against a server of its own.
type Config struct {
	// URL is the server to drive, such as http://127.0.0.1:8080. Empty: the run starts its own server
	// as a child process on a new directory and ends it afterwards. CPU, memory and the exact count of
	// orders are only known of an own server.
	URL string `json:"url,omitempty"`
	// Executable is the holdfast binary for children. Empty: the running executable.
	Executable string `json:"executable,omitempty"`
	// ServerArgs are added to the own server's "serve --listen 127.0.0.1:0 --data DIR".
	ServerArgs []string `json:"server_args,omitempty"`
	// EchoArgs start the echo floor from Executable; its main must call ServeEcho.
	// Empty: "bench", "echo".
	EchoArgs []string `json:"echo_args,omitempty"`
	// Dir is where data directories are made, and where the disk is probed. Empty: the system's
	// directory for temporary files, which on some machines is memory: the report says so.
	Dir string `json:"dir,omitempty"`
	// KeepDir leaves the own server's data directory behind and reports its path.
	KeepDir bool `json:"keep_dir,omitempty"`

	// Scenario is what the buyers want. Empty: Zipf.
	Scenario Scenario `json:"scenario"`
	// Mode is how orders travel. Empty: Single.
	Mode Mode `json:"mode"`
	// Batch is the number of commands per request in the batch modes, 1 to 8192. Zero: 8192.
	Batch int `json:"batch"`
	// Connections is the number of TCP connections, each with one request in flight.
	// Zero: 256 in single mode, 8 in the batch modes.
	Connections int `json:"connections"`
	// Rate makes the run open-loop: requests per second over all connections, each timed from the
	// instant at which it should have been sent. Zero: closed loop, every connection sends as soon as
	// it has its answer.
	Rate float64 `json:"rate"`
	// Orders ends the run after so many orders have been asked for, refused ones included.
	// Zero: no such end.
	Orders int64 `json:"orders"`
	// Duration ends the run after so long. Zero: ten seconds, or no such end when Orders is set.
	Duration time.Duration `json:"duration_ns"`
	// Warmup is driven before the measurement begins; it counts in the verification only.
	Warmup time.Duration `json:"warmup_ns"`

	// SKUs is the number of SKUs on sale, at most 100,000. Zero: 1 for Hot and SoldOut, else 10,000.
	SKUs int `json:"skus"`
	// ZipfExponent is the s of the zipf distribution, above 0 and at most 4. Zero: 1.05, where the
	// first of 10,000 SKUs takes 13 % of all orders.
	ZipfExponent float64 `json:"zipf_exponent"`
	// Stock is the units of each SKU. Zero: a thousand million; for SoldOut a tenth of Orders spread
	// over the SKUs, or 10,000 when the run ends by Duration.
	Stock int64 `json:"stock"`
	// Customers is the number of different customers. Zero: a new one for every order.
	Customers int64 `json:"customers"`
	// Keys says whether every order carries its own idempotency key. Auto: in the batch modes.
	Keys Toggle `json:"keys"`
	// HoldTTL is the lifetime of a hold in the Holds scenario, in whole seconds. Zero: 60 s.
	// The verification waits that long once, for the holds that are left to expire.
	HoldTTL time.Duration `json:"hold_ttl_ns"`
	// ReadShare is the share of reads among the requests of Mixed, from 0 to 1: four fifths of them
	// availability, one fifth orders by id. Zero: 0.5.
	ReadShare float64 `json:"read_share"`
	// Open is how many orders of Endless are open at most, over all connections; two batches of each
	// connection at least. Zero: a million.
	Open int64 `json:"open"`
	// Seed decides every order of the run. Zero: a new one each time, named in the report. The
	// same seed against the same server repeats the same idempotency keys.
	Seed uint64 `json:"seed"`

	// Compare measures the echo floor and, where redis-server is found, Redis beside the server: in
	// rounds that take turns, with the same driver and load. Duration and Warmup are then unused, and
	// Orders bounds each turn.
	Compare bool `json:"compare"`
	// Rounds is how many turns each takes in a comparison. Zero: 5.
	Rounds int `json:"rounds"`
	// RoundDuration is how long a turn lasts, after a quarter of a second that is not counted; at least
	// 1 s. Zero: 3 s.
	RoundDuration time.Duration `json:"round_duration_ns"`
	// RedisServer is the path of redis-server. Empty: looked up; left out of the comparison, with a
	// note, when there is none.
	RedisServer string `json:"redis_server,omitempty"`
	// RedisPipelines are the depths at which 64 connections drive Redis against the batch modes.
	// Empty: 16, 64 and 256. The best of them is marked in the report.
	RedisPipelines []int `json:"redis_pipelines,omitempty"`

	// SkipVerify leaves the verification out. The report says so.
	SkipVerify bool `json:"skip_verify,omitempty"`
	// Ledger is a file to which every acknowledged order is appended before it is counted, for Verify.
	Ledger string `json:"ledger,omitempty"`
	// ResultFile receives the report as JSON. Empty: none.
	ResultFile string `json:"result_file,omitempty"`
	// PageFile receives the report as one HTML page that needs nothing else. Empty: none.
	PageFile string `json:"page_file,omitempty"`
	// Progress receives a line every second while the run lasts. Nil: none.
	Progress io.Writer `json:"-"`
}

// Limits of a configuration.
const (
	maxBatch       = 8192    // the contract's limit for one batch
	maxConnections = 16384   // one goroutine and one buffer each
	maxSKUs        = 100_000 // five digits in a SKU's name
	maxPipeline    = 8192    // commands of one Redis write
	minRound       = time.Second
)

// withDefaults fills in what was left zero.
func (c Config) withDefaults() Config {
	setDefault(&c.Scenario, Zipf)
	setDefault(&c.Mode, Single)
	batch, connections := maxBatch, 8
	if c.Mode == Single {
		batch, connections = 1, 256
	}
	if c.Scenario == Sale {
		setDefault(&c.Orders, 200_000)
		setDefault(&c.HoldTTL, 5*time.Second)
		connections = 64
	}
	setDefault(&c.Batch, batch)
	setDefault(&c.Connections, connections)
	if c.Orders == 0 {
		setDefault(&c.Duration, 10*time.Second)
	}
	skus := 10_000
	if c.Scenario == Hot || c.Scenario == SoldOut || c.Scenario == Sale {
		skus = 1
	}
	setDefault(&c.SKUs, skus)
	setDefault(&c.ZipfExponent, 1.05)
	setDefault(&c.Stock, c.defaultStock())
	if c.Keys == Auto {
		c.Keys = On
		if c.Mode == Single {
			c.Keys = Off
		}
	}
	setDefault(&c.HoldTTL, time.Minute)
	setDefault(&c.ReadShare, 0.5)
	setDefault(&c.Open, 1_000_000)
	setDefault(&c.Rounds, 5)
	setDefault(&c.RoundDuration, 3*time.Second)
	if len(c.RedisPipelines) == 0 {
		c.RedisPipelines = []int{16, 64, 256}
	}
	if len(c.EchoArgs) == 0 {
		c.EchoArgs = []string{"bench", "echo"}
	}
	return c
}

// setDefault gives v the value when it is zero.
func setDefault[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

func (c *Config) defaultStock() int64 {
	if c.Scenario == Sale {
		return max(1, c.Orders/20)
	}
	if c.Scenario != SoldOut {
		return 1_000_000_000
	}
	if c.Orders == 0 {
		return 10_000
	}
	return max(1, c.Orders/10/int64(max(1, c.SKUs)))
}

// Validate reports everything that is wrong with the configuration, joined into one error.
func (c Config) Validate() error {
	c = c.withDefaults()
	var problems []error
	require := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	require(slices.Contains(Scenarios(), c.Scenario), "scenario: %q is none of %v", c.Scenario, Scenarios())
	require(slices.Contains(Modes(), c.Mode), "mode: %q is none of %v", c.Mode, Modes())
	require(slices.Contains([]Toggle{On, Off}, c.Keys), "keys: %q is neither on nor off", c.Keys)
	require(c.Batch >= 1 && c.Batch <= maxBatch, "batch: %d is not within 1 to %d", c.Batch, maxBatch)
	require(c.Mode != Single || c.Batch == 1, "batch: single mode sends one order per request, not %d", c.Batch)
	require(c.Connections >= 1 && c.Connections <= maxConnections, "connections: %d is not within 1 to %d", c.Connections, maxConnections)
	require(c.Rate >= 0 && c.Rate <= 1e7, "rate: %g is not within 0 to 10,000,000 requests a second", c.Rate)
	require(c.Rate == 0 || !c.Compare, "rate: a comparison is closed-loop")
	require(c.Orders >= 0, "orders: %d is negative", c.Orders)
	require(c.Duration >= 0, "duration: %v is negative", c.Duration)
	require(c.Warmup >= 0, "warmup: %v is negative", c.Warmup)
	require(c.SKUs >= 1 && c.SKUs <= maxSKUs, "skus: %d is not within 1 to %d", c.SKUs, maxSKUs)
	require(c.Scenario != Hot || c.SKUs == 1, "skus: the hot scenario has one, not %d", c.SKUs)
	require(c.ZipfExponent > 0 && c.ZipfExponent <= 4, "zipf exponent: %g is not above 0 and at most 4", c.ZipfExponent)
	require(c.Stock >= 1 && c.Stock <= 1_000_000_000_000, "stock: %d is not within 1 and 10^12", c.Stock)
	require(c.Customers >= 0 && c.Customers < 1<<customerBits, "customers: %d is not within 0 to 2^%d-1", c.Customers, customerBits)
	require(c.HoldTTL >= time.Second && c.HoldTTL <= 24*time.Hour && c.HoldTTL%time.Second == 0, "hold ttl: %v is not whole seconds within 1s and 24h", c.HoldTTL)
	require(c.ReadShare > 0 && c.ReadShare < 1, "read share: %g is not between 0 and 1", c.ReadShare)
	require(c.Open >= 1 && c.Open <= 1_000_000_000, "open: %d is not within 1 to 1,000,000,000 orders", c.Open)
	require(c.Scenario != Endless || c.Open <= c.Stock, "open: %d orders may want more units of a SKU than its stock of %d", c.Open, c.Stock)
	require(c.Scenario != Endless || c.Ledger == "", "ledger: an endless run keeps none")
	require(c.Scenario != Lifecycle || c.Mode != NDJSON, "mode: lines of JSON do not have all that a lifecycle needs; use single or binary")
	require(c.Scenario != Lifecycle || c.Ledger == "", "ledger: it has no room for what becomes of orders, so a lifecycle run keeps none")
	require(c.Scenario != Sale || c.Mode == Single && c.SKUs == 1 && c.Rate == 0 && c.Ledger == "", "sale: it has one SKU, single orders, a pace of its own and no ledger")
	require(c.Scenario != Sale || c.Orders <= 2_000_000, "orders: %d buyers are more than 2,000,000", c.Orders)
	require(c.Rounds >= 1 && c.Rounds <= 1000, "rounds: %d is not within 1 to 1000", c.Rounds)
	require(c.RoundDuration >= minRound, "round duration: %v is below %v", c.RoundDuration, minRound)
	require(!c.Compare || slices.Contains([]Scenario{Hot, Zipf, Basket, SoldOut}, c.Scenario), "compare: Redis and the echo place orders only, so not with %s", c.Scenario)
	if c.URL != "" {
		if _, err := newAPI(c.URL); err != nil {
			problems = append(problems, err)
		}
	}
	for _, depth := range c.RedisPipelines {
		require(depth >= 1 && depth <= maxPipeline, "redis pipelines: %d is not within 1 to %d", depth, maxPipeline)
	}
	return errors.Join(problems...)
}
