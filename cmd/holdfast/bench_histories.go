package main

import (
	"encoding/json"
	"errors"
	"os"

	"github.com/spf13/cobra"

	"holdfast/bench"
)

func benchHistoriesCommand() *cobra.Command {
	var c bench.HistoriesConfig
	var result string
	cmd := &cobra.Command{
		Use:   "histories",
		Short: "Record what concurrent clients are answered while the server is killed, and check it",
		Long: `Start a server, let concurrent clients place, hold, confirm, release, cancel, adjust and read, and kill
the server with SIGKILL under them again and again. Write down every request with its answer, and search for one
order of all of them, each between its call and its return, in which every answer is the right one: that there is
one is what 'linearizable' means. A history that cannot be explained is drawn as a page for a browser.

In every third round holds last a second; in the others they outlive the round.`,
		Example: `  holdfast bench histories --rounds 30
  holdfast bench histories --rounds 3 --kills -1 --seed 7 --server-arg=--shards=4`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.Validate(); err != nil {
				return usageError{err}
			}
			ctx, stop := untilSignal()
			defer stop()
			c.Progress = cmd.ErrOrStderr()
			report, err := bench.Histories(ctx, c)
			if report == nil {
				return err
			}
			return errors.Join(report.WriteText(cmd.OutOrStdout()), writeResult(result, report), err)
		},
	}
	f := cmd.Flags()
	f.IntVar(&c.Rounds, "rounds", 0, "how often histories are recorded and checked (default 3)")
	f.IntVar(&c.Clients, "clients", 0, "clients at the same time (default 8)")
	f.IntVar(&c.Histories, "histories", 0, "histories of a round, two of them of baskets over three SKUs (default 7)")
	f.IntVar(&c.Operations, "operations", 0, "operations of a history; half as many where there are baskets (default 400)")
	f.IntVar(&c.Kills, "kills", 0, "how often the server is killed in a round; -1 for never (default 3)")
	f.DurationVar(&c.CheckTimeout, "check-timeout", 0, "time for checking one history, beyond which it fails (default 1m)")
	f.Uint64Var(&c.Seed, "seed", 0, "decides what the clients want, though not how they meet (default a new one each time)")
	f.StringArrayVar(&c.ServerArgs, "server-arg", nil, "one more `argument` for the server, such as --shards=2; may be repeated")
	f.StringVar(&c.Dir, "dir", "", "`directory` in which the data directory is made (default the system's for temporary files)")
	f.StringVar(&c.Pages, "pages", "", "`directory` for pages of histories that cannot be explained (default that of --dir)")
	f.StringVar(&result, "json", "", "write the result to this `file` as JSON")
	return cmd
}

// writeResult writes a report to a file as JSON, unless there is none.
func writeResult(path string, report any) error {
	if path == "" {
		return nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
