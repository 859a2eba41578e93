// Command tidy is the house rules, executable: it reads the repository and names every place that
// breaks one. It changes nothing.
//
//	go run ./cmd/tidy            the module of the working directory
//	go run ./cmd/tidy DIR        another one
//	go run ./cmd/tidy -rules     what is checked, and why
//
// Findings go to standard output as
//
//	file:line: rule: what; why
//
// and the exit code is 1 when there is one, 2 when the repository could not be read.
//
// A rule is a file rule_*.go and a row of the table in rules.go; its fixture lies in testdata, as an
// archive of the files that break it and of the findings that must come of them.
package main
