package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/server"
)

func replayCommand() *cobra.Command {
	var until string
	var which attempts
	var skus []string
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Tell what stock there was at a moment, and why an order was refused",
		Long: `Make, in memory, the state that a directory had at a moment, and print as lines of JSON what it was.
The directory is only read. The state begins with the newest checkpoint before, or with the first
command.

--sku prints the availability of a SKU, as GET /v1/skus/{sku}/availability would have done then.

--order prints every attempt at an order that the journal holds up to the moment: the command, when
it was stamped, what became of it, and if it was refused why, with the stock that it met and the
orders and holds that had it. An attempt is found by its external id, its Idempotency-Key or the
order's id. --sequence prints the attempt with a sequence number. What was answered before it came to
the journal, as the millions of requests for what is sold out, is not there.

Exit codes: 2 bad usage, or the journal does not reach back to the moment; 3 the journal is damaged.`,
		Example: `  holdfast journal replay --data ./data --until 2026-11-27T12:00:00.137Z --sku phone
  holdfast journal replay --data ./data --order web-10001
  holdfast journal replay --data ./data --until 812 --sku phone --sku tablet`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(skus) == 0 && which == (attempts{}) {
				return usageError{errors.New("--sku, --order or --sequence says what to tell")}
			}
			if which.order != "" && which.sequence != 0 {
				return usageError{errors.New("--order and --sequence cannot both be given")}
			}
			found, err := which.find(cmd, until)
			if err != nil {
				return err
			}
			past, err := openPast(cmd, until)
			if err != nil {
				return err
			}
			out := json.NewEncoder(cmd.OutOrStdout())
			out.SetEscapeHTML(false)
			t := teller{past, out}
			return errors.Join(t.tell(skus, found), past.Close())
		},
	}
	cmd.Flags().StringVar(&until, "until", "", "`moment`: a sequence number, or a time as in 2026-11-27T12:00:00.137Z (default the end)")
	cmd.Flags().StringArrayVar(&skus, "sku", nil, "`name` of a SKU; may be given again")
	cmd.Flags().StringVar(&which.order, "order", "", "external id, Idempotency-Key or id of an `attempt`")
	cmd.Flags().Uint64Var(&which.sequence, "sequence", 0, "`number` of an attempt in the journal")
	return cmd
}

// endOfTime is later than every stamp.
const endOfTime = core.Millis(1<<63 - 1)

func openPast(cmd *cobra.Command, until string) (*engine.Past, error) {
	point := engine.Point{Time: endOfTime}
	if until != "" {
		var err error
		if point, err = parsePoint(until); err != nil {
			return nil, usageError{fmt.Errorf("--until: %w", err)}
		}
	}
	dir, err := journalDirectory(cmd)
	if err != nil {
		return nil, err
	}
	past, err := engine.OpenPast(engine.Options{Dir: dir}, point)
	if errors.Is(err, engine.ErrOutOfReach) {
		err = usageError{err}
	}
	return past, err
}

// attempts says which attempts at orders to tell of; the zero value none.
type attempts struct {
	order    string
	sequence uint64
}

// find gives the sequences of the attempts. It has a past of its own, which may have to go on to the end.
func (a *attempts) find(cmd *cobra.Command, until string) (found []core.Sequence, err error) {
	if *a == (attempts{}) {
		return nil, nil
	}
	past, err := openPast(cmd, until)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, past.Close()) }()
	if a.sequence > uint64(past.Point()) {
		return nil, usageError{fmt.Errorf("--sequence: %d is behind the moment, which is sequence %d", a.sequence, past.Point())}
	}
	if a.sequence > 0 {
		return []core.Sequence{core.Sequence(a.sequence)}, nil
	}
	t := teller{past: past}
	found, err = t.find(a.order)
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, usageError{fmt.Errorf("--order: up to sequence %d the journal holds no attempt with the external id, Idempotency-Key or id %q",
			past.Point(), a.order)}
	case len(found) > maxAttempts:
		return nil, usageError{fmt.Errorf("--order: there are %d attempts with %q; give the --sequence of one, from %d on", len(found), a.order, found[0])}
	}
	return found, nil
}

// tell prints what was asked for. Attempts come first, in their order, since the state only moves on.
func (t *teller) tell(skus []string, attempts []core.Sequence) error {
	for _, sequence := range attempts {
		if err := t.attempt(sequence); err != nil {
			return err
		}
	}
	if len(skus) == 0 {
		return nil
	}
	if err := t.past.Advance(t.past.Point()); err != nil {
		return err
	}
	for _, name := range skus {
		entry, ok := t.past.Names().SKU([]byte(name))
		if !ok {
			return usageError{fmt.Errorf("--sku: there was no SKU %q at sequence %d", name, t.past.Sequence())}
		}
		if err := t.out.Encode(t.availability(entry.ID)); err != nil {
			return err
		}
	}
	return nil
}

// teller puts the past into words.
type teller struct {
	past *engine.Past
	out  *json.Encoder
}

// pastStock is an availability as of the past.
type pastStock struct {
	SKU           string        `json:"sku"`
	Available     core.Quantity `json:"available"`
	OnHand        core.Quantity `json:"on_hand"`
	Reserved      core.Quantity `json:"reserved"`
	Allocated     core.Quantity `json:"allocated"`
	Unavailable   core.Quantity `json:"unavailable"`
	Withheld      core.Quantity `json:"withheld"`
	Backordered   core.Quantity `json:"backordered"`
	SetApart      core.Quantity `json:"set_apart"`
	SafetyStock   core.Quantity `json:"safety_stock"`
	Backorderable bool          `json:"backorderable"`
	Stopped       bool          `json:"stopped"`
	Drained       bool          `json:"drained"`
	Supply        string        `json:"supply"`
	Sequence      core.Sequence `json:"sequence"`
	Time          string        `json:"time"`
	Locations     []pastLevel   `json:"locations"`
	Incoming      []pastLot     `json:"incoming"`
}

// pastLot is what was on its way.
type pastLot struct {
	PurchaseOrder string        `json:"purchase_order,omitempty"`
	Transfer      string        `json:"transfer,omitempty"`
	Line          int           `json:"line"`
	Location      string        `json:"location"`
	Quantity      core.Quantity `json:"quantity"`
	Expected      string        `json:"expected_at,omitempty"`
}

type pastLevel struct {
	Location       string        `json:"location"`
	OnHand         core.Quantity `json:"on_hand"`
	Reserved       core.Quantity `json:"reserved"`
	Allocated      core.Quantity `json:"allocated"`
	Unavailable    core.Quantity `json:"unavailable"`
	Damaged        core.Quantity `json:"damaged"`
	QualityControl core.Quantity `json:"quality_control"`
	Other          core.Quantity `json:"other"`
	Available      core.Quantity `json:"available"`
	Withheld       core.Quantity `json:"withheld"`
	Incoming       core.Quantity `json:"incoming"`
}

func (t *teller) availability(sku core.SKUID) pastStock {
	var a core.AvailabilityImage
	t.past.Machine().ReadAvailability(sku, &a)
	p := pastStock{
		SKU: t.skuName(sku), Available: a.Available, OnHand: a.OnHand, Reserved: a.Reserved, Allocated: a.Allocated,
		Unavailable: a.Unavailable, Withheld: a.Withheld, Backordered: a.Backordered, SetApart: a.SetApart(),
		SafetyStock:   a.Settings.SafetyStock,
		Backorderable: a.IsBackorderable(),
		Stopped:       a.Settings.Stopped, Drained: a.IsDrained(), Supply: server.SupplyName(a.Supply()),
		Sequence: t.past.Sequence(), Time: stamp(int64(t.past.Time())), Locations: []pastLevel{}, Incoming: []pastLot{},
	}
	for i := range a.Levels {
		l := &a.Levels[i]
		sellable := l.In(core.StateSellable)
		p.Locations = append(p.Locations, pastLevel{
			Location: t.past.Names().LocationName(l.Location), OnHand: l.OnHand, Reserved: l.Reserved, Allocated: l.Allocated,
			Unavailable: l.OnHand - sellable, Damaged: l.In(core.StateDamaged), QualityControl: l.In(core.StateQualityControl),
			Other: l.In(core.StateOther), Available: l.Fulfillable(), Withheld: l.Withheld, Incoming: a.IncomingAt(l.Location),
		})
	}
	for i := range a.Incoming {
		p.Incoming = append(p.Incoming, t.lot(&a.Incoming[i]))
	}
	return p
}

func (t *teller) lot(lot *core.LotImage) pastLot {
	p := pastLot{Line: lot.Line, Location: t.past.Names().LocationName(lot.Location), Quantity: lot.Open}
	if lot.Kind == core.Transfer {
		p.Transfer = string(lot.Number)
	} else {
		p.PurchaseOrder = string(lot.Number)
	}
	if lot.Expected != 0 {
		p.Expected = stamp(int64(lot.Expected))
	}
	return p
}

func (t *teller) skuName(id core.SKUID) string {
	if entry, ok := t.past.Names().SKUByID(id); ok {
		return entry.Name
	}
	return fmt.Sprintf("number %d", id)
}

func (t *teller) orderName(id core.OrderID) string {
	return server.FormatOrderID(t.past.Names().PublicOrderID(id))
}

// maxAttempts bounds what is told of one order.
const maxAttempts = 100

// find gives the sequences of the commands that belong to an order, in their order.
func (t *teller) find(order string) (found []core.Sequence, err error) {
	key := server.KeyOf(order)
	number, isID := server.ParseOrderID(order)
	id := t.past.Names().OrderFromPublic(number)
	var externals []core.Sequence
	err = t.past.Scan(0, func(sequence core.Sequence, _ core.Millis, _ []byte, c *core.Command) error {
		follows := c.Kind >= core.CommandConfirmHold && c.Kind <= core.CommandCancelOrder || c.Kind == core.CommandRerouteOrder || c.Life != nil ||
			c.Payment != nil || c.Kind == core.CommandExpireUnpaid || c.Kind == core.CommandAddNote || c.Kind == core.CommandResolveCase
		switch {
		case len(c.ExternalID) > 0 && string(c.ExternalID) == order:
			externals = append(externals, sequence)
		case c.HasKey && c.Key == key, isID && follows && c.Order == id:
			found = append(found, sequence)
		}
		return nil
	})
	if len(externals) > 0 || err != nil {
		return externals, err
	}
	if isID {
		return t.withCreation(id, found)
	}
	return found, nil
}

// withCreation puts the command that made an order before those that followed. The order's record knows it, which may be in the
// archive by then.
func (t *teller) withCreation(id core.OrderID, followed []core.Sequence) ([]core.Sequence, error) {
	if err := t.past.Advance(t.past.Point()); err != nil {
		return nil, err
	}
	var image core.OrderImage
	switch err := t.past.ReadOrder(id, &image); {
	case errors.Is(err, engine.ErrNotFound):
		return followed, nil
	case err != nil:
		return nil, err
	}
	return append([]core.Sequence{image.Created}, followed...), nil
}
