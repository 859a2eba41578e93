package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// TestHistories records and checks a few short histories of the real server.
func TestHistories(t *testing.T) {
	if testing.Short() {
		t.Skip("kills a server several times")
	}
	c := HistoriesConfig{
		Executable: holdfast(t), Dir: t.TempDir(), Pages: t.ArtifactDir(), Rounds: 3, Histories: 5, Operations: 200, Kills: 2,
		ServerArgs: []string{"--ballast=-1"},
	}
	r, err := Histories(context.Background(), c)
	if err != nil {
		t.Fatalf("%v\n%v", err, r)
	}
	n := &r.Total
	if n.Histories != 15 || n.Operations < 1500 || n.Kills != 6 || n.Refused == 0 || n.Repeated == 0 || n.Expired == 0 || n.Twins == 0 {
		t.Errorf("%+v", n)
	}
	for _, name := range opNames {
		if n.Kinds[name] == 0 {
			t.Errorf("nobody wished to %s", name)
		}
	}
	if left, err := os.ReadDir(c.Dir); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if text, err := json.Marshal(r); err != nil || !strings.Contains(r.String(), "linearizable") {
		t.Errorf("%s, %v\n%v", text, err, r)
	}
}

func TestValidateHistories(t *testing.T) {
	if err := (HistoriesConfig{}).Validate(); err != nil {
		t.Error(err)
	}
	bad := HistoriesConfig{Rounds: -1, Clients: 65, Histories: 101, Operations: 5, Kills: 101, CheckTimeout: 1}
	if err := bad.Validate(); err == nil || strings.Count(err.Error(), "\n") != 5 {
		t.Errorf("%v", err)
	}
}

// told is an operation of a test, from one instant to another in milliseconds of the run and of the clock.
func told(call, back int64, op operation) *operation {
	op.call, op.back, op.sent, op.answered = call, back, call, back
	if op.kind != opSet {
		op.expected = -1
	}
	if op.deadline == 0 {
		op.deadline = neverEnds
	}
	if op.onHand == 0 && op.code != "" {
		op.onHand = -1
	}
	return &op
}

// units is one SKU's lines, and level what an answer tells of it.
func units(n int64) [historySKUs]int64 { return [historySKUs]int64{n} }

func level1(onHand, reserved, allocated int64) [historySKUs]toldLevel {
	return [historySKUs]toldLevel{{true, historyStock{onHand, reserved, allocated}}}
}

// TestModelTellsRightFromWrong judges small histories of a SKU with ten units.
func TestModelTellsRightFromWrong(t *testing.T) {
	place := func(order int, n int64, sequence uint64) operation {
		return operation{kind: opPlace, order: order, lines: units(n), reply: reply{sequence: sequence, status: statusPlaced, version: 1}}
	}
	hold := func(order int, n int64, sequence uint64, deadline int64) operation {
		return operation{kind: opHold, order: order, lines: units(n), reply: reply{sequence: sequence, status: statusHeld, version: 1, deadline: deadline}}
	}
	look := func(sequence uint64, onHand, reserved, allocated int64) operation {
		return operation{kind: opAvailability, reply: reply{sequence: sequence, levels: level1(onHand, reserved, allocated)}}
	}
	of := func(kind opKind, order int, sequence uint64, status string, version uint32) operation {
		return operation{kind: kind, order: order, reply: reply{sequence: sequence, status: status, version: version}}
	}
	refused := func(op operation, code string, available int64) operation {
		op.reply = reply{code: code, named: op.makes(), short: units(available)}
		return op
	}
	lost := func(op operation) operation {
		op.reply, op.unknown = reply{}, true
		return op
	}
	set := func(to, expected int64, sequence uint64, told [historySKUs]toldLevel) operation {
		return operation{kind: opSet, units: to, expected: expected, reply: reply{sequence: sequence, levels: told}}
	}
	read := func(order int, sequence uint64, status string, version uint32, n int64) operation {
		op := of(opRead, order, sequence, status, version)
		op.seen = units(n)
		return op
	}
	for _, tc := range []struct {
		name string
		want bool
		ops  []*operation
	}{
		{"orders and a look", true, []*operation{
			told(1, 2, place(0, 4, 1)), told(3, 4, place(1, 6, 2)), told(5, 6, look(2, 10, 0, 10)), told(7, 8, refused(place(2, 1, 0), refusedStock, 0))}},
		{"oversold", false, []*operation{told(1, 2, place(0, 6, 1)), told(3, 4, place(1, 6, 2))}},
		{"an acknowledged order is lost", false, []*operation{told(1, 2, place(0, 4, 1)), told(3, 4, look(2, 10, 0, 0))}},
		{"a read of the past", false, []*operation{
			told(1, 2, place(0, 4, 1)), told(3, 4, place(1, 4, 2)), told(5, 6, look(1, 10, 0, 4))}},
		{"a read at the same time", true, []*operation{told(1, 9, place(0, 4, 5)), told(2, 3, look(4, 10, 0, 0)), told(4, 5, look(5, 10, 0, 4))}},
		{"two reads that contradict each other", false, []*operation{
			told(1, 9, place(0, 4, 5)), told(2, 3, look(5, 10, 0, 4)), told(4, 5, look(4, 10, 0, 0))}},
		{"two orders at one sequence", false, []*operation{told(1, 2, place(0, 1, 1)), told(1, 2, place(1, 1, 1))}},
		{"sequences against time", false, []*operation{told(1, 2, place(0, 1, 2)), told(3, 4, place(1, 1, 1))}},
		{"refused although there was enough", false, []*operation{told(1, 2, refused(place(0, 4, 0), refusedStock, 3))}},
		{"refused by the wrong number", false, []*operation{told(1, 2, refused(place(0, 14, 0), refusedStock, 9))}},
		{"done twice", false, []*operation{told(1, 2, place(0, 4, 1)), told(3, 4, look(2, 10, 0, 8))}},
		{"lost and done", true, []*operation{told(1, 2, lost(place(0, 4, 0))), told(3, 4, look(2, 10, 0, 4))}},
		{"lost and not done", true, []*operation{told(1, 2, lost(place(0, 4, 0))), told(3, 4, look(2, 10, 0, 0))}},
		{"lost, and done after the end", false, []*operation{
			told(1, 2, lost(place(0, 4, 0))), told(3, 4, look(2, 10, 0, 0)), told(5, 6, look(3, 10, 0, 4))}},
		{"lost and undone", false, []*operation{
			told(1, 2, lost(place(0, 4, 0))), told(3, 4, look(2, 10, 0, 4)), told(5, 6, look(3, 10, 0, 0))}},
		{"a hold and all that comes of it", true, []*operation{
			told(1, 2, hold(0, 4, 1, 0)), told(3, 4, look(1, 10, 4, 0)), told(5, 6, of(opConfirm, 0, 2, statusPlaced, 2)),
			told(7, 8, look(2, 10, 0, 4)), told(9, 10, of(opConfirm, 0, 2, statusPlaced, 2)),
			told(11, 12, refused(of(opRelease, 0, 0, "", 0), refusedConfirmed, 0)), told(13, 14, of(opCancel, 0, 5, statusCancelled, 3)),
			told(15, 16, refused(of(opConfirm, 0, 0, "", 0), refusedCancelled, 0)), told(17, 18, of(opRelease, 0, 0, "", 0)),
			told(19, 20, read(0, 6, statusCancelled, 3, 4)), told(21, 22, look(6, 10, 0, 0))}},
		{"a hold that was released is confirmed", false, []*operation{
			told(1, 2, hold(0, 4, 1, 0)), told(3, 4, of(opRelease, 0, 0, "", 0)), told(5, 6, of(opConfirm, 0, 3, statusPlaced, 2))}},
		{"a version too many", false, []*operation{told(1, 2, hold(0, 4, 1, 0)), told(3, 4, of(opConfirm, 0, 2, statusPlaced, 3))}},
		{"an order with other lines", false, []*operation{told(1, 2, place(0, 4, 1)), told(3, 4, read(0, 1, statusPlaced, 1, 3))}},
		{"a hold ends in time", true, []*operation{
			told(1000, 1001, hold(0, 4, 1, 2000)), told(1900, 1901, look(1, 10, 4, 0)), told(2100, 2101, look(2, 10, 0, 0)),
			told(2200, 2201, refused(of(opConfirm, 0, 0, "", 0), refusedExpired, 0)), told(2300, 2301, read(0, 2, statusExpired, 2, 4))}},
		{"a hold ends too early", false, []*operation{told(1000, 1001, hold(0, 4, 1, 2000)), told(1900, 1901, look(2, 10, 0, 0))}},
		{"a hold never ends", false, []*operation{told(1000, 1001, hold(0, 4, 1, 2000)), told(2100, 2101, look(2, 10, 4, 0))}},
		{"a hold is confirmed after its end", false, []*operation{
			told(1000, 1001, hold(0, 4, 1, 2000)), told(2100, 2101, of(opConfirm, 0, 2, statusPlaced, 2))}},
		{"a hold ends and comes back", false, []*operation{
			told(1000, 1001, hold(0, 4, 1, 2000)), told(1990, 2005, look(2, 10, 0, 0)), told(2006, 2007, look(2, 10, 4, 0))}},
		{"refused by units whose hold has just ended", true, []*operation{
			told(1000, 1001, hold(0, 10, 1, 2000)), told(2100, 2101, refused(place(1, 1, 0), refusedStock, 0))}},
		{"refused by units whose hold ended long ago", false, []*operation{
			told(1000, 1001, hold(0, 10, 1, 2000)), told(9000, 9001, refused(place(1, 1, 0), refusedStock, 0))}},
		{"counted", true, []*operation{
			told(1, 2, place(0, 4, 1)), told(3, 4, set(2, 10, 2, level1(2, 0, 4))), told(5, 6, refused(place(1, 1, 0), refusedStock, 0)),
			told(7, 8, refused(set(5, 10, 0, [historySKUs]toldLevel{}), refusedChanged, 0)), told(9, 10, set(7, -1, 4, level1(7, 0, 4)))}},
		{"counted although it was changed", false, []*operation{
			told(1, 2, set(5, -1, 1, level1(5, 0, 0))), told(3, 4, set(7, 10, 2, level1(7, 0, 0)))}},
	} {
		h := &history{initial: &historyState{stock: [historySKUs]historyStock{{onHand: 10}}}, ops: tc.ops}
		got := porcupine.CheckOperationsTimeout(h.model(), h.operations(), 10*time.Second)
		if got == porcupine.Unknown || (got == porcupine.Ok) != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// TestBasketsAreJudgedAsOne sells two SKUs together, of which one answer tells half.
func TestBasketsAreJudgedAsOne(t *testing.T) {
	basket := operation{kind: opPlace, lines: [historySKUs]int64{1, 1}, reply: reply{sequence: 1, status: statusPlaced, version: 1}}
	look := func(sku int, allocated int64) operation {
		op := operation{kind: opAvailability, sku: sku, reply: reply{sequence: 1}}
		op.levels[sku] = toldLevel{true, historyStock{5, 0, allocated}}
		return op
	}
	for second, want := range map[int64]porcupine.CheckResult{1: porcupine.Ok, 0: porcupine.Illegal} {
		h := &history{initial: &historyState{stock: [historySKUs]historyStock{{onHand: 5}, {onHand: 5}}}}
		h.ops = []*operation{told(1, 9, basket), told(2, 3, look(0, 1)), told(4, 5, look(1, second))}
		if got := porcupine.CheckOperations(h.model(), h.operations()); got != (want == porcupine.Ok) {
			t.Errorf("%d allocated: %v", second, got)
		}
	}
}

// TestWrongHistoryIsDrawn looks for the page of a history that cannot be explained.
func TestWrongHistoryIsDrawn(t *testing.T) {
	c := HistoriesConfig{Pages: t.TempDir()}.withDefaults()
	r := newHistoryRound(&c, &mortal{}, 0, &historyMemory{})
	h := r.histories[0]
	h.initial = &historyState{}
	h.ops = []*operation{told(1, 2, operation{kind: opAvailability, reply: reply{sequence: 1, levels: level1(7, 0, 0)}})}
	r.histories, r.kills = []*history{h}, []killTime{{1, 2}}
	if err := r.check(); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(c.Pages, "holdfast-history-round1-1.html"))
	if err != nil || !strings.Contains(string(page), "7 on hand") || !strings.Contains(string(page), "killed and started again") {
		t.Errorf("%d bytes, %v", len(page), err)
	}
	if len(r.result.Wrong) != 1 || !strings.Contains(r.result.Wrong[0], "round1-1.html") {
		t.Errorf("%q", r.result.Wrong)
	}
}

// TestWhatNeedsNoModel gives answers that no order of operations can excuse.
func TestWhatNeedsNoModel(t *testing.T) {
	order := operation{kind: opPlace, id: "a", reply: reply{sequence: 7}}
	for name, op := range map[string]operation{
		"the past":      {kind: opRead, floor: 8, reply: reply{sequence: 7}},
		"not waited":    {kind: opRead, least: 8, reply: reply{sequence: 7}},
		"an id of two":  order,
		"nothing wrong": {kind: opRead, floor: 7, least: 7, reply: reply{sequence: 7}},
	} {
		c := HistoriesConfig{}.withDefaults()
		r := newHistoryRound(&c, &mortal{}, 0, &historyMemory{ids: map[string]bool{"a": true}})
		h := &history{orders: []string{""}}
		r.conclude(h, &op)
		if (len(r.result.Wrong) == 0) != (name == "nothing wrong") || len(h.ops) != 1 {
			t.Errorf("%s: %q", name, r.result.Wrong)
		}
	}
}

// forgetful is a server that does not know keys: it answers every order as a new one.
func forgetful(t *testing.T) *historyClient {
	t.Helper()
	var answers atomic.Int64
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := answers.Add(1)
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"id": fmt.Sprint("order", n), "status": "placed", "version": 1, "customer": historyCustomer, "sequence": n,
		})
	})}
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(func() { _ = s.Close() })
	up := make(chan struct{})
	close(up)
	config := HistoriesConfig{}.withDefaults()
	m := &mortal{base: "http://" + ln.Addr().String(), up: up, died: make(chan struct{}), patience: 10 * time.Millisecond}
	c := newHistoryClient(newHistoryRound(&config, m, 0, &historyMemory{ids: map[string]bool{}}), 1)
	t.Cleanup(c.close)
	return c
}

func TestRepeatedKeyGetsTheSameBytes(t *testing.T) {
	c := forgetful(t)
	h := &history{orders: []string{""}}
	op := &operation{kind: opPlace, key: "k", reply: unsaid}
	if err := c.carryOut(t.Context(), []*operation{op}, func() error { return c.own.say(t.Context(), h, op) }); err != nil {
		t.Fatal(err)
	}
	if err := c.repeat(t.Context(), acknowledged{h, *op, c.own.capture.body}); err != nil || len(c.round.result.Wrong) != 1 {
		t.Errorf("%v, %q", err, c.round.result.Wrong)
	}
	if err := c.askTwice(t.Context(), h, &operation{kind: opPlace, key: "k2", reply: unsaid}); err != nil || len(c.round.result.Wrong) != 2 {
		t.Errorf("%v, %q", err, c.round.result.Wrong)
	}
}

// TestBrokenConnectionNeedsADeath expects that a server which lives answers.
func TestBrokenConnectionNeedsADeath(t *testing.T) {
	c := forgetful(t)
	broken := errors.New("broken")
	op := &operation{kind: opPlace, key: "k"}
	err := c.carryOut(t.Context(), []*operation{op}, func() error { return broken })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "the server did not") {
		t.Error(err)
	}
}
