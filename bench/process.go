package bench

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what the kernel says about a process. Where there is no /proc it is all zero.
type usage struct {
	at       time.Time
	cpu      time.Duration // user and system
	resident int64         // bytes
	peak     int64         // bytes, of resident memory since the process began
}

// clockTick is the unit of CPU times in /proc: Linux fixes it at a hundredth of a second for readers.
const clockTick = 10 * time.Millisecond

// readUsage asks about a process; 0 for none, and a negative number for this one.
func readUsage(pid int) usage {
	u := usage{at: time.Now()}
	if pid == 0 {
		return u
	}
	dir := "/proc/self"
	if pid > 0 {
		dir = fmt.Sprintf("/proc/%d", pid)
	}
	if stat, err := os.ReadFile(dir + "/stat"); err == nil {
		u.cpu = parseStat(stat)
	}
	if status, err := os.ReadFile(dir + "/status"); err == nil {
		u.resident, u.peak = parseStatus(status)
	}
	return u
}

// parseStat finds user and system time, the 14th and 15th field. The second is the program's name in
// parentheses, which may itself hold spaces and parentheses.
func parseStat(stat []byte) time.Duration {
	end := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[end+1:]))
	if end < 0 || len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * clockTick
}

// parseStatus finds VmRSS and VmHWM, which are in KiB.
func parseStatus(status []byte) (resident, peak int64) {
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseInt(fields[1], 10, 64)
		switch fields[0] {
		case "VmRSS:":
			resident = kib << 10
		case "VmHWM:":
			peak = kib << 10
		}
	}
	return resident, peak
}

// cores is how many cores the process used between two looks, on average.
func cores(from, to usage) float64 {
	span := to.at.Sub(from.at)
	if span <= 0 {
		return 0
	}
	return (to.cpu - from.cpu).Seconds() / span.Seconds()
}
