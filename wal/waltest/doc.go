// Package waltest is the behaviour that every journal must show. A journal passes when [Run] passes with a
// function that opens it.
package waltest
