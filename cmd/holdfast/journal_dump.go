package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"holdfast/engine/core"
	"holdfast/server"
	"holdfast/wal"
)

func dumpCommand() *cobra.Command {
	var from, to uint64
	cmd := &cobra.Command{
		Use:   "dump [FILE]",
		Short: "Print commands as lines of JSON",
		Long: `Print the commands of the journal, of the data directory or of an exported FILE, as lines
of JSON, oldest first. The journal holds what was asked, not what came of it: a command that was
refused is there too. SKUs, locations, channels and orders appear as the numbers that the journal
knows them by.`,
		Example: `  holdfast journal dump --data ./data --from 812 --to 900
  holdfast journal dump --data ./data | jq 'select(.kind == "place_order")'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if from > to {
				return usageError{errors.New("--from is after --to")}
			}
			source, _, err := openSource(cmd, args)
			if err != nil {
				return err
			}
			if err := reaches(source, from); err != nil {
				return errors.Join(err, source.Close())
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			return errors.Join(dump(source, from, to, json.NewEncoder(out)), out.Flush(), source.Close())
		},
	}
	cmd.Flags().Uint64Var(&from, "from", 0, "first `sequence` (default where the journal begins)")
	cmd.Flags().Uint64Var(&to, "to", math.MaxUint64, "last `sequence`")
	cmd.Flags().Lookup("to").DefValue = "the last one"
	return cmd
}

// reaches refuses a sequence that a directory's journal has been cut behind: nothing is damaged then. 0 is always reached.
func reaches(source journalSource, from uint64) error {
	j, isDirectory := source.(*wal.Journal)
	if !isDirectory || from == 0 {
		return nil
	}
	first, err := j.First()
	if err == nil && from < first {
		err = usageError{fmt.Errorf("--from: %d was cut off, the journal begins with sequence %d", from, first)}
	}
	return err
}

// errEnough ends a replay before its end.
var errEnough = errors.New("enough")

func dump(source journalSource, from, to uint64, out *json.Encoder) error {
	out.SetEscapeHTML(false)
	err := source.Replay(from, func(g wal.Group) error {
		if g.First > to {
			return errEnough
		}
		return eachCommand(g, func(sequence core.Sequence, frame []byte, c *core.Command) error {
			if uint64(sequence) < from || uint64(sequence) > to {
				return nil
			}
			return out.Encode(dumpedCommand(sequence, g.Time, frame, c))
		})
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// dumpLine is one command for people. What the command does not have is left out.
type dumpLine struct {
	Sequence        core.Sequence     `json:"sequence"`
	Time            string            `json:"time"`
	Kind            string            `json:"kind"`
	Version         uint8             `json:"version"`
	Bytes           int               `json:"bytes"`
	Slots           any               `json:"slots"` // a list, or "all"
	Key             string            `json:"idempotency_key,omitempty"`
	Order           *core.OrderID     `json:"order,omitempty"`
	ExpectedVersion uint32            `json:"expected_version,omitempty"`
	TTL             core.Millis       `json:"ttl_ms,omitempty"`
	Channel         *core.ChannelID   `json:"channel,omitempty"`
	Customer        string            `json:"customer,omitempty"`
	ExternalID      string            `json:"external_id,omitempty"`
	Sale            core.SaleID       `json:"sale_number,omitempty"`
	Ticket          uint32            `json:"ticket,omitempty"`
	Identities      int               `json:"identities,omitempty"` // how many
	Place           core.Sequence     `json:"place,omitempty"`      // on a waitlist
	Queue           *dumpedQueue      `json:"queue,omitempty"`
	Lines           []dumpedLine      `json:"lines,omitempty"`
	Recipes         []dumpedRecipe    `json:"recipes,omitempty"`
	Rows            []dumpedRow       `json:"rows,omitempty"`
	UpTo            bool              `json:"up_to,omitempty"`
	Stock           string            `json:"stock_policy,omitempty"`
	Moves           []dumpedMove      `json:"movements,omitempty"`
	Actor           string            `json:"actor,omitempty"`
	Cause           string            `json:"cause,omitempty"`
	Inbound         *dumpedInbound    `json:"inbound,omitempty"`
	Name            string            `json:"name,omitempty"`
	SKU             *dumpedSKU        `json:"sku,omitempty"`
	Location        *dumpedLocation   `json:"location,omitempty"`
	SaleRules       *dumpedSale       `json:"sale,omitempty"`
	Selling         *dumpedSelling    `json:"selling,omitempty"`
	Rule            *dumpedRule       `json:"rule,omitempty"`
	Routing         *dumpedRouting    `json:"routing,omitempty"`
	Destination     *dumpedPlace      `json:"destination,omitempty"`
	Reroute         *dumpedReroute    `json:"reroute,omitempty"`
	Life            *dumpedLife       `json:"life,omitempty"`
	Resolution      *dumpedResolution `json:"resolution,omitempty"`
	Money           *dumpedMoney      `json:"money,omitempty"`
	Payment         *dumpedPayment    `json:"payment,omitempty"`
	Document        int               `json:"document_bytes,omitempty"`
}

type dumpedReroute struct {
	Location  core.LocationID `json:"location"`
	Reason    string          `json:"reason"`
	Note      string          `json:"note,omitempty"`
	Backorder bool            `json:"backorder,omitempty"`
}

type dumpedResolution struct {
	SKU      core.SKUID       `json:"sku"`
	Case     core.OrderID     `json:"order_of_case"`
	Action   string           `json:"action"`
	Location *core.LocationID `json:"location,omitempty"`
	Note     string           `json:"note,omitempty"`
}

type dumpedLine struct {
	SKU      core.SKUID    `json:"sku"`
	Quantity core.Quantity `json:"quantity"`
}

// dumpedRecipe is what a kit is made of; no components say that the SKU is none.
type dumpedRecipe struct {
	Kit        core.SKUID   `json:"kit"`
	Components []dumpedLine `json:"components"`
}

type dumpedRow struct {
	SKU      core.SKUID      `json:"sku"`
	Location core.LocationID `json:"location"`
	Delta    *core.Quantity  `json:"delta,omitempty"`
	Set      *core.Quantity  `json:"set,omitempty"`
	Expected *core.Quantity  `json:"expected,omitempty"`
	Reason   string          `json:"reason,omitempty"`
}

type dumpedMove struct {
	Type     string          `json:"type"`
	SKU      core.SKUID      `json:"sku"`
	Location core.LocationID `json:"location"`
	From     string          `json:"from,omitempty"`
	To       string          `json:"to,omitempty"`
	Quantity core.Quantity   `json:"quantity"`
	Expected *core.Quantity  `json:"expected,omitempty"`
	Reason   string          `json:"reason,omitempty"`
}

type dumpedSKU struct {
	SafetyStock      core.Quantity `json:"safety_stock"`
	BackorderLimit   core.Quantity `json:"backorder_limit"`
	LimitPerCustomer core.Quantity `json:"limit_per_customer"`
	LowStock         core.Quantity `json:"low_stock"`
	Stopped          bool          `json:"stopped"`
	Weight           uint32        `json:"weight_grams,omitempty"`

	Preorder *dumpedPreorder `json:"preorder,omitempty"`
}

type dumpedPreorder struct {
	Limit   core.Quantity `json:"limit"`
	ShipsAt string        `json:"ships_at"`
}

type dumpedSale struct {
	StartsAt   string                            `json:"starts_at"`
	EndsAt     string                            `json:"ends_at"`
	Limits     [core.IdentityKinds]core.Quantity `json:"limits"` // per customer, address, device, payment
	MaxTTL     core.Millis                       `json:"max_ttl_ms,omitempty"`
	MaxExpired uint32                            `json:"max_expired_holds,omitempty"`
	Waitlist   uint32                            `json:"waitlist_capacity,omitempty"`
	Offer      core.Millis                       `json:"waitlist_hold_ms,omitempty"`
	Queue      bool                              `json:"queue,omitempty"`
	Items      []dumpedItem                      `json:"items"`
}

// dumpedQueue is how far the line before a sale has come.
type dumpedQueue struct {
	Reserved uint32 `json:"reserved"`
	Drawn    uint32 `json:"drawn"`
	Admitted uint32 `json:"admitted"`
	Settled  uint32 `json:"settled"`
	Opened   bool   `json:"opened"`
}

type dumpedItem struct {
	SKU     core.SKUID    `json:"sku"`
	Quota   core.Quantity `json:"quota"` // -1 without end
	MaxHeld core.Quantity `json:"max_held,omitempty"`
}

type dumpedSelling struct {
	Visibility string        `json:"visibility"`
	Buffer     core.Quantity `json:"buffer"`
	ReturnDays *uint16       `json:"return_window_days,omitempty"`
	Capture    string        `json:"capture,omitempty"`
	PayWithin  core.Millis   `json:"pay_within_ms,omitempty"`
}

func dumpSelling(s *core.ChannelSettings) *dumpedSelling {
	d := &dumpedSelling{Visibility: server.VisibilityName(s.Bands), Buffer: s.Buffer}
	if s.HasReturnDays {
		d.ReturnDays = new(s.ReturnDays)
	}
	if s.Capture != core.CaptureManual {
		d.Capture = server.CapturePolicyName(s.Capture)
	}
	d.PayWithin = s.PayWithin
	return d
}

type dumpedRule struct {
	SKU     core.SKUID     `json:"sku"`
	Channel core.ChannelID `json:"channel"`
	Buffer  *core.Quantity `json:"buffer,omitempty"`
	Pool    *dumpedPool    `json:"pool,omitempty"`
}

type dumpedPool struct {
	Quota     core.Quantity `json:"quota"`
	Share     uint8         `json:"share_percent,omitempty"`
	Start     string        `json:"starts_at,omitempty"`
	End       string        `json:"ends_at,omitempty"`
	Exclusive bool          `json:"exclusive"`
}

type dumpedLocation struct {
	Kind      string          `json:"kind"`
	Priority  int32           `json:"priority"`
	Latitude  *float64        `json:"latitude,omitempty"`
	Longitude *float64        `json:"longitude,omitempty"`
	Stopped   bool            `json:"stopped,omitempty"`
	Shipping  *dumpedShipping `json:"shipping,omitempty"`
}

type dumpedShipping struct {
	Methods      []string         `json:"methods,omitempty"`
	CutOff       string           `json:"cut_off,omitempty"`
	UTCOffset    int16            `json:"utc_offset_minutes,omitempty"`
	HandlingDays uint8            `json:"handling_days,omitempty"`
	CostPerUnit  uint32           `json:"cost_per_unit,omitempty"`
	Channels     []core.ChannelID `json:"channels,omitempty"`
	Zones        []dumpedZone     `json:"zones,omitempty"`

	DailyCapacity uint32 `json:"daily_capacity,omitempty"`
}

type dumpedZone struct {
	Country     string `json:"country,omitempty"`
	Postal      string `json:"postal_prefix,omitempty"`
	TransitDays uint8  `json:"transit_days"`
	Cost        uint32 `json:"cost"`
	CostPerKilo uint32 `json:"cost_per_kg,omitempty"`
	UpToGrams   uint32 `json:"up_to_grams,omitempty"`
}

type dumpedRouting struct {
	Strategy     string            `json:"strategy"`
	Rules        []string          `json:"rules"`
	MaxShipments uint8             `json:"max_shipments,omitempty"`
	SplitPenalty uint32            `json:"split_penalty,omitempty"`
	Suppliers    bool              `json:"suppliers"`
	Preferred    []core.LocationID `json:"preferred,omitempty"`
}

type dumpedPlace struct {
	Method    string           `json:"delivery_method,omitempty"`
	Pickup    *core.LocationID `json:"pickup_location,omitempty"`
	Country   string           `json:"country,omitempty"`
	Postal    string           `json:"postal_code,omitempty"`
	Latitude  *float64         `json:"latitude,omitempty"`
	Longitude *float64         `json:"longitude,omitempty"`
}

func dumpedCommand(sequence core.Sequence, millis int64, frame []byte, c *core.Command) dumpLine {
	d := dumpLine{
		Sequence: sequence,
		Time:     stamp(millis),
		Kind:     kindName(c.Kind),
		Version:  c.Version,
		Bytes:    len(frame),
		Slots:    dumpSlots(c.Mask),
		Document: len(c.Document),
	}
	if c.HasKey {
		d.Key = hex.EncodeToString(c.Key[:])
	}
	d.addBody(c)
	return d
}

func dumpSlots(mask core.SlotMask) any {
	if mask == core.AllSlots {
		return "all"
	}
	var slots []int
	for slot := core.Slot(0); slot < core.SlotCount; slot++ {
		if mask.Has(slot) {
			slots = append(slots, int(slot))
		}
	}
	return slots
}

// addBody puts in what the command's kind has.
func (d *dumpLine) addBody(c *core.Command) {
	d.ExpectedVersion = c.ExpectedVersion
	switch c.Kind {
	case core.CommandDefineSKU:
		d.Name = string(c.Name)
		d.SKU = dumpSKU(&c.SKU)
	case core.CommandDefineLocation:
		d.Name = string(c.Name)
		d.Location = dumpLocation(c.Location)
	case core.CommandDefineChannel:
		d.Name = string(c.Name)
	case core.CommandDefineSale:
		d.Name = string(c.Name)
		d.SaleRules = dumpSale(c.SaleSettings)
	case core.CommandSetChannel:
		d.Name = string(c.Name)
		d.Selling = dumpSelling(&c.Selling)
	case core.CommandSetChannelRule:
		d.Rule = dumpRule(&c.Rule)
	case core.CommandDefineRouting:
		d.Routing = dumpRouting(c.Routing)
	case core.CommandSetKit:
		d.Recipes = dumpRecipes(c.Recipes)
	case core.CommandAdjustStock:
		for _, row := range c.Rows {
			d.Rows = append(d.Rows, dumpRow(row))
		}
	case core.CommandMoveStock:
		d.Actor, d.Cause = string(c.Actor), string(c.Cause)
		for i := range c.Moves {
			d.Moves = append(d.Moves, dumpMove(&c.Moves[i]))
		}
	case core.CommandCreateInbound, core.CommandSendInbound, core.CommandReceiveInbound, core.CommandCloseInbound, core.CommandCancelInbound:
		d.Actor = string(c.Actor)
		d.Inbound = dumpInbound(c.Kind, c.Inbound)
	case core.CommandPlaceHold, core.CommandPlaceOrder:
		d.TTL, d.UpTo, d.ExternalID = c.TTL, c.UpTo, string(c.ExternalID)
		if c.Stock != core.StockValidate {
			d.Stock = [...]string{core.StockSkip: "skip", core.StockForce: "force"}[c.Stock]
		}
		d.addBuyer(c)
		d.Destination = dumpPlace(&c.Destination)
		d.Recipes, d.Money = dumpRecipes(c.Recipes), dumpMoney(c.Money)
	case core.CommandJoinWaitlist, core.CommandServeWaitlist:
		d.Place = c.Waiter
		d.addBuyer(c)
	case core.CommandLeaveWaitlist:
		d.Sale, d.Place = c.Sale, c.Waiter
	case core.CommandAdvanceQueue:
		d.Sale, d.Queue = c.Sale, new(dumpedQueue(c.Queue))
	case core.CommandRerouteOrder:
		d.Order, d.Actor = new(c.Order), string(c.Actor)
		r := c.Reroute
		d.Reroute = &dumpedReroute{r.Location, server.RerouteReasonName(r.Reason), string(r.Note), r.Backorder}
		d.Destination = dumpPlace(&c.Destination)
		for _, line := range c.Lines {
			d.Lines = append(d.Lines, dumpedLine{line.SKU, line.Quantity})
		}
	case core.CommandCancelLines, core.CommandShipOrder, core.CommandTrackShipment, core.CommandTakeBack, core.CommandPutOnHold,
		core.CommandTakeOffHold,
		core.CommandRequestReturn, core.CommandDecideReturn, core.CommandReportReturn, core.CommandReceiveReturn, core.CommandInspectReturn,
		core.CommandCloseReturn, core.CommandDecideRefund, core.CommandSettleReturn, core.CommandWorkFulfilment, core.CommandSplitFulfilment, core.CommandMergeFulfilments, core.CommandMoveFulfilment,
		core.CommandShortPick, core.CommandDeclineFulfilment:
		d.addLife(c)
	case core.CommandEditOrder:
		d.addLife(c)
		d.Destination, d.Recipes, d.Money = dumpPlace(&c.Destination), dumpRecipes(c.Recipes), dumpMoney(c.Money)
	case core.CommandPriceOrder:
		d.addLife(c)
		d.Money = dumpMoney(c.Money)
	case core.CommandReportPayment, core.CommandRequestPayment, core.CommandLockHold, core.CommandUnlockHold:
		d.addPayment(c)
	case core.CommandAddNote:
		d.Order, d.Actor = new(c.Order), string(c.Actor)
	case core.CommandResolveCase:
		d.Order, d.ExpectedVersion, d.Actor = new(c.Order), c.ExpectedVersion, string(c.Actor)
		r := c.Resolution
		d.Resolution = &dumpedResolution{SKU: r.SKU, Case: r.Case, Action: server.OversoldActionName(r.Action), Note: string(r.Note)}
		if r.Action == core.OversoldReSource {
			d.Resolution.Location = new(r.Location)
		}
		d.Destination = dumpPlace(&c.Destination)
	case core.CommandConfirmHold, core.CommandExtendHold, core.CommandReleaseHold, core.CommandCancelOrder, core.CommandFillOrder, core.CommandExpireUnpaid:
		d.Order, d.TTL = new(c.Order), c.TTL
	}
}

func dumpRecipes(recipes []core.Recipe) (all []dumpedRecipe) {
	for _, r := range recipes {
		d := dumpedRecipe{Kit: r.Kit, Components: []dumpedLine{}}
		for _, part := range r.Components {
			d.Components = append(d.Components, dumpedLine{part.SKU, part.Quantity})
		}
		all = append(all, d)
	}
	return all
}

// addBuyer puts in who wants what, and in which sale.
func (d *dumpLine) addBuyer(c *core.Command) {
	d.Sale, d.Ticket, d.Identities = c.Sale, c.Ticket, len(c.Identities)/core.IdentitySize
	d.Channel, d.Customer = new(c.Channel), string(c.Customer)
	for _, line := range c.Lines {
		d.Lines = append(d.Lines, dumpedLine{line.SKU, line.Quantity})
	}
}

func dumpRow(row core.AdjustmentRow) dumpedRow {
	d := dumpedRow{SKU: row.SKU, Location: row.Location, Reason: string(row.Reason)}
	switch row.Mode {
	case core.AdjustDelta:
		d.Delta = new(row.Value)
	case core.AdjustSet:
		d.Set = new(row.Value)
	case core.AdjustSetExpected:
		d.Set, d.Expected = new(row.Value), new(row.Expected)
	}
	return d
}

func dumpMove(row *core.MovementRow) dumpedMove {
	d := dumpedMove{
		Type: server.MovementType(row.Kind), SKU: row.SKU, Location: row.Location, Quantity: row.Quantity, Reason: string(row.Reason),
	}
	if row.Kind.HasFrom() {
		d.From = server.StockStateName(row.From)
	}
	if row.Kind.HasTo() {
		d.To = server.StockStateName(row.To)
	}
	if row.HasExpected {
		d.Expected = new(row.Expected)
	}
	return d
}

func dumpSale(s *core.SaleSettings) *dumpedSale {
	d := &dumpedSale{
		StartsAt: stamp(int64(s.StartsAt)), EndsAt: stamp(int64(s.EndsAt)), Limits: s.Limits,
		MaxTTL: s.MaxTTL, MaxExpired: s.MaxExpired, Waitlist: s.WaitlistCapacity, Offer: s.WaitlistTTL, Queue: s.Queue.Required,
	}
	for _, item := range s.Items {
		d.Items = append(d.Items, dumpedItem{item.SKU, item.Quota, item.MaxHeld})
	}
	return d
}

func dumpRule(r *core.ChannelRule) *dumpedRule {
	d := &dumpedRule{SKU: r.SKU, Channel: r.Channel}
	if r.HasBuffer {
		d.Buffer = new(r.Buffer)
	}
	if r.HasPool {
		d.Pool = &dumpedPool{Quota: r.Pool.Quota, Share: r.Pool.Share, Exclusive: r.Pool.Exclusive}
		if r.Pool.Start != 0 {
			d.Pool.Start = stamp(int64(r.Pool.Start))
		}
		if r.Pool.End != 0 {
			d.Pool.End = stamp(int64(r.Pool.End))
		}
	}
	return d
}

func dumpLocation(l core.LocationSettings) *dumpedLocation {
	kinds := map[core.LocationKind]string{
		core.LocationWarehouse: "warehouse", core.LocationStore: "store", core.LocationSupplier: "supplier",
	}
	d := &dumpedLocation{Kind: kinds[l.Kind], Priority: l.Priority, Stopped: l.Stopped}
	if l.HasPosition {
		d.Latitude = new(float64(l.LatitudeE7) / 1e7)
		d.Longitude = new(float64(l.LongitudeE7) / 1e7)
	}
	if l.Shipping != nil {
		d.Shipping = dumpShipping(l.Shipping)
	}
	return d
}

func dumpShipping(s *core.Shipping) *dumpedShipping {
	d := &dumpedShipping{
		Methods: server.DeliveryMethodNames(s.Methods), UTCOffset: s.UTCOffset, HandlingDays: s.HandlingDays,
		CostPerUnit: s.CostPerUnit, Channels: s.Channels, DailyCapacity: s.DailyCapacity,
	}
	if s.HasCutOff {
		d.CutOff = server.FormatMinute(s.CutOff)
	}
	for _, z := range s.Zones {
		d.Zones = append(d.Zones, dumpedZone{z.Country.String(), z.Postal.String(), z.TransitDays, z.Cost, z.CostPerKilo, z.UpToGrams})
	}
	return d
}

func dumpRouting(s *core.RoutingSettings) *dumpedRouting {
	return &dumpedRouting{
		Strategy: server.StrategyName(s.Strategy), Rules: server.RoutingRuleNames(s.Rules), MaxShipments: s.MaxShipments,
		SplitPenalty: s.SplitPenalty, Suppliers: !s.NoSuppliers, Preferred: s.Preferred,
	}
}

func dumpPlace(to *core.Destination) *dumpedPlace {
	if !to.IsGiven() {
		return nil
	}
	d := &dumpedPlace{Country: to.Country.String(), Postal: to.Postal.String()}
	if to.Method != core.MethodNone {
		d.Method = server.DeliveryMethodName(to.Method)
	}
	if to.HasPickup {
		d.Pickup = new(to.Pickup)
	}
	if to.HasPosition {
		d.Latitude, d.Longitude = new(float64(to.LatitudeE7)/1e7), new(float64(to.LongitudeE7)/1e7)
	}
	return d
}

func dumpSKU(s *core.SKUSettings) *dumpedSKU {
	d := &dumpedSKU{
		SafetyStock: s.SafetyStock, BackorderLimit: s.BackorderLimit, LimitPerCustomer: s.LimitPerCustomer, LowStock: s.LowStock,
		Stopped: s.Stopped, Weight: s.Weight,
	}
	if s.Preorder.ShipsAt != 0 {
		d.Preorder = &dumpedPreorder{s.Preorder.Limit, stamp(int64(s.Preorder.ShipsAt))}
	}
	return d
}
