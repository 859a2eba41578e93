package server

import "holdfast/engine/core"

// Every limit of the HTTP edge that is not an option stands here, with the reason for its value. The
// limits of what a command may say are core's.
const (
	// maxBody bounds every request body but a batch's: 500 lines with prices and names of full length fit.
	maxBody = 256 << 10
	// maxBatchBody bounds a batch's body: 8,192 commands of a kilobyte each.
	maxBatchBody = 8 << 20
	// maxBatchCommands bounds the commands of a batch, so that one request is one group of the journal
	// and cannot keep others waiting for long.
	maxBatchCommands = 8192
	// maxBatchLine bounds one line of an NDJSON batch: what may be said alone may be said in a line.
	maxBatchLine = maxBody
	// headerBuffer bounds a request's line and headers together: a name of 128 bytes takes 384 when
	// percent-encoded, a key 255, and proxies add their own.
	headerBuffer = 8 << 10
	// maxKeyLength bounds an Idempotency-Key, in bytes.
	maxKeyLength = 255
	// maxEmailLength bounds an e-mail address, in bytes (RFC 5321, 4.5.3.1.3, without its brackets).
	maxEmailLength = 254
	// maxTags bounds the tags of an order.
	maxTags = 20
	// maxMetadata bounds the members of an order's metadata, and maxMetadataLength all of it as JSON without spaces, in bytes: what refers to other systems fits,
	// and what they have of the order does not.
	maxMetadata       = 50
	maxMetadataLength = 8 << 10
	// maxTitleLength bounds a SKU's title, a location's name and each part of an address, in bytes.
	maxTitleLength = 256
	// maxAddressLines bounds the address lines of ship_to.
	maxAddressLines = 10
	// maxFaults bounds the faults that one answer names: enough to repair a form in one go.
	maxFaults = 16
	// maxEchoed bounds how much of a client's own text is repeated to it in a problem, in bytes.
	maxEchoed = 64
	// defaultPage and maxPage are the items of a list's answer without and with ?limit.
	defaultPage = 50
	maxPage     = 500
	// defaultTTL is how long a hold lasts when the request does not say.
	defaultTTL core.Millis = 600_000
)

// The longest document that a request can bring stays below what a command may carry: the prices of
// all lines at their longest, and every text of ship_to with each byte escaped to six.
const (
	longestPrice  = len(`{"amount":9223372036854775807,"currency":"EUR"},`)
	longestShipTo = 256 + 6*(maxAddressLines+3)*maxTitleLength
	_             = uint(core.MaxDocumentLength - core.MaxLines*longestPrice - longestShipTo - maxMetadataLength)
	_             = uint(maxBatchBody - maxBody)
)
