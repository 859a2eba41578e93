package main

import (
	"errors"

	"github.com/spf13/cobra"

	"holdfast/bench"
)

func benchVerifyCommand() *cobra.Command {
	var c bench.VerifyConfig
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Verify a running server against a ledger of acknowledged orders",
		Long: `Verify that a server has every order that a ledger, which 'holdfast bench --ledger' wrote, says
was acknowledged, and that it can account for every unit.`,
		Example: `  holdfast bench --url http://127.0.0.1:8080 --ledger sale.ledger
  holdfast bench verify --url http://127.0.0.1:8080 --ledger sale.ledger`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.Validate(); err != nil {
				return usageError{err}
			}
			ctx, stop := untilSignal()
			defer stop()
			c.Progress = cmd.ErrOrStderr()
			result, err := bench.Verify(ctx, c)
			if result != nil {
				err = errors.Join(result.WriteText(cmd.OutOrStdout()), err)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&c.URL, "url", "http://127.0.0.1:8080", "`address` of the server")
	cmd.Flags().StringVar(&c.Ledger, "ledger", "", "`file` of acknowledged orders")
	return cmd
}
