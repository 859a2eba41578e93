// Package waltest is the behaviour that every journal must show. A journal passes when [Run] passes with a
// function that opens it. Beside it lies what harms a journal in ways that neither a disk nor the journal's own
// calls can, for the tests of those who must notice.
package waltest
