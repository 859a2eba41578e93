//go:build invariants

package invariant

// Costly tells whether full audits run: this build has the tag invariants, so they do.
const Costly = true
