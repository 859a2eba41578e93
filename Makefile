# Everything a developer does, and nothing that needs more than Go and a shell.
# `make` or `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# One way to compile for everything, so that nothing is compiled twice, and no C compiler is needed. Only the
# race detector wants one.
export CGO_ENABLED := 0

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unreleased)
BINARY  := bin/holdfast
DATA    ?= data
LISTEN  ?= 127.0.0.1:8080

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# How long `make fuzz` spends on each target, and `make bench` on each benchmark.
FUZZTIME  ?= 10s
BENCHTIME ?= 1s

# Before Go 1.27 the end of -fuzztime races with a worker, and a target that found nothing can fail (go.dev/issue/75804). It is
# run once more, but only if it has nothing else to say.
FUZZLOG  := $(or $(TMPDIR),/tmp)/holdfast-fuzz.$(shell echo $$PPID).log
ONLYLATE  = grep -q '^    context deadline exceeded$$' $(FUZZLOG) && ! grep -qE 'Failing input|panic:' $(FUZZLOG)

# Such as `--only NAME` and `--workers 2` for `make sabotage`.
SABOTAGEFLAGS ?=

# Orders of one run of `make bench`, and turns of each peer in `make compare`.
BENCH_ORDERS   ?= 200000
COMPARE_ROUNDS ?= 3

# Seeds of `make sim`, the first of them, and commands of each.
SEEDS    ?= 2000
FROM     ?= 1
COMMANDS ?= 5000

# CI=true adds the race detector to the tests, but not for the packages that drive whole processes or
# millions of commands, or have one goroutine alone: under it they would take longer than all the others together. Of RACED the short form runs under it,
# without what has one goroutine at a time do much (which quick checks leave out, too), and all of it without the detector.
PACKAGES = $(shell go list ./...)
RACED    = holdfast/engine holdfast/engine/core holdfast/engine/search holdfast/wal
LONG     = $(RACED) holdfast/bench holdfast/cmd/holdfast holdfast/engine/codec holdfast/engine/reference holdfast/engine/simulation
LONELY   = 'DiskUseIsBounded|CheckpointsChangeNothing|KeysOverRestarts|KeyTableForgets|ReadersHold|Rewind|RottenPages|Salvage|FlippedBit|DamagedBackup|OverrunIndexWalks|WorkloadMixes|WorkloadReaches'
# With pages of eight records what needs full ones happens all the time.
TINY     = ./engine/core ./engine/reference ./engine
OFPAGES  = 'Archive|External|Agrees|Checkpoint|Leftovers|Retention|Rewind|Past|Follow'
# The longest package takes five minutes on two idle cores, and more on busy ones.
TESTFLAGS ?= -timeout 20m

.PHONY: help run build test check format vet staticcheck tidy short fuzz sim sabotage bench compare clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: build ## build, and serve a small shop on 127.0.0.1:8080 (LISTEN) from ./data (DATA)
	exec $(BINARY) serve --listen $(LISTEN) --data $(DATA) --demo

build: ## build bin/holdfast
	go build -ldflags '-s -w -X main.version=$(VERSION)' -o $(BINARY) ./cmd/holdfast

test: ## run all tests; with CI=true under the race detector, where it is affordable
ifeq ($(CI),true)
	CGO_ENABLED=1 go test -race $(TESTFLAGS) $(filter-out $(LONG),$(PACKAGES))
	CGO_ENABLED=1 go test -race -short -skip $(LONELY) $(TESTFLAGS) $(RACED)
	CGO_ENABLED=1 go test -race $(TESTFLAGS) -tags tiny -run Archive ./engine
	go test $(TESTFLAGS) $(filter $(LONG),$(PACKAGES))
else
	go test $(TESTFLAGS) ./...
endif
	go test $(TESTFLAGS) -tags tiny -short -run $(OFPAGES) $(TINY)

check: format vet staticcheck tidy short ## all that can be checked in two minutes

format:
	@files=$$(gofmt -l .); [ -z "$$files" ] || { echo "gofmt would change:"; echo "$$files"; exit 1; }

# The assembly for other processors, and what stands in for it, are only built here.
vet:
	go vet ./...
	go vet -tags tiny $(TINY) ./engine/simulation
	GOARCH=arm64 go vet ./engine/core
	GOARCH=riscv64 go vet ./engine/core

staticcheck:
	go run $(STATICCHECK) ./...

tidy:
	go run ./cmd/tidy

short:
	go test -short -skip $(LONELY) ./...
	go test -tags tiny -short -run $(OFPAGES) $(TINY)

fuzz: ## run every fuzz target for ten seconds (FUZZTIME)
	@for package in $$(go list ./...); do \
	  tests=$$(go test -list '^Fuzz' $$package); \
	  for target in $$(grep '^Fuzz' <<<"$$tests"); do \
	    echo "$$package $$target"; \
	    go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package 2>&1 | tee $(FUZZLOG) || \
	      ($(ONLYLATE) && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package); \
	  done; \
	done
	@rm -f $(FUZZLOG)

sim: ## run the simulator and the crash sweep; SEED=n runs one seed step by step
	go test -c -tags tiny -o bin/simulation ./engine/simulation
ifdef SEED
	bin/simulation -test.run '^TestSimulation$$' -test.timeout 0 -sim.seed $(SEED) -sim.commands $(COMMANDS)
else
	bin/simulation -test.run '^TestSameSeed|^TestCrashSweep$$' -test.timeout 0 -test.v
	bin/simulation -test.run '^TestSimulation$$' -test.timeout 0 -test.v -sim.from $(FROM) -sim.seeds $(SEEDS) -sim.commands $(COMMANDS) \
	  -sim.summary bin/simulation.txt
endif

sabotage: ## break the product on purpose, in one small way after the other: some test must notice each
	go run ./cmd/sabotage $(SABOTAGEFLAGS)

bench: build ## run the Go benchmarks, then short runs of holdfast bench
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./engine/core ./engine/codec ./wal ./engine
	$(BINARY) bench --scenario zipf --orders $(BENCH_ORDERS)
	$(BINARY) bench --scenario hot --orders $(BENCH_ORDERS)
	$(BINARY) bench --scenario zipf --mode binary --orders $$((10 * $(BENCH_ORDERS)))
	$(BINARY) bench --scenario lifecycle --orders $$(($(BENCH_ORDERS) / 4))
	$(BINARY) bench --scenario lifecycle --mode binary --orders $(BENCH_ORDERS)

compare: build ## measure holdfast beside a bare HTTP echo and Redis, shortly
	$(BINARY) bench --scenario zipf --compare --rounds $(COMPARE_ROUNDS) --round-duration 2s

clean: ## remove what was built; the data stays
	rm -rf bin
