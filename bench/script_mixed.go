package bench

import "fmt"

// mixedScript puts reads between the requests of another script: availabilities of SKUs that are
// wanted as in the orders, and the last orders that this connection placed.
type mixedScript struct {
	orders *orderScript
	share  float64 // of reads among all requests
	source counter // of random draws

	response
	start   []byte
	reading bool
	recent  [64]uint64 // numbers of orders
	placed  int
}

func (s *mixedScript) pending() bool { return s.orders.pending() }

func (s *mixedScript) next() []byte {
	draw := s.orders.work.random(streamRead, s.source.next.Add(1))
	s.reading = float64(draw>>11)/(1<<53) < s.share
	if !s.reading {
		return s.orders.next()
	}
	s.response.reset()
	return s.read(mix(draw))
}

// read asks for an order one time in five, once there is one, and else for an availability.
func (s *mixedScript) read(draw uint64) []byte {
	s.start = append(s.start[:0], "GET /v1/"...)
	if s.placed > 0 && draw%5 == 0 {
		s.start = append(s.start, "orders/"...)
		s.start = appendOrderID(s.start, s.recent[draw>>32%uint64(min(s.placed, len(s.recent)))])
	} else {
		s.start = append(s.start, "skus/"...)
		s.start = appendSKUName(s.start, s.orders.work.pick(mix(draw)))
		s.start = append(s.start, "/availability"...)
	}
	s.start = append(s.start, " HTTP/1.1\r\nHost: holdfast\r\n\r\n"...)
	return s.start
}

func (s *mixedScript) parse(buf []byte) (int, error) {
	if s.reading {
		return s.response.parse(buf)
	}
	return s.orders.parse(buf)
}

func (s *mixedScript) settle(o *outcome) error {
	if !s.reading {
		err := s.orders.settle(o)
		for _, e := range s.orders.entries {
			s.recent[s.placed%len(s.recent)] = e.number
			s.placed++
		}
		return err
	}
	if s.status != 200 {
		return fmt.Errorf("read answered with status %d: %.200q", s.status, s.response.body)
	}
	o.reads++
	return nil
}

func (s *mixedScript) lost() {
	if !s.reading {
		s.orders.lost()
	}
}
