package wal

import "encoding/binary"

// The first byte of every key: its family. These must not change.
const (
	familyArchive    = 'a'
	familyCheckpoint = 'c'
	familyDocument   = 'd'
	familyFeed       = 'f'
	familyJournal    = 'j'
	familyMeta       = 'm'
	familyNote       = 'n'
	familyPage       = 'p'
	familyExternal   = 'x'
	familyReader     = 'r'
	// familyIndex stands behind all others: its tables overlap and are merged, and what lies beside them above the base level is merged with them.
	familyIndex = 'z'
)

const (
	sequenceKeyLength   = 1 + 8
	feedKeyLength       = 1 + 8 + 8
	checkpointKeyLength = 1 + 8 + 4
	archiveKeyLength    = 1 + 8
)

var (
	identityKey  = []byte("midentity")
	feedFloorKey = []byte("mfeed")
)

// putSequenceKey writes the key of a journal group or a document into dst.
func putSequenceKey(dst []byte, family byte, sequence uint64) {
	dst[0] = family
	binary.BigEndian.PutUint64(dst[1:], sequence)
}

func sequenceKey(family byte, sequence uint64) []byte {
	key := make([]byte, sequenceKeyLength)
	putSequenceKey(key, family, sequence)
	return key
}

// putCheckpointKey writes the key of a checkpoint's value into dst.
func putCheckpointKey(dst []byte, sequence uint64, number uint32) {
	putSequenceKey(dst, familyPage, sequence)
	binary.BigEndian.PutUint32(dst[9:], number)
}

// putFeedKey writes the key of the feed group that spans first..last into dst.
func putFeedKey(dst []byte, first, last uint64) {
	dst[0] = familyFeed
	binary.BigEndian.PutUint64(dst[1:], last)
	binary.BigEndian.PutUint64(dst[9:], first)
}

func parseSequenceKey(key []byte) (uint64, error) {
	if len(key) != sequenceKeyLength {
		return 0, &DamageError{Reason: "a key of the journal has the wrong length"}
	}
	return binary.BigEndian.Uint64(key[1:]), nil
}

func parseFeedKey(key []byte) (first, last uint64, err error) {
	if len(key) != feedKeyLength {
		return 0, 0, &DamageError{Reason: "a key of the feed has the wrong length"}
	}
	last = binary.BigEndian.Uint64(key[1:])
	first = binary.BigEndian.Uint64(key[9:])
	if first == 0 || first > last {
		return 0, 0, &DamageError{Sequence: last, Reason: "a key of the feed has the wrong order"}
	}
	return first, last, nil
}
