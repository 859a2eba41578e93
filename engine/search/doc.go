// Package search finds orders: by customer, e-mail, SKU, status, why it is on hold, channel, location, tag, external id, the status of their returns and time,
// those of whose payments something is to be carried out, or failed and is outstanding, and gives what happened to each of them and who its customer is.
//
//	x, err := search.Open(e, search.Options{})
//	page, err := x.Find(&search.Query{Terms: []search.Term{search.Customer(name)}, Limit: 50})
//
// It is a reader of the feed with a cursor of its own. What it learns there it keeps as an index beside the journal, in the
// same database (package wal, index.go), and nothing of it is on the way of a command: an order is found when the reader has come by, some
// milliseconds after its answer while there is little to do. Indexed tells how far it is; WaitFor waits.
//
// # What is kept
//
// Numbers in keys are big-endian. Of all orders and holds, archived ones included:
//
//	'v'                                     u8 format, u8 phase, u64 cursor, u64 walked, u8 slot, u32 place (meta)
//	'o' + order                             the order's row: version, status, created, created at, and its terms
//	'p' + attribute + value + 0 + created   a posting: order, created at. There is one for each of the order's terms
//	'e' + order + sequence                  a command whose events tell of the order
//	'c' + customer + 0 + SKU                the customer has had an order or a hold of the SKU
//	'w' + customer + 0 + place              the customer's place on a waitlist: sale, SKU
//
// Created is the sequence that made an order, by which orders are listed, the newest first. A term is an attribute and a value; those of the
// attributes that an order's image has change with it, those of its document (e-mail, tags) stay. A row is replaced only by a
// later version of its order, so it does not matter in which order what is known of an order comes in.
//
// Notes are kept too (wal.IndexBatch.AddNote), for ever: the feed that told of them is cut. With them is what was reported on payments of orders that
// had left memory, and never change again. Whether a task of theirs that failed is outstanding follows from it, whoever reads or walks (late.go).
//
// # How it comes about
//
// Entries and cursor are written together, without a sync: a power cut takes the newest of both, and they are made again. An index of another
// format is forgotten, and begins anew; so does one that cannot be read. Where the cursor is behind the feed's oldest event, and in the beginning,
// all orders are walked (build.go), in memory and in the archive, and then the feed is read from its oldest event on. As long as
// that walk is under way nothing can be found, and ErrNotReady says so.
//
// The reader registers (ReaderName), so that no event is cut before it has read it, up to the limits for readers. It takes events in
// batches, rests after each, and rests long while commands come in fast: then it falls behind, and catches up later.
//
// # Finding
//
// A query is the conjunction of its terms. The postings of each are a list in the same order, and the reader of the query leaps from one to the
// other to where all agree (query.go), at most maxSeeks times; then it gives what it has found and where to go on.
//
// Who may call: server and cmd.
package search
