package queue

// pace measures how fast a line moves: its watermark at the last few instants.
type pace struct {
	samples [paceSamples]paceSample
	count   int // noted so far
}

type paceSample struct {
	at        int64
	watermark uint32
}

const (
	paceSamples = 32
	paceStep    = 5_000  // between two samples, in milliseconds
	paceLeast   = 2_000  // what must have been measured for a pace to be known
	paceStale   = 60_000 // a line that stood for so long has no pace
)

// note remembers where the watermark is, at most every few seconds; the newest sample always follows it.
func (p *pace) note(watermark uint32, now int64) {
	if p.count > 1 && now-p.last(1).at < paceStep {
		p.count--
	}
	p.samples[p.count%paceSamples] = paceSample{now, watermark}
	p.count++
}

// last is the newest sample but i.
func (p *pace) last(i int) *paceSample { return &p.samples[(p.count-1-i)%paceSamples] }

// moved is how many ranks passed in how much time.
func (p *pace) moved(now int64) (ranks, millis int64) {
	if p.count < 2 || now-p.last(0).at > paceStale {
		return 0, 0
	}
	first := p.last(min(p.count, paceSamples) - 1)
	return int64(p.last(0).watermark) - int64(first.watermark), now - first.at
}

// estimate is how long it takes until so many have passed, in milliseconds; −1 when not known.
func (p *pace) estimate(position, now int64) int64 {
	ranks, millis := p.moved(now)
	if ranks <= 0 || millis < paceLeast {
		return -1
	}
	return (position + 1) * millis / ranks
}

// perMinute is how many pass in a minute; −1 when not known.
func (p *pace) perMinute(now int64) int64 {
	ranks, millis := p.moved(now)
	if millis < paceLeast {
		return -1
	}
	return ranks * 60_000 / millis
}
