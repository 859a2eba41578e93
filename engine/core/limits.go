package core

// Every limit of the state machine stands here, with the reason for its value.
const (
	// MaxLines bounds an order's lines, the components of its kits among them: a wholesale order fits, and the largest command
	// stays far below the journal's group.
	MaxLines = 500
	// MaxComponents bounds what a kit is made of: an order of it has so many lines more.
	MaxComponents = 32
	// MaxComponentQuantity bounds the units of one component in a kit.
	MaxComponentQuantity Quantity = 1_000_000
	// MaxRows bounds an adjustment's rows, for the same reason.
	MaxRows = 500
	// MaxLineQuantity is what the contract allows a line to ask for.
	MaxLineQuantity Quantity = 1_000_000_000
	// MaxOnHand bounds the units of one SKU at one location. Even all locations together stay below
	// 2^63, so sums need no check.
	MaxOnHand Quantity = 1_000_000_000_000
	// MaxSettingQuantity bounds safety stock, backorder limit and limit per customer.
	MaxSettingQuantity Quantity = MaxOnHand
	// MaxBackordered bounds what is promised of a SKU beyond stock where its settings do not: sums stay below 2^63.
	MaxBackordered Quantity = 1 << 62
	// MinTTL and MaxTTL bound how long a hold may last: a second, and a day.
	MinTTL Millis = 1_000
	MaxTTL Millis = 86_400_000
	// MaxNameLength bounds the names of SKUs, locations, channels and customers, in bytes.
	MaxNameLength = 128
	// MaxExternalIDLength bounds an order's external id, in bytes.
	MaxExternalIDLength = 64
	// MaxReasonLength bounds the reason of an adjustment row, in bytes.
	MaxReasonLength = 64
	// MaxShipments bounds the shipments of an order, which each of its images lists.
	MaxShipments = 500
	// MaxFulfilments bounds the fulfilment orders that an order is split into. Of more, those are used again of which nothing came.
	MaxFulfilments = 500
	// MostFulfilments is how many there can be nevertheless: with those of locations that have none, and those that were shipped.
	MostFulfilments = MaxFulfilments + MaxLocations + MaxShipments
	// MaxTracked bounds the reports of one command.
	MaxTracked = 64
	// MaxReports bounds what is remembered of the reports about a shipment. Of more, the oldest are forgotten.
	MaxReports = 64
	// MaxReportIDLength bounds a carrier's id of a report, in bytes.
	MaxReportIDLength = 64
	// MaxReportAhead is how far a carrier's clock may be ahead: a day, as some report local time.
	MaxReportAhead = day
	// MaxPayments bounds the entries of an order's ledger, which each of its images lists.
	MaxPayments = 100
	// MaxProviderLength and MaxReferenceLength bound the name of a provider and its reference, in bytes.
	MaxProviderLength  = 32
	MaxReferenceLength = 128
	// MaxPayWithin bounds how long a channel waits for payment: a year.
	MaxPayWithin = 366 * day
	// MaxReturns bounds the returns of an order, which each of its images lists.
	MaxReturns = 100
	// MaxRefunds bounds the refunds of a return, for the same reason.
	MaxRefunds = 100
	// MaxReturnDays bounds the return window of a channel.
	MaxReturnDays = 3650
	// MaxSupplierLength bounds what a purchase order says about its supplier, in bytes.
	MaxSupplierLength = 64
	// MaxLots bounds what is on its way of one SKU: open lines of documents, which every answer about its units lists.
	MaxLots = 1000
	// MaxInboundsPerSlot bounds the purchase orders and transfers of a slot: a billion in all.
	MaxInboundsPerSlot = 1 << 24
	// MaxDocumentLength bounds what a command may carry that no decision needs, in bytes.
	MaxDocumentLength = 64 << 10
	// MaxNoteLength bounds a note beside an order, in bytes: a page of text.
	MaxNoteLength = 4000
	// MaxLocations bounds the table of locations. A SKU's levels are a list that every order of the
	// SKU walks, so this is also the longest such list.
	MaxLocations = 4096
	// MaxSuppliesTold bounds how many supplies a slot tells with one command: stopping a location changes those of all that
	// lies there. 64 slots tell 4,096, about 120 KiB.
	MaxSuppliesTold = 64
	// MaxChannels bounds the table of channels, which anybody who may order can grow.
	MaxChannels = 4096
	// NewChannel stands, in a preview, for a channel that is not there yet: one with no settings and no rules.
	NewChannel ChannelID = MaxChannels
	// MaxSales bounds the table of sales, which is in every checkpoint.
	MaxSales = 1 << 14
	// MaxWaitlist bounds a sale's waitlist: 224 MB.
	MaxWaitlist = 1_000_000
	// MaxPassedOver bounds how many on a waitlist are passed over whose channels have nothing.
	MaxPassedOver = 64
	// MaxQueueShare bounds how many may be let in for every hundred units left.
	MaxQueueShare = 10_000
	// MaxSaleItems bounds the SKUs of a sale.
	MaxSaleItems = 500
	// MaxSKUsPerSlot keeps a SKU's number in 32 bits.
	MaxSKUsPerSlot = 1 << (32 - slotBits)
	// MaxOrdersPerSlot keeps an order's place in 32 bits.
	MaxOrdersPerSlot = 1<<32 - 1
)
