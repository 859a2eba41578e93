package server

import (
	"encoding/binary"
	"strconv"

	"holdfast/engine"
	"holdfast/engine/core"
)

// The stream of the journal, for replicas and for those who keep a copy. All numbers are little endian.
//
//	 0   8 bytes   "HFSTREAM"
//	 8   4 bytes   format version, 1
//	12   4 bytes   zero
//	16  16 bytes   identity of the data directory
//	32   8 bytes   sequence with which its journal begins
//	40             pieces, without an end
//
// A piece is a u32 length and so many bytes: a group as package wal describes it. Length 0 is a sign that the server is
// still there, and u64 follows: the last sequence that it has released.
const (
	typeJournalStream   = "application/vnd.holdfast.journal"
	journalStreamMagic  = "HFSTREAM"
	journalStreamFormat = 1
)

// streamJournal serves GET /v1/journal.
func (s *Server) streamJournal(x *exchange) {
	q := x.query("from", "reader")
	from := core.Sequence(q.number("from", 1, maxSequence, 1))
	name := q.identifier("reader")
	if !q.sound() {
		return
	}
	first, err := s.engine.JournalFirst()
	if err != nil {
		s.failEngine(x, err)
		return
	}
	if from < first {
		s.failCut(x, engine.ReaderOfJournal)
		return
	}
	if last := s.engine.Sequence(); from > last+1 {
		q.fault("from", "must be at most "+strconv.FormatUint(uint64(last)+1, 10)+", the sequence that comes next")
		q.sound()
		return
	}
	if !s.registered(x, name, engine.ReaderOfJournal, from-1, "from") {
		return
	}
	head := append([]byte(journalStreamMagic), journalStreamFormat, 0, 0, 0, 0, 0, 0, 0)
	instance := s.engine.JournalInstance()
	head = append(head, instance[:]...)
	head = binary.LittleEndian.AppendUint64(head, uint64(first))
	s.stream(x, typeJournalStream, string(head), func() source { return &journalSource{server: s, next: from} })
}

// journalSource is what one client gets of the journal.
type journalSource struct {
	server *Server
	next   core.Sequence
}

func (t *journalSource) fill(out []byte) (_ []byte, more bool, err error) {
	err = t.server.engine.ReadJournal(t.next, func(group []byte, last core.Sequence) bool {
		out = append(binary.LittleEndian.AppendUint32(out, uint32(len(group))), group...)
		t.next = last + 1
		more = len(out) >= streamBuffer
		return !more
	})
	return out, more, err
}

func (t *journalSource) heartbeat(out []byte) []byte {
	out = append(out, 0, 0, 0, 0)
	return binary.LittleEndian.AppendUint64(out, uint64(t.server.engine.Sequence()))
}

// overtaken tells nothing: whoever comes back is told.
func (t *journalSource) overtaken(out []byte) []byte { return out }
