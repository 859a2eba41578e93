// Package server talks: HTTP in, commands through the engine, JSON out. It is the only package that
// knows HTTP, and openapi.json beside this file is its whole contract.
//
// # The life of a request
//
//  1. fasthttp reads it within the limits that server.go sets; what never becomes a request is
//     answered by Server.unreadable.
//  2. router.go finds the route, which is one line of the list in routes, and its handler, in the file
//     of its resource: orders.go, holds.go, stock.go, skus.go, locations.go, batch.go, events.go and journal.go (stream.go),
//     operations.go.
//  3. parse_*.go read the body into an intake: a core.Command whose SKUs, locations and channel are
//     still names. The reader is strict and names every field that is wrong.
//  4. names.go turns names into numbers, submit.go hands the command to the engine and waits until its
//     outcome is durable.
//  5. render_*.go write the answer from the event that the engine gives back, never from the request:
//     so a repeated request gets the same bytes, also after a restart.
//
// # Rules
//
//   - What a client did wrong is a problem (problem.go) of a code (problem_codes.go); what the state
//     refuses is one too, by the reason's number (render_refusal.go). A failing journal is an error of
//     the engine. A bug is a panic: of a handler it costs one request, of an invariant the process.
//   - Everything that a request works with lies in its exchange, which is pooled. Nothing that
//     points into fasthttp's buffers outlives the handler.
//   - Reading, resolving and rendering an order of one line allocates nothing; tests hold that.
//   - All limits are in limits.go and Options.
package server
