package bench

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestScratchCrash(t *testing.T) {
	for _, m := range Modes() {
		r, err := CrashLoop(context.Background(), Config{Executable: "/tmp/proto/holdfast", Dir: "/tmp/proto", Mode: m, Duration: time.Second, Progress: os.Stdout, Ledger: "/tmp/proto/ledger." + string(m)}, 3)
		fmt.Println(r.OK, err)
	}
}
func TestScratchCompare(t *testing.T) {
	for _, m := range Modes() {
		r, err := Run(context.Background(), Config{Executable: "/tmp/proto/holdfast", Dir: "/tmp/proto", Mode: m, Compare: true, Rounds: 3, RoundDuration: time.Second, PageFile: "/tmp/proto/cmp-" + string(m) + ".html"})
		fmt.Println(r, err)
	}
}
