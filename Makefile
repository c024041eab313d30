# dossier: `make` alone explains itself.
SHELL := /bin/bash
.DEFAULT_GOAL := help
DATA ?=
ARGS ?=
BROKERS ?= 1

.PHONY: test-hostile schemathesis client test-files versitygw archetypes mutate bench-peers test-bench help dev test test-kafka kafka kafka-kill kafka-revive kafka-stop receipt test-faults test-faults-kafka test-long soak soak-hostile soak-memory build lint fmt fuzz bench clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

dev: bin/dossier ## Run everything on this machine with demo dossiers: private Postgres, in-process Kafka, pages on http://127.0.0.1:8080
	@bin/dossier dev $(if $(DATA),--data $(DATA)) $(ARGS)

test: ## All tests with the race detector, on one private Postgres and in-process Kafka; then the account of features against the run
	@go run ./internal/devstack/withpostgres -- go run ./internal/gotest test -race -timeout 15m ./...

kafka: ## Start real Apache Kafka (KRaft) in the background on loopback, without Docker; BROKERS=3 for three
	@internal/devstack/apachekafka/kafka.sh start $(BROKERS)

kafka-kill: ## Kill -9 one broker of `make kafka BROKERS=3`: BROKER=1, 2 or 3; the others go on
	@internal/devstack/apachekafka/kafka.sh kill $(BROKER)

kafka-revive: ## Start a killed broker again with what it has on disk: BROKER=1, 2 or 3
	@internal/devstack/apachekafka/kafka.sh revive $(BROKER)

kafka-stop: ## Stop what `make kafka` started
	@internal/devstack/apachekafka/kafka.sh stop

test-kafka: ## The pipeline tests against the brokers of `make kafka`
	@test -s .kafka/bootstrap || { echo "no broker: run 'make kafka' first" >&2; exit 1; }
	@DOSSIER_TEST_KAFKA=$$(cat .kafka/bootstrap) go run ./internal/devstack/withpostgres -- \
		go run ./internal/gotest test-kafka -race -count=1 -run Kafka ./eventstore/... ./projections/... ./handlers/... ./cmd/dossier

test-faults: ## Every fault alone and short, with the race detector: broker, topics, messages, wires, Postgres, processes, clocks, disk
	@DOSSIER_TEST_FAULTS=1 go run ./internal/devstack/withpostgres -- go run ./internal/gotest test-faults -race -count=1 -timeout 10m $(ARGS) ./cmd/faults

test-faults-kafka: ## Faults of three real brokers of its own: each killed, cut off, moved from; topics deleted, expired, grown. Fetches the jars
	@internal/devstack/apachekafka/kafka.sh fetch
	@DOSSIER_TEST_APACHE_KAFKA=$(CURDIR)/.kafka/libs go run ./internal/gotest test-faults-kafka -race -p=1 -count=1 -timeout 12m -run RealBrokers $(ARGS) ./internal/devstack/apachekafka ./cmd/faults

test-long: ## What not every change waits for: scripts of the archetypes, kill -9 of archiving, batches and timekeeper, the benches to their end
	@DOSSIER_TEST_LONG=1 go run ./internal/devstack/withpostgres -- go run ./internal/gotest test-long -race -count=1 -timeout 15m -run 'Kill9OfAnArchive|ColdPartitionsMove|ABatchOfSignatures|Kill9DuringABatch|Kill9OfTheTimekeeper|OfEachArchetype|TheBenchesRun|ARebuildUnder|MatrixOfRights|MatrixOfPages|TakenAway|NotOurs|Kill9DuringAnImport|AHundredThousandTimers|EachReadSaysTheSame|Kill9BetweenCallback|StandsStillIsToldByEveryFace|ABatchIsPlannedTriedRun|SettingTheClock|TimersAreListed|WhatIsDoneAgainstAServer' $(ARGS) ./cmd/dossier ./handlers ./handlers/api ./handlers/identity ./handlers/web

test-hostile: ## Hostile requests to every route and every page: paths, headers, bodies, texts, tokens. Without the race detector, which makes it four times as long
	@DOSSIER_TEST_LONG=1 go run ./internal/devstack/withpostgres -- go run ./internal/gotest test-hostile -count=1 -timeout 10m -run 'WhatIsHostile' $(ARGS) ./handlers/api ./handlers/web

VERSITYGW := .bin/versitygw-v1.8.0

$(VERSITYGW):
	@GOBIN=$(CURDIR)/.bin go install github.com/versity/versitygw/cmd/versitygw@v1.8.0 && mv .bin/versitygw $@

versitygw: $(VERSITYGW) ## Build the S3 server that test-files runs against (a few minutes once)

test-files: $(VERSITYGW) ## Files over a real S3 server and a real virus scanner (clamav-daemon, installed if root), kill -9, a gigabyte in constant memory
	@test -x /usr/sbin/clamd || command -v clamd >/dev/null || { test "$$(id -u)" = 0 && apt-get install -qq -y --no-install-recommends clamav-daemon >/dev/null; } || { echo "no virus scanner: install clamav-daemon, or run this as root on Debian" >&2; exit 1; }
	@DOSSIER_TEST_S3=$(CURDIR)/$(VERSITYGW) DOSSIER_TEST_LONG=1 go run ./internal/devstack/withpostgres -- go run ./internal/gotest test-files -race -count=1 -timeout 15m \
		-run 'Blob|Upload|File|Scann|Sign|GoesOn|Altered|Gigabyte|IsNotWhatItSays|ReadADossier|ErasingAPerson' $(ARGS) ./eventstore/blobs ./handlers/inspect ./handlers/api ./cmd/dossier

SCHEMATHESIS := .bin/schemathesis/bin/st

$(SCHEMATHESIS): internal/schemathesis/requirements.txt
	@python3 -c 'import ensurepip' 2>/dev/null || { test "$$(id -u)" = 0 && apt-get update -qq >/dev/null && apt-get install -qq -y --no-install-recommends python3-venv >/dev/null; } || { echo "no python3-venv: install it, or run this as root on Debian" >&2; exit 1; }
	@python3 -m venv .bin/schemathesis && .bin/schemathesis/bin/pip install -q --disable-pip-version-check -r $<
	@touch $@

schemathesis: $(SCHEMATHESIS) ## schemathesis with all checks against the whole API, once per role, and what each request changed; prints a table. Some minutes
	@rm -f .bin/schemathesis.txt; DOSSIER_SCHEMATHESIS=$(CURDIR)/$(SCHEMATHESIS) DOSSIER_SCHEMATHESIS_TABLE=$(CURDIR)/.bin/schemathesis.txt go run ./internal/devstack/withpostgres -- go run ./internal/gotest schemathesis -count=1 -timeout 30m -v -run SchemathesisAsEveryRole $(ARGS) ./handlers/api; s=$$?; cat .bin/schemathesis.txt; exit $$s

soak: ## Faults of all kinds at random for MINUTES=10, then everything is held against everything; exit 3 if anything is wrong
	@go build -o bin/faults ./cmd/faults && bin/faults -minutes $(or $(MINUTES),10) $(if $(SEED),-seed $(SEED)) $(ARGS)

soak-hostile: ## APPENDS=10000000 that must be taken or refused while sessions are cut; every answer is judged; exit 3 if one is wrong
	@go build -o bin/faults ./cmd/faults && bin/faults hostile $(if $(APPENDS),-appends $(APPENDS)) $(if $(SEED),-seed $(SEED)) $(ARGS)

archetypes: ## One dossier of each archetype from filing to return on the command line, with what is answered (docs/examples/archetypes)
	@DOSSIER_TEST_LONG=1 go test ./cmd/dossier -run TestADossierOfEachArchetypeGoesItsWholeWay -count=1 -v

soak-memory: bin/dossier ## A whole dossier at work for MINUTES=30: its heap, memory, goroutines, files; exit 3 if one grows
	@go build -o bin/faults ./cmd/faults && bin/faults memory -program bin/dossier $(if $(MINUTES),-minutes $(MINUTES)) $(ARGS)

receipt: bin/dossier ## Import the real permit log into a folder of its own and print its sums: make receipt XES=path/to/receipt.xes.gz
	@test -n "$(XES)" || { echo "usage: make receipt XES=path/to/receipt.xes.gz" >&2; exit 2; }
	@bin/dossier import xes "$(XES)" --mapping docs/examples/receipt.yaml $(if $(DATA),--data $(DATA)) $(ARGS)

build: bin/dossier ## Build the one binary into bin/

bin/dossier: $(shell find cmd domain eventstore projections handlers migrations internal -name '*.go' -o -name '*.sql' -o -path '*/web/*' -type f 2>/dev/null | grep -v _test.go) go.mod go.sum
	@mkdir -p bin
	@go build -trimpath -o bin/dossier ./cmd/dossier

lint: ## Formatting and vet
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	@go vet ./...

client: ## Write the Go client anew from the frozen OpenAPI document (handlers/client)
	@go generate ./handlers/client

fuzz: ## Ten seconds of each fuzz target
	@for p in $$(git grep -l '^func Fuzz' -- '*_test.go' | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$p/*_test.go | sed 's/func //'); do \
			echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 10s ./$$p || exit 1; done; done

GREMLINS := .bin/gremlins-v0.6.0

$(GREMLINS):
	@GOBIN=$(CURDIR)/.bin go install github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0 && mv .bin/gremlins $@

mutate: $(GREMLINS) ## Change the rules one operator at a time and see that a test fails: all of domain/, or PKG=calendar. Slow (docs/mutation.md)
	@go run ./internal/mutate -gremlins $(GREMLINS) -results .mutants $(PKG)
	@DOSSIER_MUTANTS=$(CURDIR)/.mutants go run ./internal/gotest mutate -count=1 ./internal/mutate

bench: bin/dossier ## All measurements, each beside its baseline of the same run
	@for b in append replay relay project; do bin/dossier bench $$b || exit; done

bench-peers: ## Against emmett, dcb-es, watermill's outbox and plain SQL, in one run on one durable Postgres (needs node and npm; ARGS=-quick for a look)
	@cd bench && go run . -results results/latest.json -charts ../docs/images $(ARGS)

test-bench: ## The tests of bench-peers, a module of its own (needs node and npm)
	@go run ./internal/gotest test-bench -C bench -count=1 ./...

clean: ## Remove what was built
	@rm -rf bin
