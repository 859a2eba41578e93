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
