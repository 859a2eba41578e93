package replica

import (
	"context"
	"io"

	"holdfast/engine"
	"holdfast/engine/core"
)

// Source is where a replica gets everything from: its primary, or another replica of it.
type Source interface {
	// Journal opens the stream of the journal (codec.StreamReader) from a position on. It ends with ctx, or when it is
	// closed, which may happen while it is read. An error with a ProblemCode of this package's list is a refusal.
	Journal(ctx context.Context, from engine.Position) (io.ReadCloser, error)
	// Backup opens a copy of the whole data directory.
	Backup(ctx context.Context) (io.ReadCloser, error)
	// Manifest gives the manifest of a checkpoint (codec.DecodeManifest).
	Manifest(ctx context.Context, sequence core.Sequence) ([]byte, error)
}

// Registry is a Source that keeps its journal for a replica that has said how far it has come, within limits of its own.
type Registry interface {
	// RegisterReader notes that a replica has everything up to a position.
	RegisterReader(ctx context.Context, name string, position core.Sequence) error
	// DropReader forgets the replica of a name.
	DropReader(ctx context.Context, name string) error
}

// What a source may say no with. They are codes of problems of the HTTP interface and never change.
const (
	CodeOtherHistory = "journal_other_history" // the group before is not the one that the replica holds
	CodeAhead        = "journal_ahead"         // the replica holds more than the source
	CodeOldEpoch     = "journal_old_epoch"     // the replica has heard of a higher epoch than the source's
	CodeCut          = "journal_cut"           // the source has forgotten what the replica needs
)

// coded is an error of a source that says no.
type coded interface {
	error
	ProblemCode() string
}

// RefusedError says that a source and a replica do not belong together. Asking again does not help.
type RefusedError struct {
	Code   string // one of this package's list
	Reason string
}

// Error is the reason.
func (e *RefusedError) Error() string { return "the source cannot be followed: " + e.Reason }

// ProblemCode is what a server answers with.
func (e *RefusedError) ProblemCode() string { return e.Code }
