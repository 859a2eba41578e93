package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/wal"
)

func restoreCommand() *cobra.Command {
	var from, data, until string
	cmd := &cobra.Command{
		Use:   "restore",
		Short: "Make a data directory from a backup, as of any moment",
		Long: `Make a data directory from a backup, a file or a directory that 'holdfast backup' has made. A data
directory that no process has open will do, too. Every checksum is verified; the state is made and
audited before the directory appears.

With --until the directory ends with that sequence number, or with what was done up to that time:
orders, events and checkpoints of later are gone. It goes on in a new epoch, so that nobody takes
its history for that of the original.

Exit codes: 2 bad usage, the data directory is not empty, or the backup does not reach back to
--until; 3 the backup is damaged, and the message names the file.`,
		Example: `  holdfast restore --from shop.tar --data /var/lib/holdfast
  holdfast restore --from shop.tar --data ./before --until 2026-11-27T11:59:59.999Z
  holdfast restore --from shop.tar --data ./before --until 812`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from == "" {
				return usageError{errors.New("--from names the backup")}
			}
			if err := mustNotHold(data); err != nil {
				return usageError{fmt.Errorf("--data: %w", err)}
			}
			var point *engine.Point
			if cmd.Flags().Changed("until") {
				p, err := parsePoint(until)
				if err != nil {
					return usageError{fmt.Errorf("--until: %w", err)}
				}
				point = &p
			}
			last, err := restore(from, data, point)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: sequences up to %d, verified and audited\n", data, last)
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "`backup`: a file or directory")
	cmd.Flags().StringVar(&data, "data", defaultData, "data `directory` to make")
	cmd.Flags().StringVar(&until, "until", "", "last `sequence` number, or a time as in 2026-11-27T12:00:00.137Z (default everything)")
	return cmd
}

// parsePoint reads a sequence number or a time.
func parsePoint(text string) (engine.Point, error) {
	if sequence, err := strconv.ParseUint(text, 10, 63); err == nil && sequence > 0 {
		return engine.Point{Sequence: core.Sequence(sequence)}, nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return engine.Point{}, fmt.Errorf("%q is neither a sequence number from 1 on nor a time as in 2026-11-27T12:00:00.137Z", text)
	}
	return engine.Point{Time: core.Millis(at.UnixMilli())}, nil
}

// restoringSuffix names the directory in which a restored state is made, beside the one that it becomes.
const restoringSuffix = ".restoring"

// restore makes the directory elsewhere, and gives it its name when everything about it was verified.
func restore(from, data string, point *engine.Point) (last core.Sequence, err error) {
	data = filepath.Clean(data)
	making := data + restoringSuffix
	if err := os.RemoveAll(making); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(making))
		}
	}()
	if err := unpack(from, making); err != nil {
		return 0, err
	}
	o := engine.Options{Dir: making}
	o.Journal.BallastBytes = -1 // the one who serves decides
	if point == nil {
		last, err = engine.Verify(o)
	} else {
		last, err = engine.Rewind(o, *point)
	}
	if errors.Is(err, engine.ErrOutOfReach) {
		return 0, usageError{err}
	}
	if err != nil {
		return 0, err
	}
	if err := os.Remove(data); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, err
	}
	if err := os.Rename(making, data); err != nil {
		return 0, err
	}
	return last, syncDirectory(filepath.Dir(data))
}

// unpack makes a directory from a backup in a file or a directory.
func unpack(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return usageError{fmt.Errorf("--from: %w", err)}
	}
	if info.IsDir() {
		return copyDirectory(from, to)
	}
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	_, err = wal.ReadBackup(f, to, nil)
	return errors.Join(err, f.Close())
}

func copyDirectory(from, to string) error {
	reader, writer := io.Pipe()
	written := make(chan error, 1)
	go func() {
		_, err := wal.WriteBackupOf(context.Background(), writer, from, nil)
		written <- err
		writer.CloseWithError(err)
	}()
	_, err := wal.ReadBackup(reader, to, nil)
	reader.CloseWithError(err)
	if cause := <-written; cause != nil && !errors.Is(cause, io.ErrClosedPipe) {
		return cause
	}
	return err
}
