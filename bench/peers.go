package bench

import (
	"context"
	"errors"
	"fmt"
)

// redisName is the contender's name, or begins it.
const redisName = "redis"

// redisConnections is how many connections pipeline to Redis against a batch mode.
const redisConnections = 64

// entrants starts the peers and gives everybody who takes part, the server first, and how to end the
// peers. What is missing is told in the comparison's notes.
func (t *trial) entrants(ctx context.Context, c *Comparison) (all []*entrant, stop func() error, err error) {
	var children []*child
	stop = func() error {
		var errs []error
		for _, ch := range children {
			errs = append(errs, ch.stop())
		}
		return errors.Join(errs...)
	}
	all = append(all, &entrant{
		Contender: Contender{Name: "holdfast", Explained: "durable orders", Connections: t.config.Connections, Batch: t.config.Batch},
		pid:       t.subject.pid(),
		load: func() *load {
			t.source.allow(t.config.Orders)
			return t.subjectLoad()
		},
	})
	echo, err := t.startEcho(ctx)
	if err != nil {
		return nil, stop, err
	}
	children = append(children, echo)
	all = append(all, t.echoEntrant(echo))

	path := findRedis(t.config.RedisServer)
	if path == "" {
		c.Notes = append(c.Notes, "Redis is left out: redis-server is not installed")
		return all, stop, nil
	}
	dir, err := t.space.dir("redis")
	if err != nil {
		return nil, stop, err
	}
	redis, err := startRedis(ctx, path, dir, t.work)
	if err != nil {
		return nil, stop, err
	}
	children = append(children, redis.child)
	t.redis = redis
	return append(all, t.redisEntrants(redis, redis.version(ctx))...), stop, nil
}

func (t *trial) startEcho(ctx context.Context) (*child, error) {
	executable, err := t.config.holdfast()
	if err != nil {
		return nil, err
	}
	return startListener(ctx, "echo", append([]string{executable}, t.config.EchoArgs...))
}

// echoEntrant sends the server's own requests to a server that does nothing.
func (t *trial) echoEntrant(ch *child) *entrant {
	from := &counter{}
	return &entrant{
		Contender: Contender{
			Name: "echo", Explained: "a bare fasthttp server that answers the same requests with a constant",
			Connections: t.config.Connections, Batch: t.config.Batch,
		},
		pid: ch.pid(),
		load: func() *load {
			from.allow(t.config.Orders)
			return &load{address: ch.address, connections: t.config.Connections, script: func(int) script {
				return &orderScript{form: t.form(), work: t.work, source: from, batch: t.config.Batch}
			}}
		},
	}
}

// redisEntrants are Redis at the server's own connections for single orders, and pipelined for
// batches. All of them drive one Redis, each with ordinals of its own.
func (t *trial) redisEntrants(p *redisPeer, version string) []*entrant {
	connections, depths := redisConnections, t.config.RedisPipelines
	if t.config.Mode == Single {
		connections, depths = t.config.Connections, []int{1}
	}
	var all []*entrant
	for _, depth := range depths {
		name := redisName
		if depth > 1 {
			name = fmt.Sprintf("%s %d×%d", redisName, connections, depth)
		}
		all = append(all, &entrant{
			Contender: Contender{
				Name: name, Connections: connections, Batch: depth,
				Explained: fmt.Sprintf("Redis %s, a Lua script per order, appendfsync always", version),
			},
			pid: p.pid(),
			load: func() *load {
				p.source.allow(t.config.Orders)
				return &load{address: p.address, connections: connections, script: func(int) script {
					return &orderScript{
						form: &redisForm{work: t.work, digest: p.digest}, work: t.work, source: &p.source, book: &p.book, batch: depth,
					}
				}}
			},
		})
	}
	return all
}

// checkRedis makes sure that Redis, too, has what it acknowledged: a peer that loses its work is no
// measure.
func (t *trial) checkRedis(ctx context.Context) error {
	if t.redis == nil {
		return nil
	}
	there, err := t.redis.orders(ctx, t.config.SKUs)
	if err != nil {
		return err
	}
	if want := int64(t.redis.book.acks.len()); there != want {
		return fmt.Errorf("redis acknowledged %d orders and holds %d", want, there)
	}
	return nil
}
