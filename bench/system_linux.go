package bench

import (
	"os"
	"os/exec"
	"syscall"
	"time"
)

// preciseSleep sleeps to within the kernel's timer slack, some 50 µs. A signal ends it early, and Go's
// scheduler sends signals.
func preciseSleep(d time.Duration) {
	left := syscall.NsecToTimespec(int64(d))
	_ = syscall.Nanosleep(&left, nil)
}

// allocated is what a file takes on the disk, which may be more or less than its length.
func allocated(info os.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Blocks * 512
	}
	return info.Size()
}

// syncData makes the file's data durable, and of its metadata what is needed to read it.
func syncData(f *os.File) error { return syscall.Fdatasync(int(f.Fd())) }

// dieWithParent ends the child when this process dies, however it dies.
func dieWithParent(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// fileSystem names the kind of file system that a directory lies on.
func fileSystem(dir string) string {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return "unknown"
	}
	switch uint32(s.Type) {
	case 0x01021994, 0x858458f6:
		return "memory"
	case 0xef53:
		return "ext4"
	case 0x58465342:
		return "xfs"
	case 0x9123683e:
		return "btrfs"
	case 0x794c7630:
		return "overlay"
	case 0x2fc12fc1:
		return "zfs"
	case 0x6969:
		return "nfs"
	}
	return "other"
}
