package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"holdfast/server/client"
)

// history is what was asked and answered about one SKU, or about a few that are bought together.
type history struct {
	name    string
	skus    []string
	initial *historyState
	left    atomic.Int64 // operations that may still begin

	mu     sync.Mutex
	ops    []*operation
	orders []string // ids by number; "" while nobody knows
	known  []int    // numbers with an id
}

// newOrder gives out the next number of an order.
func (h *history) newOrder() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.orders = append(h.orders, "")
	return len(h.orders) - 1
}

// add takes in a complete operation.
func (h *history) add(op *operation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops = append(h.ops, op)
	if op.makes() && op.id != "" {
		h.orders[op.order] = op.id
		h.known = append(h.known, op.order)
	}
}

// recentOrders is how many of the last orders most follow-ups are about.
const recentOrders = 8

// pick chooses an order that somebody has an id of, mostly one of the last; "" when there is none.
func (h *history) pick(random *rand.Rand) (number int, id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	choice := h.known
	if len(choice) == 0 {
		return 0, ""
	}
	if random.IntN(4) > 0 {
		choice = choice[max(0, len(choice)-recentOrders):]
	}
	number = choice[random.IntN(len(choice))]
	return number, h.orders[number]
}

// historyRound records a few histories at the same time and checks them.
type historyRound struct {
	config    *HistoriesConfig
	server    *mortal
	number    int
	begin     time.Time
	histories []*history
	result    HistoriesRound

	done   atomic.Int64  // operations
	told   atomic.Uint64 // the highest sequence that anybody was told
	events chan struct{} // something was done

	mu     sync.Mutex // of the result while clients run, and of the memory
	memory *historyMemory
	kills  []killTime
}

// historyMemory outlives a round: what was answered in one must hold in all others.
type historyMemory struct {
	ids  map[string]bool // of all orders
	kept []acknowledged
}

// killTime is when the server was away, in nanoseconds since the round began.
type killTime struct{ from, to int64 }

func newHistoryRound(c *HistoriesConfig, m *mortal, number int, memory *historyMemory) *historyRound {
	r := &historyRound{config: c, server: m, number: number, begin: time.Now(), memory: memory, events: make(chan struct{}, 1)}
	r.result.Expiring = number%3 == 2
	r.result.Kinds = map[string]int{}
	for i := range c.Histories {
		h := &history{name: fmt.Sprintf("round%d-%d", number+1, i+1)}
		skus, operations := 1, c.Operations
		if i < min(basketHistories, c.Histories-1) {
			skus, operations = historySKUs, c.Operations/2
		}
		for k := range skus {
			h.skus = append(h.skus, fmt.Sprintf("history-%d-%d-%d", number+1, i+1, k+1))
		}
		h.left.Store(int64(operations))
		r.histories = append(r.histories, h)
	}
	return r
}

// run goes through the stages in order: 1 put stock on sale, 2 let clients and the killer loose, 3 look at
// everything that is left, 4 check.
func (r *historyRound) run(ctx context.Context) error {
	c := newHistoryClient(r, 0)
	defer c.close()
	for _, h := range r.histories {
		if err := c.stock(ctx, h); err != nil {
			return fmt.Errorf("stocking: %w", err)
		}
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	if r.result.Expiring {
		time.Sleep(shortTTL * time.Second) // so that the last reads see that every hold has ended
	}
	for _, h := range r.histories {
		if err := c.lookAround(ctx, h); err != nil {
			return fmt.Errorf("last reads: %w", err)
		}
	}
	for range lastRepeats {
		if err := c.repeatAny(ctx); err != nil {
			return fmt.Errorf("last repeats: %w", err)
		}
	}
	audit, err := c.own.shop.Audit(ctx)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if !audit.OK {
		r.wrong("the audit finds %d violations, the first: %s", audit.ViolationsFound, audit.Violations[0])
	}
	return r.check()
}

// load lets the clients loose and kills the server under them.
func (r *historyRound) load(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	clients := make([]*historyClient, r.config.Clients)
	var working sync.WaitGroup
	for i := range clients {
		clients[i] = newHistoryClient(r, i+1)
		working.Go(func() {
			defer clients[i].close()
			if err := clients[i].work(ctx); err != nil {
				cancel(fmt.Errorf("client %d: %w", i+1, err))
			}
		})
	}
	finished := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		if err := r.kill(ctx, finished); err != nil {
			cancel(err)
		}
	})
	working.Wait()
	close(finished)
	killer.Wait()
	return context.Cause(ctx)
}

// kill ends the server whenever the clients have done so much, a little later each time, and often while a checkpoint
// is written.
func (r *historyRound) kill(ctx context.Context, finished <-chan struct{}) error {
	random := r.config.random(r.number, 1<<15)
	var all int64
	for _, h := range r.histories {
		all += h.left.Load()
	}
	var at []int64
	for range r.config.Kills {
		at = append(at, all/20+random.Int64N(all*17/20))
	}
	slices.Sort(at)
	for _, after := range at {
		for r.done.Load() < after {
			select {
			case <-r.events:
			case <-finished:
				return nil
			}
		}
		var checkpoint sync.WaitGroup
		if random.IntN(2) == 0 {
			r.result.Checkpoints++
			// It may end in a kill, which is the point.
			checkpoint.Go(func() { _ = r.server.subject.call("POST", "/v1/checkpoint", []byte("{}"), nil) })
		}
		time.Sleep(time.Duration(random.IntN(5000)) * time.Microsecond)
		from := r.now()
		err := r.server.kill(ctx)
		checkpoint.Wait()
		if err != nil {
			return err
		}
		r.result.Kills++
		r.kills = append(r.kills, killTime{from, r.now()})
	}
	return nil
}

// lastRepeats is how many answers are compared at the end of a round.
const lastRepeats = 50

func (r *historyRound) now() int64 { return int64(time.Since(r.begin)) }

// conclude judges an operation by what needs no model, writes it into its history, and wakes the killer if it waits.
func (r *historyRound) conclude(h *history, op *operation) {
	switch {
	case op.sequence != 0 && op.sequence < max(op.floor, op.least):
		r.wrong("%s reflects less than the sequence %d that somebody had been told, or asked for", op, max(op.floor, op.least))
	case op.makes() && op.id != "" && !r.ownID(op.id):
		r.wrong("%s got the id %s, which another order has", op, op.id)
	}
	if op.attempts > 1 && !op.unknown && !op.reads() {
		r.count(&r.result.Resolved)
	}
	r.tell(op.sequence)
	h.add(op)
	r.done.Add(1)
	select {
	case r.events <- struct{}{}:
	default:
	}
}

// wrong notes what no order of operations can excuse.
func (r *historyRound) wrong(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.result.Wrong = append(r.result.Wrong, fmt.Sprintf(format, args...))
}

// count adds to one of the result's counts.
func (r *historyRound) count(n *int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	*n++
}

// ownID reports whether an id was never given to another order.
func (r *historyRound) ownID(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.memory.ids[id]
	r.memory.ids[id] = true
	return !known
}

// maxKept is how many answers are kept to be compared with later ones.
const maxKept = 1000

// keep remembers an answer that its key must get for ever.
func (r *historyRound) keep(a acknowledged) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if kept := &r.memory.kept; len(*kept) < maxKept {
		*kept = append(*kept, a)
	} else {
		(*kept)[r.done.Load()%maxKept] = a
	}
}

// anyKept chooses an answer that was kept, of this round or an earlier one.
func (r *historyRound) anyKept(random *rand.Rand) (a acknowledged, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.memory.kept) == 0 {
		return a, false
	}
	return r.memory.kept[random.IntN(len(r.memory.kept))], true
}

// tell remembers that somebody was told a sequence.
func (r *historyRound) tell(sequence uint64) {
	for {
		told := r.told.Load()
		if sequence <= told || r.told.CompareAndSwap(told, sequence) {
			return
		}
	}
}

// check looks for an order of operations that explains each history.
func (r *historyRound) check() error {
	for _, h := range r.histories {
		begin := time.Now()
		operations := h.operations()
		result := porcupine.CheckOperationsTimeout(h.model(), operations, r.config.CheckTimeout)
		took := time.Since(begin).Seconds()
		r.result.CheckTotal += took
		r.result.CheckMost = max(r.result.CheckMost, took)
		r.tally(h)
		if result == porcupine.Ok {
			continue
		}
		page, err := r.draw(h, operations)
		if err != nil {
			return err
		}
		if result == porcupine.Unknown {
			r.wrong("history %s of %d operations is not decided after %v, see %s", h.name, len(operations), r.config.CheckTimeout, page)
		} else {
			r.wrong("history %s of %d operations is not linearizable, see %s", h.name, len(operations), page)
		}
	}
	return nil
}

// operations is the history as the checker takes it.
func (h *history) operations() []porcupine.Operation {
	h.rank()
	var all []porcupine.Operation
	for _, op := range h.ops {
		all = append(all, porcupine.Operation{ClientId: op.lane, Input: op, Call: op.call, Return: op.back})
	}
	return all
}

// rank counts for each operation those whose answers tell lower sequences. What makes something comes before a read that was
// answered with the same sequence; of others with the same sequence nothing is known.
func (h *history) rank() {
	var changes, all []uint64
	for _, op := range h.ops {
		if op.sequence != 0 {
			all = append(all, op.sequence)
		}
		if op.sequence != 0 && (op.makes() || op.adjusts()) {
			changes = append(changes, op.sequence)
		}
	}
	slices.Sort(all)
	slices.Sort(changes)
	for _, op := range h.ops {
		if op.sequence == 0 {
			continue
		}
		op.rank, _ = slices.BinarySearch(all, op.sequence)
		if _, found := slices.BinarySearch(changes, op.sequence); found && op.reads() {
			op.rank++
		}
	}
}

// tally counts a history's operations.
func (r *historyRound) tally(h *history) {
	c := &r.result
	c.Histories++
	c.Operations += len(h.ops)
	for _, op := range h.ops {
		c.Kinds[opNames[op.kind]]++
		switch {
		case op.unknown:
			c.Unknown++
		case op.code != "":
			c.Refused++
		}
		if op.status == statusExpired || op.code == refusedExpired {
			c.Expired++
		}
	}
}

// draw makes a page of a history that cannot be explained and gives its path.
func (r *historyRound) draw(h *history, operations []porcupine.Operation) (string, error) {
	dir := r.config.Pages
	if dir == "" {
		dir = r.config.Dir
	}
	if dir == "" {
		dir = os.TempDir()
	}
	path := filepath.Join(dir, "holdfast-history-"+h.name+".html")
	_, info := porcupine.CheckOperationsVerbose(h.model(), operations, r.config.CheckTimeout)
	var away []porcupine.Annotation
	for _, k := range r.kills {
		away = append(away, porcupine.Annotation{Tag: "server", Start: k.from, End: k.to, Description: "killed and started again"})
	}
	info.AddAnnotations(away)
	if err := porcupine.VisualizePath(h.model(), info, path); err != nil {
		return "", fmt.Errorf("page of a history: %w", err)
	}
	return path, nil
}

// stock puts the SKUs of a history on sale.
func (c *historyClient) stock(ctx context.Context, h *history) error {
	h.initial = &historyState{}
	for i, sku := range h.skus {
		if _, err := c.own.shop.PutSKU(ctx, sku, client.SKUSettings{}); err != nil {
			return err
		}
		units := int64(5 + c.random.IntN(20))
		levels, err := c.own.shop.Adjust(ctx, []client.Adjustment{client.Receive(sku, units)})
		if err != nil {
			return err
		}
		h.initial.stock[i].onHand = units
		h.initial.sequence = levels.Sequence
		c.round.tell(levels.Sequence)
	}
	return nil
}
