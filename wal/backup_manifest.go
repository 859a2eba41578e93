package wal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// The entry BACKUP is two lines of text: an object of JSON, and the SHA-256 of the first line, in hexadecimal. It has one
// form for the same content, and so has the whole archive: whatever differs from what a writer would have written is
// refused.
//
//	{"format":1,"instance":"…","first":1,"last":812,"time":1764316800000,"epoch":1,"chain":"…",
//	 "files":[{"name":"000004.sst","length":4711,"sha256":"…"},…]}
//	5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03
const (
	backupFormat = 1
	// maxBackupFiles and maxBackupManifest bound what a reader believes. A million tables are 64 TB.
	maxBackupFiles    = 1 << 20
	maxBackupManifest = 256 << 20
	maxBackupNameSize = 100
)

// BackupInfo describes a backup.
type BackupInfo struct {
	Instance [16]byte // of the directory that it is of
	First    uint64   // sequence with which its journal begins; 0 when there is none
	Last     uint64   // sequence of its last command
	Time     int64    // stamp of its last group, in milliseconds since 1970
	Epoch    uint64
	Chain    Hash // of its last group
	Files    []BackupFile
}

// BackupFile is a file of a backup.
type BackupFile struct {
	Name   string
	Length int64
	SHA256 Hash
}

// Bytes is the length of all files together.
func (b *BackupInfo) Bytes() (sum int64) {
	for i := range b.Files {
		sum += b.Files[i].Length
	}
	return sum
}

// BackupError says that a backup does not hold what was written to it.
type BackupError struct {
	File   string // of the backup, as far as known
	Reason string
}

// Error puts file and reason into one sentence.
func (e *BackupError) Error() string {
	if e.File == "" {
		return "the backup is damaged: " + e.Reason
	}
	return fmt.Sprintf("the backup is damaged (file %s): %s", e.File, e.Reason)
}

// manifestJSON is BackupInfo as it is written. The order of the fields is part of the format.
type manifestJSON struct {
	Format   int                `json:"format"`
	Instance string             `json:"instance"`
	First    uint64             `json:"first"`
	Last     uint64             `json:"last"`
	Time     int64              `json:"time"`
	Epoch    uint64             `json:"epoch"`
	Chain    string             `json:"chain"`
	Files    []manifestFileJSON `json:"files"`
}

type manifestFileJSON struct {
	Name   string `json:"name"`
	Length int64  `json:"length"`
	SHA256 string `json:"sha256"`
}

func (b *BackupInfo) encode() []byte {
	m := manifestJSON{
		Format: backupFormat, Instance: hex.EncodeToString(b.Instance[:]), First: b.First, Last: b.Last, Time: b.Time,
		Epoch: b.Epoch, Chain: hex.EncodeToString(b.Chain[:]), Files: []manifestFileJSON{},
	}
	for _, f := range b.Files {
		m.Files = append(m.Files, manifestFileJSON{f.Name, f.Length, hex.EncodeToString(f.SHA256[:])})
	}
	text, _ := json.Marshal(&m) // Numbers and plain text cannot fail.
	sum := sha256.Sum256(text)
	return fmt.Appendf(nil, "%s\n%x\n", text, sum)
}

// decodeManifest reads the entry BACKUP.
func decodeManifest(data []byte) (info BackupInfo, err error) {
	wrong := func(format string, args ...any) (BackupInfo, error) {
		return BackupInfo{}, &BackupError{File: backupName, Reason: fmt.Sprintf(format, args...)}
	}
	text, rest, _ := bytes.Cut(data, []byte("\n"))
	if sum := sha256.Sum256(text); string(rest) != hex.EncodeToString(sum[:])+"\n" {
		return wrong("the list of files has another checksum than it says")
	}
	var m manifestJSON
	if err := json.Unmarshal(text, &m); err != nil {
		return wrong("the list of files cannot be read: %v", err)
	}
	if m.Format != backupFormat {
		return wrong("the backup has format %d, this program knows %d", m.Format, backupFormat)
	}
	info = BackupInfo{First: m.First, Last: m.Last, Time: m.Time, Epoch: m.Epoch}
	if !unhex(info.Instance[:], m.Instance) || !unhex(info.Chain[:], m.Chain) {
		return wrong("instance or chain is not a number of the right length")
	}
	for _, f := range m.Files {
		file := BackupFile{Name: f.Name, Length: f.Length}
		if !unhex(file.SHA256[:], f.SHA256) || f.Length < 0 || !isBackupFileName(f.Name) {
			return wrong("the entry of file %q cannot be", f.Name)
		}
		info.Files = append(info.Files, file)
	}
	if !bytes.Equal(info.encode(), data) {
		return wrong("the list of files is not in the form in which it is written")
	}
	return info, nil
}

func unhex(dst []byte, text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && copy(dst, b) == len(dst) && len(b) == len(dst)
}

// isBackupFileName takes plain names only, so that nothing is ever written outside the directory.
func isBackupFileName(name string) bool {
	if name == "" || len(name) > maxBackupNameSize || name[0] == '.' || name == backupName {
		return false
	}
	for _, c := range []byte(name) {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !letter && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// readManifest reads the list of files of an unpacked backup.
func readManifest(fs vfs.FS, dir string) (BackupInfo, error) {
	f, err := fs.Open(fs.PathJoin(dir, backupName))
	if err != nil {
		return BackupInfo{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxBackupManifest))
	if err != nil {
		return BackupInfo{}, fmt.Errorf("reading %s: %w", backupName, err)
	}
	return decodeManifest(data)
}
