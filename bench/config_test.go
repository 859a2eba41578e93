package bench

import (
	"strings"
	"testing"
	"time"
)

func TestZeroConfigIsValid(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Fatal(err)
	}
	c := Config{}.withDefaults()
	if c.Scenario != Zipf || c.Mode != Single || c.Connections != 256 || c.Duration != 10*time.Second || c.SKUs != 10_000 || c.Keys != Off || c.Batch != 1 {
		t.Fatalf("%+v", c)
	}
}

func TestDefaultsFollowTheScenarioAndMode(t *testing.T) {
	b := Config{Mode: Binary, Orders: 100}.withDefaults()
	if b.Batch != 8192 || b.Connections != 8 || b.Keys != On || b.Duration != 0 {
		t.Errorf("%+v", b)
	}
	s := Config{Scenario: SoldOut, Orders: 1000}.withDefaults()
	if s.SKUs != 1 || s.Stock != 100 {
		t.Errorf("%+v", s)
	}
	e := Config{}.effective()
	if e.Seed == 0 || e.Seed > 1<<53 {
		t.Errorf("seed %d", e.Seed)
	}
}

func TestValidateNamesEveryProblem(t *testing.T) {
	c := Config{
		Scenario: "rush", Mode: "telex", Keys: "perhaps", Batch: 9000, Connections: -1, Rate: -1, Orders: -1, Duration: -1,
		Warmup: -1, SKUs: -1, ZipfExponent: 9, Stock: -1, Customers: -1, HoldTTL: time.Millisecond, ReadShare: 2,
		Rounds: -1, RoundDuration: 1, Open: -1, RedisPipelines: []int{0},
	}
	err := c.Validate()
	if err == nil {
		t.Fatal("no problem found")
	}
	for _, field := range []string{"scenario", "mode", "keys", "batch", "connections", "rate", "orders", "duration", "warmup",
		"skus", "zipf exponent", "stock", "customers", "hold ttl", "read share", "rounds", "round duration", "redis pipelines", "open"} {
		if !strings.Contains("\n"+err.Error(), "\n"+field+":") {
			t.Errorf("%s is not named in:\n%v", field, err)
		}
	}
}

func TestValidateKnowsWhatDoesNotGoTogether(t *testing.T) {
	for name, c := range map[string]Config{
		"single with batch":     {Batch: 10},
		"hot with SKUs":         {Scenario: Hot, SKUs: 2},
		"compare in open loop":  {Compare: true, Rate: 10},
		"compare with holds":    {Compare: true, Scenario: Holds},
		"compare with reads":    {Compare: true, Scenario: Mixed},
		"compare without end":   {Compare: true, Scenario: Endless},
		"endless with a ledger": {Scenario: Endless, Ledger: "x"},
		"lives with a ledger":   {Scenario: Lifecycle, Ledger: "x"},
		"lives in lines":        {Scenario: Lifecycle, Mode: NDJSON},
		"compare with lives":    {Compare: true, Scenario: Lifecycle},
		"endless and sold out":  {Scenario: Endless, Open: 11, Stock: 10},
		"a URL that is none":    {URL: "localhost:8080"},
		"a URL with a path":     {URL: "http://localhost:8080/v1"},
		"a URL that is secured": {URL: "https://localhost"},
	} {
		if err := c.Validate(); err == nil {
			t.Errorf("%s is valid", name)
		}
	}
	if err := (Config{URL: "http://x", Scenario: Mixed}).ValidateCrash(0); err == nil || strings.Count(err.Error(), "crash:") != 3 {
		t.Errorf("%v", err)
	}
}
