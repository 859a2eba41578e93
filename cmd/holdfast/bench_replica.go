package main

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"

	"holdfast/bench"
)

func benchReplicaCommand() *cobra.Command {
	var c bench.Config
	var plan bench.ReplicaPlan
	cmd := &cobra.Command{
		Use:   "replica",
		Short: "Load a primary with a replica, kill either, compare, and promote",
		Long: `Start a primary and a replica of it, load the primary, kill one or the other with SIGKILL again and again,
and start it again on its directory. In the end both must have the same digest, clean audits, and every acknowledged
order once. Then kill the primary under load once more, promote the replica, and verify that every order that was
acknowledged up to the position that the replica reported is there.`,
		Example: `  holdfast bench replica
  holdfast bench replica --duration 10m --primary-kills 5 --replica-kills 2 --mode binary`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runReplica(cmd, c, plan) },
	}
	workloadFlags(cmd.Flags(), &c)
	f := cmd.Flags()
	f.DurationVar(&c.Duration, "duration", time.Minute, "how long the load lasts")
	f.IntVar(&plan.PrimaryKills, "primary-kills", 2, "how often the primary is killed meanwhile")
	f.IntVar(&plan.ReplicaKills, "replica-kills", 1, "how often the replica is killed meanwhile")
	f.StringVar(&c.ResultFile, "json", "", "write the result to this `file` as JSON")
	return cmd
}

func runReplica(cmd *cobra.Command, c bench.Config, plan bench.ReplicaPlan) error {
	if err := c.ValidateReplica(plan); err != nil {
		return usageError{err}
	}
	ctx, stop := untilSignal()
	defer stop()
	c.Progress = cmd.ErrOrStderr()
	report, err := bench.ReplicaRun(ctx, c, plan)
	if report == nil {
		return err
	}
	err = errors.Join(err, report.WriteText(cmd.OutOrStdout()))
	if c.ResultFile == "" {
		return err
	}
	text, failed := json.MarshalIndent(report, "", "  ")
	if failed == nil {
		failed = os.WriteFile(c.ResultFile, append(text, '\n'), 0o644)
	}
	return errors.Join(err, failed)
}
