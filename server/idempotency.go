package server

import (
	"crypto/sha256"
	"encoding/binary"

	"holdfast/engine"
	"holdfast/engine/core"
)

// keyOf gives the key under which the engine remembers a client's Idempotency-Key: the first half of
// its SHA-256, so that keys of any length take 16 bytes and nobody can choose two that collide.
func keyOf(text []byte) core.IdempotencyKey {
	sum := sha256.Sum256(text)
	return core.IdempotencyKey(sum[:16])
}

// keyOfCommand gives the key of the command at index in a batch that came under one header key.
func keyOfCommand(header []byte, index int) core.IdempotencyKey {
	var text [maxKeyLength + 8]byte
	n := copy(text[:], header)
	binary.LittleEndian.PutUint64(text[n:], uint64(index))
	return keyOf(text[:n+8])
}

// headerKey reads the Idempotency-Key of a request; it answers and gives false when the key is none.
func (x *exchange) headerKey() (text []byte, given, ok bool) {
	header := &x.ctx.Request.Header
	text = header.PeekBytes(headerKey)
	if text == nil {
		return nil, false, true
	}
	if keyRule.check(text) != "" {
		x.failWith(codeInvalidIdempotencyKey, "Idempotency-Key "+keyRule.says)
		return nil, false, false
	}
	return text, true, true
}

// failKey answers a command whose key belongs to another; false says that it does not.
func (x *exchange) failKey(status engine.ResultStatus) bool {
	switch status {
	case engine.ResultKeyReused:
		x.fail(keyReused)
	case engine.ResultInProgress:
		x.fail(keyInProgress)
	default:
		return false
	}
	return true
}

var (
	keyReused     = newProblem(codeIdempotencyKeyReused, "the Idempotency-Key was used for a request with another body")
	keyInProgress = newProblem(codeIdempotencyInProgress, "the first request with this Idempotency-Key is still running")
)

// setKey puts the request's Idempotency-Key, if it has one, into the command; it answers and gives
// false when the key is none.
func (x *exchange) setKey(c *core.Command) bool {
	text, given, ok := x.headerKey()
	if given {
		c.HasKey, c.Key = true, keyOf(text)
	}
	return ok
}

// isRepeated tells, when asked, whether the request's Idempotency-Key was used before.
func (x *exchange) isRepeated(s *Server) func() bool {
	return func() bool {
		text := x.ctx.Request.Header.PeekBytes(headerKey)
		return text != nil && s.engine.Remembers(keyOf(text))
	}
}

// setVersion puts the version of If-Match, if there is one, into the command. A tag that no version
// can have matches nothing, which is answered here, as is a header that is no tag.
func (x *exchange) setVersion(c *core.Command) bool {
	text := x.ctx.Request.Header.PeekBytes(headerIfMatch)
	if text == nil || len(text) == 1 && text[0] == '*' {
		return true
	}
	weak := len(text) > 2 && text[0] == 'W' && text[1] == '/'
	if weak {
		text = text[2:]
	}
	if len(text) < 2 || text[0] != '"' || text[len(text)-1] != '"' {
		x.failWith(codeInvalidHeader, `If-Match must be one version in double quotes, such as "3", or *`)
		return false
	}
	number, whole, fits := parseInteger(text[1 : len(text)-1])
	if weak || !whole || !fits || number < 1 || number > maxVersion {
		x.failWith(codeVersionConflict, refusalDetails[core.ReasonVersionConflict])
		return false
	}
	c.ExpectedVersion = uint32(number)
	return true
}

const maxVersion = 1<<32 - 1
