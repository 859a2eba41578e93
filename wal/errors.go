package wal

import "errors"

var (
	// ErrLocked is returned by [Open] when another process, or another [Journal] of this one, has the
	// directory open.
	ErrLocked = errors.New("the data directory is in use by another process")
	// ErrFailed is returned by everything that writes once a write or a sync has failed. It wraps the cause.
	ErrFailed = errors.New("the journal failed and takes no more writes")
	// ErrNewerVersion says that a newer program has written the directory. It is left as it was.
	ErrNewerVersion = errors.New("a newer version of this program has written the data directory, which this one cannot read")
	// ErrOlderVersion says that an older program has written the directory. It is left as it was.
	ErrOlderVersion = errors.New("an older version of this program has written the data directory, which this one cannot read")
	// ErrNotFound is returned when no document or feed group answers to the sequence.
	ErrNotFound = errors.New("not found")
	// ErrCut is returned to those who read on where what comes next was cut off.
	ErrCut = errors.New("what comes next was cut off")
	// ErrDiskFull is the cause when free space is below [Options.MinFreeBytes].
	ErrDiskFull = errors.New("too little free space on the disk of the data directory")
)

// IsOtherVersion tells whether err says that a newer or an older program has written the directory.
func IsOtherVersion(err error) bool {
	return errors.Is(err, ErrNewerVersion) || errors.Is(err, ErrOlderVersion)
}
