// Package invariant holds the assertions of the whole program. A failed assertion is a bug in our own
// code, never a user's mistake and never a failing disk: those are refusals and errors. It stops the
// process, because a program that found itself in a state which cannot be must not go on to write that
// state down.
//
// Cheap assertions call [Check] and are always on. Full audits stand behind
//
//	if invariant.Costly { … }
//
// which the compiler removes unless the program is built with -tags invariants.
//
// The package imports nothing, so that everything may import it.
package invariant

// Violation is what [Check] panics with: an assertion that did not hold.
type Violation struct {
	// What names the rule that was broken, as a statement that should have been true.
	What string
}

// Error makes a Violation readable wherever a recovered panic value is printed.
func (v *Violation) Error() string { return "invariant violated: " + v.What }

// Check panics with a [*Violation] unless ok. It is small enough to be inlined, so on the hot path it
// costs one compare; what must be a constant string for the same reason.
func Check(ok bool, what string) {
	if !ok {
		violate(what)
	}
}

//go:noinline
func violate(what string) { panic(&Violation{What: what}) }
