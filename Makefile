# Two commands do all the set-up: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.synced
# The hashes in the lock files decide what is installed; the installer must not ask for anything newer.
export UV_NO_PROGRESS := 1
export UV_LINK_MODE := copy

.DEFAULT_GOAL := help
.PHONY: help run test test-kotlin check audit bench load demo demo-providers sdks lock fmt clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | sort | awk -F'\t' '{printf "  make %-14s %s\n", $$1, $$2}'

$(BIN)/uv: requirements/bootstrap.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "cleanly needs Python 3.11 or newer; set PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "cleanly needs Python's venv module (Debian and Ubuntu: the package python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bootstrap.txt
	@touch $@

$(STAMP): requirements/dev.txt pyproject.toml $(BIN)/uv
	@echo "installing the locked requirements into $(VENV)"
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --compile-bytecode --require-hashes -r requirements/dev.txt
	@VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e .
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m compileall -q src
	@touch $@

run: $(STAMP) ## the service with an embedded PostgreSQL, at http://localhost:3000
	@exec $(BIN)/cleanly dev

test: $(STAMP) ## all tests, on a real PostgreSQL
	@$(BIN)/python -m pytest -q -n $${TEST_PROCESSES:-2} --dist=worksteal

test-kotlin: $(STAMP) ## the Kotlin SDK, against the service; needs a JDK 17 and Maven
	@cd sdks/kotlin && mvn -q -B test

check: $(STAMP) ## linters, types, import contracts, migrations
	@$(BIN)/python tools/check.py

audit: $(STAMP) ## dependencies, code, secrets, headers, TLS, who may do what; LIVE=https://... asks that service as well
	@PYTHONPATH=tools $(BIN)/python -m audit --live "$(LIVE)" $(NEED:%=--need %)

demo: $(STAMP) ## a marketplace's month with its statements; then a phone's life, a market's day, a seller's webhooks against the running service
	@$(BIN)/python -m tests.fakes month
	@$(BIN)/cleanly demo

demo-providers: $(STAMP) ## the demo with a payment of each provider, against fakes of Stripe and PayPal; ends what it starts
	@$(BIN)/python -m tests.fakes

sdks: $(STAMP) ## write the contract and the SDKs' generated code anew
	@$(BIN)/python -m sdks.generate

bench: $(STAMP) ## measure; results as ratios taken in one run
	@PYTHONPATH=sdks/python/src $(BIN)/python -m bench

load: $(STAMP) ## phones against a running service for a minute, on good and bad networks; then what was true
	@$(BIN)/python -m bench.load

fmt: $(STAMP) ## format and fix
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: $(BIN)/uv ## resolve the requirements again
	@$(BIN)/python tools/lock.py

clean: ## forget the environment and the caches; the data stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
