package engine_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// leavesNothing fails the test if it leaves a goroutine behind. It is not for tests in which the disk breaks: a journal
// that has failed leaves Pebble's goroutines as they are, some parked for ever, because its process is expected to end.
func leavesNothing(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// patience is how long a test waits for what must happen; it is reached only when it does not.
const patience = 20 * time.Second

// order is an order of one line.
func order(customer string, sku core.SKUID, units core.Quantity) core.Command {
	return core.Command{Kind: core.CommandPlaceOrder, Customer: []byte(customer), Lines: []core.Line{{SKU: sku, Quantity: units}}}
}

// hold is a hold of one line.
func hold(customer string, sku core.SKUID, units core.Quantity, ttl core.Millis) core.Command {
	c := order(customer, sku, units)
	c.Kind, c.TTL = core.CommandPlaceHold, ttl
	return c
}

// withKey gives a command an idempotency key.
func withKey(c core.Command, key byte) core.Command {
	c.HasKey, c.Key = true, core.IdempotencyKey{key}
	return c
}

// follow is a command on an order.
func follow(kind core.CommandKind, id core.OrderID) core.Command {
	return core.Command{Kind: kind, Order: id}
}

// restock adds units of a SKU at main.
func restock(sku core.SKUID, units core.Quantity) core.Command {
	return core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{{SKU: sku, Value: units}}}
}

// done asks for commands of which each must be done.
func done(tb testing.TB, e *engine.Engine, commands ...core.Command) []answer {
	tb.Helper()
	answers := ask(tb, e, commands...)
	for i := range answers {
		if answers[i].status != engine.ResultDone {
			tb.Fatalf("command %d: %+v", i, answers[i])
		}
	}
	return answers
}

// orderable is what the directory says of a SKU.
func orderable(tb testing.TB, e *engine.Engine, sku core.SKUID) core.Quantity {
	tb.Helper()
	entry, ok := e.SKUByID(sku)
	if !ok {
		tb.Fatalf("SKU %d is not in the directory", sku)
	}
	return entry.Orderable()
}

// readOrder reads an order that must exist.
func readOrder(tb testing.TB, e *engine.Engine, id core.OrderID) core.OrderImage {
	tb.Helper()
	image, err := e.ReadOrder(nil, id)
	if err != nil {
		tb.Fatalf("order %d: %v", id, err)
	}
	var o core.OrderImage
	if _, err := codec.DecodeOrderImage(image.Bytes, &o); err != nil {
		tb.Fatal(err)
	}
	return o
}

// audited fails the test when the state contradicts itself.
func audited(tb testing.TB, e *engine.Engine) core.AuditReport {
	tb.Helper()
	report, _, err := e.Audit()
	if err != nil || report.Found != 0 {
		tb.Fatalf("audit: %v %+v", err, report)
	}
	return report
}

// eventually waits until something holds.
func eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("waited in vain: %s", what)
		}
	}
}

// within gives what comes from a channel, and fails the test when nothing comes.
func within[T any](tb testing.TB, what string, c <-chan T) T {
	tb.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		tb.Fatalf("waited in vain: %s", what)
		panic("unreachable")
	}
}

// background calls fn on a goroutine and gives its result through a channel.
func background[T any](fn func() T) <-chan T {
	c := make(chan T, 1)
	go func() { c <- fn() }()
	return c
}

// childVariable tells a test that it runs in a process of its own.
const childVariable = "HOLDFAST_TEST_CHILD"

// inChild tells the test that it runs in the child. In the parent it runs the test in a child and reports how that
// ended. It is for what would take all other tests down with it when it fails.
func inChild(t *testing.T) bool {
	t.Helper()
	if os.Getenv(childVariable) != "" {
		return true
	}
	out, err := child(t).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if err != nil {
		t.Errorf("%v\n%s", err, firstLines(string(out), 12))
	}
	return false
}

// child is the command that runs only this test, in a process of its own.
func child(t *testing.T) *exec.Cmd {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.timeout=60s")
	command.Env = append(os.Environ(), childVariable+"="+t.TempDir())
	return command
}

func firstLines(text string, n int) string {
	lines := strings.SplitAfterN(text, "\n", n+1)
	return fmt.Sprint(strings.Join(lines[:min(n, len(lines))], ""))
}
