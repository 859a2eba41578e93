package replica

import (
	"context"

	"holdfast/engine"
	"holdfast/wal"
)

// Bootstrap makes a replica's data directory, which must be empty or not there, from a backup of the source. It brings the
// identity with it, so that orders have the same public numbers on both. Nothing is left behind when it fails; trying again is
// up to the caller.
func Bootstrap(ctx context.Context, source Source, o engine.Options) (wal.BackupInfo, error) {
	backup, err := source.Backup(ctx)
	if err != nil {
		return wal.BackupInfo{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = backup.Close() })
	info, err := wal.ReadReplica(backup, o.Dir, o.Journal)
	if stop() {
		_ = backup.Close()
	}
	return info, err
}
