package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"holdfast/bench"
)

func benchCrashCommand() *cobra.Command {
	var c bench.Config
	var rounds int
	cmd := &cobra.Command{
		Use:   "crash",
		Short: "Kill a server in the middle of load, again and again, and verify",
		Long: `Start a server, load it, kill it with SIGKILL at a random instant, and start it again on the same
directory; send what had no answer again, and verify that every acknowledged order is there and none
is there twice. So many rounds, on one directory.`,
		Example: `  holdfast bench crash --rounds 10
  holdfast bench crash --rounds 100 --scenario basket --mode binary --seed 7`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runCrash(cmd, c, rounds)
		},
	}
	workloadFlags(cmd.Flags(), &c)
	cmd.Flags().IntVar(&rounds, "rounds", 10, "how often the server is killed")
	cmd.Flags().DurationVar(&c.Duration, "duration", 0, "mean time until a kill (default 2s)")
	cmd.Flags().StringVar(&c.ResultFile, "json", "", "write the result to this `file` as JSON")
	return cmd
}

func runCrash(cmd *cobra.Command, c bench.Config, rounds int) error {
	if err := c.Validate(); err != nil {
		return usageError{err}
	}
	if rounds < 1 {
		return usageError{fmt.Errorf("--rounds: %d is not above 0", rounds)}
	}
	ctx, stop := untilSignal()
	defer stop()
	c.Progress = cmd.ErrOrStderr()
	report, err := bench.CrashLoop(ctx, c, rounds)
	if report == nil {
		return err
	}
	for i := range report.Rounds {
		fmt.Fprintf(cmd.OutOrStdout(), "%d: %v\n", i+1, &report.Rounds[i])
	}
	return errors.Join(err, writeResult(c.ResultFile, report))
}
