package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"holdfast/engine"
	"holdfast/engine/core"
	"holdfast/server/queue/rehearsal"
)

func saleCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "sale", Short: "Plan sales", Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(simulateCommand())
	return cmd
}

func simulateCommand() *cobra.Command {
	var data, result string
	var variations []string
	cmd := &cobra.Command{
		Use:   "simulate PLAN.json",
		Short: "Play a sale before it takes place, also under other rules",
		Long: `Play a sale with a crowd of buyers in virtual time, and tell what it came to: what was sold by when, whom the
rules refused, how long people waited. The file describes stock, rules and crowd; what may stand in it is below.

With --data the stock is what is available in a data directory, or in one made of a backup ('holdfast restore'): leave out
"stock", and name in "items" SKUs of the directory. It is opened for reading only, nothing is written to it, and nobody may have
it open meanwhile: end the server first.

--vary plays the sale again with the same crowd and other rules, which may be several, separated by commas:
` + rehearsal.VariationNames + `.
Times are in seconds. The same file gives the same result, on every machine.

In the table, "let in in vain" are those who were let in and found nothing left, and "order of arrival kept" is how far people were let
in in the order in which they came: 1 is exactly so, 0 is by lot.

  {"seed": 1,
   "stock": [{"sku": "phone", "units": 10000}],
   "sale": {"items": [{"sku": "phone", "quota": 8000, "max_held": 0}], "duration_seconds": 3600, "hold_seconds": 600,
            "limit_per_customer": 2, "max_expired_holds": 3, "waitlist_capacity": 5000, "waitlist_hold_seconds": 600,
            "queue": {"required": true, "opening_seconds": 60, "token_seconds": 300, "patience_seconds": 60,
                      "rate_per_minute": 0, "share_percent": 100}},
   "crowd": {"buyers": 200000, "early_share": 0.3, "half_life_seconds": 120, "basket_shares": [0.8, 0.2],
             "patience_seconds": 900, "think_seconds": 10, "pay_seconds": 60, "payment_failure_share": 0.08,
             "release_share_on_failure": 0.5, "abandon_share": 0.03, "repeat_share": 0.05, "retry_seconds": 5, "waitlist_share": 0.5}}`,
		Example: `  holdfast sale simulate drop.json --vary ttl=300 --vary limit=1,share=150 --vary queue=off
  holdfast sale simulate drop.json --data ./data --json result.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := readPlan(args[0])
			if err != nil {
				return err
			}
			if data != "" {
				if err := stockFrom(data, &plan); err != nil {
					return err
				}
			}
			results, err := simulate(plan, variations)
			if err != nil {
				return usageError{err}
			}
			return errors.Join(writeSimulation(cmd.OutOrStdout(), results), writeResult(result, results))
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "data `directory` that the stock is taken from")
	cmd.Flags().StringArrayVar(&variations, "vary", nil, "play it again with other `rules`, such as ttl=300,limit=1; may be given again")
	cmd.Flags().StringVar(&result, "json", "", "write the results to this `file` as JSON")
	return cmd
}

func readPlan(path string) (plan rehearsal.Plan, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return plan, usageError{err}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&plan); err != nil {
		return plan, usageError{fmt.Errorf("%s: %s", path, planFault(err))}
	}
	if _, err := decoder.Token(); err != io.EOF {
		return plan, usageError{fmt.Errorf("%s: something stands behind the plan", path)}
	}
	return plan, nil
}

// planFault says what is wrong with a plan's file, in the words of the file and not in those of Go.
func planFault(err error) string {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF):
		return "the file is empty"
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "the file ends in the middle"
	case errors.As(err, &syntax):
		return fmt.Sprintf("no JSON at byte %d: %v", syntax.Offset, err)
	case errors.As(err, &kind):
		return fmt.Sprintf("%s must be %s, not %s", cmp.Or(kind.Field, "the plan"), kindInWords(kind.Type), kind.Value)
	}
	return strings.TrimPrefix(err.Error(), "json: ")
}

// kindInWords names what a field of a plan is.
func kindInWords(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list"
	case reflect.Struct:
		return "an object"
	case reflect.Uint64, reflect.Uint32:
		return "a whole number, not negative"
	}
	return "a whole number"
}

// stockFrom puts what a data directory has of the plan's SKUs into it.
func stockFrom(dir string, plan *rehearsal.Plan) error {
	if len(plan.Stock) > 0 {
		return usageError{errors.New("--data: the plan names a stock of its own: leave out stock, or --data")}
	}
	past, err := engine.OpenPast(engine.Options{Dir: dir}, engine.Point{Time: endOfTime})
	if err != nil {
		return err
	}
	defer func() { _ = past.Close() }() // of what was only read
	if err := past.Advance(past.Point()); err != nil {
		return err
	}
	var image core.AvailabilityImage
	for _, item := range plan.Rules.Items {
		entry, ok := past.Names().SKU([]byte(item.SKU))
		if !ok {
			return usageError{fmt.Errorf("--data: there is no SKU %q", item.SKU)}
		}
		past.Machine().ReadAvailability(entry.ID, &image)
		plan.Stock = append(plan.Stock, rehearsal.Item{SKU: item.SKU, Units: int64(max(0, image.Available))})
	}
	return nil
}

// simulate plays the plan as it is, and with each variation.
func simulate(plan rehearsal.Plan, variations []string) (results []*rehearsal.Result, err error) {
	plans := []rehearsal.Plan{plan}
	for _, v := range variations {
		varied, err := plan.Vary(v)
		if err != nil {
			return nil, fmt.Errorf("--vary: %w", err)
		}
		plans = append(plans, varied)
	}
	for i, p := range plans {
		r, err := rehearsal.Run(p)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			r.Variation = variations[i-1]
		}
		results = append(results, r)
	}
	return results, nil
}

// writeSimulation writes a table with a column for each result.
func writeSimulation(w io.Writer, results []*rehearsal.Result) error {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name string, value func(r *rehearsal.Result) string) {
		fmt.Fprint(out, name)
		for _, r := range results {
			fmt.Fprint(out, "\t"+value(r))
		}
		fmt.Fprintln(out)
	}
	number := func(name string, value func(r *rehearsal.Result) int64) {
		row(name, func(r *rehearsal.Result) string { return strconv.FormatInt(value(r), 10) })
	}
	row("", func(r *rehearsal.Result) string {
		if r.Variation == "" {
			return "as planned"
		}
		return r.Variation
	})
	number("units for sale", func(r *rehearsal.Result) int64 { return r.ForSale })
	row("units sold", func(r *rehearsal.Result) string { return fmt.Sprintf("%d (%.1f %%)", r.Sold, 100*r.SoldShare) })
	for i := range results[0].SoldAfter {
		row(fmt.Sprintf("  %.0f %% after", 100*results[0].SoldAfter[i].Share), func(r *rehearsal.Result) string { return secondsText(r.SoldAfter[i].At) })
	}
	number("buyers", func(r *rehearsal.Result) int64 { return int64(r.Buyers) })
	for _, name := range keysOf(results, func(r *rehearsal.Result) map[string]int { return r.Outcomes }) {
		number("  "+name, func(r *rehearsal.Result) int64 { return int64(r.Outcomes[name]) })
	}
	number("most units of a buyer", func(r *rehearsal.Result) int64 { return r.MostUnits })
	for _, name := range keysOf(results, func(r *rehearsal.Result) map[string]int64 { return r.Refusals }) {
		number("refused: "+name, func(r *rehearsal.Result) int64 { return r.Refusals[name] })
	}
	number("holds expired", func(r *rehearsal.Result) int64 { return r.Expired })
	number("holds released", func(r *rehearsal.Result) int64 { return r.Released })
	number("let in in vain", func(r *rehearsal.Result) int64 { return int64(r.InVain) })
	row("waiting p50, p90, p99", func(r *rehearsal.Result) string { return waitingText(&r.Waiting) })
	if slices.ContainsFunc(results, func(r *rehearsal.Result) bool { return r.Waitlist.Joined > 0 }) {
		number("joined the waitlist", func(r *rehearsal.Result) int64 { return int64(r.Waitlist.Joined) })
		number("  had an offer", func(r *rehearsal.Result) int64 { return int64(r.Waitlist.Served) })
		number("  and bought", func(r *rehearsal.Result) int64 { return int64(r.Waitlist.Bought) })
		row("  waited p50, p90, p99", func(r *rehearsal.Result) string { return waitingText(&r.Waitlist.Waiting) })
	}
	row("order of arrival kept", func(r *rehearsal.Result) string { return fmt.Sprintf("%.2f", r.Fairness) })
	return out.Flush()
}

func waitingText(w *rehearsal.Waiting) string {
	return fmt.Sprintf("%.1f, %.1f, %.1f s", w.P50, w.P90, w.P99)
}

func secondsText(at *float64) string {
	if at == nil {
		return "-"
	}
	return fmt.Sprintf("%.1f s", *at)
}

// keysOf are the names that some result has, in their order.
func keysOf[V any](results []*rehearsal.Result, of func(r *rehearsal.Result) map[string]V) (names []string) {
	for _, r := range results {
		for name := range of(r) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
