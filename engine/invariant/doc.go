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
