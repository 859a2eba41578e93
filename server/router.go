package server

import (
	"bytes"
	"slices"
	"sort"
	"strings"

	"github.com/valyala/fasthttp"
)

// method is an HTTP method that some route has.
type method uint8

const (
	methodGet method = iota
	methodPut
	methodPost
	methodDelete
	methodCount
)

var methodNames = [methodCount]string{"GET", "PUT", "POST", "DELETE"}

// bodyKind says what body the requests of a route have.
type bodyKind uint8

const (
	noBody       bodyKind = iota
	jsonBody              // JSON is required
	optionalBody          // JSON, or nothing for {}
	operatorBody          // the same, and from a web page a Content-Type that one of another origin cannot send
	batchBody             // NDJSON or binary commands
)

// route is one line of the contract.
type route struct {
	method  method
	pattern string // the last {variable} is the exchange's; others are read from the path
	body    bodyKind
	writes  bool // only a primary serves it: it writes, or tells what only the primary knows
	handle  func(*Server, *exchange)
	meter   routeMeter
}

// routes lists all that is served.
func routes() []*route {
	return slices.Concat(shopRoutes(), fulfilmentRoutes(), paymentRoutes(), returnRoutes())
}

// shopRoutes lists what is served of stock, holds, orders and operations, in the order of the contract.
func shopRoutes() []*route {
	return []*route{
		{method: methodGet, pattern: "/v1/locations", handle: (*Server).listLocations},
		{method: methodGet, pattern: "/v1/locations/{location}", handle: (*Server).getLocation},
		{method: methodPut, pattern: "/v1/locations/{location}", body: jsonBody, writes: true, handle: (*Server).putLocation},
		{method: methodGet, pattern: "/v1/channels", handle: (*Server).listChannels},
		{method: methodGet, pattern: "/v1/channels/{channel}", handle: (*Server).getChannel},
		{method: methodPut, pattern: "/v1/channels/{channel}", body: jsonBody, writes: true, handle: (*Server).putChannel},
		{method: methodGet, pattern: "/v1/routing", handle: (*Server).getRouting},
		{method: methodPost, pattern: "/v1/routing/preview", body: jsonBody, handle: (*Server).previewRouting},
		{method: methodGet, pattern: "/v1/orders/{order}/routing", handle: (*Server).getOrderRouting},
		{method: methodPut, pattern: "/v1/routing", body: jsonBody, writes: true, handle: (*Server).putRouting},
		{method: methodGet, pattern: "/v1/skus", handle: (*Server).listSKUs},
		{method: methodGet, pattern: "/v1/skus/{sku}", handle: (*Server).getSKU},
		{method: methodPut, pattern: "/v1/skus/{sku}", body: jsonBody, writes: true, handle: (*Server).putSKU},
		{method: methodGet, pattern: "/v1/skus/{sku}/availability", handle: (*Server).getAvailability},
		{method: methodGet, pattern: "/v1/skus/{sku}/movements", handle: (*Server).listMovements},
		{method: methodGet, pattern: "/v1/skus/{sku}/channels", handle: (*Server).listChannelRules},
		{method: methodGet, pattern: "/v1/skus/{sku}/channels/{channel}", handle: (*Server).getChannelRule},
		{method: methodPut, pattern: "/v1/skus/{sku}/channels/{channel}", body: jsonBody, writes: true, handle: (*Server).putChannelRule},
		{method: methodDelete, pattern: "/v1/skus/{sku}/channels/{channel}", writes: true, handle: (*Server).deleteChannelRule},
		{method: methodGet, pattern: "/v1/skus/{sku}/backorders", handle: (*Server).listBackorders},
		{method: methodGet, pattern: "/v1/skus/{sku}/components", handle: (*Server).getComponents},
		{method: methodPut, pattern: "/v1/skus/{sku}/components", body: jsonBody, writes: true, handle: (*Server).putComponents},
		{method: methodDelete, pattern: "/v1/skus/{sku}/components", writes: true, handle: (*Server).deleteComponents},
		{method: methodPost, pattern: "/v1/stock/adjustments", body: jsonBody, writes: true, handle: (*Server).adjustStock},
		{method: methodPost, pattern: "/v1/stock/movements", body: jsonBody, writes: true, handle: (*Server).moveStock},
		{method: methodGet, pattern: "/v1/sales", handle: (*Server).listSales},
		{method: methodGet, pattern: "/v1/sales/{sale}", handle: (*Server).getSale},
		{method: methodPut, pattern: "/v1/sales/{sale}", body: jsonBody, writes: true, handle: (*Server).putSale},
		{method: methodPost, pattern: "/v1/purchase-orders", body: jsonBody, writes: true, handle: (*Server).createInbound},
		{method: methodGet, pattern: "/v1/purchase-orders", handle: (*Server).listInbound},
		{method: methodGet, pattern: "/v1/purchase-orders/{number}", handle: (*Server).getInbound},
		{method: methodPost, pattern: "/v1/purchase-orders/{number}/order", body: optionalBody, writes: true, handle: (*Server).sendInbound},
		{method: methodPost, pattern: "/v1/purchase-orders/{number}/receive", body: jsonBody, writes: true, handle: (*Server).receiveInbound},
		{method: methodPost, pattern: "/v1/purchase-orders/{number}/close", body: jsonBody, writes: true, handle: (*Server).closeInbound},
		{method: methodPost, pattern: "/v1/purchase-orders/{number}/cancel", body: optionalBody, writes: true, handle: (*Server).cancelInbound},
		{method: methodPost, pattern: "/v1/transfers", body: jsonBody, writes: true, handle: (*Server).createInbound},
		{method: methodGet, pattern: "/v1/transfers", handle: (*Server).listInbound},
		{method: methodGet, pattern: "/v1/transfers/{number}", handle: (*Server).getInbound},
		{method: methodPost, pattern: "/v1/transfers/{number}/dispatch", body: optionalBody, writes: true, handle: (*Server).sendInbound},
		{method: methodPost, pattern: "/v1/transfers/{number}/receive", body: jsonBody, writes: true, handle: (*Server).receiveInbound},
		{method: methodPost, pattern: "/v1/transfers/{number}/close", body: jsonBody, writes: true, handle: (*Server).closeInbound},
		{method: methodPost, pattern: "/v1/transfers/{number}/cancel", body: optionalBody, writes: true, handle: (*Server).cancelInbound},
		{method: methodPost, pattern: "/v1/holds", body: jsonBody, writes: true, handle: (*Server).placeHold},
		{method: methodGet, pattern: "/v1/holds/{hold}", handle: (*Server).getHold},
		{method: methodDelete, pattern: "/v1/holds/{hold}", writes: true, handle: (*Server).releaseHold},
		{method: methodPost, pattern: "/v1/holds/{hold}/confirm", body: optionalBody, writes: true, handle: (*Server).confirmHold},
		{method: methodPost, pattern: "/v1/holds/{hold}/extend", body: optionalBody, writes: true, handle: (*Server).extendHold},
		{method: methodPost, pattern: "/v1/orders", body: jsonBody, writes: true, handle: (*Server).placeOrder},
		{method: methodGet, pattern: "/v1/orders", handle: (*Server).listOrders},
		{method: methodGet, pattern: "/v1/orders/{order}", handle: (*Server).getOrder},
		{method: methodPost, pattern: "/v1/orders/{order}/cancel", body: optionalBody, writes: true, handle: (*Server).cancelOrder},
		{method: methodPost, pattern: "/v1/orders/{order}/put-on-hold", body: jsonBody, writes: true, handle: (*Server).putOnHold},
		{method: methodPost, pattern: "/v1/orders/{order}/take-off-hold", body: optionalBody, writes: true, handle: (*Server).takeOffHold},
		{method: methodPost, pattern: "/v1/orders/{order}/edits", body: jsonBody, writes: true, handle: (*Server).editOrder},
		{method: methodPost, pattern: "/v1/orders/{order}/metadata", body: jsonBody, writes: true, handle: (*Server).changeMetadata},
		{method: methodPost, pattern: "/v1/orders/{order}/edits/preview", body: jsonBody, handle: (*Server).previewEdit},
		{method: methodPost, pattern: "/v1/orders/{order}/shipments", body: optionalBody, writes: true, handle: (*Server).shipOrder},
		{method: methodGet, pattern: "/v1/orders/{order}/shipments", handle: (*Server).listShipments},
		{method: methodPost, pattern: "/v1/orders/{order}/shipments/{shipment}/tracking", body: jsonBody, writes: true, handle: (*Server).trackShipment},
		{method: methodPost, pattern: "/v1/orders/{order}/shipments/{shipment}/receive", body: optionalBody, writes: true, handle: (*Server).takeBackShipment},
		{method: methodPost, pattern: "/v1/orders/{order}/reroute", body: jsonBody, writes: true, handle: (*Server).rerouteOrder},
		{method: methodGet, pattern: "/v1/orders/{order}/timeline", handle: (*Server).getTimeline},
		{method: methodPost, pattern: "/v1/orders/{order}/notes", body: jsonBody, writes: true, handle: (*Server).addNote},
		{method: methodGet, pattern: "/v1/orders/{order}/notes", handle: (*Server).listNotes},
		{method: methodPost, pattern: "/v1/orders/{order}/status-link", body: optionalBody, handle: (*Server).makeStatusLink},
		{method: methodGet, pattern: "/v1/status/{token}", handle: (*Server).getStatus},
		{method: methodGet, pattern: "/v1/customers/{customer}", handle: (*Server).getCustomer},
		{method: methodGet, pattern: "/v1/oversold", handle: (*Server).listCases},
		{method: methodGet, pattern: "/v1/oversold/{case}", handle: (*Server).getCase},
		{method: methodPost, pattern: "/v1/oversold/{case}/resolve", body: jsonBody, writes: true, handle: (*Server).resolveCase},
		{method: methodPost, pattern: "/v1/sales/{sale}/queue", body: jsonBody, writes: true, handle: (*Server).joinQueue},
		{method: methodGet, pattern: "/v1/sales/{sale}/queue", writes: true, handle: (*Server).getQueue},
		{method: methodGet, pattern: "/v1/sales/{sale}/queue/{ticket}", writes: true, handle: (*Server).getTicket},
		{method: methodGet, pattern: "/v1/sales/{sale}/queue/{ticket}/events", writes: true, handle: (*Server).streamTicket},
		{method: methodPost, pattern: "/v1/sales/{sale}/waitlist", body: jsonBody, writes: true, handle: (*Server).joinWaitlist},
		{method: methodGet, pattern: "/v1/sales/{sale}/waitlist", handle: (*Server).listWaitlist},
		{method: methodGet, pattern: "/v1/sales/{sale}/waitlist/{place}", handle: (*Server).getPlace},
		{method: methodDelete, pattern: "/v1/sales/{sale}/waitlist/{place}", writes: true, handle: (*Server).leaveWaitlist},
		{method: methodPost, pattern: "/v1/batch", body: batchBody, writes: true, handle: (*Server).batch},
		{method: methodGet, pattern: "/v1/events", handle: (*Server).streamEvents},
		{method: methodGet, pattern: "/v1/journal", handle: (*Server).streamJournal},
		{method: methodGet, pattern: "/v1/backup", handle: (*Server).streamBackup},
		{method: methodGet, pattern: "/v1/readers", handle: (*Server).listReaders},
		{method: methodPost, pattern: "/v1/readers/{reader}", body: jsonBody, handle: (*Server).postReader},
		{method: methodDelete, pattern: "/v1/readers/{reader}", handle: (*Server).deleteReader},
		{method: methodGet, pattern: "/v1/checkpoints/{checkpoint}", handle: (*Server).getManifest},
		{method: methodGet, pattern: "/v1/replication", handle: (*Server).getReplication},
		{method: methodPost, pattern: "/v1/promote", body: operatorBody, handle: (*Server).promote},
		{method: methodGet, pattern: "/v1/audit", handle: (*Server).getAudit},
		{method: methodGet, pattern: "/v1/digest", handle: (*Server).getDigest},
		{method: methodPost, pattern: "/v1/checkpoint", body: operatorBody, handle: (*Server).writeCheckpoint},
		{method: methodGet, pattern: "/healthz", handle: (*Server).getHealth},
		{method: methodGet, pattern: "/readyz", handle: (*Server).getReadiness},
		{method: methodGet, pattern: "/metrics", handle: (*Server).getMetrics},
		{method: methodGet, pattern: openAPIPath, handle: (*Server).getOpenAPI},
	}
}

// fulfilmentRoutes are those of what a warehouse works on.
func fulfilmentRoutes() []*route {
	return []*route{
		{method: methodGet, pattern: "/v1/orders/{order}/shipments/{shipment}/packing-slip", handle: (*Server).getPackingSlip},
		{method: methodPost, pattern: "/v1/picklists", body: optionalBody, writes: true, handle: (*Server).makePickList},
		{method: methodGet, pattern: "/v1/picklists", handle: (*Server).getPickList},
		{method: methodGet, pattern: "/v1/fulfillments", handle: (*Server).listWork},
		{method: methodGet, pattern: "/v1/orders/{order}/fulfillments", handle: (*Server).listFulfilments},
		{method: methodPost, pattern: "/v1/orders/{order}/fulfillments/{fulfillment}", body: jsonBody, writes: true, handle: (*Server).workFulfilment},
	}
}

// paymentRoutes lists what is served of the money of orders.
func paymentRoutes() []*route {
	return []*route{
		{method: methodPost, pattern: "/v1/holds/{hold}/lock", body: jsonBody, writes: true, handle: (*Server).lockHold},
		{method: methodPost, pattern: "/v1/holds/{hold}/unlock", body: optionalBody, writes: true, handle: (*Server).unlockHold},
		{method: methodPost, pattern: "/v1/holds/{hold}/prices", body: jsonBody, writes: true, handle: (*Server).priceHold},
		{method: methodPost, pattern: "/v1/orders/{order}/prices", body: jsonBody, writes: true, handle: (*Server).priceOrder},
		{method: methodPost, pattern: "/v1/orders/{order}/payments", body: jsonBody, writes: true, handle: (*Server).reportPayment},
		{method: methodGet, pattern: "/v1/orders/{order}/payments", handle: (*Server).listPayments},
		{method: methodPost, pattern: "/v1/orders/{order}/payments/requests", body: jsonBody, writes: true, handle: (*Server).requestPayment},
		{method: methodPost, pattern: "/v1/orders/{order}/payments/{payment}/complete", body: jsonBody, writes: true, handle: (*Server).completePayment},
		{method: methodGet, pattern: "/v1/payments/tasks", handle: (*Server).listTasks},
	}
}

// router finds the route of a request by walking a tree of path segments.
type router struct{ root segment }

type segment struct {
	below    map[string]*segment
	variable *segment // what any other segment leads to
	routes   [methodCount]*route
	allow    string // the methods served here, for the Allow header; "" for none
}

func newRouter(all []*route) *router {
	r := &router{}
	for _, rt := range all {
		at := &r.root
		for _, name := range strings.Split(rt.pattern[1:], "/") {
			at = at.enter(name)
		}
		at.routes[rt.method] = rt
		at.allow = at.allowed()
	}
	return r
}

func (s *segment) enter(name string) *segment {
	if name[0] == '{' {
		if s.variable == nil {
			s.variable = &segment{}
		}
		return s.variable
	}
	next := s.below[name]
	if next == nil {
		next = &segment{}
		if s.below == nil {
			s.below = map[string]*segment{}
		}
		s.below[name] = next
	}
	return next
}

func (s *segment) allowed() string {
	var names []string
	for m, rt := range s.routes {
		if rt != nil {
			names = append(names, methodNames[m])
		}
	}
	if s.routes[methodGet] != nil {
		names = append(names, "HEAD")
	}
	sort.Strings(names)
	return strings.Join(names, ", ")
}

// find gives the place of a path in the tree, or nil, and the value of the pattern's last variable.
func (r *router) find(path []byte) (at *segment, variable []byte) {
	if len(path) == 0 || path[0] != '/' {
		return nil, nil
	}
	at = &r.root
	for rest := path[1:]; ; {
		name := rest
		slash := bytes.IndexByte(rest, '/')
		if slash >= 0 {
			name = rest[:slash]
		}
		switch next := at.below[string(name)]; {
		case next != nil:
			at = next
		case at.variable != nil && len(name) > 0:
			at, variable = at.variable, name
		default:
			return nil, nil
		}
		if slash < 0 {
			return at, variable
		}
		rest = rest[slash+1:]
	}
}

// route gives the route for a method, or nil. HEAD is GET without the body, which fasthttp leaves out.
func (s *segment) route(header *fasthttp.RequestHeader) *route {
	switch {
	case header.IsPost():
		return s.routes[methodPost]
	case header.IsGet(), header.IsHead():
		return s.routes[methodGet]
	case header.IsPut():
		return s.routes[methodPut]
	case header.IsDelete():
		return s.routes[methodDelete]
	}
	return nil
}
