package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a process that this one started: a server to measure.
type child struct {
	name    string
	cmd     *exec.Cmd
	address string // where it listens
	exited  chan struct{}
	exit    error // valid once exited is closed

	mu   sync.Mutex
	tail []string // its last lines, for error messages
}

// Patience with children.
const (
	startTimeout = 10 * time.Minute // a server may have a long journal to replay
	stopTimeout  = time.Minute      // after SIGTERM; a server writes its checkpoint then
	lastWords    = time.Second      // to read what it printed before it ended
	tailLines    = 20
)

// listening is what a server prints, with its address behind it, once it can be connected to.
const listening = "listening on "

// spawn starts a process, whose output is read to its end. Each line is also given to see.
func spawn(name string, argv []string, see func(line string)) (*child, error) {
	c := &child{name: name, cmd: exec.Command(argv[0], argv[1:]...), exited: make(chan struct{})}
	dieWithParent(c.cmd)
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	c.cmd.Stdout, c.cmd.Stderr = w, w
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), r.Close(), w.Close())
	}
	_ = w.Close() // the child has its own
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read(r, see)
	}()
	go func() {
		c.exit = c.cmd.Wait()
		// What the child has started may hold the pipe open for ever.
		_ = r.SetReadDeadline(time.Now().Add(lastWords))
		<-read
		close(c.exited)
	}()
	return c, nil
}

// read takes in what the child prints, to the end.
func (c *child) read(r io.ReadCloser, see func(line string)) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		c.mu.Lock()
		c.tail = append(c.tail, lines.Text())
		c.tail = c.tail[max(0, len(c.tail)-tailLines):]
		c.mu.Unlock()
		see(lines.Text())
	}
	_, _ = io.Copy(io.Discard, r) // a line that is too long ends the scanner, not the child
	_ = r.Close()
}

// startListener starts a server that prints its address, and waits until it has.
func startListener(ctx context.Context, name string, argv []string) (*child, error) {
	addresses := make(chan string, 1)
	c, err := spawn(name, argv, func(line string) {
		if _, address, ok := strings.Cut(line, listening); ok {
			select {
			case addresses <- strings.Trim(strings.Fields(address + " ")[0], `"',.`):
			default:
			}
		}
	})
	if err != nil {
		return nil, err
	}
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case c.address = <-addresses:
		return c, nil
	case <-c.exited:
		return nil, fmt.Errorf("%s ended before it listened: %v\n%s", name, c.exit, c.lastLines())
	case <-timeout.C:
		err = fmt.Errorf("%s does not listen after %v\n%s", name, startTimeout, c.lastLines())
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(err, c.kill())
}

func (c *child) pid() int { return c.cmd.Process.Pid }

func (c *child) lastLines() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.tail, "\n")
}

// running reports whether the child has not ended yet.
func (c *child) running() bool {
	select {
	case <-c.exited:
		return false
	default:
		return true
	}
}

// stop asks the child to end, waits, and says how it ended.
func (c *child) stop() error {
	if !c.running() {
		return fmt.Errorf("%s had ended on its own: %v\n%s", c.name, c.exit, c.lastLines())
	}
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	select {
	case <-c.exited:
	case <-time.After(stopTimeout):
		return errors.Join(fmt.Errorf("%s does not end after %v", c.name, stopTimeout), c.kill())
	}
	if c.exit != nil {
		return fmt.Errorf("%s: %w\n%s", c.name, c.exit, c.lastLines())
	}
	return nil
}

// kill ends the child as a power cut would end it, except for what the system has yet to write.
func (c *child) kill() error {
	if err := c.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	<-c.exited
	return nil
}
