package engine_test

import (
	"fmt"
	"log"
	"os"

	"holdfast/engine"
	"holdfast/engine/codec"
	"holdfast/engine/core"
)

// A shop inside another program: define what is sold, put some in stock, and sell it.
func Example() {
	dir, err := os.MkdirTemp("", "holdfast-example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	e, err := engine.Open(engine.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}

	// A request holds one command or many. Submit returns when they are on the disk.
	r := engine.AcquireRequest()
	defer engine.ReleaseRequest(r)
	r.Add(&core.Command{Kind: core.CommandDefineSKU, Name: []byte("shirt-m")})
	if err := e.Submit(r); err != nil {
		log.Fatal(err)
	}
	shirt, _ := e.SKU([]byte("shirt-m"))

	r.Reset()
	r.Add(&core.Command{Kind: core.CommandAdjustStock, Rows: []core.AdjustmentRow{
		{SKU: shirt.ID, Value: 5, Reason: []byte("delivery")},
	}})
	r.Add(&core.Command{
		Kind: core.CommandPlaceOrder, Customer: []byte("ann"),
		Lines:  []core.Line{{SKU: shirt.ID, Quantity: 2}},
		HasKey: true, Key: core.IdempotencyKey{1}, // sent again, it gets this order again
	})
	r.Add(&core.Command{
		Kind: core.CommandPlaceOrder, Customer: []byte("bob"),
		Lines: []core.Line{{SKU: shirt.ID, Quantity: 4}},
	})
	if err := e.Submit(r); err != nil {
		log.Fatal(err)
	}
	ann, bob := r.Results()[1], r.Results()[2]
	fmt.Println("ann has an order:", ann.Status == engine.ResultDone)
	fmt.Println("bob asked for too many:", bob.Reason == core.ReasonInsufficientStock)

	image, err := e.ReadAvailability(nil, shirt.ID)
	if err != nil {
		log.Fatal(err)
	}
	var units core.AvailabilityImage
	if _, err := codec.DecodeAvailability(image.Bytes, &units); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("on hand %d, allocated %d, available %d, as of command %d\n",
		units.OnHand, units.Allocated, units.Available, image.Sequence)
	if err := e.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ann has an order: true
	// bob asked for too many: true
	// on hand 5, allocated 2, available 3, as of command 4
}
