package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// mortal is an own server that is killed and started again on the same directory and the same address.
type mortal struct {
	config   *Config
	data     string
	base     string        // its URL, which stays the same
	patience time.Duration // between a broken connection and the news that the server died

	mu      sync.Mutex
	subject *subject
	up      chan struct{} // closed while the server can be talked to
	deaths  int
	died    chan struct{} // closed at the next death
}

func startMortal(ctx context.Context, c *Config, data string) (*mortal, error) {
	s, err := openSubject(ctx, c, data)
	if err != nil {
		return nil, err
	}
	m := &mortal{config: c, data: data, base: s.base, patience: deathTimeout, subject: s, up: make(chan struct{}), died: make(chan struct{})}
	close(m.up)
	return m, nil
}

// await waits until the server can be talked to, and tells how often it has died by then.
func (m *mortal) await(ctx context.Context) (deaths int, err error) {
	for {
		m.mu.Lock()
		up, deaths := m.up, m.deaths
		m.mu.Unlock()
		select {
		case <-up:
			return deaths, nil
		default:
		}
		select {
		case <-up:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// deathTimeout is how long a death may take to become known on a busy machine.
const deathTimeout = 20 * time.Second

// awaitDeath waits until it is known that the server has died more often than that. A connection to a server that lives
// must not break, which is an error here.
func (m *mortal) awaitDeath(ctx context.Context, deaths int) error {
	timeout := time.NewTimer(m.patience)
	defer timeout.Stop()
	for {
		m.mu.Lock()
		known, died := m.deaths, m.died
		m.mu.Unlock()
		if known > deaths {
			return nil
		}
		select {
		case <-died:
		case <-timeout.C:
			return errors.New("the connection broke and the server did not")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// kill ends the server at once and starts the next one.
func (m *mortal) kill(ctx context.Context) error {
	m.mu.Lock()
	m.up = make(chan struct{})
	m.mu.Unlock()
	if err := m.subject.child.kill(); err != nil {
		return err
	}
	m.mu.Lock()
	m.deaths++
	close(m.died)
	m.died = make(chan struct{})
	m.mu.Unlock()
	m.subject.api.close()
	next, err := startSubject(ctx, m.config, m.data, m.subject.address())
	if err != nil {
		return fmt.Errorf("restart: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.subject = next
	close(m.up)
	return nil
}

// capture is a transport that keeps the last answer as it came: the same request must get the same bytes.
type capture struct {
	transport *http.Transport
	body      []byte
	replayed  bool
}

// RoundTrip sends a request and keeps the answer's body.
func (c *capture) RoundTrip(r *http.Request) (*http.Response, error) {
	c.body, c.replayed = nil, false
	answer, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err = errors.Join(err, answer.Body.Close()); err != nil {
		return nil, err
	}
	c.body, c.replayed = body, answer.Header.Get("Idempotent-Replayed") == "true"
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// CloseIdleConnections closes the connections that are idle.
func (c *capture) CloseIdleConnections() { c.transport.CloseIdleConnections() }
