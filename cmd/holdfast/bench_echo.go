package main

import (
	"github.com/spf13/cobra"

	"holdfast/bench"
)

func benchEchoCommand() *cobra.Command {
	listen := "127.0.0.1:0"
	cmd := &cobra.Command{
		Use:   "echo",
		Short: "Serve the bare HTTP echo that --compare measures",
		Long: `Serve what --compare measures the server against: the same requests, answered at once with a
constant. It tells what HTTP alone costs on this machine.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := untilSignal()
			defer stop()
			return bench.ServeEcho(ctx, listen, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", listen, "`address` to serve on")
	return cmd
}
