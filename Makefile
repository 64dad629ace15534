# shopblast: everything from a clean clone. `make help` lists the targets.

CARGO ?= cargo
# Where cargo builds, so that what was built is found. Cargo is asked once, and only by what needs it.
TARGET_DIR = $(eval TARGET_DIR := $(shell CARGO="$(CARGO)" bash scripts/target-dir.sh))$(TARGET_DIR)
# Seconds for each fuzz target.
FUZZ_SECONDS ?= 30
# Where the load tests send their load.
HOST ?= http://localhost:8000
# What must hold of a sustained load, for make hunt.
SLO ?= response: p(99) < 500ms
# A checkout of ShopStream, for the targets that need one.
SHOPSTREAM ?=
# Further arguments of shopblast, for the load tests.
ARGS ?=
# Fuzz targets; all of them when none is named.
FUZZ_TARGETS ?=

# What the machine lacks the programs for: steps of `make test`, and directories in tests/.
LEFT_OUT = $(shell CARGO="$(CARGO)" CHROMIUM="$(CHROMIUM)" bash scripts/setup.sh --left-out)
TEST_BINARIES := $(patsubst tests/%/main.rs,%,$(wildcard tests/*/main.rs)) \
	$(patsubst tests/%.rs,%,$(wildcard tests/*.rs))
TESTED = --lib --bins $(addprefix --test ,$(filter-out $(LEFT_OUT),$(TEST_BINARIES)))

.DEFAULT_GOAL := help
.PHONY: help setup setup-build demo test test-fleet test-engines format lint deny docs check-tests bench fuzz peers journeys-bench
.PHONY: loadtest loadtest-mixed loadtest-cross-domain loadtest-race loadtest-flash-sale
.PHONY: loadtest-stress loadtest-cross-flood loadtest-headless loadtest-spike
.PHONY: loadtest-headless-race loadtest-headless-flash loadtest-stack loadtest-stack-scaled
.PHONY: loadtest-fulfillment loadtest-priority loadtest-priority-headless loadtest-backfill-drain
.PHONY: loadtest-starvation loadtest-baseline
.PHONY: loadtest-clean release hunt

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 32

setup: ## install what building and testing need (as root), or print the line that does
	@CARGO="$(CARGO)" bash scripts/setup.sh test

setup-build:
	@CARGO="$(CARGO)" bash scripts/setup.sh build

# What the demo asks of a shop that takes 100 ms a request and has a CPU of its own: a third of what it
# could do, so that nobody is late and the figures are the shop's.
DEMO = CrossDomainFloodUser --rate 100 --pacing max -t 10s --sandbox --service-time 100ms --servers 64

demo: setup-build ## build a quick binary and load the embedded shop for 10 s
	$(CARGO) build --profile demo --locked
	@echo "This is a quick build (cargo's profile demo). What is installed and measured is make release."
	@$(TARGET_DIR)/demo/shopblast $(DEMO)

# The tests come last, so that the output ends with their summary.
test: setup ## everything CI runs, but for what setup says is left out
	@$(MAKE) --no-print-directory $(filter-out $(LEFT_OUT),format lint deny docs check-tests)
	@$(if $(LEFT_OUT),echo "left out: $(LEFT_OUT); make setup tells what is missing")

format:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check

lint:
	$(CARGO) clippy --locked --all-targets -- -D warnings

# Licences, versions and sources, and advisories where their database can be fetched: they are no part of
# what has to work everywhere.
deny:
	$(CARGO) deny --locked check licenses bans sources
	@if $(CARGO) deny --locked fetch db >/dev/null 2>&1; \
	then $(CARGO) deny --locked check advisories; \
	else echo "left out: advisories; their database cannot be fetched"; fi

# Without `cargo test --doc`: no comment has an example that runs, and that step alone built the
# library again for minutes. Examples that run are tests: see tests/inprocess/adding_a_journey.rs.
docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items

check-tests:
	@if $(CARGO) nextest --version >/dev/null 2>&1; \
	then $(CARGO) nextest run --locked --no-fail-fast $(TESTED); \
	else $(CARGO) test --locked --no-fail-fast $(TESTED); fi

# Redis is Debian's redis-server; without it these tests say so and pass.
test-fleet: setup-build ## leader and shards as processes at a real Redis: losses, refusals, hunts, links
	$(CARGO) test --locked --test fleet
	@if [ "$$(id -u)" = 0 ]; then SHOPBLAST=$(TARGET_DIR)/debug/shopblast bash scripts/fleet-over-links.sh; \
	else echo "left out: hosts behind links, in network namespaces that only root can make"; fi

test-engines: release ## launch a fleet on Swarm, on Slurm and by ssh, for real (as root)
	SHOPBLAST=$(TARGET_DIR)/release/shopblast bash scripts/fleet-ssh-proof.sh
	SHOPBLAST=$(TARGET_DIR)/release/shopblast bash scripts/fleet-slurm.sh
	SHOPBLAST=$(TARGET_DIR)/release/shopblast bash scripts/fleet-swarm.sh

bench: ## price the pieces of the hot path
	$(CARGO) bench --locked

fuzz: ## run each of FUZZ_TARGETS for FUZZ_SECONDS (needs cargo-fuzz and a C++ compiler)
	@CARGO="$(CARGO)" bash scripts/fuzz.sh $(FUZZ_SECONDS) $(FUZZ_TARGETS)

peers: ## measure shopblast beside its floor, gcannon, wrk, oha and h2load
	bash scripts/bench-peers.sh

journeys-bench: ## measure what whole journeys cost beside single registrations
	bash scripts/bench-journeys.sh

# The load tests of ShopStream's own Makefile, by the same names. Those that open Locust's web page
# open shopblast's (on http://127.0.0.1:8089), its form filled with the users, rate and length of the
# class's profile; pacing is Locust's.
SHOPBLAST = $(TARGET_DIR)/release/shopblast
ALL_CLASSES = IdentityUser CatalogueUser OrderingUser InventoryUser PaymentsUser MixedWorkloadUser \
	CrossDomainUser RaceConditionUser FlashSaleUser EventFloodUser CrossDomainFloodUser SpikeUser

release: setup-build ## build what is installed and measured
	$(CARGO) build --release --locked

loadtest: release ## web page: all user classes against HOST: 50 users, 5/s, 5 min
	$(SHOPBLAST) --web $(ALL_CLASSES) -u 50 -r 5 -t 5m -H $(HOST) $(ARGS)

loadtest-mixed: release ## web page: MixedWorkloadUser against HOST: 50 users, 5/s, 5 min
	$(SHOPBLAST) --web --profile load --pacing class -H $(HOST) $(ARGS)

loadtest-cross-domain: release ## web page: CrossDomainUser against HOST: 30 users, 3/s, 5 min
	$(SHOPBLAST) --web --profile cross-domain --pacing class -H $(HOST) $(ARGS)

loadtest-race: release ## web page: RaceConditionUser against HOST: 30 users, 10/s, 3 min
	$(SHOPBLAST) --web --profile race-conditions --pacing class -H $(HOST) $(ARGS)

loadtest-flash-sale: release ## web page: FlashSaleUser against HOST: 50 users, 50/s, 2 min
	$(SHOPBLAST) --web --profile flash-sale --pacing class -H $(HOST) $(ARGS)

loadtest-stress: release ## web page: EventFloodUser against HOST: 200 users, 20/s, 5 min
	$(SHOPBLAST) --web --profile stress --pacing class -H $(HOST) $(ARGS)

loadtest-cross-flood: release ## web page: CrossDomainFloodUser against HOST: 100 users, 10/s, 5 min
	$(SHOPBLAST) --web --profile cross-flood --pacing class -H $(HOST) $(ARGS)

loadtest-headless: release ## MixedWorkloadUser, CSV files results/loadtest_*.csv
	$(SHOPBLAST) --profile load --pacing class -H $(HOST) --csv results/loadtest --csv-full-history $(ARGS)

loadtest-spike: release ## SpikeUser, CSV files results/spike-test_*.csv
	$(SHOPBLAST) --profile spike --pacing class -H $(HOST) --csv results/spike-test --csv-full-history $(ARGS)

loadtest-headless-race: release ## RaceConditionUser, CSV files results/race-test_*.csv
	$(SHOPBLAST) --profile race-conditions --pacing class -H $(HOST) --csv results/race-test --csv-full-history $(ARGS)

loadtest-headless-flash: release ## FlashSaleUser, CSV files results/flash-sale-test_*.csv
	$(SHOPBLAST) --profile flash-sale --pacing class -H $(HOST) --csv results/flash-sale-test --csv-full-history $(ARGS)

loadtest-fulfillment: release ## web page: FulfillmentUser of today's suite against HOST
	$(SHOPBLAST) --web --suite today FulfillmentUser -H $(HOST) $(ARGS)

loadtest-priority: release ## web page: imports of low priority beside orders, against HOST
	$(SHOPBLAST) --web MigrationWithProductionTrafficUser -H $(HOST) $(ARGS)

loadtest-priority-headless: release ## the same: 30 users, 5/s, 3 min, CSV files results/priority-test_*.csv
	$(SHOPBLAST) MigrationWithProductionTrafficUser -u 30 -r 5 -t 180s -H $(HOST) \
	  --csv results/priority-test --csv-full-history $(ARGS)

loadtest-backfill-drain: release ## imports first, then orders: 10 users, 10/s, 3 min, CSV files
	$(SHOPBLAST) BackfillDrainRateUser -u 10 -r 10 -t 180s -H $(HOST) \
	  --csv results/backfill-drain --csv-full-history $(ARGS)

loadtest-starvation: release ## orders that starve imports: 50 users, 10/s, 5 min, CSV files
	$(SHOPBLAST) PriorityStarvationTestUser -u 50 -r 10 -t 300s -H $(HOST) \
	  --csv results/starvation-test --csv-full-history $(ARGS)

loadtest-baseline: release ## the same kinds of things without priorities: 30 users, 5/s, 3 min, CSV files
	$(SHOPBLAST) PriorityLanesDisabledBaseline -u 30 -r 5 -t 180s -H $(HOST) \
	  --csv results/baseline-test --csv-full-history $(ARGS)

hunt: release ## breaking point of the shop at HOST under EventFloodUser, p99 below SLO
	$(SHOPBLAST) hunt --profile stress --slo '$(SLO)' -H $(HOST) $(ARGS)

loadtest-stack: ## bring up the ShopStream in SHOPSTREAM, load it, stop it
	bash scripts/loadtest-stack.sh --shopstream "$(SHOPSTREAM)" $(if $(ARGS),-- $(ARGS))

loadtest-stack-scaled: ## the same with 3 identity engines and 2 of each other
	bash scripts/loadtest-stack.sh --scaled --shopstream "$(SHOPSTREAM)" $(if $(ARGS),-- $(ARGS))

loadtest-clean: ## empty databases and Redis of the ShopStream in SHOPSTREAM
	@test -n "$(SHOPSTREAM)" || { \
	  echo "name the ShopStream checkout: make loadtest-clean SHOPSTREAM=DIR" >&2; exit 1; }
	$(MAKE) -C "$(SHOPSTREAM)" truncate-db
	docker compose --project-directory "$(SHOPSTREAM)" exec -T redis redis-cli FLUSHDB

include deploy/install.mk
