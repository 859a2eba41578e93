package bench

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// TestVerificationFindsLies runs the same load against shops that break one promise each.
func TestVerificationFindsLies(t *testing.T) {
	cases := []struct {
		name  string
		lies  lies
		scene Scenario
		wrong string // the check that must fail; empty: none
	}{
		{"honest", lies{}, Basket, ""},
		{"honest when sold out", lies{}, SoldOut, ""},
		{"an order is lost", lies{forget: 300}, Basket, "every acknowledged order is there"},
		{"an id is given twice", lies{repeat: 123}, Basket, "ids are distinct"},
		{"more is sold than there was", lies{oversell: true}, SoldOut, "units sold + left = stocked"},
		{"sold units are not taken", lies{keepUnits: 77}, Hot, "units sold + left = stocked"},
		{"the audit complains", lies{badAudit: true}, Zipf, "audit"},
		{"orders are cancelled", lies{wrongStatus: true}, Zipf, "every acknowledged order is there"},
	}
	for _, tc := range cases {
		for _, mode := range Modes() {
			if tc.wrong != "" && mode != Single {
				continue // the checks are the same for all
			}
			t.Run(tc.name+"/"+string(mode), func(t *testing.T) {
				s := &shop{lies: tc.lies}
				c := Config{URL: s.start(t), Scenario: tc.scene, Mode: mode, Orders: 500, Connections: 3, Dir: t.TempDir(), Seed: 42}
				if mode != Single {
					c.Batch = 50
				}
				if tc.scene == Basket || tc.scene == Zipf {
					c.SKUs = 20
				}
				report, err := Run(context.Background(), c)
				if report == nil {
					t.Fatal(err)
				}
				checkVerification(t, report.Verification, err, tc.wrong)
			})
		}
	}
}

// checkVerification makes sure that the one check failed and no other, except that a lie may show
// in several places.
func checkVerification(t *testing.T, v *Verification, err error, wrong string) {
	t.Helper()
	if wrong == "" {
		if err != nil || !v.OK {
			t.Fatalf("honest, but: %v, %+v", err, v)
		}
		return
	}
	if !errors.Is(err, ErrVerification) || v.OK {
		t.Fatalf("a lie was believed: %v, %+v", err, v)
	}
	for _, check := range v.Checks {
		if check.Name == wrong && !check.OK {
			return
		}
	}
	t.Fatalf("%q did not fail: %+v", wrong, v)
}

// TestVerifyLedger writes a ledger and checks it against the shop, as it is and after a loss.
func TestVerifyLedger(t *testing.T) {
	for _, mode := range Modes() {
		t.Run(string(mode), func(t *testing.T) {
			s := &shop{}
			c := Config{URL: s.start(t), Mode: mode, Scenario: Basket, Orders: 300, SKUs: 10, Connections: 2, Dir: t.TempDir()}
			c.Ledger = filepath.Join(c.Dir, "ledger")
			if _, err := Run(context.Background(), c); err != nil {
				t.Fatal(err)
			}
			check := VerifyConfig{URL: c.URL, Ledger: c.Ledger}
			v, err := Verify(context.Background(), check)
			checkVerification(t, v, err, "")

			s.mu.Lock()
			delete(s.orders, 300)
			s.mu.Unlock()
			v, err = Verify(context.Background(), check)
			checkVerification(t, v, err, "every acknowledged order is there")
		})
	}
}

func TestVerifyConfigNamesEveryProblem(t *testing.T) {
	err := VerifyConfig{}.Validate()
	if err == nil || !strings.Contains(err.Error(), "url") || !strings.Contains(err.Error(), "ledger") {
		t.Fatalf("got %v", err)
	}
}

// TestSampleKeepsTheLast makes sure that a sample has the orders which a crash would take first.
func TestSampleKeepsTheLast(t *testing.T) {
	const total = 3 * readAllUpTo
	b := &book{}
	for i := uint64(0); i < total; i++ {
		b.acks.set(i, i+1)
	}
	v := &verifier{book: b}
	entries, all := v.chooseOrders()
	if all || len(entries) > readSample*5/4 || len(entries) < readSample*3/4 {
		t.Fatalf("a sample of %d, all %t", len(entries), all)
	}
	for i, e := range entries[len(entries)-readSample/10:] {
		if want := uint64(total - readSample/10 + i); e.ordinal != want {
			t.Fatalf("the last entries have %d where %d belongs", e.ordinal, want)
		}
	}
}
