package bench

import (
	"context"
	"encoding/json"
	"fmt"

	"holdfast/engine/core"
)

// setUp makes the SKUs, gives them stock and reads what a run must know beforehand.
func setUp(ctx context.Context, a *api, work *workload) (*catalogue, error) {
	if err := defineSKUs(ctx, a, work.spec.SKUs); err != nil {
		return nil, err
	}
	if err := addStock(ctx, a, work.spec.SKUs, work.spec.Stock); err != nil {
		return nil, err
	}
	if work.spec.Scenario == Lifecycle {
		if err := a.call("PUT", "/v1/channels/"+lifeChannel, []byte(`{"capture":"shipment"}`), nil); err != nil {
			return nil, err
		}
	}
	return readCatalogue(ctx, a, work)
}

// catalogue is what is on sale, before the load.
type catalogue struct {
	numbers []core.SKUID   // for the binary form
	channel core.ChannelID // likewise, that of lives
	before  []level
	made    int64 // orders and holds that were there already
	open    int64 // orders among them that are not closed
}

func readCatalogue(ctx context.Context, a *api, work *workload) (*catalogue, error) {
	c := &catalogue{}
	audit, err := a.audit()
	if err != nil {
		return nil, err
	}
	c.made, c.open = audit.made(), audit.ByStatus[statusPlaced]
	if c.before, err = a.levels(ctx, work.spec.SKUs); err != nil {
		return nil, err
	}
	if work.spec.Mode != Binary {
		return c, nil
	}
	if work.spec.Scenario == Lifecycle {
		var channel struct {
			Number core.ChannelID `json:"number"`
		}
		if err := a.call("GET", "/v1/channels/"+lifeChannel, nil, &channel); err != nil {
			return nil, err
		}
		c.channel = channel.Number
	}
	c.numbers, err = readNumbers(ctx, a, work.spec.SKUs)
	return c, err
}

func defineSKUs(ctx context.Context, a *api, skus int) error {
	return parallel(ctx, skus, func(i int) error {
		return a.call("PUT", "/v1/skus/"+string(appendSKUName(nil, i)), []byte(`{}`), nil)
	})
}

// addStock adds units to every SKU, as many rows at a time as the contract allows.
func addStock(ctx context.Context, a *api, skus int, units int64) error {
	type row struct {
		SKU    string `json:"sku"`
		Delta  int64  `json:"delta"`
		Reason string `json:"reason"`
	}
	chunks := (skus + core.MaxRows - 1) / core.MaxRows
	return parallel(ctx, chunks, func(chunk int) error {
		var body struct {
			Adjustments []row `json:"adjustments"`
		}
		for i := chunk * core.MaxRows; i < min(skus, (chunk+1)*core.MaxRows); i++ {
			body.Adjustments = append(body.Adjustments, row{string(appendSKUName(nil, i)), units, "received"})
		}
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("stock adjustment: %w", err)
		}
		return a.call("POST", "/v1/stock/adjustments", text, nil)
	})
}

// readNumbers asks for the number of each SKU, by which the binary form names it.
func readNumbers(ctx context.Context, a *api, skus int) ([]core.SKUID, error) {
	numbers := make([]core.SKUID, skus)
	return numbers, parallel(ctx, skus, func(i int) error {
		var answer struct {
			Number *core.SKUID `json:"number"`
		}
		name := string(appendSKUName(nil, i))
		if err := a.call("GET", "/v1/skus/"+name, nil, &answer); err != nil {
			return err
		}
		if answer.Number == nil {
			return fmt.Errorf("SKU %s has no number", name)
		}
		numbers[i] = *answer.Number
		return nil
	})
}
