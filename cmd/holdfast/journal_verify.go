package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"holdfast/engine/core"
	"holdfast/wal"
)

func verifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Read the whole journal and check everything about it",
		Long: `Read the whole journal, of the data directory or of an exported FILE, and check of every
group its checksum, that nothing is missing before it, the hash that chains it to the one
before, and that its commands can be read.

Prints what was found good. A damaged journal is exit code 3, and the message names the
sequence number of the first command that cannot be trusted.`,
		Example: `  holdfast journal verify --data ./data
  holdfast journal verify backup.journal`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			source, name, err := openSource(cmd, args)
			if err != nil {
				return err
			}
			s, err := survey(source)
			err = errors.Join(err, source.Close())
			s.print(cmd.OutOrStdout(), name)
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), "ok")
			}
			return err
		},
	}
}

// journalSurvey is what a walk through a whole journal found, up to its end or the first damage.
type journalSurvey struct {
	groups      uint64
	commands    uint64
	bytes       uint64 // of all groups, with their headers
	largest     uint32 // commands of the largest group
	first, last uint64 // sequences
	begin, end  int64  // stamps in milliseconds
	epoch       uint64
	kinds       map[core.CommandKind]*kindSurvey
}

// kindSurvey is what there is of one kind of command.
type kindSurvey struct {
	commands uint64
	bytes    uint64
}

func survey(source journalSource) (*journalSurvey, error) {
	s := &journalSurvey{kinds: map[core.CommandKind]*kindSurvey{}}
	return s, source.Replay(0, func(g wal.Group) error {
		kinds := map[core.CommandKind]kindSurvey{}
		err := eachCommand(g, func(_ core.Sequence, frame []byte, c *core.Command) error {
			k := kinds[c.Kind]
			k.commands++
			k.bytes += uint64(len(frame))
			kinds[c.Kind] = k
			return nil
		})
		if err != nil {
			return err
		}
		s.add(g, kinds)
		return nil
	})
}

func (s *journalSurvey) add(g wal.Group, kinds map[core.CommandKind]kindSurvey) {
	if s.groups == 0 {
		s.first, s.begin = g.First, g.Time
	}
	s.groups++
	s.commands += uint64(g.Count)
	s.bytes += uint64(wal.GroupOverhead + len(g.Payload))
	s.largest = max(s.largest, g.Count)
	s.last, s.end, s.epoch = g.Last(), g.Time, g.Epoch
	for kind, more := range kinds {
		k := s.kinds[kind]
		if k == nil {
			k = &kindSurvey{}
			s.kinds[kind] = k
		}
		k.commands += more.commands
		k.bytes += more.bytes
	}
}

func (s *journalSurvey) print(out io.Writer, name string) {
	fmt.Fprintf(out, "journal    %s\n", name)
	if s.groups == 0 {
		fmt.Fprintln(out, "sequences  none")
		return
	}
	fmt.Fprintf(out, "sequences  %d to %d\n", s.first, s.last)
	fmt.Fprintf(out, "groups     %d\n", s.groups)
	fmt.Fprintf(out, "bytes      %d\n", s.bytes)
	fmt.Fprintf(out, "time       %s to %s\n", stamp(s.begin), stamp(s.end))
	fmt.Fprintf(out, "epoch      %d\n", s.epoch)
}

// stamp writes a time as the HTTP contract does.
func stamp(millis int64) string {
	return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000Z")
}
