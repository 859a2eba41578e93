package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"holdfast/server"
	"holdfast/server/client"
	"holdfast/wal"
)

// backupSuffix tells a backup in one file from one in a directory, by its name.
const backupSuffix = ".tar"

func backupCommand() *cobra.Command {
	var url, to string
	var rate int64
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Copy the data of a running server",
		Long: `Copy the data of a running server, through its API, while it goes on. The copy is consistent,
and holds at least everything that was acknowledged when it was asked for.

A name that ends in .tar is a file, and what 'holdfast restore' takes. Any other is a directory:
a data directory that is ready to be served. Both are verified, complete and on the disk when they
appear under their name, and must not exist before.

A backup holds everything that the shop knows, and the key of its order numbers: keep it as
you keep the data.

Exit codes: 2 bad usage, or something is there already; 3 what arrived is damaged or cut off.`,
		Example: `  holdfast backup --url http://127.0.0.1:8080 --to /backup/shop-2026-11-23.tar
  holdfast backup --url http://127.0.0.1:8080 --to /backup/shop --rate 0`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if to == "" {
				return usageError{errors.New("--to names the file or directory to make")}
			}
			if rate != 0 && rate < server.MinBackupRate {
				return usageError{fmt.Errorf("--rate: %d is neither 0, for no bound, nor at least %d bytes a second", rate, server.MinBackupRate)}
			}
			if err := mustNotHold(to); err != nil {
				return usageError{fmt.Errorf("--to: %w", err)}
			}
			info, err := backUp(url, to, rate)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", to, describeBackup(&info))
			return nil
		},
	}
	cmd.Flags().StringVar(&url, "url", "http://127.0.0.1:8080", "`address` of the server")
	cmd.Flags().StringVar(&to, "to", "", "file (*.tar) or `directory` to make")
	cmd.Flags().Int64Var(&rate, "rate", server.DefaultBackupRate, "`bytes` a second at most, from 1048576 on; 0 for no bound")
	return cmd
}

func describeBackup(b *wal.BackupInfo) string {
	return fmt.Sprintf("sequences up to %d, %s, %d files, %d bytes", b.Last, stamp(b.Time), len(b.Files), b.Bytes())
}

// mustNotHold refuses a file that exists and a directory with something in it.
func mustNotHold(name string) error {
	switch files, err := os.ReadDir(name); {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%s exists", name)
	case err != nil:
		return err
	case strings.HasSuffix(name, backupSuffix):
		return fmt.Errorf("%s is a directory", name)
	case len(files) > 0:
		return fmt.Errorf("%s is not empty", name)
	}
	return nil
}

// backUp fetches a backup. A signal ends it, and nothing is left behind.
func backUp(url, to string, rate int64) (info wal.BackupInfo, err error) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	c := client.New(url)
	defer c.Close()
	archive, err := c.BackupAt(ctx, rate)
	if err != nil {
		return info, err
	}
	defer archive.Close()
	if strings.HasSuffix(to, backupSuffix) {
		return saveBackup(archive, to)
	}
	return wal.ReadBackup(archive, to, nil)
}

// saveBackup keeps a backup as it comes, in a new file, which is only there when all of it is and was verified.
func saveBackup(archive io.Reader, name string) (info wal.BackupInfo, err error) {
	partial := name + ".partial"
	f, err := os.Create(partial)
	if err != nil {
		return info, err
	}
	info, err = wal.VerifyBackup(io.TeeReader(archive, f))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return info, errors.Join(err, os.Remove(partial))
	}
	if err := os.Rename(partial, name); err != nil {
		return info, err
	}
	return info, syncDirectory(filepath.Dir(name))
}

func syncDirectory(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
