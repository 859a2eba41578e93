package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"holdfast/engine"
	"holdfast/wal"
)

// Exit codes; they are part of the contract and must not change.
const (
	exitDone     = 0
	exitError    = 1
	exitUsage    = 2
	exitDamaged  = 3
	exitJournal  = 4
	exitLocked   = 5
	exitDiverged = 6
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is the command without the process around it; it returns the exit code.
func run(args []string, out, errs io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(errs)
	// Whatever fails before a verb has begun is a matter of how it was called.
	begun := false
	root.PersistentPreRun = func(*cobra.Command, []string) { begun = true }
	cmd, err := root.ExecuteC()
	if err == nil {
		return exitDone
	}
	if !begun {
		err = usageError{err}
	}
	fmt.Fprintf(errs, "holdfast: %v\n", err)
	code := exitCode(err)
	if damage := (*wal.DamageError)(nil); errors.As(err, &damage) {
		fmt.Fprint(errs, "Nothing was changed. "+waysOn)
	}
	if code == exitDiverged {
		fmt.Fprint(errs, divergedWayOn)
	}
	if code == exitUsage {
		fmt.Fprintf(errs, "Run '%s --help' for usage.\n", cmd.CommandPath())
	}
	return code
}

// waysOn is told with every damage.
const waysOn = `The ways on: 'holdfast restore' makes a directory from a backup;
'holdfast journal salvage --data DIR --to NEWDIR' saves what is left of this one.
`

// divergedWayOn is told with every divergence.
const divergedWayOn = `The directory is not served again. The way on: start again from a backup of the primary, as
'holdfast serve --follow URL' with an empty directory does; keep this one to find out why.
`

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "holdfast",
		Short: "The order and inventory engine",
		Long: `Holdfast decides who gets which unit, and remembers every decision before it answers.
One binary, one data directory, no other server needed.`,
		Example: `  holdfast serve --data ./data --demo
  curl -s http://127.0.0.1:8080/v1/skus/tea-green/availability
  holdfast backup --url http://127.0.0.1:8080 --to shop.tar
  holdfast bench --scenario hot --orders 100000
  holdfast journal verify --data ./data`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(serveCommand(), backupCommand(), restoreCommand(), benchCommand(), journalCommand(), saleCommand(), versionCommand())
	return root
}

// usageError is a command line that cannot be followed.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// journalError is a journal that could not be opened for writing, or not be written.
type journalError struct{ error }

func (e journalError) Unwrap() error { return e.error }

func exitCode(err error) int {
	var usage usageError
	var damage *wal.DamageError
	var backup *wal.BackupError
	var journal journalError
	var diverged *engine.DivergedError
	switch {
	case errors.As(err, &usage):
		return exitUsage
	case errors.As(err, &diverged):
		return exitDiverged
	case errors.As(err, &damage), errors.As(err, &backup), wal.IsOtherVersion(err):
		return exitDamaged
	case errors.Is(err, wal.ErrLocked):
		return exitLocked
	case errors.As(err, &journal), errors.Is(err, wal.ErrFailed):
		return exitJournal
	default:
		return exitError
	}
}
