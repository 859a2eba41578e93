package server

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestDailyCapacity: of two locations the nearer one ships two orders a day. What it has shows, and an order that nobody can ship that day is
// told so. It is noon there, so that no day ends meanwhile.
func TestDailyCapacity(t *testing.T) {
	h := openShop(t, Options{})
	now := time.Now().UTC()
	offset := 12*60 - now.Hour()*60 - now.Minute()
	today := now.Add(time.Duration(offset) * time.Minute).Format(time.DateOnly)
	store := func(capacity string) string {
		return fmt.Sprintf(`{"priority":%s,"shipping":{"utc_offset_minutes":%d,"daily_capacity":%s}}`, "10", offset, capacity)
	}
	h.want(201, "PUT", "/v1/locations/altona", store("2"))
	h.want(201, "PUT", "/v1/locations/munich", `{"priority":20}`)
	h.want(201, "PUT", "/v1/skus/A", `{}`)
	h.want(200, "POST", "/v1/stock/adjustments", `{"adjustments":[{"sku":"A","location":"altona","delta":9},{"sku":"A","location":"munich","delta":1}]}`)
	h.want(200, "PUT", "/v1/routing", `{"rules":["priority"]}`)
	const order = `{"customer":"c","lines":[{"sku":"A","quantity":1}]}`
	capacity := func() string { return fmt.Sprint(h.want(200, "GET", "/v1/locations/altona", "")["capacity"]) }
	want := func(daily, used, left int) {
		t.Helper()
		if got := capacity(); got != fmt.Sprintf("map[daily_capacity:%d day:%s left:%d used:%d]", daily, today, left, used) {
			t.Errorf("capacity %s, want %d used and %d left of %d on %s", got, used, left, daily, today)
		}
	}
	place := func(wanted string) string {
		t.Helper()
		placed := h.want(201, "POST", "/v1/orders", order)
		if got := from(placed); got != wanted {
			t.Errorf("from %s, want %s", got, wanted)
		}
		return placed["id"].(string)
	}
	want(2, 0, 2)
	first := place("1 altona")
	place("1 altona")
	want(2, 2, 0)
	preview := h.want(200, "POST", "/v1/routing/preview", order)
	if got := fmt.Sprint(preview["route"]); !strings.Contains(got, "location:altona rejected:capacity") {
		t.Errorf("preview: %s", got)
	}
	place("1 munich")
	h.wantProblem(409, codeCapacity, "POST", "/v1/orders", order)
	h.wantProblem(409, codeCapacity, "POST", "/v1/holds", order)
	h.wantProblem(409, codeCapacity, "POST", "/v1/routing/preview", order)
	h.want(200, "POST", "/v1/orders/"+first+"/cancel", "")
	want(2, 1, 1)
	held := h.want(201, "POST", "/v1/holds", order)["id"].(string)
	want(2, 2, 0)
	h.want(204, "DELETE", "/v1/holds/"+held, "")
	place("1 altona")
	h.want(200, "PUT", "/v1/locations/altona", store("1"))
	want(1, 2, 0) // more than it could take, as it is now
	h.wantProblem(409, codeCapacity, "POST", "/v1/orders", order)
	h.want(200, "PUT", "/v1/locations/altona", store("null"))
	if got := capacity(); got != "<nil>" {
		t.Errorf("without a capacity: %s", got)
	}
	place("1 altona")
	h.want(200, "GET", "/v1/audit", "")
}
