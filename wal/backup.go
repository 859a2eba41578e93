package wal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// A backup is a tar archive of the files of a directory as they were at one moment, and of nothing else: journal, feed,
// documents, checkpoints, identity. Its last entry, BACKUP, lists the others, so that a backup whose writing was
// interrupted is none (backup_manifest.go).
//
// The copy of an open journal lies in a folder of the data directory while it is streamed. Tables are linked into it, not
// copied, as they never change; what takes room is the end of Pebble's log, and tables that the journal has
// meanwhile no more use for; when that is about to fill the disk, the backup ends. The folder is removed at the end, and by
// the next Open when the process was killed before.
const (
	backupName   = "BACKUP"
	backupFolder = "BACKUP-UNDER-WAY"
	// backupSlack is the room that a copy takes at most beside Pebble's log.
	backupSlack = 16 << 20
	// backupTries is how often a copy is made until it is whole. See copyJournal.
	backupTries = 5
)

// ErrBackupUnderWay is returned by [Journal.WriteBackup] while another backup of the journal is being written.
var ErrBackupUnderWay = errors.New("another backup is under way")

// WriteBackup writes a backup of the journal to w: at least everything that is durable when it is called. Groups are
// written meanwhile as ever. rate bounds the bytes a second, 0 is no bound. When it fails, or ctx ends, what was written
// is no backup. It is [ErrDiskFull] when there is no room for the copy, or not any more; the journal itself goes on.
func (j *Journal) WriteBackup(ctx context.Context, w io.Writer, rate int64) (BackupInfo, error) {
	if !j.backup.TryLock() {
		return BackupInfo{}, ErrBackupUnderWay
	}
	defer j.backup.Unlock()
	if err := j.err(); err != nil {
		return BackupInfo{}, err
	}
	if j.options.ReadOnly { // Nobody changes the directory: it is its own copy.
		info, err := j.describe()
		if err != nil {
			return BackupInfo{}, err
		}
		return writeArchive(ctx, w, archive{fs: j.fs, dir: j.dir, info: info, rate: rate})
	}
	dir := j.fs.PathJoin(j.dir, backupFolder)
	info, err := j.copyJournal(dir)
	if err == nil {
		info, err = writeArchive(ctx, w, archive{fs: j.fs, dir: dir, info: info, rate: rate, goOn: j.hasRoomForBackup})
	}
	return info, errors.Join(err, j.fs.RemoveAll(dir))
}

// copyJournal makes a consistent copy and sees to it that it is whole.
//
// Pebble copies its newest log while others write to it. A page that was read before it was written, and one behind it that was
// read afterwards, make a copy that looks damaged in the middle, in a file that was recycled. That is seldom, and the
// next copy is another one.
func (j *Journal) copyJournal(dir string) (info BackupInfo, err error) {
	// What is in tables need not be copied, nor read again below.
	if err := j.once(j.db.Flush); err != nil {
		return BackupInfo{}, err
	}
	durable := j.Durable()
	for range backupTries {
		if err := j.hasRoomForCopy(); err != nil {
			return BackupInfo{}, err
		}
		if err := j.fs.RemoveAll(dir); err != nil {
			return BackupInfo{}, err
		}
		if err := j.try(func() error { return j.copyFiles(dir) }); err != nil {
			return BackupInfo{}, fmt.Errorf("copying the journal: %w", err)
		}
		info, err = j.inspectCopy(dir)
		if damage := (*DamageError)(nil); !errors.As(err, &damage) {
			break
		}
	}
	if err == nil && info.Last < durable {
		err = fmt.Errorf("the copy of the journal ends with %d, and %d was durable before it was made", info.Last, durable)
	}
	return info, err
}

// copyFiles has Pebble copy its files. The log comes last, and with it what was written after the list of tables was made. A
// table that is taken in meanwhile would be missing, and the head of its checkpoint, or the cut that relies on it, would
// not: so none is.
func (j *Journal) copyFiles(dir string) error {
	j.taking.Lock()
	defer j.taking.Unlock()
	return j.db.Checkpoint(dir, pebble.WithFlushedWAL())
}

// hasRoomForCopy keeps a copy from taking the room that the journal needs to go on.
func (j *Journal) hasRoomForCopy() error {
	s := &j.writer.space
	need := s.floor + j.db.Metrics().WAL.Size + backupSlack
	if free, ok := s.free(); ok && s.floor > 0 && free < need {
		return fmt.Errorf("%w: a backup needs %d bytes beside it, %d are free", ErrDiskFull, need, free)
	}
	return nil
}

// hasRoomForBackup ends a backup under way before its copy fills the disk: tables that the journal has no more use for keep
// their room as long as the copy has them. It is the backup that ends, and what the copy held is free again, before the journal
// meets its floor.
func (j *Journal) hasRoomForBackup() error {
	s := &j.writer.space
	if free, ok := s.free(); ok && s.floor > 0 && free < s.floor+backupSlack {
		return fmt.Errorf("%w: a backup under way has to leave %d bytes free, and there are %d", ErrDiskFull, s.floor+backupSlack, free)
	}
	return nil
}

// inspectCopy opens the copy as any start would, and seals it.
func (j *Journal) inspectCopy(dir string) (info BackupInfo, err error) {
	c, err := j.tuning.open(dir, Options{FS: j.fs, ReadOnly: true})
	if err != nil {
		return BackupInfo{}, err
	}
	if info, err = c.describe(); err == nil {
		err = c.writeSeal(info.Last)
	}
	return info, errors.Join(err, c.Close())
}

// describe says what a backup of the journal holds, but for the files.
func (j *Journal) describe() (BackupInfo, error) {
	first, err := j.First()
	head := j.Head()
	return BackupInfo{
		Instance: j.identity.Instance, First: first, Last: head.Last, Time: head.Time, Epoch: head.Epoch, Chain: head.Chain,
	}, err
}

// WriteBackupOf writes a backup of a directory that nobody has open, in the way of [Journal.WriteBackup]. A directory that [ReadBackup]
// has made and nobody has opened for writing since must still be what it was: a [*BackupError] names the first file that is
// not. fs is nil for the real disk.
func WriteBackupOf(ctx context.Context, w io.Writer, dir string, fs vfs.FS) (BackupInfo, error) {
	if fs == nil {
		fs = vfs.Default
	}
	info, err := readManifest(fs, dir)
	if isNotExist(err) {
		return writeStopped(ctx, w, dir, fs)
	}
	if err != nil {
		return BackupInfo{}, err
	}
	return writeArchive(ctx, w, archive{fs: fs, dir: dir, info: info, expected: info.Files})
}

func writeStopped(ctx context.Context, w io.Writer, dir string, fs vfs.FS) (BackupInfo, error) {
	j, err := Open(dir, Options{FS: fs, ReadOnly: true})
	if err != nil {
		return BackupInfo{}, err
	}
	info, err := j.WriteBackup(ctx, w, 0)
	return info, errors.Join(err, j.Close())
}

// backupFiles lists the files of a directory that belong into its backup, in order.
func backupFiles(fs vfs.FS, dir string) (names []string, err error) {
	all, err := fs.List(dir)
	if err != nil {
		return nil, err
	}
	for _, name := range all {
		switch {
		case name == ballastName, name == backupName, name == backupFolder, name == "LOCK":
		case strings.HasPrefix(name, checkpointFilePrefix), strings.HasSuffix(name, ".new"):
		default:
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// removeCopy removes the copy of a backup during which the process was killed, and the list of a backup's files in a directory that
// is about to be more than that.
func (j *Journal) removeCopy() error {
	err := j.fs.Remove(j.fs.PathJoin(j.dir, backupName))
	if isNotExist(err) {
		err = nil
	}
	return errors.Join(err, j.fs.RemoveAll(j.fs.PathJoin(j.dir, backupFolder)))
}

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
