// Package client speaks to a Holdfast server over HTTP. It is for programs that want typed requests and
// answers; whoever needs millions of orders a second builds binary batches with package codec and sends
// them with Batch.
//
// A Client may be used by many goroutines. Answers of 4xx and 5xx are errors of type *Problem; anything else that
// goes wrong is an error of net/http or encoding/json, wrapped.
package client
