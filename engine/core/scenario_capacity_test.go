package core_test

import (
	"fmt"
	"time"

	"holdfast/engine/core"
)

// capacityWords tells how many orders count at a location on the day of an order of now, as machine and model see it.
func (s *story) capacityWords(line *sentence) string {
	id := s.location(line.next())
	line.end()
	var image core.CapacityImage
	var location core.LocationImage
	s.shop.machine.ReadCapacity(id, s.now, &image)
	s.shop.machine.ReadLocation(id, &location)
	if want := s.shop.model.Capacity(id, s.now); want != image {
		line.fail("the machine says %+v, the model %+v", image, want)
	}
	most := "any number"
	if p := location.Settings.Shipping; p != nil && p.DailyCapacity > 0 {
		most = fmt.Sprint(p.DailyCapacity)
	}
	return fmt.Sprintf("%s: %d of %s on %s\n", location.Name, image.Booked, most, time.Unix(int64(image.Day)*86_400, 0).UTC().Format("January 2"))
}

// preview tells what an order or a hold would come to.
func (s *story) preview(line *sentence) string {
	line.word = line.next()
	c, _ := s.command(line)
	line.end()
	if c.Kind == core.CommandEditOrder {
		return s.previewEdit(&c)
	}
	c.Mask, _ = core.SlotsOf(&c)
	c.Mask |= s.shop.machine.SlotsNow(&c)
	var step core.Step
	outcome, ev, route := s.shop.machine.Preview(&step, &c, s.now)
	if outcome.Refusal != nil {
		return s.refusalWords(&c, outcome.Refusal)
	}
	return "it would be so:\n" + s.linesWords(&ev.Order) + s.routeWords(route)
}
