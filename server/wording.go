package server

import "holdfast/engine/core"

// What the command line shows of a journal is worded as in the API.

// ReasonCode is the code with which a refusal is answered.
func ReasonCode(reason core.Reason) string { return refusalKind(reason, false).code }

// FormatOrderID writes a public order number as clients see it.
func FormatOrderID(number uint64) string { return string(appendID(nil, number)) }

// ParseOrderID reads what FormatOrderID writes, and nothing else.
func ParseOrderID(text string) (number uint64, ok bool) { return parseID([]byte(text)) }

// KeyOf is the key under which a journal has a client's Idempotency-Key.
func KeyOf(text string) core.IdempotencyKey { return keyOf([]byte(text)) }

// MovementType is what the API calls a kind of movement.
func MovementType(kind core.MovementKind) string { return movementTypes[kind] }

// StockStateName is what the API calls a state of stock.
func StockStateName(state core.StockState) string { return stockStates[state] }

// VisibilityName is what the API calls how a channel shows what there is.
func VisibilityName(bands bool) string { return visibilityOf(bands) }

// DeliveryMethodName is what the API calls a delivery method.
func DeliveryMethodName(method core.DeliveryMethod) string { return deliveryMethods[method] }

// DeliveryMethodNames lists the methods of a set; none for the empty set, which stands for all.
func DeliveryMethodNames(methods core.DeliveryMethods) (names []string) {
	for method, name := range deliveryMethods {
		if methods>>method&1 != 0 {
			names = append(names, name)
		}
	}
	return names
}

// FormatMinute writes a minute of the day as people do.
func FormatMinute(minute uint16) string { return string(appendMinute(nil, minute)) }

// RerouteReasonName is what the API calls a reason to reroute an order.
func RerouteReasonName(reason core.RerouteReason) string { return rerouteReasons[reason] }

// ShipmentStatusName is what the API calls the status of a shipment.
func ShipmentStatusName(status core.ShipmentStatus) string { return shipmentStatuses[status] }

// ReturnKindName is what the API calls what the customer wants of a return.
func ReturnKindName(kind core.ReturnKind) string { return returnKinds[kind] }

// ReturnReasonName is what the API calls what a customer says about units; "" for nothing.
func ReturnReasonName(reason core.ReturnReason) string { return returnReasons[reason] }

// DispositionName is what the API calls what became of units of a return; "" for nothing.
func DispositionName(d core.Disposition) string { return dispositions[d] }

// ReturnDecisionName is what the API calls a decision about a return; "" for none.
func ReturnDecisionName(decision core.ReturnDecision) string {
	for _, action := range returnActions {
		if decision != 0 && action.decision == decision {
			return action.name
		}
	}
	return ""
}

// RefundPolicyName is what the API calls when a refund is due.
func RefundPolicyName(policy core.RefundPolicy) string { return refundPolicies[policy] }

// RemedyName is what the API calls how something is made good; "" for nothing.
func RemedyName(remedy core.Remedy) string { return remedies[remedy] }

// PaymentTypeName is what the API calls the type of a payment.
func PaymentTypeName(t core.PaymentType) string { return paymentTypes[t] }

// PaymentStatusName is what the API calls the status of a payment.
func PaymentStatusName(s core.EntryStatus) string { return entryStatuses[s] }

// CapturePolicyName is what the API calls a policy of captures.
func CapturePolicyName(p core.CapturePolicy) string { return capturePolicies[p] }

// OversoldActionName is what the API calls what is done about an oversold case.
func OversoldActionName(action core.OversoldAction) string { return oversoldActions[action] }

// StrategyName is what the API calls a strategy of routing.
func StrategyName(strategy core.RoutingStrategy) string { return routingStrategies[strategy] }

// RoutingRuleNames are what the API calls rules of routing.
func RoutingRuleNames(rules []core.RoutingRule) []string {
	names := []string{}
	for _, rule := range rules {
		names = append(names, routingRules[rule])
	}
	return names
}

// SupplyName is what the API calls a supply.
func SupplyName(supply core.Supply) string { return supplies[supply] }

// DiscrepancyName is what the API calls a discrepancy; "" for none.
func DiscrepancyName(d core.Discrepancy) string { return discrepancies[d] }
