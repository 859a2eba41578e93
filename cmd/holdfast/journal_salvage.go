package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"holdfast/engine"
	"holdfast/wal"
)

func salvageCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "salvage",
		Short: "Save what is left of a damaged directory",
		Long: `Save what is left of a damaged data directory into a new one, which opens. The damaged one is only read.

Saved is the part of the journal that is whole and goes furthest, if it begins with the first command or a
checkpoint lies in it, and what belongs to it: documents, events, checkpoints. What cannot be
read of events, checkpoints and documents is made again from the commands. Where the list of the database's
files is lost, they are read one by one.

Prints which sequences were saved and which are lost. A backup may reach further: see 'holdfast restore'.

Exit codes: 2 bad usage, or the new directory is not empty; 3 nothing can be saved.`,
		Example: `  holdfast journal salvage --data ./data --to ./saved
  holdfast serve --data ./saved`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return usageError{errors.New("--to names the directory to make")}
			}
			if err := mustNotHold(to); err != nil {
				return usageError{fmt.Errorf("--to: %w", err)}
			}
			dir, err := journalDirectory(cmd)
			if err != nil {
				return err
			}
			o := engine.Options{Dir: to}
			o.Journal.BallastBytes = -1 // the one who serves decides
			report, err := engine.Salvage(dir, o)
			if err != nil {
				return err
			}
			printSalvage(cmd.OutOrStdout(), to, &report)
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "`directory` to make")
	return cmd
}

func printSalvage(out io.Writer, to string, r *wal.SalvageReport) {
	for _, found := range r.Damage {
		fmt.Fprintf(out, "found      %s\n", found)
	}
	if r.ByFile {
		fmt.Fprintln(out, "read       file by file, since the database cannot be opened")
	}
	if r.Last == 0 {
		fmt.Fprintln(out, "saved      no command")
	} else {
		fmt.Fprintf(out, "saved      sequences %d to %d, %s\n", r.First, r.Last, stamp(r.Time))
	}
	switch {
	case r.Known > r.Last:
		fmt.Fprintf(out, "lost       sequences %d to %d, at least\n", r.Last+1, r.Known)
	default:
		fmt.Fprintln(out, "lost       no command of which there is any trace")
	}
	if r.First > 1 {
		fmt.Fprintf(out, "history    begins with sequence %d; a checkpoint holds the effects of what was before\n", r.First)
	}
	if r.Rebuilt {
		fmt.Fprintln(out, "rebuilt    events and checkpoints, from the journal")
	}
	if r.Documents > 0 {
		fmt.Fprintf(out, "rebuilt    %d documents, from the journal\n", r.Documents)
	}
	fmt.Fprintf(out, "made       %s, verified and audited\n", to)
}
