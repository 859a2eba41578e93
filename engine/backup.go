package engine

import (
	"context"
	"io"

	"holdfast/wal"
)

// What keeps a backup from being made, as package wal says it.
var (
	ErrBackupUnderWay = wal.ErrBackupUnderWay
	ErrDiskFull       = wal.ErrDiskFull
)

// WriteBackup writes a backup of the data directory, as package wal describes it: at least everything that is
// released when it is called. Orders are taken meanwhile. rate bounds the bytes a second, 0 is no bound. Errors are
// ErrBackupUnderWay, ErrDiskFull, that of ctx, ErrClosed when the engine closes, and those of w; what was written is
// then no backup.
func (e *Engine) WriteBackup(ctx context.Context, w io.Writer, rate int64) (wal.BackupInfo, error) {
	if err := e.use(); err != nil {
		return wal.BackupInfo{}, err
	}
	defer e.using.RUnlock()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-e.closed:
			cancel(ErrClosed)
		case <-ctx.Done():
		}
	}()
	info, err := e.journal.WriteBackup(ctx, w, rate)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return info, translate(err)
}
