// Package bench measures a holdfast server as its clients see it, and afterwards makes sure that the
// server has what it acknowledged. Fast answers that are wrong are worth nothing, so no figure is given
// without the verification, unless it was left out on purpose, which the report says.
//
// Run does one measurement, CrashLoop kills the server in the middle of load again and again, Histories
// records what concurrent clients are answered meanwhile and looks for an order that explains it, Checkpoints
// measures what writing a checkpoint does to latency and throughput, Verify
// checks a server against the ledger of an earlier run, and ServeEcho is the floor that a
// comparison measures beside the server.
//
// # Where to find what
//
//	run.go, compare.go, crash.go     the three kinds of runs, each with its stages in order
//	load.go, pacer.go, measure.go    the driver: connections, the open loop's clock, the meter
//	workload.go, zipf.go             what the buyers want
//	script.go, script_mixed.go       what one connection says
//	form_*.go, http_*.go, append.go  how it is written, and how the answers are read
//	checkpoint.go, silence.go        what checkpoints cost
//	histories*.go                    histories: rounds, the killer, clients, what they say, the model
//	sale*.go                         the sale: its crowd, its verification, its part of the report
//	endless*.go                      the endless scenario: its script, its table, its verification
//	life*.go                         the lifecycle scenario: its stages, how each is written, its verification
//	book.go, acks.go, ledger.go      what was acknowledged
//	verify*.go                       whether it is there
//	peers.go, echo.go, redis.go      what the server is compared with
//	recorder.go, process.go, disk.go the instruments
//	report*.go, page.go, chart.go    the results
//
// # Scenarios
//
// Every order follows from the run's seed and the order's ordinal alone (workload.go), so the
// verification recomputes what each acknowledged order must be.
//
//	hot      one SKU
//	zipf     10,000 SKUs; the k-th is wanted with a weight of 1/k^1.05, so the first takes 13 %
//	basket   one to five lines, each of one to three units of any of 10,000 SKUs, which lie in all slots
//	holds    a hold of one unit (SKUs as in zipf), then 70 % are confirmed, 20 % released, 10 % left to
//	         expire; the second step follows at once on the same connection
//	soldout  one SKU with a tenth as many units as there are orders
//	mixed    orders as in zipf, and as many reads: four of five an availability, one an order by id
//	endless  orders as in zipf; when so many are open (Open), the oldest are cancelled, a batch for each that is
//	         placed, so units come back and nothing is ever sold out
//	lifecycle  orders from placed to delivered, and one in ten back, as told below
//
//	sale     a crowd before a sale with a queue: Orders buyers for Stock units, limits per customer and device, silence, payments
//	         that fail, forged, foreign and used tickets, a waitlist for what comes back. The sale's own verification takes the place of the usual one
//
// Customers are all different, and idempotency keys, where they are on, pass for random: both are what
// costs a server most memory.
//
// # How each figure is measured
//
// Latency is that of a request: from the instant before its first byte is written until its last
// answer byte is parsed. In a batch mode a request is a batch. In an open loop (Rate) it counts from
// the instant at which the request should have been sent, so that waiting for a free connection is
// part of it, as in wrk2 (G. Tene, "How NOT to measure latency"). The generator's own lateness is in
// it too and given beside it. Latencies go into HdrHistograms of three digits, and the percentiles are
// of all requests of the measured time, not means of percentiles.
//
// Throughput is commands divided by the time from the first to the last answer. Orders are those that
// were placed and acknowledged; commands include refusals. Orders of the warm-up are not counted, but
// are verified.
//
// CPU and memory are the kernel's: user and system time of /proc/PID/stat, VmRSS and VmHWM of
// /proc/PID/status, in and outside the measured time as the names say. They are known of an own
// server, on Linux. Memory per order is given twice: the growth since before the load, and all resident
// memory, with everything that is in it for other reasons, divided by the orders.
//
// The disk's sync is a 4 KiB write into a file that exists, and fdatasync, over and over for half a second
// before and after the load, on the volume that the server writes to. A file system in memory is named.
//
// # The generator
//
// It runs on the server's machine, so whatever it uses the server lacks; its CPU is in the report. A
// goroutine per connection writes a request built in place and reads the answer with a parser that
// knows status, length and body; there is no queue between goroutines and no allocation per order.
// An event loop over epoll was measured against this: the same throughput with a tenth less CPU, at the
// price of working on Linux only.
//
// # Comparisons
//
// Contenders take turns (A B C A B C …), since the speed of a machine drifts by tens of percent. A
// ratio is that of two turns of one round, and the median over the rounds is given with the lowest
// and highest. The echo gets the server's own requests and answers with constants of the real
// answers' length. Redis does the same order in a Lua script (check, take, write the order's hash) with
// every write synced before it is answered; it is driven over its own protocol, which is lighter than
// HTTP, and against batches it is pipelined at several depths, of which the fastest is marked. Afterwards
// Redis must have as many orders as it acknowledged.
//
// # Checkpoints
//
// A server is filled, and everything is written once. Then turns alternate without and with a checkpoint being written,
// first of single orders in an open loop, then of binary batches in a closed one; half a second at the beginning of each is not counted, and a
// turn with a checkpoint ends with it at the latest. Before every turn, those without a checkpoint too, orders all over the
// slabs are cancelled, since a checkpoint writes only pages that have changed; what each wrote is in the result, from the server's metrics.
// A ratio is that of the two turns of one round, and the median over the rounds is given. The longest silence is
// the longest time in which no connection at all was answered: what a pause of the server looks like from outside. The restart is
// that of a killed server, from the start of the process until /readyz says so, with the files still cached by the system.
//
// # Endless
//
// What an endless run is about is the server's memory and disk: resident memory, and what the files of the data directory take,
// once a second. The result gives both after every so many orders, and how far the largest value lies above the smallest
// after the first tenth of the orders. The generator keeps only the orders that are open and a sample of the others,
// the first 2,000 and every 1,000th, of which the first hundred and every 50,000th have an external id. To see in minutes what
// takes days otherwise, the server is told to forget early:
//
//	holdfast bench --scenario endless --mode binary --orders 200000000 --server-arg=--archive-after=2s \
//	  --server-arg=--keys-window=30s --server-arg=--keys-max=2000000 --server-arg=--feed-age=60s \
//	  --server-arg=--feed-history=1073741824 --server-arg=--journal-age=60s --server-arg=--journal-history=1073741824
//
// # Lifecycle
//
// A life is the shortest sequence of commands by which a shop takes an order with prices from the till to the customer, in a channel that captures
// what has left. SKUs are wanted as in zipf, one to three units of one. Each line is one command:
//
//	place           one line with its unit price, shipping, tax and total
//	authorize       the provider reports that all of it is set aside
//	pick            the work on its fulfilment order begins
//	ship            all of it leaves, packed, with a tracking number; the engine asks for the capture
//	capture         the provider's completion of that task
//	deliver         the carrier's report
//
// and of one life in ten, as its ordinal decides, a unit comes back:
//
//	ask for return  by the customer
//	approve return  with a refund that is due when the unit is there
//	receive return  into stock
//	decide refund   over the price of the unit; the engine asks for the refund
//	refund          the provider's completion of that task
//	close return
//
// That is 6.6 commands a life. In single mode each is a request of its own, and a connection lives one life after the other. In batches a request is of
// one stage, and a connection takes the one furthest behind for which a whole batch of lives waits; so batches are full until the last order was placed. When
// the time is over no life is begun, and those that were are brought to their end. Batches carry no documents: the parts of an order's price, and
// tracking numbers, which no decision needs, travel in single mode only. Placements have idempotency keys where those are on; the other commands find their
// work done, or are refused, when they come again.
//
// A command that is refused or not answered ends its life, and fails the run. Latencies are also given for each step.
//
// # Verification
//
//   - All acknowledged ids are different, and no key was answered with two.
//   - Every acknowledged order is read back by id and compared with what its ordinal says: customer, lines,
//     quantities, allocations, status. Beyond 200,000 orders it is a sample of about 100,000 that
//     contains the last 10,000; the report says which.
//   - The server's audit finds no violation, and counts exactly as many orders as were acknowledged; with
//     requests that got no answer, at most so many more. (Own server only.)
//   - For every SKU, units sold and units left are the units stocked, and as many were sold as acknowledged
//     orders took.
//   - After an endless run: the sampled orders can be read, placed while they are open and cancelled since; their
//     external ids are refused to others by their names; the last 64 keys of each connection get their answers
//     again; the audit is clean and counts as many placed orders as are open, and only those have units. (The counts of an own server only.)
//   - After a lifecycle run the own server is killed with -9 and started again first. Every life that was begun has come to its end; the orders,
//     a sample of them as above, have the statuses, counters of units, amounts, fulfilment order and the return of their lives; the audit is clean, and
//     all orders are completed; no payment is left to be carried out; and of every SKU what is on hand is what was stocked, less what was shipped, with what
//     was restocked. (Tasks, and the counts, of an own server only.)
//
// # Replicas
//
// ReplicaRun loads a primary that a replica follows, kills either with SIGKILL under load and starts it again, and then verifies
// both and compares their digests. At last it kills the primary for good, promotes the replica, starts the old primary alone
// to learn from its events which orders it had placed behind the replica's position, and verifies that all others are there.
//
// # Histories
//
// A history is every request about one SKU, or about three that are bought together, with its answer and the instants
// of its call and its return, over a few kills of the server. It is right when it is linearizable: when there is one
// order of all its operations, each between its call and its return, in which the model (histories_model.go), which knows
// nothing of the engine, gives every answer as it was. The search is porcupine's
// (https://github.com/anishathalye/porcupine). On top of that, answers must be explained in the order of the sequences that
// they tell, which makes the search quick, and no answer may tell less than somebody had been told before its call.
//
// When the server dies, a request without an answer is sent again if it has a key, and must then be answered as if nothing
// had happened; it is one operation, from the first call to the last return. Without a key nobody knows:
// the model takes it for carried out before the connection broke, or for never carried out, and every later answer must agree with one
// of the two. What was answered under a key is sent again later, at once by two clients, and in later rounds, and must get the
// same bytes and change nothing.
//
// In every third round holds last a second. When a hold ends within an operation is the server's choice, so the model
// tries every instant at which one can, within 20 ms of the operation's interval, since client and server
// read the same clock; the clock must not be set meanwhile. Only a refusal for want of stock may count a hold that ended up to
// five seconds ago, because admission refuses by what was released last.
//
// Histories speak through server/client, and so test that too; the generator of the measurements has its own, quicker words.
//
// Who may call it: cmd/holdfast. It imports nothing of the server but its client, the codec and the core's
// vocabulary, since it must see what any client sees.
package bench
