package wal

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// partialSuffix names the directory in which a backup is unpacked, beside the one that it becomes.
const partialSuffix = ".partial"

// ErrNotEmpty is returned by [ReadBackup] when the directory holds something already.
var ErrNotEmpty = errors.New("the directory is not empty")

// ReadBackup unpacks a backup into dir, which must not exist or be empty; fs is nil for the real disk. Everything is verified
// before dir appears: what is damaged, cut off or followed by anything is a [*BackupError], and leaves nothing
// behind but, after a power cut, a directory of the same name with ".partial" behind it, which is removed by the next attempt.
func ReadBackup(r io.Reader, dir string, fs vfs.FS) (info BackupInfo, err error) {
	return readBackup(r, dir, fs, func(string) error { return nil })
}

// ReadReplica is ReadBackup for a directory that will follow the one that the backup is of: it is a replica's from the
// moment that it appears. Who had registered as a reader of the other is none of it: they go on there, and would hold what this one
// keeps. The options are those with which it will be opened.
func ReadReplica(r io.Reader, dir string, o Options) (info BackupInfo, err error) {
	return readBackup(r, dir, o.FS, func(partial string) error {
		j, err := Open(partial, Options{BallastBytes: -1, MinFreeBytes: o.MinFreeBytes, FS: o.FS})
		if err != nil {
			return err
		}
		return errors.Join(j.Assume(RoleReplica, j.Epoch(), 0), j.forgetReaders(), j.Close())
	})
}

// readBackup unpacks a backup, and gives it a last touch before it appears.
func readBackup(r io.Reader, dir string, fs vfs.FS, finish func(partial string) error) (info BackupInfo, err error) {
	if fs == nil {
		fs = vfs.Default
	}
	if err := mustBeEmpty(fs, dir); err != nil {
		return BackupInfo{}, err
	}
	partial := dir + partialSuffix
	if err := errors.Join(fs.RemoveAll(partial), makeDir(fs, fs.PathDir(dir)), fs.MkdirAll(partial, 0o755)); err != nil {
		return BackupInfo{}, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, fs.RemoveAll(partial))
		}
	}()
	if info, err = readArchive(r, directorySink{fs, partial}); err != nil {
		return BackupInfo{}, err
	}
	if err := writeFile(fs, fs.PathJoin(partial, backupName), info.encode()); err != nil {
		return BackupInfo{}, err
	}
	if err := finish(partial); err != nil {
		return BackupInfo{}, err
	}
	return info, moveDir(fs, partial, dir)
}

// VerifyBackup reads a backup and keeps nothing.
func VerifyBackup(r io.Reader) (BackupInfo, error) { return readArchive(r, nowhere{}) }

func mustBeEmpty(fs vfs.FS, dir string) error {
	names, err := fs.List(dir)
	if err == nil && len(names) > 0 {
		return fmt.Errorf("%w: %s", ErrNotEmpty, dir)
	}
	if isNotExist(err) {
		return nil
	}
	return err
}

// moveDir gives a directory that is complete its name, for good.
func moveDir(fs vfs.FS, from, to string) error {
	if err := syncDir(fs, from); err != nil {
		return err
	}
	if err := fs.Remove(to); err != nil && !isNotExist(err) {
		return err
	}
	if err := fs.Rename(from, to); err != nil {
		return err
	}
	return syncDir(fs, fs.PathDir(to))
}

// sink takes the files of a backup.
type sink interface {
	create(name string) (sinkFile, error)
}

type sinkFile interface {
	io.WriteCloser
	Sync() error
}

type directorySink struct {
	fs  vfs.FS
	dir string
}

func (d directorySink) create(name string) (sinkFile, error) {
	return d.fs.Create(d.fs.PathJoin(d.dir, name), vfs.WriteCategoryUnspecified)
}

type nowhere struct{}

func (n nowhere) create(string) (sinkFile, error) { return n, nil }
func (nowhere) Write(p []byte) (int, error)       { return len(p), nil }
func (nowhere) Sync() error                       { return nil }
func (nowhere) Close() error                      { return nil }

// echo gives what a reader gives, and takes the very same bytes again: whoever reads an archive and writes it anew
// proves that it is as it was written, in every bit that carries no content too.
type echo struct {
	r    io.Reader
	kept bytes.Buffer
}

var errOtherForm = errors.New("the archive is not in the form in which it is written")

func (e *echo) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	e.kept.Write(p[:n])
	return n, err
}

func (e *echo) Write(p []byte) (int, error) {
	if !bytes.Equal(e.kept.Next(len(p)), p) {
		return 0, errOtherForm
	}
	return len(p), nil
}

// archiveReader reads a backup from beginning to end.
type archiveReader struct {
	source io.Reader
	echo   *echo
	in     *tar.Reader
	again  *tar.Writer
	buffer []byte
	file   string // under way
	files  []BackupFile
}

func readArchive(r io.Reader, to sink) (BackupInfo, error) {
	a := &archiveReader{source: r, echo: &echo{r: r}, buffer: make([]byte, backupPiece)}
	a.in, a.again = tar.NewReader(a.echo), tar.NewWriter(a.echo)
	info, err := a.read(to)
	if err != nil {
		return BackupInfo{}, a.explain(err)
	}
	return info, nil
}

func (a *archiveReader) read(to sink) (BackupInfo, error) {
	for {
		h, err := a.in.Next()
		if errors.Is(err, io.EOF) {
			return BackupInfo{}, io.ErrUnexpectedEOF
		}
		if err != nil {
			return BackupInfo{}, err
		}
		if err := a.again.WriteHeader(archiveHeader(h.Name, h.Size)); err != nil {
			return BackupInfo{}, errOtherForm
		}
		if h.Name == backupName {
			return a.finish(h.Size)
		}
		if err := a.unpack(to, h.Name, h.Size); err != nil {
			return BackupInfo{}, err
		}
	}
}

// unpack reads one file.
func (a *archiveReader) unpack(to sink, name string, length int64) error {
	if !isBackupFileName(name) {
		return &BackupError{File: name, Reason: "the name is not one of a file of the journal"}
	}
	if n := len(a.files); n == maxBackupFiles || n > 0 && name <= a.files[n-1].Name {
		return &BackupError{File: name, Reason: "the files are too many or not in their order"}
	}
	a.file = name
	f, err := to.create(name)
	if err != nil {
		return err
	}
	file := BackupFile{Name: name, Length: length}
	sum := sha256.New()
	// The file comes last: one of Pebble's may change what it was given to write.
	_, err = io.CopyBuffer(io.MultiWriter(sum, a.again, f), onlyReader{a.in}, a.buffer)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	sum.Sum(file.SHA256[:0])
	a.files = append(a.files, file)
	return nil
}

// finish reads the list of files, compares, and sees to it that nothing follows.
func (a *archiveReader) finish(length int64) (BackupInfo, error) {
	a.file = backupName
	if length > maxBackupManifest {
		return BackupInfo{}, &BackupError{File: backupName, Reason: fmt.Sprintf("the list of files has %d bytes, of at most %d", length, maxBackupManifest)}
	}
	var manifest bytes.Buffer
	if _, err := io.CopyBuffer(io.MultiWriter(&manifest, a.again), onlyReader{a.in}, a.buffer); err != nil {
		return BackupInfo{}, err
	}
	info, err := decodeManifest(manifest.Bytes())
	if err != nil {
		return BackupInfo{}, err
	}
	if err := sameFiles(a.files, info.Files); err != nil {
		return BackupInfo{}, err
	}
	if _, err := a.in.Next(); !errors.Is(err, io.EOF) {
		if err == nil {
			err = &BackupError{File: backupName, Reason: "something follows the list of files"}
		}
		return BackupInfo{}, err
	}
	if err := a.again.Close(); err != nil {
		return BackupInfo{}, err
	}
	switch n, err := io.ReadFull(a.source, a.buffer[:1]); {
	case n > 0:
		return BackupInfo{}, &BackupError{File: backupName, Reason: "something follows the end of the archive"}
	case !errors.Is(err, io.EOF):
		return BackupInfo{}, err
	}
	return info, nil
}

func sameFiles(files, expected []BackupFile) error {
	names := make([]string, len(files))
	for i := range files {
		names[i] = files[i].Name
	}
	if err := sameNames(names, expected); err != nil {
		return err
	}
	for i := range files {
		if files[i] != expected[i] {
			return &BackupError{File: files[i].Name, Reason: "the file is not what was written to it"}
		}
	}
	return nil
}

// explain turns what the archive's reader and writer say into an error that names the file.
func (a *archiveReader) explain(err error) error {
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &BackupError{File: a.file, Reason: "the backup is cut off there or behind it"}
	case errors.Is(err, errOtherForm), errors.Is(err, tar.ErrHeader), errors.Is(err, tar.ErrFieldTooLong), errors.Is(err, tar.ErrWriteTooLong):
		return &BackupError{File: a.file, Reason: "the archive cannot be read there or behind it"}
	}
	return err
}
