//go:build !invariants

package invariant

// Costly tells whether full audits run. It is a constant, so that the code behind it is not even
// compiled into a normal build.
const Costly = false
