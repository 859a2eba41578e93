package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdfast/engine/codec"
	"holdfast/engine/core"
	"holdfast/wal"
)

// stamped is when the test journals' first group was stamped: 2025-11-28T08:00:00Z.
const stamped = 1_764_316_800_000

// shopCommands is one command of every kind, in groups.
func shopCommands() [][]core.Command {
	line := []core.Line{{SKU: core.MakeSKUID(5, 0), Quantity: 2}}
	one := core.Slot(5).Mask()
	order, euro := core.MakeOrderID(5, false, 3), core.Currency{'E', 'U', 'R'}
	groups := [][]core.Command{
		{
			{Kind: core.CommandDefineSKU, Mask: core.AllSlots, Name: []byte("tea"), SKU: core.SKUSettings{SafetyStock: 1, BackorderLimit: core.Unlimited}},
			{Kind: core.CommandDefineLocation, Mask: core.AllSlots, Name: []byte("hamburg"), Location: core.LocationSettings{
				Kind: core.LocationStore, Priority: -1, HasPosition: true, LatitudeE7: 535_500_000, LongitudeE7: 99_900_000, Stopped: true}},
			{Kind: core.CommandDefineChannel, Mask: core.AllSlots, Name: []byte("pos")},
		},
		{
			{Kind: core.CommandAdjustStock, Mask: one, Rows: []core.AdjustmentRow{
				{SKU: 5, Mode: core.AdjustDelta, Value: -3, Reason: []byte("broken")},
				{SKU: 5, Location: 1, Mode: core.AdjustSetExpected, Value: 10, Expected: 9},
			}},
			{Kind: core.CommandPlaceHold, Mask: one, TTL: 600_000, Customer: []byte("c1"), Lines: line},
			{Kind: core.CommandPlaceOrder, Mask: one | 1, HasKey: true, Key: core.IdempotencyKey{0xab}, Channel: 1,
				Customer: []byte("c2"), ExternalID: []byte("pos-1"), Lines: line, Document: []byte("{}")},
		},
		{
			{Kind: core.CommandConfirmHold, Mask: one, Order: order, ExpectedVersion: 1},
			{Kind: core.CommandExtendHold, Mask: one, Order: order, TTL: 1000},
			{Kind: core.CommandReleaseHold, Mask: one, Order: order},
			{Kind: core.CommandCancelOrder, Mask: one, Order: order},
			{Kind: core.CommandTick, Mask: one},
			{Kind: core.CommandPutOnHold, Mask: one, Order: order, Actor: []byte("anna"), Life: &core.LifeRequest{Note: []byte("odd"), OnHold: core.OnHoldFraud | core.OnHoldAddress}},
			{Kind: core.CommandTakeOffHold, Mask: one, Order: order, ExpectedVersion: 4, Life: &core.LifeRequest{}},
			{Kind: core.CommandSetChannel, Mask: core.AllSlots, Name: []byte("pos"), Selling: core.ChannelSettings{Bands: true, Buffer: 2}},
			{Kind: core.CommandSetChannelRule, Mask: one, Rule: core.ChannelRule{SKU: 5, Channel: 1, HasBuffer: true, HasPool: true,
				Pool: core.PoolSettings{Quota: 3, Start: stamped, End: stamped + 1000, Exclusive: true}}},
			{Kind: core.CommandSetChannelRule, Mask: one, Rule: core.ChannelRule{SKU: 5, Channel: 1}},
			{Kind: core.CommandFillOrder, Mask: one, Order: order},
			{Kind: core.CommandRerouteOrder, Mask: one, Order: order, ExpectedVersion: 2, Actor: []byte("anna"), Lines: []core.Line{{SKU: 5}, {SKU: 69, Quantity: 2}},
				Reroute:     &core.Reroute{Location: 3, Reason: core.RerouteShortPick, Note: []byte("shelf 7"), Backorder: true},
				Destination: core.Destination{Country: core.CountryCode{'D', 'E'}}},
			{Kind: core.CommandCancelLines, Mask: one, Order: order, ExpectedVersion: 3, Actor: []byte("anna"),
				Life: &core.LifeRequest{Note: []byte("too many"), Units: []core.LineUnits{{Quantity: 2}, {Line: 1}}}},
			{Kind: core.CommandShipOrder, Mask: one, Order: order, Actor: []byte("kim"), Document: []byte(`{"carrier":"DHL"}`),
				Lines: []core.Line{{SKU: 5}, {SKU: 69, Quantity: 2}}, Life: &core.LifeRequest{Location: 3}},
			{Kind: core.CommandTrackShipment, Mask: one, Order: order, Life: &core.LifeRequest{Shipment: 1, Reports: []core.TrackingReport{
				{At: stamped, Status: core.ShipmentDelivered, ID: []byte("7")}}}},
			{Kind: core.CommandTakeBack, Mask: one, Order: order, Lines: []core.Line{{SKU: 5}}, Life: &core.LifeRequest{Shipment: 1, Location: 3, To: core.StateDamaged}},
			{Kind: core.CommandSetChannel, Mask: core.AllSlots, Name: []byte("pos"), Selling: core.ChannelSettings{HasReturnDays: true, ReturnDays: 14}},
			{Kind: core.CommandEditOrder, Mask: one, Order: order, ExpectedVersion: 4, Actor: []byte("anna"), Document: []byte(`{"email":"a@example.com"}`),
				Life: &core.LifeRequest{Note: []byte("she called"), Units: []core.LineUnits{{Quantity: 2}}}, Lines: []core.Line{{SKU: 69, Quantity: 2}},
				Recipes:     []core.Recipe{{Kit: 69, Components: []core.Component{{SKU: 5, Quantity: 3}}}},
				Destination: core.Destination{Country: core.CountryCode{'D', 'E'}}},
			{Kind: core.CommandSetChannel, Mask: core.AllSlots, Name: []byte("pos"), Selling: core.ChannelSettings{Capture: core.CaptureShipment, PayWithin: 3_600_000}},
			{Kind: core.CommandPlaceOrder, Version: 2, Mask: one, Customer: []byte("ann"), Lines: []core.Line{{SKU: 5, Quantity: 2}},
				Money: &core.OrderMoney{Currency: euro, Extra: 490, Amounts: []int64{5000}}},
			{Kind: core.CommandReportPayment, Mask: one, Order: order, Actor: []byte("anna"), Payment: &core.PaymentRequest{
				Type: core.PaymentCapture, Status: core.EntrySucceeded, Entry: 2, Of: 1, Amount: 5490, Currency: euro, At: stamped,
				Provider: []byte("acme"), Reference: []byte("pi-1"), Note: []byte("ok")}},
			{Kind: core.CommandRequestPayment, Mask: one, Order: order, ExpectedVersion: 2, Payment: &core.PaymentRequest{Type: core.PaymentVoid}},
			{Kind: core.CommandLockHold, Mask: one, Order: order, TTL: 900_000, Payment: &core.PaymentRequest{Provider: []byte("acme"), Reference: []byte("pi-1")}},
			{Kind: core.CommandUnlockHold, Mask: one, Order: order, Actor: []byte("anna"), Payment: &core.PaymentRequest{Note: []byte("gave up")}},
			{Kind: core.CommandExpireUnpaid, Mask: one, Order: order},
			{Kind: core.CommandPriceOrder, Mask: one, Order: order, ExpectedVersion: 1, Document: []byte("{}"), Life: &core.LifeRequest{Note: []byte("express")},
				Money: &core.OrderMoney{Currency: euro, Extra: 990, Amounts: []int64{5000}}},
			{Kind: core.CommandAddNote, Mask: one, Order: order, Actor: []byte("anna"), Document: []byte("rings at the back door")},
			{Kind: core.CommandResolveCase, Mask: one, Order: order, ExpectedVersion: 2, Actor: []byte("anna"),
				Resolution:  &core.Resolution{SKU: 5, Case: order + 1, Action: core.OversoldReSource, Location: 3, Note: []byte("by hand")},
				Destination: core.Destination{Country: core.CountryCode{'D', 'E'}}},
			{Kind: core.CommandMoveStock, Mask: one, Actor: []byte("anna"), Cause: []byte("count 7"), Moves: []core.MovementRow{
				{SKU: 5, Kind: core.MovementCount, To: core.StateDamaged, Quantity: 2, HasExpected: true},
				{SKU: 5, Kind: core.MovementWriteOff, From: core.StateDamaged, Quantity: 2, Reason: []byte("wet")},
			}},
			{Kind: core.CommandDefineSale, Mask: core.AllSlots, Name: []byte("friday"), SaleSettings: &core.SaleSettings{
				StartsAt: 1_790_000_000_000, EndsAt: 1_790_003_600_000, Limits: [core.IdentityKinds]core.Quantity{2},
				Items: []core.SaleItem{{SKU: 5, Quota: 10, MaxHeld: 3}}, WaitlistCapacity: 100, WaitlistTTL: 60_000,
			}},
			{Kind: core.CommandPlaceHold, Mask: one, TTL: 60_000, Customer: []byte("c1"), Lines: []core.Line{{SKU: 5, Quantity: 1}},
				Sale: core.MakeSaleID(5, 0), Ticket: 7, Identities: core.AppendIdentity(nil, core.IdentityDevice, []byte("d"))},
			{Kind: core.CommandDefineRouting, Mask: core.AllSlots, Routing: &core.RoutingSettings{
				Rules: []core.RoutingRule{core.RuleFewestShipments, core.RuleNearest}, MaxShipments: 3, SplitPenalty: 250, Preferred: []core.LocationID{0}}},
			{Kind: core.CommandDefineLocation, Mask: core.AllSlots, Name: []byte("porto"), Location: core.LocationSettings{Shipping: &core.Shipping{
				Methods: 1 << core.MethodExpress, HasCutOff: true, CutOff: 9*60 + 5, UTCOffset: -60, HandlingDays: 1, CostPerUnit: 50, DailyCapacity: 20,
				Channels: []core.ChannelID{0}, Zones: []core.Zone{{Country: core.CountryCode{'P', 'T'}, Postal: core.PostalCode{'9'}, TransitDays: 2, Cost: 390, UpToGrams: 2000}}}}},
			{Kind: core.CommandPlaceOrder, Mask: one, Customer: []byte("ann"), Lines: []core.Line{{SKU: 5, Quantity: 1}}, Destination: core.Destination{
				Country: core.CountryCode{'D', 'E'}, Postal: core.PostalCode{'2', '0'}, Method: core.MethodPickup, HasPickup: true,
				HasPosition: true, LatitudeE7: 53_5500000, LongitudeE7: 9_9900000}},
			{Kind: core.CommandSetKit, Mask: core.AllSlots, Recipes: []core.Recipe{{Kit: 69, Components: []core.Component{{SKU: 5, Quantity: 2}}}}},
			{Kind: core.CommandPlaceOrder, Mask: one, Customer: []byte("c1"), Lines: []core.Line{{SKU: 69, Quantity: 1}},
				Recipes: []core.Recipe{{Kit: 69, Components: []core.Component{{SKU: 5, Quantity: 2}}}}},
			{Kind: core.CommandSetKit, Mask: core.AllSlots, Recipes: []core.Recipe{{Kit: 69}}},
			{Kind: core.CommandAdvanceQueue, Mask: one, Sale: core.MakeSaleID(5, 0), Queue: core.QueueCounters{Reserved: 9, Drawn: 7, Admitted: 5, Settled: 3, Opened: true}},
			{Kind: core.CommandJoinWaitlist, Mask: one, Sale: core.MakeSaleID(5, 0), Customer: []byte("c1"), Lines: line},
			{Kind: core.CommandServeWaitlist, Mask: one, Sale: core.MakeSaleID(5, 0), Waiter: 26, Customer: []byte("c1"), Lines: line},
			{Kind: core.CommandLeaveWaitlist, Mask: one, Sale: core.MakeSaleID(5, 0), Waiter: 26},
		},
	}
	groups[2] = append(groups[2], fulfilCommands(one, order)...)
	groups[2] = append(groups[2], returnCommands(one, order)...)
	groups[2] = append(groups[2], core.Command{Kind: core.CommandEditOrder, Mask: one, Order: order, ExpectedVersion: 9, Actor: []byte("erp"), Document: []byte(`{"tags":["vip"]}`),
		Life: &core.LifeRequest{DocumentOnly: true}})
	return groups
}

// fulfilCommands is one command of every kind about fulfilment orders.
func fulfilCommands(one core.SlotMask, order core.OrderID) []core.Command {
	return []core.Command{
		{Kind: core.CommandWorkFulfilment, Mask: one, Order: order, Actor: []byte("lee"), Life: &core.LifeRequest{Location: 3, Fulfilment: 2, Action: core.FulfilmentSchedule, At: stamped}},
		{Kind: core.CommandSplitFulfilment, Mask: one, Order: order, Life: &core.LifeRequest{Location: 3, Units: []core.LineUnits{{Line: 1, Quantity: 2}}}},
		{Kind: core.CommandMergeFulfilments, Mask: one, Order: order, Life: &core.LifeRequest{Location: 3, Fulfilment: 3, Into: 1}},
		{Kind: core.CommandMoveFulfilment, Mask: one, Order: order, Lines: []core.Line{{SKU: 5}}, Life: &core.LifeRequest{Location: 3, Fulfilment: 1, Target: 4}},
		{Kind: core.CommandShortPick, Mask: one, Order: order, Lines: []core.Line{{SKU: 5}}, Life: &core.LifeRequest{Location: 3, Fulfilment: 1, Missing: true, Units: []core.LineUnits{{Line: 1}}},
			Destination: core.Destination{Country: core.CountryCode{'D', 'E'}}},
		{Kind: core.CommandDeclineFulfilment, Mask: one, Order: order, Lines: []core.Line{{SKU: 5}}, Life: &core.LifeRequest{Location: 3, Note: []byte("sold out")}},
		{Kind: core.CommandShipOrder, Mask: one, Order: order, Lines: []core.Line{{SKU: 5}}, Life: &core.LifeRequest{Location: 3, Fulfilment: 2, PickedUp: true}},
	}
}

// shopSize is the number of the shop's commands.
func shopSize() (n int) {
	for _, group := range shopCommands() {
		n += len(group)
	}
	return n
}

// payload encodes commands as the engine puts them into a group.
func payload(commands []core.Command) []byte {
	var b []byte
	for i := range commands {
		b = codec.AppendCommand(b, &commands[i])
	}
	return b
}

// makeJournal writes a group for each element of groups, a second apart.
func makeJournal(t *testing.T, groups [][]core.Command) (dir string) {
	t.Helper()
	dir = t.TempDir()
	j, err := wal.Open(dir, wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, commands := range groups {
		writeGroup(t, j, uint32(len(commands)), int64(stamped+1000*i), payload(commands))
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeGroup(t *testing.T, j *wal.Journal, count uint32, time int64, payload []byte) {
	t.Helper()
	p, err := j.Begin(j.Last()+1, count, time, len(payload))
	if err != nil {
		t.Fatal(err)
	}
	copy(p.Payload(), payload)
	if err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Fatal(err)
	}
	p.Release()
}

// holdfast runs a command line in this process and checks its exit code.
func holdfast(t *testing.T, code int, args ...string) (out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	if got := run(args, &o, &e); got != code {
		t.Fatalf("holdfast %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &o, &e)
	}
	return o.String(), e.String()
}

func mustContain(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%q is missing in:\n%s", p, text)
		}
	}
}

func TestJournalVerify(t *testing.T) {
	dir := makeJournal(t, shopCommands())
	out, _ := holdfast(t, exitDone, "journal", "verify", "--data", dir)
	mustContain(t, out, fmt.Sprintf("sequences  1 to %d\n", shopSize()), "groups     3\n", "epoch      1\n", "\nok\n",
		"time       2025-11-28T08:00:00.000Z to 2025-11-28T08:00:02.000Z\n")
}

func TestJournalVerifyOfAnEmptyJournal(t *testing.T) {
	out, _ := holdfast(t, exitDone, "journal", "verify", "--data", makeJournal(t, nil))
	mustContain(t, out, "sequences  none\n", "\nok\n")
}

func TestJournalVerifyFindsWhatIsNotACommand(t *testing.T) {
	good := payload(shopCommands()[2][:5])
	for name, c := range map[string]struct {
		payload []byte
		message string
	}{
		"unreadable":       {append([]byte{99, 1, 0, 0, 8, 0, 0, 0}, good...), fmt.Sprintf("at sequence %d: the command cannot be read", shopSize()+1)},
		"too few commands": {good[:len(good)-8], fmt.Sprintf("at sequence %d: the command cannot be read", shopSize()+5)},
		"trailing bytes":   {append(good[:len(good):len(good)], 1, 2, 3), fmt.Sprintf("at sequence %d: 3 bytes follow", shopSize()+5)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := makeJournal(t, shopCommands())
			j, err := wal.Open(dir, wal.Options{})
			if err != nil {
				t.Fatal(err)
			}
			writeGroup(t, j, 5, stamped+5000, c.payload)
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			out, errs := holdfast(t, exitDamaged, "journal", "verify", "--data", dir)
			mustContain(t, out, fmt.Sprintf("sequences  1 to %d\n", shopSize()))
			mustContain(t, errs, c.message)
			if strings.Contains(out, "ok") {
				t.Error("a damaged journal is called ok")
			}
		})
	}
}

func TestJournalStat(t *testing.T) {
	out, _ := holdfast(t, exitDone, "journal", "stat", "--data", makeJournal(t, shopCommands()))
	mustContain(t, out, fmt.Sprintf("%.1f commands on average", float64(shopSize())/3), "kind  commands", "define_location         2", fmt.Sprintf("total        %d", shopSize()))
}

func TestJournalDump(t *testing.T) {
	dir := makeJournal(t, shopCommands())
	all, _ := holdfast(t, exitDone, "journal", "dump", "--data", dir)
	golden := filepath.Join("testdata", "dump.jsonl")
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(golden, []byte(all), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if all != string(want) {
		t.Errorf("dump:\n%swant:\n%s", all, want)
	}
	lines := strings.SplitAfter(all, "\n")
	part, _ := holdfast(t, exitDone, "journal", "dump", "--data", dir, "--from", "5", "--to", "8")
	if want := strings.Join(lines[4:8], ""); part != want {
		t.Errorf("dump of 5 to 8:\n%swant:\n%s", part, want)
	}
	holdfast(t, exitUsage, "journal", "dump", "--data", dir, "--from", "5", "--to", "4")
}

func TestJournalExport(t *testing.T) {
	dir := makeJournal(t, shopCommands())
	file := filepath.Join(t.TempDir(), "backup.journal")
	out, _ := holdfast(t, exitDone, "journal", "export", "--data", dir, file)
	mustContain(t, out, fmt.Sprintf("3 groups, sequences up to %d", shopSize()))

	out, _ = holdfast(t, exitDone, "journal", "verify", file)
	mustContain(t, out, fmt.Sprintf("sequences  1 to %d\n", shopSize()), "\nok\n")
	fromFile, _ := holdfast(t, exitDone, "journal", "dump", file, "--from", "3", "--to", "4")
	fromDir, _ := holdfast(t, exitDone, "journal", "dump", "--data", dir, "--from", "3", "--to", "4")
	if fromFile != fromDir || strings.Count(fromDir, "\n") != 2 {
		t.Errorf("dump of the file:\n%sof the directory:\n%s", fromFile, fromDir)
	}

	_, errs := holdfast(t, exitError, "journal", "export", "--data", dir, file)
	mustContain(t, errs, "exists")
	if left, _ := filepath.Glob(file + ".*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestExportedFileWithAnyByteChanged flips and cuts at every place of an exported file: all of it is
// either covered by a checksum or checked.
func TestExportedFileWithAnyByteChanged(t *testing.T) {
	dir := makeJournal(t, shopCommands())
	file := filepath.Join(t.TempDir(), "backup.journal")
	holdfast(t, exitDone, "journal", "export", "--data", dir, file)
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	try := func(at int, data []byte) {
		t.Helper()
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		_, errs := holdfast(t, exitDamaged, "journal", "verify", file)
		if !strings.Contains(errs, file) {
			t.Errorf("damage at byte %d: the message does not name the file: %s", at, errs)
		}
	}
	for at := range good {
		bad := bytes.Clone(good)
		bad[at] ^= 0x10
		try(at, bad)
		try(at, good[:at])
	}
}

func TestJournalThatIsNotThere(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, errs := holdfast(t, exitError, "journal", "verify", "--data", missing)
	mustContain(t, errs, "missing")
	if _, err := os.Stat(missing); err == nil {
		t.Error("verify has made the directory")
	}
	empty := t.TempDir()
	holdfast(t, exitError, "journal", "stat", "--data", empty)
	if left, _ := os.ReadDir(empty); len(left) > 0 {
		t.Errorf("stat has left %v in a directory without a journal", left)
	}
}

func TestJournalInUse(t *testing.T) {
	dir := makeJournal(t, shopCommands())
	j, err := wal.Open(dir, wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	holdfast(t, exitLocked, "journal", "verify", "--data", dir)
}
