package invariant

import "testing"

func TestCheckHolds(t *testing.T) {
	Check(true, "never shown")
}

func TestCheckPanicsWithViolation(t *testing.T) {
	defer func() {
		v, ok := recover().(*Violation)
		if !ok {
			t.Fatal("Check(false) did not panic with *Violation")
		}
		if v.What != "stock is never negative" {
			t.Errorf("What = %q", v.What)
		}
		if got, want := v.Error(), "invariant violated: stock is never negative"; got != want {
			t.Errorf("Error() = %q, want %q", got, want)
		}
	}()
	Check(false, "stock is never negative")
}

func TestCheckDoesNotAllocate(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Check(n0 == 0, "n0 is zero") }); n != 0 {
		t.Errorf("Check allocates %v times", n)
	}
}

var n0 int
