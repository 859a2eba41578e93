package replica

import (
	"context"
	"errors"
	"io"

	"holdfast/engine"
	"holdfast/wal"
)

// TransferError says that a source could not be reached, or went away while it was read. Trying again may help.
type TransferError struct{ Err error }

// Error tells what happened on the way.
func (e *TransferError) Error() string {
	return "the transfer from the source failed: " + e.Err.Error()
}

// Unwrap gives what happened.
func (e *TransferError) Unwrap() error { return e.Err }

// Bootstrap makes a replica's data directory, which must be empty or not there, from a backup of the source. It brings the
// identity with it, so that orders have the same public numbers on both. Nothing is left behind when it fails; trying again is
// up to the caller, and of use after a *TransferError, a *wal.BackupError (what came is damaged or cut off) and some of
// what a source says no with. Everything else is an error of this side.
func Bootstrap(ctx context.Context, source Source, o engine.Options) (wal.BackupInfo, error) {
	backup, err := source.Backup(ctx)
	if err != nil {
		if problem := coded(nil); errors.As(err, &problem) {
			return wal.BackupInfo{}, err
		}
		return wal.BackupInfo{}, &TransferError{err}
	}
	stop := context.AfterFunc(ctx, func() { _ = backup.Close() })
	info, err := wal.ReadReplica(transfer{backup}, o.Dir, o.Journal)
	if stop() {
		_ = backup.Close()
	}
	return info, err
}

// transfer marks the errors of a reader: those of the disk that is written meanwhile look no different.
type transfer struct{ r io.Reader }

func (t transfer) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &TransferError{err}
	}
	return n, err
}
