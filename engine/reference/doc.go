// Package reference is a slow, obvious model of package core, for tests to disagree with.
//
// It is written from core's rules (core/doc.go) alone and shares no code with the machine but the
// vocabulary and the functions that say which slot a name lies in. The shop is a handful of maps and
// lists; nothing is counted along: what is reserved, allocated, promised beyond stock or bought by a
// customer is summed over all orders every time somebody asks, so no counter can go wrong. It takes
// time in proportion to everything that ever happened, which is why it serves tests only.
//
// Slots appear where the rules make them visible: in an order's number, in the numbers of SKUs, and
// in expiry, which reaches only the slots of a command's mask.
//
// [Generate] makes random commands over a small shop from a seed: the same seed gives the same
// commands for ever. Whoever wants to know that two ways of executing commands come out equal feeds
// them from it.
package reference
