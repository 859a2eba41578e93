package wal

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// backupPiece is how much is read and written at a time.
const backupPiece = 256 << 10

// archive is a directory that is written as a backup.
type archive struct {
	fs       vfs.FS
	dir      string
	info     BackupInfo   // without files
	rate     int64        // bytes a second, 0 for no bound
	expected []BackupFile // what the files must be; nil when nobody knows
	goOn     func() error // asked before every piece; nil for nobody to ask
}

// archiveHeader is the header of an entry. Whatever of it is not the same in every backup follows from name and length.
func archiveHeader(name string, length int64) *tar.Header {
	return &tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: length, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
	}
}

// writeArchive writes the files of a directory, and then what they were.
func writeArchive(ctx context.Context, w io.Writer, a archive) (BackupInfo, error) {
	names, err := backupFiles(a.fs, a.dir)
	if err != nil {
		return BackupInfo{}, err
	}
	if a.expected != nil {
		if err := sameNames(names, a.expected); err != nil {
			return BackupInfo{}, err
		}
	}
	paced := &pacedWriter{ctx: ctx, w: w, rate: a.rate, goOn: a.goOn, started: time.Now()}
	t := tar.NewWriter(paced)
	a.info.Files = make([]BackupFile, 0, len(names))
	buffer := make([]byte, backupPiece)
	for i, name := range names {
		f, err := a.writeFile(t, name, buffer)
		if err != nil {
			return BackupInfo{}, err
		}
		if a.expected != nil && f != a.expected[i] {
			return BackupInfo{}, &BackupError{File: name, Reason: "the file is not what was written to it"}
		}
		a.info.Files = append(a.info.Files, f)
	}
	manifest := a.info.encode()
	if err := t.WriteHeader(archiveHeader(backupName, int64(len(manifest)))); err != nil {
		return BackupInfo{}, err
	}
	if _, err := t.Write(manifest); err != nil {
		return BackupInfo{}, err
	}
	return a.info, t.Close()
}

// sameNames compares the files that there are with those that there were.
func sameNames(names []string, expected []BackupFile) error {
	for i := range max(len(names), len(expected)) {
		switch {
		case i >= len(names) || i < len(expected) && expected[i].Name < names[i]:
			return &BackupError{File: expected[i].Name, Reason: "the file is missing"}
		case i >= len(expected) || names[i] < expected[i].Name:
			return &BackupError{File: names[i], Reason: "the file is not one of the backup's"}
		}
	}
	return nil
}

func (a *archive) writeFile(t *tar.Writer, name string, buffer []byte) (file BackupFile, err error) {
	f, err := a.fs.Open(a.fs.PathJoin(a.dir, name))
	if err != nil {
		return file, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	stat, err := f.Stat()
	if err != nil {
		return file, err
	}
	file = BackupFile{Name: name, Length: stat.Size()}
	if !isBackupFileName(name) || stat.IsDir() {
		return file, fmt.Errorf("%s is not a file of the journal: it does not belong into the data directory", name)
	}
	if err := t.WriteHeader(archiveHeader(name, file.Length)); err != nil {
		return file, err
	}
	sum := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(t, sum), onlyReader{io.LimitReader(f, file.Length)}, buffer)
	if err != nil {
		return file, fmt.Errorf("copying %s: %w", name, err)
	}
	if n < file.Length {
		return file, fmt.Errorf("copying %s: it has become shorter meanwhile", name)
	}
	sum.Sum(file.SHA256[:0])
	return file, nil
}

// onlyReader hides what else a reader can do, so that io.CopyBuffer uses the buffer.
type onlyReader struct{ io.Reader }

// pacedWriter keeps to a rate, and ends with a context or when it may not go on.
type pacedWriter struct {
	ctx     context.Context
	w       io.Writer
	rate    int64
	goOn    func() error
	started time.Time
	written int64
}

func (p *pacedWriter) Write(b []byte) (int, error) {
	if err := p.pace(); err != nil {
		return 0, err
	}
	if p.goOn != nil {
		if err := p.goOn(); err != nil {
			return 0, err
		}
	}
	n, err := p.w.Write(b)
	p.written += int64(n)
	return n, err
}

func (p *pacedWriter) pace() error {
	if p.rate > 0 {
		due := time.Duration(float64(p.written) / float64(p.rate) * float64(time.Second))
		if ahead := due - time.Since(p.started); ahead > time.Millisecond {
			timer := time.NewTimer(ahead)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-p.ctx.Done():
			}
		}
	}
	return p.ctx.Err()
}
