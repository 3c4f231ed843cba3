# Everything a contributor types. `make help` lists it; ARGS="..." hands options on.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
export PYTHON
BIN := .venv/bin
READY := .venv/.ready
ARGS ?=

.PHONY: help demo test coverage check image image-test conformance schema format lock bench chaos clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The one rule that installs: again whenever a lock or the project's own description changes.
$(READY): pyproject.toml locks/installer.txt locks/project.txt scripts/install scripts/preflight
	@scripts/preflight
	@scripts/install
	@touch $@

demo: $(READY) ## start everything on this machine (ARGS="--data DIR --port N --workers N --program FILE")
	@exec $(BIN)/guerdon demo --sample $(ARGS)

test: $(READY) ## run the tests (ARGS="-k word tests/core")
	@$(BIN)/python -m pytest $(ARGS)

# By its full name, so that processes that work in other folders write beside it.
coverage: export COVERAGE_FILE := $(CURDIR)/.coverage
coverage: $(READY) ## branches reached: all of core by its own tests, 95 % of the rest (slow)
	@rm -f .coverage .coverage.*
	@$(BIN)/python -m pytest -q --cov --cov-report= tests/core tests/program
	@$(BIN)/coverage report --include='src/guerdon/core/*' --fail-under=100
	@$(BIN)/python -m pytest -q --cov --cov-append --cov-report= --ignore=tests/core --ignore=tests/program
	@$(BIN)/coverage report --fail-under=95

check: $(READY) .venv/.deploy ## formatting, lint, types, layers, the code's promises about itself
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n 0 tests/tidy
	$(BIN)/python -m pytest -q -n 0 -m deploy tests/deploy

.venv/.deploy: $(READY) locks/deploy.txt
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet --require-hashes --no-deps -r locks/deploy.txt
	@touch $@

image: ## build the image with docker or podman (ARGS goes to the engine's `build`)
	@scripts/image $(ARGS)

image-test: $(READY) ## build it and play a story against it; without an engine, as far as that goes
	@BUILD_OPTIONS="$(BUILD_OPTIONS)" $(BIN)/python -m pytest -n 0 -m image -rs tests/deploy $(ARGS)

conformance: $(READY) ## outside GraphQL clients and examples/web against guerdon (needs node and npm)
	@cd tests/conformance && npm ci --silent --no-audit --no-fund
	@$(BIN)/python -m tests.conformance.run $(ARGS)
	@$(BIN)/python -m pytest -q -n 0 -m conformance

schema: $(READY) ## write schema.graphql anew from the code
	@$(BIN)/python -c 'from guerdon.api.schema import sdl; print(sdl().strip())' > .schema.draft
	@mv .schema.draft schema.graphql

format: $(READY) ## format the code and mend what ruff can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

lock: $(READY) ## resolve the dependencies anew (ARGS="--upgrade" for the newest)
	@scripts/lock $(ARGS)

bench: $(READY) ## measure, and print figures (ARGS goes to each of benchmarks/bench_*.py)
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script $(ARGS) || exit 1; done

chaos: $(READY) ## the tests that take long: faults and lives at random (SECONDS=60; SEED=... repeats one)
	@SECONDS=$(or $(SECONDS),60) SEED=$(SEED) $(BIN)/python -m pytest -n 0 -v -s -m chaos $(ARGS)

clean: ## remove what was made here: the environment, caches, reports
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis \
		htmlcov .coverage .coverage.* dist
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
