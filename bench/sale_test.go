package bench

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// TestSaleOfACrowd runs a small sale against the real server.
func TestSaleOfACrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a server, and waits for holds to expire")
	}
	report, err := Run(context.Background(), Config{Executable: holdfast(t), Dir: t.TempDir(), Scenario: Sale, Orders: 2000, Connections: 16, Seed: 1, HoldTTL: 2 * time.Second})
	if err != nil {
		t.Fatalf("%v\n%v", err, report)
	}
	s := report.Sale
	t.Logf("%v\n%+v", report, s.Outcomes)
	if s.Sold != 100 || s.SoldOut < 0 || s.Refusals["ticket_invalid"] == 0 || s.Refusals["ticket_used"] == 0 || s.Waitlist.Offered == 0 || s.Waitlist.Bought == 0 {
		t.Errorf("%+v", s)
	}
	var page bytes.Buffer
	if err := report.WritePage(&page); err != nil || !strings.Contains(page.String(), "Sold and let in") {
		t.Errorf("%v: the page lacks the sale", err)
	}
}
