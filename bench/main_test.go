package bench

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// childEcho makes the test binary an echo server: children are started from the running executable.
const childEcho = "echo-for-test"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childEcho {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		if err := ServeEcho(ctx, "127.0.0.1:0", os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
