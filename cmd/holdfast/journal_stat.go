package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"holdfast/engine/core"
)

func statCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "stat [FILE]",
		Short: "Count what is in the journal",
		Long: `Count what is in the journal, of the data directory or of an exported FILE: commands and
bytes by kind, and how many commands shared a sync.`,
		Example: `  holdfast journal stat --data ./data`,
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, name, err := openSource(cmd, args)
			if err != nil {
				return err
			}
			s, err := survey(source)
			if err := errors.Join(err, source.Close()); err != nil {
				return err
			}
			s.print(cmd.OutOrStdout(), name)
			return s.printKinds(cmd.OutOrStdout())
		},
	}
}

func (s *journalSurvey) printKinds(out io.Writer) error {
	if s.groups == 0 {
		return nil
	}
	fmt.Fprintf(out, "a group    %.1f commands on average, %d at most\n\n", float64(s.commands)/float64(s.groups), s.largest)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "kind\tcommands\tbytes\tbytes each\t")
	row := func(name string, k *kindSurvey) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%.1f\t\n", name, k.commands, k.bytes, float64(k.bytes)/float64(k.commands))
	}
	var total kindSurvey
	for _, kind := range slices.SortedFunc(maps.Keys(s.kinds), cmp.Compare[core.CommandKind]) {
		k := s.kinds[kind]
		row(kindName(kind), k)
		total.commands += k.commands
		total.bytes += k.bytes
	}
	row("total", &total)
	return table.Flush()
}
