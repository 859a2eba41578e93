// Command holdfast is the order and inventory engine as one binary: it serves, measures itself, and
// looks into its journals. `holdfast help` tells what it can do; a verb is a file.
//
// Exit codes, the same for every verb:
//
//	0  done; after SIGTERM: drained, and everything acknowledged is on disk
//	1  anything that has no code of its own, such as an address in use or a failed verification
//	2  bad usage
//	3  the data directory or the backup is damaged, and the message names the place; or a newer version has written it
//	4  the journal could not be written
//	5  another process has the data directory
package main
