package wal

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"

	"github.com/cockroachdb/pebble/v2"
)

// DamageError says that the directory does not hold what was written to it. Such a directory is refused;
// it is for a person to decide how to go on.
type DamageError struct {
	// Sequence is the first sequence number that cannot be trusted, 0 when it is not known.
	Sequence uint64
	// File is the damaged file, as far as known.
	File string
	// Key is the key of the damaged entry, as far as known.
	Key []byte
	// Reason says in a sentence what was found.
	Reason string
	// Cause is the underlying error, if there is one.
	Cause error
}

// Error puts place and reason into one sentence.
func (e *DamageError) Error() string {
	s := "the journal is damaged"
	if e.Sequence != 0 {
		s += fmt.Sprintf(" at sequence %d", e.Sequence)
	}
	if e.File != "" {
		s += fmt.Sprintf(" (file %s)", e.File)
	}
	if len(e.Key) > 0 {
		s += fmt.Sprintf(" (key %c %x)", e.Key[0], e.Key[1:])
	}
	s += ": " + e.Reason
	if e.Cause != nil {
		cause, _, _ := strings.Cut(e.Cause.Error(), "\n") // Pebble's errors go on with what is of use to its authors
		s += ": " + cause
	}
	return s
}

// Unwrap gives the underlying error.
func (e *DamageError) Unwrap() error { return e.Cause }

// readError turns an error of reading into ours: damage is told apart from everything else.
func (j *Journal) readError(err error) error {
	var already *DamageError
	if err == nil || errors.As(err, &already) {
		return err
	}
	if !pebble.IsCorruptionError(err) {
		return err
	}
	return &DamageError{
		File:   j.damagedFile(err),
		Reason: "the file does not hold what was written to it",
		Cause:  err,
	}
}

// readErrorAt is readError for an entry of the journal of which the sequence is known with which it should begin.
func (j *Journal) readErrorAt(err error, sequence uint64) error {
	err = j.readError(err)
	var damage *DamageError
	if errors.As(err, &damage) && damage.Sequence == 0 {
		damage.Sequence, damage.Key = sequence, sequenceKey(familyJournal, sequence)
	}
	return err
}

// openError does the same for opening the database, when a missing file, or one of the wrong size, is damage too.
func (j *Journal) openError(err error) error {
	switch {
	case err == nil:
		return nil
	case strings.Contains(err.Error(), "unknown format major version"):
		return fmt.Errorf("%w: %w", ErrNewerVersion, err)
	case pebble.IsCorruptionError(err):
		return j.readError(err)
	case errors.Is(err, fs.ErrNotExist), strings.Contains(err.Error(), "object size mismatch"),
		errors.Is(err, pebble.ErrDBNotPristine):
		return &DamageError{File: j.damagedFile(err), Reason: "a file of the database is missing or cut off", Cause: err}
	}
	return fmt.Errorf("opening the database: %w", err)
}

var (
	fileName    = regexp.MustCompile(`MANIFEST-\d+|OPTIONS-\d+|marker\.\S+|\d{6,}\.(?:sst|log|blob)`)
	tableNumber = regexp.MustCompile(`L\d: (\d{6,})|backing file (\d{6,})`)
	logNumber   = regexp.MustCompile(`replaying wal (\d+)`)
)

// damagedFile finds the file that Pebble speaks of: in its own report, or else in its words.
func (j *Journal) damagedFile(err error) string {
	text := fmt.Sprintf("%+v", err)
	if m := logNumber.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%06s.log", m[1])
	}
	if path := j.corruptFile.Load(); path != nil {
		return *path
	}
	if name := fileName.FindString(text); name != "" {
		return name
	}
	if m := tableNumber.FindStringSubmatch(text); m != nil {
		return m[1] + m[2] + ".sst"
	}
	return ""
}
