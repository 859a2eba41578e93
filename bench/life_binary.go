package bench

import (
	"time"

	"holdfast/engine/core"
)

// binarySteps fill in the command of each stage but the first. What the engine needs of a request in JSON is in the frames; documents,
// which no decision needs, are not.
var binarySteps = [stageEnd]func(f *binaryForm, l *life){
	stageAuthorize:     (*binaryForm).authorize,
	stagePick:          (*binaryForm).pick,
	stageShip:          (*binaryForm).ship,
	stageCapture:       (*binaryForm).capture,
	stageDeliver:       (*binaryForm).deliver,
	stageAskReturn:     (*binaryForm).askReturn,
	stageApproveReturn: (*binaryForm).approveReturn,
	stageReceiveReturn: (*binaryForm).receiveReturn,
	stageDecideRefund:  (*binaryForm).decideRefund,
	stageRefund:        (*binaryForm).giveRefund,
	stageCloseReturn:   (*binaryForm).closeReturn,
}

// lifeParts is what commands of lives point to, so that none of it is made anew.
type lifeParts struct {
	request   core.LifeRequest
	back      core.ReturnRequest
	payment   core.PaymentRequest
	money     core.OrderMoney
	amounts   [1]int64
	rows      [1]core.ReturnRow
	reports   [1]core.TrackingReport
	reference []byte
	provider  []byte
}

// step writes the command that takes a life through a stage.
func (f *binaryForm) step(s stage, l *life) {
	if s == stagePlace {
		f.placePriced(l)
	} else {
		f.command = core.Command{Order: core.OrderID(l.number)}
		binarySteps[s](f, l)
	}
	f.add()
}

func (f *binaryForm) placePriced(l *life) {
	f.place(core.CommandPlaceOrder, &l.order)
	p := &f.parts
	p.amounts[0] = l.goods()
	p.money = core.OrderMoney{Currency: core.Currency([]byte(lifeCurrency)), Extra: lifeShipping + l.tax, Amounts: p.amounts[:]}
	f.command.Channel, f.command.Money = f.channel, &p.money
}

// report is what the provider says of a payment: that it has succeeded.
func (f *binaryForm) report(t core.PaymentType, entry int, amount int64, kind byte, l *life) {
	p := &f.parts
	p.reference = appendReference(p.reference[:0], f.work, kind, l.ordinal)
	p.provider = append(p.provider[:0], lifeProvider...)
	p.payment = core.PaymentRequest{
		Type: t, Status: core.EntrySucceeded, Entry: entry, Amount: amount, Currency: core.Currency([]byte(lifeCurrency)), At: now(),
		Provider: p.provider, Reference: p.reference,
	}
	f.command.Kind, f.command.Payment = core.CommandReportPayment, &p.payment
}

func now() core.Millis { return core.Millis(time.Now().UnixMilli()) }

func (f *binaryForm) authorize(l *life) { f.report(core.PaymentAuthorization, 0, l.total(), 'a', l) }

func (f *binaryForm) capture(l *life) { f.report(core.PaymentCapture, entryCapture, l.total(), 'c', l) }

func (f *binaryForm) giveRefund(l *life) {
	f.report(core.PaymentRefund, entryRefund, l.refund(), 'r', l)
}

// ofLife makes the command one about the order's units.
func (f *binaryForm) ofLife(kind core.CommandKind, request core.LifeRequest) {
	f.parts.request = request
	f.command.Kind, f.command.Life = kind, &f.parts.request
}

// ofReturn makes it one about the order's return.
func (f *binaryForm) ofReturn(kind core.CommandKind, back core.ReturnRequest) {
	f.parts.back = back
	f.ofLife(kind, core.LifeRequest{Return: &f.parts.back})
}

// nameSKU has the command name the SKU of the order.
func (f *binaryForm) nameSKU(l *life, quantity int64) {
	f.lines[0] = core.Line{SKU: f.numbers[l.lines[0].sku], Quantity: core.Quantity(quantity)}
	f.command.Lines = f.lines[:1]
}

func (f *binaryForm) pick(*life) {
	f.ofLife(core.CommandWorkFulfilment, core.LifeRequest{Fulfilment: onlyPick, Action: core.FulfilmentStart})
}

func (f *binaryForm) ship(l *life) {
	f.nameSKU(l, l.lines[0].quantity)
	f.ofLife(core.CommandShipOrder, core.LifeRequest{})
}

func (f *binaryForm) deliver(*life) {
	f.parts.reports[0] = core.TrackingReport{At: now(), Status: core.ShipmentDelivered}
	f.ofLife(core.CommandTrackShipment, core.LifeRequest{Shipment: onlyShipment, Reports: f.parts.reports[:]})
}

func (f *binaryForm) askReturn(*life) {
	f.parts.rows[0] = core.ReturnRow{Quantity: returnedUnits, Reason: core.ReturnChangedMind}
	f.ofReturn(core.CommandRequestReturn, core.ReturnRequest{Rows: f.parts.rows[:]})
}

func (f *binaryForm) approveReturn(*life) {
	f.ofReturn(core.CommandDecideReturn, core.ReturnRequest{
		Number: onlyReturn, Decision: core.DecideApprove, Terms: core.ReturnTerms{Policy: core.RefundOnReceipt},
	})
}

func (f *binaryForm) receiveReturn(l *life) {
	f.parts.rows[0] = core.ReturnRow{Quantity: returnedUnits, Disposition: core.DisposeRestock}
	f.nameSKU(l, 0)
	f.ofReturn(core.CommandReceiveReturn, core.ReturnRequest{Number: onlyReturn, Rows: f.parts.rows[:]})
}

func (f *binaryForm) decideRefund(l *life) {
	f.ofReturn(core.CommandDecideRefund, core.ReturnRequest{Number: onlyReturn, Amount: l.refund(), Currency: core.Currency([]byte(lifeCurrency))})
}

func (f *binaryForm) closeReturn(*life) {
	f.ofReturn(core.CommandCloseReturn, core.ReturnRequest{Number: onlyReturn})
}
