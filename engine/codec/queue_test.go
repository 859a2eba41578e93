package codec

import (
	"testing"

	"holdfast/engine/core"
)

func goldenQueues() []golden {
	const slot7 = core.SlotMask(1 << 7)
	id := core.MakeSaleID(7, 2)
	counters := core.QueueCounters{Reserved: 8_192, Drawn: 5_000, Admitted: 1_200, Settled: 900, Opened: true}
	image := core.QueueImage{Sale: id, Counters: counters}
	return []golden{
		goldenCommand("advance_queue", "the queue of sale 2 of slot 7: 8192 tickets reserved, the first 5000 drawn, 1200 had their turn, 900 settled",
			core.Command{Kind: core.CommandAdvanceQueue, Mask: slot7, Sale: id, Queue: counters}),
		goldenEvent("queue_advanced", "the same, done", core.Event{Kind: core.EventQueueAdvanced, Queue: image}),
		goldenImage("image_queue", "the same", image, AppendQueueImage, DecodeQueueImage),
	}
}

func TestMalformedQueues(t *testing.T) {
	advance := func(body ...any) []byte { return frame(core.CommandAdvanceQueue, 0, body...) }
	good := advance(64, 9, 7, 5, 3, 1)
	if err := decodeCommand(good); err != nil {
		t.Fatal(err)
	}
	checkMalformed(t, decodeCommand, []malformed{
		{"sale of none", advance(0, 9, 7, 5, 3, 1), frameFixed, "number of a sale"},
		{"reserved", advance(64, uvarintOf(1<<32), 7, 5, 3, 1), frameFixed + 1, "counter"},
		{"drawn", advance(64, 9, uvarintOf(1<<32), 5, 3, 1), frameFixed + 2, "counter"},
		{"opened", advance(64, 9, 7, 5, 3, 2), frameFixed + 5, "opened"},
		{"more drawn than reserved", advance(64, 9, 10, 5, 3, 1), frameFixed, "contradict"},
		{"more admitted than reserved", advance(64, 9, 7, 10, 3, 1), frameFixed, "contradict"},
		{"more settled than admitted", advance(64, 9, 7, 5, 6, 1), frameFixed, "contradict"},
		{"admitted before it opened", advance(64, 9, 0, 5, 3, 0), frameFixed, "contradict"},
		{"drawn before it opened", advance(64, 9, 7, 0, 0, 0), frameFixed, "contradict"},
		{"cut", advance(64, 9, 7, 5), frameFixed + 4, ""},
	})
}
