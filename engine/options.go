package engine

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"holdfast/engine/core"
	"holdfast/wal"
)

// Options say how an engine runs. Only Dir is needed; the zero value of everything else works.
type Options struct {
	// Dir is the data directory. It is made when it does not exist.
	Dir string
	// Shards is the number of goroutines that execute commands, 1 to 64. 0 follows the machine: half of its
	// processors, since connections and the journal need the rest. It has no influence on any result.
	Shards int
	// QueueCommands and QueueBytes bound what waits for the sequencer; 0 means 262,144 commands and 64 MiB.
	// Submit returns ErrOverloaded beyond that.
	QueueCommands int
	QueueBytes    int
	// ReserveBytes is memory that is taken and touched before the engine opens, for state to come: an order of one line
	// with a key takes about 140 bytes. 0 takes memory as it is needed, which is as safe, but slower on machines whose
	// memory is slow to appear, as on most virtual ones. It needs Linux 5.14; elsewhere memory comes as it is needed.
	ReserveBytes int64
	// CheckpointBytes is how many bytes of commands the journal grows by before a checkpoint is written by itself;
	// 0 means 512 MiB. CheckpointEvery is how long a change waits for one at most; 0 means five minutes. One more is
	// written by Close. With CheckpointBytes −1 there are none but those that are asked for.
	CheckpointBytes int64
	CheckpointEvery time.Duration
	// JournalHistory is how many bytes of the journal are kept on the disk, and JournalAge for how long; what is beyond either
	// is cut off, but for what the two newest checkpoints and registered readers need. 0 is no limit: with both 0
	// everything is kept.
	JournalHistory int64
	JournalAge     time.Duration
	// FeedHistory and FeedAge are the same for the feed. The events by which repeated idempotency keys are answered are kept
	// as long as the keys, so FeedAge must not be less than KeysWindow.
	FeedHistory int64
	FeedAge     time.Duration
	// ReaderMaxLag is how many bytes of journal or feed a registered reader may be behind, and ReaderMaxAge how long, before
	// these are cut without regard to it. 0 is no limit: everything waits for the slowest reader.
	ReaderMaxLag int64
	ReaderMaxAge time.Duration
	// KeysWindow is how long a repeated idempotency key is answered, and KeysMax how many keys are remembered: beyond that
	// the oldest are forgotten. Up to a sixteenth fewer are remembered after that, and for a moment some more. 0 is no limit.
	KeysWindow time.Duration
	KeysMax    int
	// CheckpointRate bounds how many bytes a second a checkpoint writes, so that orders do not wait for the disk because
	// of it; 0 means 64 MiB, −1 no bound.
	CheckpointRate int64
	// ArchiveAfter is how long an order has to be closed (cancelled, released or expired) before it may leave memory for
	// the archive on the disk, where it stays readable. Orders leave by pages of 1,024 neighbours, when all of them are
	// closed for so long. 0 keeps everything in memory.
	ArchiveAfter time.Duration
	// KeepWaiting has the engine serve nobody who waits for stock that has come, and deal with no replacement of a return that came to nothing. It is for hosts that send
	// core.CommandFillOrder, or core.CommandCancelOrder and core.CommandSettleReturn, themselves.
	KeepWaiting bool
	// Follow has the engine take no commands, but the groups of another engine's journal (Apply), until Promote. It is not
	// needed for a directory that was a replica's before: that stays one until it is promoted.
	Follow bool
	// Journal are the journal's own options. Its OnFatal is called before Submit returns ErrJournal to
	// those who wait.
	Journal wal.Options
	// Clock gives the time in milliseconds since 1970; nil is the system's. Time that goes back is ignored.
	Clock func() int64
	// Hooks observe.
	Hooks Hooks
}

// Hooks are called when something has happened. Each may be nil, runs on the engine's own goroutines
// and must return at once.
type Hooks struct {
	// GroupReleased is called for every group when its answers are about to go out.
	GroupReleased func(GroupInfo)
	// Recovered is called once, when the journal has been replayed.
	Recovered func(RecoveryInfo)
	// CheckpointTaken is called for every checkpoint when it is on the disk, and for every one that failed, with Err.
	CheckpointTaken func(CheckpointInfo)
	// Retained is called when something was cut, or should have been and could not.
	Retained func(RetentionInfo)
}

// GroupInfo describes a group that was released.
type GroupInfo struct {
	First    uint64 // sequence of the first command
	Commands int
	Bytes    int           // of its commands
	Requests int           // answered by it
	Execute  time.Duration // time to execute
	Wait     time.Duration // time spent waiting for the disk after that
}

// RecoveryInfo describes a replay.
type RecoveryInfo struct {
	Checkpoint core.Sequence // where the replay began, 0 for the very beginning
	Damaged    []error       // checkpoints that could not be used
	Commands   uint64
	Groups     uint64
	Events     uint64 // that the feed had lost and got again
	Took       time.Duration
}

// Validate reports everything that is wrong with the options.
func (o *Options) Validate() error {
	var problems []error
	if o.Dir == "" && o.Journal.FS == nil {
		problems = append(problems, errors.New("option Dir: a data directory is needed"))
	}
	if o.Shards < 0 || o.Shards > maxShards {
		problems = append(problems, fmt.Errorf("option Shards: %d is not within 0..%d", o.Shards, maxShards))
	}
	if o.QueueCommands != 0 && o.QueueCommands < MaxRequestCommands {
		problems = append(problems, fmt.Errorf("option QueueCommands: %d is less than one request may hold (%d)", o.QueueCommands, MaxRequestCommands))
	}
	if o.QueueBytes != 0 && o.QueueBytes < MaxRequestBytes {
		problems = append(problems, fmt.Errorf("option QueueBytes: %d is less than one request may hold (%d)", o.QueueBytes, MaxRequestBytes))
	}
	if most := machineMemory(); o.ReserveBytes < 0 || o.ReserveBytes > most {
		problems = append(problems, fmt.Errorf("option ReserveBytes: %d is not within 0..%d, the machine's memory", o.ReserveBytes, most))
	}
	if o.CheckpointBytes < -1 {
		problems = append(problems, fmt.Errorf("option CheckpointBytes: %d is less than -1", o.CheckpointBytes))
	}
	if o.CheckpointEvery < 0 {
		problems = append(problems, fmt.Errorf("option CheckpointEvery: %v is less than 0", o.CheckpointEvery))
	}
	if o.ArchiveAfter < 0 {
		problems = append(problems, fmt.Errorf("option ArchiveAfter: %v is less than 0", o.ArchiveAfter))
	}
	problems = append(problems, o.validateRetention()...)
	if o.CheckpointRate < -1 {
		problems = append(problems, fmt.Errorf("option CheckpointRate: %d is less than -1", o.CheckpointRate))
	}
	if o.Journal.ReadOnly {
		problems = append(problems, errors.New("option Journal.ReadOnly: an engine writes"))
	}
	return errors.Join(problems...)
}

// withDefaults fills in what was left zero.
func (o Options) withDefaults() Options {
	if o.Shards == 0 {
		o.Shards = min(max(runtime.GOMAXPROCS(0)/2, 1), maxShards)
	}
	if o.QueueCommands == 0 {
		o.QueueCommands = defaultQueueCommands
	}
	if o.QueueBytes == 0 {
		o.QueueBytes = defaultQueueBytes
	}
	if o.CheckpointBytes == 0 {
		o.CheckpointBytes = defaultCheckpointBytes
	}
	if o.CheckpointEvery == 0 {
		o.CheckpointEvery = defaultCheckpointEvery
	}
	if o.CheckpointRate == 0 {
		o.CheckpointRate = defaultCheckpointRate
	}
	if o.Clock == nil {
		o.Clock = func() int64 { return time.Now().UnixMilli() }
	}
	return o
}
