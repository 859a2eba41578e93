package codec

import (
	"math"

	"holdfast/engine/core"
)

// appendQueue appends how far the line before a sale has come.
func appendQueue(dst []byte, sale core.SaleID, q *core.QueueCounters) []byte {
	dst = appendUvarint(dst, uint64(sale))
	dst = appendUvarint(dst, uint64(q.Reserved))
	dst = appendUvarint(dst, uint64(q.Drawn))
	dst = appendUvarint(dst, uint64(q.Admitted))
	dst = appendUvarint(dst, uint64(q.Settled))
	return appendBool(dst, q.Opened)
}

func (c *cursor) queue() (sale core.SaleID, q core.QueueCounters) {
	at := c.pos
	sale = c.saleID()
	q.Reserved = c.queueCounter()
	q.Drawn = c.queueCounter()
	q.Admitted = c.queueCounter()
	q.Settled = c.queueCounter()
	q.Opened = c.bool("mark of an opened queue is not 0 or 1")
	if !q.Sound() {
		c.fail(at, "counters of a queue contradict each other")
	}
	return sale, q
}

func (c *cursor) queueCounter() uint32 {
	return uint32(c.upTo(math.MaxUint32, "counter of a queue exceeds 32 bits"))
}

// AppendQueueImage appends how far the line before a sale has come.
func AppendQueueImage(dst []byte, q *core.QueueImage) []byte {
	return appendQueue(dst, q.Sale, &q.Counters)
}

// DecodeQueueImage reads the image that src begins with into q and gives its length.
func DecodeQueueImage(src []byte, q *core.QueueImage) (int, error) {
	c := cursor{buf: src}
	c.queueImage(q)
	return c.done()
}

func (c *cursor) queueImage(q *core.QueueImage) { q.Sale, q.Counters = c.queue() }
