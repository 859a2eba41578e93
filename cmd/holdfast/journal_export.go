package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"holdfast/wal"
)

func exportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export FILE",
		Short: "Write the journal into one portable file",
		Long: `Write the whole journal of the data directory, verified on the way, into FILE, which must
not exist. verify, stat and dump read such a file.

The file, with all numbers little endian:

   0   8 bytes   "HFJOURNL"
   8   4 bytes   format version, 1
  12   4 bytes   zero
  16  16 bytes   identity of the data directory
  32             the groups, each: 4 bytes length, then the group as package wal describes it
       4 bytes   zero: no more groups
      32 bytes   SHA-256 of everything before`,
		Example: `  holdfast journal export --data ./data backup.journal
  holdfast journal verify backup.journal`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			j, _, err := openJournal(cmd)
			if err != nil {
				return err
			}
			groups, err := export(j, args[0])
			if err := errors.Join(err, j.Close()); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %d groups, sequences up to %d\n", args[0], groups, j.Last())
			return nil
		},
	}
}

// The layout of an exported file, which the help of the verb shows; it must not change.
const (
	exportMagic        = "HFJOURNL"
	exportFormat       = 1
	exportHeaderLength = 32
	// exportMaxGroup is far above any group; a length beyond it is damage, not a reason to take memory.
	exportMaxGroup = 64 << 20
)

// export writes the journal into a new file, which is only there when all of it is.
func export(j *wal.Journal, name string) (groups int, err error) {
	if _, err := os.Lstat(name); err == nil {
		return 0, fmt.Errorf("%s exists", name)
	}
	partial := name + ".partial"
	f, err := os.Create(partial)
	if err != nil {
		return 0, err
	}
	groups, err = writeExport(j, f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return 0, errors.Join(err, os.Remove(partial))
	}
	return groups, os.Rename(partial, name)
}

func writeExport(j *wal.Journal, f io.Writer) (groups int, err error) {
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<20)
	identity := j.Identity().Instance
	header := append([]byte(exportMagic), exportFormat, 0, 0, 0, 0, 0, 0, 0)
	header = append(header, identity[:]...)
	out.Write(header) // a failed write comes back from Flush
	var value []byte
	err = j.Replay(0, func(g wal.Group) error {
		groups++
		value = wal.AppendGroup(value[:0], &g)
		var length [4]byte
		binary.LittleEndian.PutUint32(length[:], uint32(len(value)))
		out.Write(length[:])
		_, err := out.Write(value)
		return err
	})
	if err != nil {
		return 0, err
	}
	out.Write(make([]byte, 4))
	if err := out.Flush(); err != nil {
		return 0, err
	}
	_, err = f.Write(sum.Sum(nil))
	return groups, err
}
