package simulation

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"testing/cryptotest"
	"testing/synctest"
	"time"
)

func runSeed(t *testing.T, seed uint64, commands int, s *stats) (sum uint64, log []string, err error) {
	cryptotest.SetGlobalRandom(t, seed)
	w := newWorld(seed, commands, s)
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			err = fmt.Errorf("%s", f.reason)
			log = w.log[max(0, len(w.log)-logKept):]
		}
	}()
	w.run()
	return w.sum(), nil, nil
}

func TestSpike(t *testing.T) {
	verbose = os.Getenv("V") != ""
	var from, to, commands uint64 = 1, 20, 1000
	if v := os.Getenv("SEEDS"); v != "" {
		fmt.Sscanf(v, "%d-%d,%d", &from, &to, &commands)
	}
	synctest.Test(t, func(t *testing.T) {
		var s stats
		started := realNow()
		for seed := from; seed <= to; seed++ {
			sum, log, err := runSeed(t, seed, int(commands), &s)
			if err != nil {
				for _, l := range log {
					fmt.Println(l)
				}
				fmt.Printf("seed %d: %v\n", seed, err)
				syscall.Exit(1)
			}
			fmt.Printf("seed %d: %x\n", seed, sum)
		}
		fmt.Printf("%+v\n%v\n", s, realNow()-started)
		syscall.Exit(0)
	})
}

func realNow() time.Duration { return time.Duration(nanotime()) }
