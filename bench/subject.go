package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// subject is the server that is measured: a child of this process, or one that runs already.
type subject struct {
	*api
	child *child // nil: not ours
	data  string // directory of an own server
}

// holdfast gives the path of the binary for children.
func (c *Config) holdfast() (string, error) {
	if c.Executable != "" {
		return c.Executable, nil
	}
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("own executable: %w", err)
	}
	return path, nil
}

// openSubject starts the own server on a directory, or finds the given one.
func openSubject(ctx context.Context, c *Config, data string) (*subject, error) {
	if c.URL != "" {
		a, err := newAPI(c.URL)
		if err != nil {
			return nil, err
		}
		return &subject{api: a}, a.awaitReady(ctx, func() bool { return true })
	}
	return startSubject(ctx, c, data, "127.0.0.1:0")
}

// startSubject starts the own server on a directory and an address.
func startSubject(ctx context.Context, c *Config, data, address string) (*subject, error) {
	executable, err := c.holdfast()
	if err != nil {
		return nil, err
	}
	argv := append([]string{executable, "serve", "--listen", address, "--data", data}, c.ServerArgs...)
	ch, err := startListener(ctx, "holdfast serve", argv)
	if err != nil {
		return nil, err
	}
	a, err := newAPI("http://" + ch.address)
	if err == nil {
		err = a.awaitReady(ctx, ch.running)
	}
	if err != nil {
		return nil, errors.Join(err, ch.kill())
	}
	return &subject{api: a, child: ch, data: data}, nil
}

// pid is the server's process, 0 when it is not ours.
func (s *subject) pid() int {
	if s.child == nil {
		return 0
	}
	return s.child.pid()
}

// close ends an own server in good order.
func (s *subject) close() error {
	if s == nil {
		return nil
	}
	s.api.close()
	if s.child == nil || !s.child.running() {
		return nil
	}
	return s.child.stop()
}

// workspace is the directory of one run, with everything its children write.
type workspace struct {
	root string
	keep bool
}

func newWorkspace(c *Config) (*workspace, error) {
	root, err := os.MkdirTemp(c.Dir, "holdfast-bench-")
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return &workspace{root: root, keep: c.KeepDir}, nil
}

// dir makes a directory in the workspace.
func (w *workspace) dir(name string) (string, error) {
	path := filepath.Join(w.root, name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		return "", fmt.Errorf("data directory: %w", err)
	}
	return path, nil
}

// remove takes the workspace away, unless it is to be kept.
func (w *workspace) remove() error {
	if w.keep {
		return nil
	}
	return os.RemoveAll(w.root)
}

// settleMemory gives the server's allocator a moment before its resident memory is read.
const settleMemory = 200 * time.Millisecond
