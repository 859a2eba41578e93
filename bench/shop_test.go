package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/valyala/fasthttp"

	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// shop is the contract in a hundred lines and in memory, with the lies that a verification has to
// find. SKUs, customers and lines are what the generator sends, so parsing is left to encoding/json.
type shop struct {
	mu     sync.Mutex
	skus   map[string]*level
	names  []string
	orders map[uint64]*orderAnswer
	keys   map[string]uint64
	taken  map[string]uint64 // external ids
	lives  map[uint64]*shopLife
	next   uint64
	lies
}

// lies are promises that a shop breaks.
type lies struct {
	forget      uint64 // the order of this number is not kept
	repeat      uint64 // the order of this number is given the number before it
	keepUnits   uint64 // the order of this number takes no units
	oversell    bool   // stock is not looked at
	badAudit    bool
	wrongStatus bool
	keepTaken   bool  // an order stays placed when it is cancelled
	freeID      bool  // an external id may be used again
	noKeys      bool  // keys are not remembered
	ignored     stage // of lives: what it says is done and is not, or refuses
	refuse      bool
	keepBack    bool // what comes back is not in stock
	shipMore    bool // twice as many units leave as were sold
	openTask    bool // somebody is asked for a payment
}

type shopLine struct {
	SKU      string `json:"sku"`
	Quantity int64  `json:"quantity"`
}

type shopOrder struct {
	Op       string     `json:"op"`
	Key      string     `json:"idempotency_key"`
	Customer string     `json:"customer"`
	External string     `json:"external_id"`
	Lines    []shopLine `json:"lines"`
}

// start serves the shop until the test ends and gives its URL.
func (s *shop) start(t *testing.T) string {
	t.Helper()
	s.skus, s.orders, s.keys = map[string]*level{}, map[uint64]*orderAnswer{}, map[string]uint64{}
	s.taken, s.lives = map[string]uint64{}, map[uint64]*shopLife{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &fasthttp.Server{Handler: s.serve, MaxRequestBodySize: 16 << 20}
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { _ = ln.Close() })
	return "http://" + ln.Addr().String()
}

func (s *shop) serve(c *fasthttp.RequestCtx) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method, path := string(c.Method()), string(c.Path())
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "/readyz", method == "PUT" && parts[1] == "channels":
	case path == "/v1/payments/tasks" && s.openTask:
		c.SetBodyString(`{"items":[{"number":2}]}`)
	case path == "/v1/payments/tasks":
		c.SetBodyString(`{"items":[]}`)
	case method == "PUT":
		if s.skus[parts[2]] == nil {
			s.skus[parts[2]] = &level{}
			s.names = append(s.names, parts[2])
		}
	case path == "/v1/stock/adjustments":
		s.adjust(c.PostBody())
	case path == "/v1/audit" && len(s.lives) > 0:
		s.auditLives(c)
	case path == "/v1/audit":
		fmt.Fprintf(c, `{"sequence":1,"ok":%t,"violations":[],"orders":%d,"holds":0}`, !s.badAudit, len(s.orders))
	case path == "/v1/orders":
		s.single(c)
	case path == "/v1/batch":
		s.batch(c)
	case len(parts) == 4 && parts[3] == "availability":
		s.answer(c, s.skus[parts[2]])
	case parts[1] == "skus":
		fmt.Fprintf(c, `{"number":%d}`, s.number(parts[2]))
	case len(parts) == 4 && parts[3] == "cancel":
		s.cancel(c, parts[2])
	case parts[1] == "orders" && len(parts) > 3 && method == "POST":
		s.live(c, parts[2], "/"+strings.Join(parts[3:], "/"))
	case parts[1] == "orders":
		s.read(c, parts[2])
	default:
		c.SetStatusCode(404)
	}
}

func (s *shop) answer(c *fasthttp.RequestCtx, v any) {
	text, _ := json.Marshal(v)
	c.SetBody(text)
}

func (s *shop) number(name string) int {
	for i, n := range s.names {
		if n == name {
			return i
		}
	}
	return -1
}

func (s *shop) adjust(body []byte) {
	var rows struct {
		Adjustments []struct {
			SKU   string `json:"sku"`
			Delta int64  `json:"delta"`
		} `json:"adjustments"`
	}
	_ = json.Unmarshal(body, &rows)
	for _, r := range rows.Adjustments {
		s.skus[r.SKU].OnHand += r.Delta
		s.skus[r.SKU].Available += r.Delta
	}
}

// place gives a number, 0 for refused, and whether the key was known.
func (s *shop) place(o *shopOrder) (number uint64, replayed bool) {
	if number := s.keys[o.Key]; o.Key != "" && number != 0 && !s.noKeys {
		return number, true
	}
	for _, l := range o.Lines {
		if s.skus[l.SKU].Available < l.Quantity && !s.oversell {
			return 0, false
		}
	}
	s.next++
	number = s.next
	s.keys[o.Key] = number
	made := &orderAnswer{ID: string(appendOrderID(nil, number)), Status: "placed", Customer: o.Customer}
	if s.wrongStatus {
		made.Status = "cancelled"
	}
	for _, l := range o.Lines {
		if number != s.keepUnits {
			s.skus[l.SKU].Available -= l.Quantity
			s.skus[l.SKU].Allocated += l.Quantity
		}
		made.Lines = append(made.Lines, struct {
			SKU         string `json:"sku"`
			Quantity    int64  `json:"quantity"`
			Allocations []struct {
				Quantity int64 `json:"quantity"`
			} `json:"allocations"`
		}{l.SKU, l.Quantity, []struct {
			Quantity int64 `json:"quantity"`
		}{{l.Quantity}}})
	}
	if number != s.forget {
		s.orders[number] = made
	}
	if number == s.repeat {
		number--
	}
	return number, false
}

func (s *shop) single(c *fasthttp.RequestCtx) {
	var o shopOrder
	_ = json.Unmarshal(c.PostBody(), &o)
	o.Key = string(c.Request.Header.Peek("Idempotency-Key"))
	owner := s.taken[o.External]
	if owner != 0 && s.keys[o.Key] != owner && !s.freeID {
		c.SetStatusCode(409)
		fmt.Fprintf(c, `{"type":"about:blank","status":409,"code":"duplicate_external_id","order_id":"%s"}`, appendOrderID(nil, owner))
		return
	}
	number, replayed := s.place(&o)
	if o.External != "" {
		s.taken[o.External] = number
	}
	if number == 0 {
		c.SetStatusCode(409)
		c.SetBodyString(`{"type":"about:blank","status":409,"code":"insufficient_stock"}`)
		return
	}
	if replayed {
		c.Response.Header.Set("Idempotent-Replayed", "true")
	}
	s.beginLife(number, c.PostBody())
	c.SetStatusCode(201)
	fmt.Fprintf(c, `{"id":"%s","status":"placed"}`, appendOrderID(nil, number))
}

func (s *shop) cancel(c *fasthttp.RequestCtx, id string) {
	number, _ := parseOrderID([]byte(id))
	if o := s.orders[number]; o != nil && !s.keepTaken {
		o.Status = "cancelled"
		for _, l := range o.Lines {
			s.skus[l.SKU].Available += l.Quantity
			s.skus[l.SKU].Allocated -= l.Quantity
		}
	}
	fmt.Fprintf(c, `{"id":"%s","status":"cancelled"}`, id)
}

func (s *shop) batch(c *fasthttp.RequestCtx) {
	if string(c.Request.Header.ContentType()) == codec.BatchMediaType {
		s.binaryBatch(c)
		return
	}
	for _, line := range bytes.Split(bytes.TrimSpace(c.PostBody()), []byte{'\n'}) {
		var o shopOrder
		if err := json.Unmarshal(line, &o); err != nil || o.Op != "place_order" {
			fmt.Fprintln(c, `{"status":400,"code":"malformed_json"}`)
		} else if number, _ := s.place(&o); number == 0 {
			fmt.Fprintln(c, `{"status":409,"code":"insufficient_stock"}`)
		} else {
			fmt.Fprintf(c, `{"status":201,"id":"%s"}`+"\n", appendOrderID(nil, number))
		}
	}
}

func (s *shop) binaryBatch(c *fasthttp.RequestCtx) {
	count, frames, err := codec.DecodeBatch(c.PostBody())
	if err != nil {
		c.SetStatusCode(400)
		return
	}
	out := codec.AppendAnswerHeader(nil, count, 1)
	var command core.Command
	for range count {
		n, err := codec.DecodeCommand(frames, &command)
		if err != nil {
			c.SetStatusCode(400)
			return
		}
		frames = frames[n:]
		o := shopOrder{Key: string(command.Key[:]), Customer: string(command.Customer)}
		for _, l := range command.Lines {
			o.Lines = append(o.Lines, shopLine{s.names[l.SKU], int64(l.Quantity)})
		}
		if !command.HasKey {
			o.Key = ""
		}
		number, replayed := s.place(&o)
		a := codec.Answer{Status: 201, Order: number, Replayed: replayed}
		if number == 0 {
			a = codec.Answer{Status: 409, Reason: core.ReasonInsufficientStock}
		}
		out = codec.AppendAnswer(out, a)
	}
	c.SetBody(out)
}

func (s *shop) read(c *fasthttp.RequestCtx, id string) {
	number, ok := parseOrderID([]byte(id))
	if !ok || s.orders[number] == nil {
		c.SetStatusCode(404)
		c.SetBodyString(`{"status":404,"code":"order_not_found","id":` + strconv.Quote(id) + `}`)
		return
	}
	switch o := s.lives[number]; {
	case o == nil:
		s.answer(c, s.orders[number])
	case strings.HasSuffix(string(c.Path()), "/fulfillments") && !o.picked:
		c.SetBodyString(`{"items":[]}`)
	case strings.HasSuffix(string(c.Path()), "/fulfillments"):
		c.SetBodyString(`{"items":[{"number":1,"status":"closed","lines":[]}]}`)
	case strings.HasSuffix(string(c.Path()), "/returns"):
		s.answer(c, o.returns)
	default:
		s.answer(c, o.lifeAnswer)
	}
}
