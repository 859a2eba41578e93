package bench

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// The scripts that place an order in Redis: check the stock, take it, write the order as a hash. They
// ask for less than the server does: the order's number is the client's, nothing sums what was sold,
// and no feed is written.
const (
	// redisOrder places an order of one line. KEYS: stock, order. ARGV: quantity, customer, SKU.
	redisOrder = `if tonumber(redis.call('GET',KEYS[1])) < tonumber(ARGV[1]) then return 0 end
redis.call('DECRBY',KEYS[1],ARGV[1])
redis.call('HSET',KEYS[2],'customer',ARGV[2],'sku',ARGV[3],'quantity',ARGV[1],'status','placed')
return 1`
	// redisOrderOnce does the same once for an order's key.
	redisOrderOnce = `if redis.call('EXISTS',KEYS[2]) == 1 then return 2 end
` + redisOrder
	// redisBasket places an order of several lines, all or nothing. KEYS: order, stocks. ARGV: customer,
	// quantities.
	redisBasket = `local want = {}
for i = 2,#KEYS do want[KEYS[i]] = (want[KEYS[i]] or 0) + tonumber(ARGV[i]) end
for k,q in pairs(want) do if tonumber(redis.call('GET',k)) < q then return 0 end end
for k,q in pairs(want) do redis.call('DECRBY',k,q) end
local lines = {}
for i = 2,#KEYS do lines[#lines+1] = KEYS[i] .. '=' .. ARGV[i] end
redis.call('HSET',KEYS[1],'customer',ARGV[1],'lines',table.concat(lines,' '),'status','placed')
return 1`
	// redisBasketOnce does the same once for an order's key.
	redisBasketOnce = `if redis.call('EXISTS',KEYS[1]) == 1 then return 2 end
` + redisBasket
)

// redisScriptFor chooses the script that a workload's orders need.
func redisScriptFor(spec *workloadSpec) string {
	switch {
	case spec.Scenario == Basket && spec.Keys:
		return redisBasketOnce
	case spec.Scenario == Basket:
		return redisBasket
	case spec.Keys:
		return redisOrderOnce
	default:
		return redisOrder
	}
}

// redisForm is as many calls of the script in one write as an order script's batch has orders.
type redisForm struct {
	work    *workload
	digest  string // of the script, as Redis names it
	out     []byte
	arg     []byte
	count   int
	replies []byte
}

func (f *redisForm) begin() { f.out, f.count = f.out[:0], 0 }

func (f *redisForm) order(o *order) {
	f.count++
	if f.work.spec.Scenario == Basket {
		f.basket(o)
		return
	}
	f.call(8, 2)
	f.stockKey(o.lines[0].sku)
	f.orderKey(o)
	f.number(o.lines[0].quantity)
	f.customer(o)
	f.arg = appendSKUName(f.arg[:0], o.lines[0].sku)
	f.argument()
}

func (f *redisForm) basket(o *order) {
	f.call(3+2*(1+o.count), 1+o.count)
	f.orderKey(o)
	for _, line := range o.lines[:o.count] {
		f.stockKey(line.sku)
	}
	f.customer(o)
	for _, line := range o.lines[:o.count] {
		f.number(line.quantity)
	}
}

// call begins EVALSHA with so many words in all, and so many keys.
func (f *redisForm) call(words, keys int) {
	f.out = append(f.out, '*')
	f.out = strconv.AppendInt(f.out, int64(words), 10)
	f.out = append(f.out, "\r\n$7\r\nEVALSHA\r\n"...)
	f.arg = append(f.arg[:0], f.digest...)
	f.argument()
	f.number(int64(keys))
}

// argument appends f.arg as one word of the command.
func (f *redisForm) argument() { f.out = appendWord(f.out, f.arg) }

func (f *redisForm) number(n int64) {
	f.arg = strconv.AppendInt(f.arg[:0], n, 10)
	f.argument()
}

func (f *redisForm) stockKey(sku int) {
	f.arg = appendRedisStock(f.arg[:0], sku)
	f.argument()
}

// orderKey names the order by its idempotency key, or by its ordinal when it has none.
func (f *redisForm) orderKey(o *order) {
	f.arg = append(f.arg[:0], 'o', ':')
	if f.work.spec.Keys {
		f.arg = appendKey(f.arg, f.work.key(o.ordinal))
	} else {
		f.arg = appendHex(f.arg, o.ordinal, 12)
	}
	f.argument()
}

func (f *redisForm) customer(o *order) {
	f.arg = appendCustomer(f.arg[:0], o.customer)
	f.argument()
}

// hold is the same as order: Redis is compared by orders only.
func (f *redisForm) hold(o *order) { f.order(o) }

// follow adds nothing, for the same reason.
func (f *redisForm) follow(uint64, fate) {}

func (f *redisForm) finish() []byte { return f.out }

// parse waits for a line per call: every reply is an integer or an error.
func (f *redisForm) parse(buf []byte) (int, error) {
	if len(buf) == 0 || buf[len(buf)-1] != '\n' || bytes.Count(buf, []byte{'\n'}) < f.count {
		return 0, nil
	}
	f.replies = buf
	return len(buf), nil
}

var errRedisReply = errors.New("redis reply is not an integer")

// answers gives every order the number 1: its name is the client's own.
func (f *redisForm) answers(dst []answer) ([]answer, error) {
	for replies := f.replies; len(replies) > 0; {
		end := bytes.IndexByte(replies, '\n')
		line := bytes.TrimSuffix(replies[:end], []byte{'\r'})
		replies = replies[end+1:]
		switch string(line) {
		case ":1":
			dst = append(dst, answer{done: true, number: 1})
		case ":2":
			dst = append(dst, answer{done: true, replayed: true, number: 1})
		case ":0":
			dst = append(dst, answer{code: 0})
		default:
			return dst, fmt.Errorf("%w: %.120q", errRedisReply, line)
		}
	}
	return dst, nil
}

// appendWord appends a word of a Redis command.
func appendWord(dst, word []byte) []byte {
	dst = append(dst, '$')
	dst = strconv.AppendInt(dst, int64(len(word)), 10)
	dst = append(dst, '\r', '\n')
	dst = append(dst, word...)
	return append(dst, '\r', '\n')
}

// appendRedisStock appends the key under which Redis keeps a SKU's units.
func appendRedisStock(dst []byte, sku int) []byte {
	return appendSKUName(append(dst, 's', ':'), sku)
}
