package server

import (
	"strconv"

	"holdfast/engine/core"
)

// parseTracking reads the body of POST /v1/orders/{order}/shipments/{shipment}/tracking.
func (in *intake) parseTracking(body []byte) {
	in.begin(core.CommandTrackShipment, body)
	life := &core.LifeRequest{}
	in.command.Life = life
	if in.object() {
		hasReports := false
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "reports":
				hasReports = true
				in.trackingReports(life)
			case !in.noteField(life, name):
				in.unknown()
			}
		}
		if !hasReports {
			in.missing("reports")
		}
	}
	in.end()
}

func (in *intake) trackingReports(life *core.LifeRequest) {
	if !in.array() {
		return
	}
	count := 0
	for in.more() {
		if count++; count > core.MaxTracked {
			in.skipRest()
			break
		}
		life.Reports = append(life.Reports, in.trackingReport())
	}
	if count == 0 || count > core.MaxTracked {
		in.report(codeInvalidLength, "must have 1 to "+strconv.Itoa(core.MaxTracked)+" items")
	}
}

func (in *intake) trackingReport() (r core.TrackingReport) {
	if !in.object() {
		return r
	}
	before, hasTime := len(in.faults), false
	for in.more() {
		switch string(in.name()) {
		case "status":
			r.Status = core.ShipmentStatus(in.oneOf(reportedStatuses))
		case "at":
			r.At, hasTime = in.instant(), true
		case "id":
			r.ID = in.text(&reasonRule)
		default:
			in.unknown()
		}
	}
	if len(in.faults) == before && r.Status == 0 {
		in.missing("status")
	}
	if !hasTime {
		in.missing("at")
	}
	return r
}

// reportedStatuses are those that a carrier reports: not that a shipment has left.
var reportedStatuses = func() []string {
	names := append([]string(nil), shipmentStatuses[:]...)
	names[core.ShipmentShipped] = ""
	return names
}()

// parseTakeBack reads the body of POST /v1/orders/{order}/shipments/{shipment}/receive. The name of the location is left in locations, those of
// SKUs in skus.
func (in *intake) parseTakeBack(body []byte) {
	in.begin(core.CommandTakeBack, body)
	life := &core.LifeRequest{}
	in.command.Life = life
	if in.object() {
		for in.more() {
			name := in.name()
			switch {
			case string(name) == "location":
				in.locations = append(in.locations, in.text(&nameRule))
			case string(name) == "to":
				life.To = core.StockState(in.oneOf(stockStates[:]))
			case string(name) == "lines":
				in.rerouteLines()
			case !in.noteField(life, name):
				in.unknown()
			}
		}
	}
	in.end()
}
