package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// redisPeer is a Redis of our own: every write is synced before it is answered, and nothing else
// disturbs it, not even the rewriting of its file.
type redisPeer struct {
	*child
	digest string  // of the script
	source counter // of its ordinals
	book   book
}

// findRedis gives the path of redis-server, empty when there is none.
func findRedis(configured string) string {
	if configured == "" {
		configured = "redis-server"
	}
	path, err := exec.LookPath(configured)
	if err != nil {
		return ""
	}
	return path
}

// startRedis starts Redis on a directory, loads the script and stocks the SKUs.
func startRedis(ctx context.Context, path, dir string, work *workload) (*redisPeer, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	c, err := spawn("redis-server", []string{
		path, "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", dir,
		"--appendonly", "yes", "--appendfsync", "always", "--save", "",
		"--auto-aof-rewrite-percentage", "0", "--daemonize", "no",
	}, func(string) {})
	if err != nil {
		return nil, err
	}
	p := &redisPeer{child: c}
	p.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	if err := p.prepare(ctx, work); err != nil {
		return nil, errors.Join(err, p.kill())
	}
	return p, nil
}

// freePort finds a port that nobody listens on.
func freePort() (int, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	return port, ln.Close()
}

func (p *redisPeer) prepare(ctx context.Context, work *workload) error {
	conn, err := p.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	if p.digest, err = redisCall(conn, r, "SCRIPT", "LOAD", redisScriptFor(&work.spec)); err != nil {
		return err
	}
	return redisStock(conn, r, work)
}

// connect waits until Redis answers.
func (p *redisPeer) connect(ctx context.Context) (net.Conn, error) {
	for patience := 200; ; patience-- {
		conn, err := net.Dial("tcp", p.address)
		if err == nil {
			return conn, nil
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case patience == 0 || !p.running():
			return nil, fmt.Errorf("redis-server does not listen: %w\n%s", err, p.lastLines())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// redisStock sets the units of every SKU, many with one sync.
func redisStock(conn net.Conn, r *bufio.Reader, work *workload) error {
	const chunk = 1000
	stock := strconv.FormatInt(work.spec.Stock, 10)
	for first := 0; first < work.spec.SKUs; first += chunk {
		words := []string{"MSET"}
		for sku := first; sku < min(first+chunk, work.spec.SKUs); sku++ {
			words = append(words, string(appendRedisStock(nil, sku)), stock)
		}
		if _, err := redisCall(conn, r, words...); err != nil {
			return err
		}
	}
	return nil
}

// orders counts the orders that Redis holds: every key that is not a stock.
func (p *redisPeer) orders(ctx context.Context, skus int) (int64, error) {
	conn, err := p.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	reply, err := redisCall(conn, bufio.NewReader(conn), "DBSIZE")
	if err != nil {
		return 0, err
	}
	keys, err := strconv.ParseInt(reply, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("redis: DBSIZE: %w", err)
	}
	return keys - int64(skus), nil
}

// version asks Redis what it is.
func (p *redisPeer) version(ctx context.Context) string {
	conn, err := p.connect(ctx)
	if err != nil {
		return ""
	}
	defer conn.Close()
	reply, err := redisCall(conn, bufio.NewReader(conn), "INFO", "server")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(reply) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "redis_version:"); ok {
			return v
		}
	}
	return ""
}

// redisCall says one command and gives the reply: a line, or a text of known length.
func redisCall(conn net.Conn, r *bufio.Reader, words ...string) (string, error) {
	out := append(strconv.AppendInt([]byte{'*'}, int64(len(words)), 10), '\r', '\n')
	for _, w := range words {
		out = appendWord(out, []byte(w))
	}
	if _, err := conn.Write(out); err != nil {
		return "", fmt.Errorf("redis: %w", err)
	}
	line, err := r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("redis: %w", err)
	}
	line = strings.TrimRight(line, "\r\n")
	switch {
	case line == "" || line[0] == '-':
		return "", fmt.Errorf("redis: %s: %s", words[0], line)
	case line[0] != '$':
		return line[1:], nil
	}
	length, err := strconv.Atoi(line[1:])
	if err != nil || length < 0 {
		return "", fmt.Errorf("redis: %s: %s", words[0], line)
	}
	text := make([]byte, length+2)
	for n := 0; n < len(text); {
		m, err := r.Read(text[n:])
		if err != nil {
			return "", fmt.Errorf("redis: %w", err)
		}
		n += m
	}
	return string(text[:length]), nil
}
