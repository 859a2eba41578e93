package bench

import (
	"strconv"
	"time"
)

// lifeStep is how a command of a life is written: what comes behind the order's id in the path, and the body.
type lifeStep struct {
	path string
	body func(dst []byte, l *life, w *workload) []byte
}

// lifeSteps are those of each stage but the first.
var lifeSteps = [stageEnd]lifeStep{
	stageAuthorize:     {"/payments", appendAuthorization},
	stagePick:          {"/fulfillments/1", appendPick},
	stageShip:          {"/shipments", appendShipment},
	stageCapture:       {"/payments/2/complete", appendCapture},
	stageDeliver:       {"/shipments/1/tracking", appendDelivery},
	stageAskReturn:     {"/returns", appendReturn},
	stageApproveReturn: {"/returns/1/approve", appendApproval},
	stageReceiveReturn: {"/returns/1/receive", appendReceipt},
	stageDecideRefund:  {"/returns/1/refund-decisions", appendRefundDecision},
	stageRefund:        {"/payments/3/complete", appendRefund},
	stageCloseReturn:   {"/returns/1/close", nil},
}

// step writes the command that takes a life through a stage.
func (f *singleForm) step(s stage, l *life) {
	if s == stagePlace {
		f.startOrder(orderStart, &l.order)
		f.out = f.request.finish(f.start, appendPricedOrder(f.room(), l))
		return
	}
	what := &lifeSteps[s]
	f.start = append(f.start[:0], "POST /v1/orders/"...)
	f.start = appendOrderID(f.start, l.number)
	f.start = append(f.start, what.path...)
	if what.body == nil {
		f.start = append(f.start, " HTTP/1.1\r\nHost: holdfast\r\n"...)
		f.out = f.request.finish(f.start, f.room())
		return
	}
	f.start = append(f.start, " HTTP/1.1\r\n"+commonFields...)
	f.out = f.request.finish(f.start, what.body(f.room(), l, f.work))
}

// appendPricedOrder appends an order with what it costs.
func appendPricedOrder(dst []byte, l *life) []byte {
	dst = appendCustomer(append(dst, `{"customer":"`...), l.customer)
	dst = appendLifeLine(append(dst, `","channel":"`+lifeChannel+`",`...), l)
	dst = appendAmount(append(dst, `,"unit_price":`...), l.unit)
	dst = appendAmount(append(dst, `}],"amounts":{"shipping":`...), lifeShipping)
	dst = appendAmount(append(dst, `,"tax":`...), l.tax)
	dst = appendAmount(append(dst, `,"total":`...), l.total())
	return append(dst, '}', '}')
}

// appendLifeLine appends the order's line as the only one of a list, and leaves both open.
func appendLifeLine(dst []byte, l *life) []byte {
	dst = appendSKUName(append(dst, `"lines":[{"sku":"`...), l.lines[0].sku)
	return strconv.AppendInt(append(dst, `","quantity":`...), l.lines[0].quantity, 10)
}

func appendAuthorization(dst []byte, l *life, w *workload) []byte {
	dst = append(dst, `{"type":"authorization","status":"succeeded","provider":"`+lifeProvider+`","amount":`...)
	return append(appendReported(appendAmount(dst, l.total()), w, 'a', l), '}')
}

func appendPick(dst []byte, _ *life, _ *workload) []byte {
	return append(dst, `{"action":"start"}`...)
}

func appendShipment(dst []byte, l *life, w *workload) []byte {
	dst = append(appendLifeLine(append(dst, '{'), l), `}],"carrier":"`+lifeCarrier+`","tracking_number":"`...)
	return append(appendReference(dst, w, 't', l.ordinal), '"', '}')
}

func appendCapture(dst []byte, l *life, w *workload) []byte { return appendCompletion(dst, w, 'c', l) }

func appendRefund(dst []byte, l *life, w *workload) []byte { return appendCompletion(dst, w, 'r', l) }

// appendCompletion appends that the provider has carried a task out.
func appendCompletion(dst []byte, w *workload, kind byte, l *life) []byte {
	return append(appendReported(append(dst, `{"status":"succeeded"`...), w, kind, l), '}')
}

func appendDelivery(dst []byte, _ *life, _ *workload) []byte {
	return append(appendNow(append(dst, `{"reports":[{"status":"delivered"`...)), `}]}`...)
}

func appendReturn(dst []byte, _ *life, _ *workload) []byte {
	dst = strconv.AppendInt(append(dst, `{"lines":[{"line":0,"quantity":`...), returnedUnits, 10)
	return append(dst, `}],"reason":"changed_mind"}`...)
}

func appendApproval(dst []byte, _ *life, _ *workload) []byte {
	return append(dst, `{"refund_when":"received"}`...)
}

func appendReceipt(dst []byte, _ *life, _ *workload) []byte {
	return append(dst, `{"disposition":"restock"}`...)
}

func appendRefundDecision(dst []byte, l *life, _ *workload) []byte {
	return append(appendAmountFields(append(dst, '{'), l.refund()), '}')
}

// appendReported appends what a provider calls a payment, and when it has told.
func appendReported(dst []byte, w *workload, kind byte, l *life) []byte {
	dst = appendReference(append(dst, `,"reference":"`...), w, kind, l.ordinal)
	return appendNow(append(dst, '"'))
}

// appendReference appends what somebody outside calls something that belongs to an ordinal's order.
func appendReference(dst []byte, w *workload, kind byte, ordinal uint64) []byte {
	return appendHex(append(dst, kind, '-'), w.random(streamReference, ordinal), 16)
}

func appendNow(dst []byte) []byte {
	dst = time.Now().UTC().AppendFormat(append(dst, `,"at":"`...), "2006-01-02T15:04:05.000Z")
	return append(dst, '"')
}

func appendAmount(dst []byte, amount int64) []byte {
	return append(appendAmountFields(append(dst, '{'), amount), '}')
}

func appendAmountFields(dst []byte, amount int64) []byte {
	dst = strconv.AppendInt(append(dst, `"amount":`...), amount, 10)
	return append(dst, `,"currency":"`+lifeCurrency+`"`...)
}
