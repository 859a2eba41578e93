package server

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"holdfast/engine"
	"holdfast/engine/core"
)

// A link to an order's status is for whoever ordered, without an account: whoever has it sees how the order stands, and nothing of who ordered
// what where. Nothing is kept of it: it says itself what it is for and until when, and is signed with a key of the data directory, so it is good on
// replicas and after a restart, too.
//
//	 0   8 bytes   public number of the order
//	 8   6 bytes   deadline, in milliseconds since 1970
//	14  16 bytes   the first half of HMAC-SHA-256 over everything before
//
// Its length is a multiple of three, so that its text has no spare bits in which two could differ.
const (
	linkSaid   = 8 + 6
	linkMAC    = 16
	linkLength = linkSaid + linkMAC
)

// How long a link is good, in seconds: a second to a year, and by default a month.
const (
	minLinkSeconds     = 1
	maxLinkSeconds     = 366 * 24 * 60 * 60
	defaultLinkSeconds = 30 * 24 * 60 * 60
)

var linkEncoding = base64.RawURLEncoding.Strict()

type linkSigner struct{ key [sha256.Size]byte }

func (l *linkSigner) sign(said []byte) []byte {
	mac := hmac.New(sha256.New, l.key[:])
	_, _ = mac.Write(said) // a hash takes everything
	return mac.Sum(nil)[:linkMAC]
}

func (l *linkSigner) append(dst []byte, order uint64, until core.Millis) []byte {
	said := binary.BigEndian.AppendUint64(make([]byte, 0, linkLength), order)
	said = binary.BigEndian.AppendUint16(said, uint16(until>>32))
	said = binary.BigEndian.AppendUint32(said, uint32(until))
	return linkEncoding.AppendEncode(dst, append(said, l.sign(said)...))
}

// read reads a link's text; ok is false for everything that this signer has not written.
func (l *linkSigner) read(text []byte) (order uint64, until core.Millis, ok bool) {
	var said [linkLength]byte
	if len(text) != linkEncoding.EncodedLen(linkLength) {
		return 0, 0, false
	}
	if n, err := linkEncoding.Decode(said[:], text); err != nil || n != linkLength {
		return 0, 0, false
	}
	if !hmac.Equal(l.sign(said[:linkSaid]), said[linkSaid:]) {
		return 0, 0, false
	}
	until = core.Millis(binary.BigEndian.Uint16(said[8:]))<<32 | core.Millis(binary.BigEndian.Uint32(said[10:]))
	return binary.BigEndian.Uint64(said[:]), until, true
}

// makeStatusLink serves POST /v1/orders/{order}/status-link.
func (s *Server) makeStatusLink(x *exchange) {
	in := &x.intake
	seconds := int64(defaultLinkSeconds)
	in.begin(0, x.body())
	if in.object() {
		for in.more() {
			if string(in.name()) == "expires_in_seconds" {
				seconds = in.integer(minLinkSeconds, maxLinkSeconds)
			} else {
				in.unknown()
			}
		}
	}
	in.end()
	if x.hasFaults() {
		return
	}
	id, _, _, ok := s.orderToTell(x)
	if !ok {
		return
	}
	until := core.Millis(s.engine.Options().Clock() + seconds*1000)
	token := s.links.append(nil, s.engine.PublicOrderID(id), until)
	dst := appendTextField(x.out[:0], `{"token":`, token)
	dst = append(append(append(dst, `,"path":"/v1/status/`...), token...), '"')
	x.answerJSON(200, append(appendTimeField(dst, `,"expires_at":`, until), '}'))
}

// getStatus serves GET /v1/status/{token}: what somebody who has the link may know.
func (s *Server) getStatus(x *exchange) {
	if !s.waitFor(x.query("at_least")) {
		return
	}
	number, until, ok := s.links.read(x.variable)
	if !ok {
		x.failWith(codeLinkInvalid, "the link was not made by this shop, or was changed")
		return
	}
	if until <= core.Millis(s.engine.Options().Clock()) {
		x.failWith(codeLinkExpired, "the link was good until a while ago: ask for a new one")
		return
	}
	_, err := s.readOrder(x, s.engine.OrderFromPublic(number))
	switch {
	case errors.Is(err, engine.ErrNotFound): // of another history of the shop
		x.failWith(codeLinkInvalid, "there is no such order")
	case err != nil:
		s.failEngine(x, err)
	default:
		dst, err := s.appendBuyerView(x.out[:0], x, &x.event.Order)
		if err != nil {
			s.failEngine(x, err)
			return
		}
		x.answerJSON(200, append(appendTimeField(dst, `,"link_expires_at":`, until), '}'))
	}
}
