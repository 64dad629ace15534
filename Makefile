# shopblast: everything from a clean clone. `make help` lists the targets.

CARGO ?= cargo
# Where cargo builds, so that the demo finds the binary.
TARGET_DIR := $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target)
# Seconds for each fuzz target.
FUZZ_SECONDS ?= 30
FUZZ_TARGETS := $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))

.DEFAULT_GOAL := help
.PHONY: help demo test format lint docs check-tests bench fuzz peers

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

demo: ## build the release binary and flood the embedded shop for 10 s
	$(CARGO) build --release --locked
	@$(TARGET_DIR)/release/shopblast --profile spike --sandbox -t 10s

# The tests come last, so that the output ends with their summary.
test: format lint docs check-tests ## everything CI runs

format:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path fuzz/Cargo.toml --check

lint:
	$(CARGO) clippy --locked --all-targets -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --document-private-items
	$(CARGO) test --locked --doc

check-tests:
	@if $(CARGO) nextest --version >/dev/null 2>&1; \
	then $(CARGO) nextest run --locked --no-fail-fast; \
	else $(CARGO) test --locked --no-fail-fast --lib --bins --tests; fi

bench: ## price the pieces of the hot path
	$(CARGO) bench --locked

# With nightly: under the address sanitizer; with stable alone: without.
fuzz: ## run each fuzz target for FUZZ_SECONDS (needs cargo-fuzz and a C++ compiler)
	@$(CARGO) fuzz --version >/dev/null 2>&1 || { \
	  echo "cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2; exit 1; }
	@set -e; \
	if $(CARGO) +nightly --version >/dev/null 2>&1; \
	then with="+nightly fuzz run"; sanitizer=address; \
	else with="fuzz run"; sanitizer=none; fi; \
	for target in $(FUZZ_TARGETS); do \
	  echo "fuzzing $$target for $(FUZZ_SECONDS) s (sanitizer: $$sanitizer)"; \
	  mkdir -p fuzz/corpus/$$target; \
	  $(CARGO) $$with --sanitizer $$sanitizer $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=20000 -timeout=10; \
	done

peers: ## measure shopblast beside wrk, oha and h2load
	bash scripts/bench-peers.sh
