// Package provider has a payment provider for trying things out: it carries out, in this process, the tasks whose provider is named test. It
// reads the feed like a connector to a real one would, with a cursor of its own, and reports like one: late, twice, and out of order.
//
// What becomes of a task the last two digits of its amount say:
//
//	…01  it fails, with the note declined
//	…02  the buyer has to do something first; it succeeds a while later
//	…03  it succeeds a while later
//	…04  it succeeds, and that is reported three times
//	…05  it succeeds, and that it was requested is reported after that, with an earlier instant
//	…06  nothing is ever heard of it
//
// All others succeed at once. A task's reference follows from the event that told of it, so whatever is read again after a restart is reported again
// in the same words, which changes nothing.
//
// Who may call: cmd.
package provider
