# Everything a person or CI runs. Each target sets up what it needs, with a line for every slow step.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup lock up preview preflight gate docs refresh destroy outputs test places quick check format bench relock clean

STACK ?= eu
PYTHON ?= python3
# The gate. `make preview PACK=` leaves it out; the guard inside the program stays.
PACK ?= --policy-pack policies
PYTEST_ARGS ?=

BIN := .venv/bin
READY := .venv/.ready
REHEARSE := $(BIN)/rehearse

help: ## This list
	@awk -F':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  STACK=eu|uk chooses the stack (now $(STACK)). All of these run in rehearsal: no cloud account is touched."

setup: $(READY) ## Python packages and the Pulumi engine (the other targets call it)
	@$(REHEARSE) engine > /dev/null

$(READY): requirements.lock bootstrap.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "setup: Python 3.11 or later is needed, $$($(PYTHON) --version) was found; run make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setup: installing the locked Python packages into .venv (about 400 MB, once)" >&2
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $(READY)

lock: setup ## Make up a lock file for each site without a real one (visibly not real; for rehearsal only)
	@$(BIN)/python -m infra.wanted --stack $(STACK) --unlocked | $(REHEARSE) lock > /dev/null

up: lock ## Bring the stack up
	@$(REHEARSE) pulumi up --yes --stack $(STACK) $(PACK)

preview: lock ## Show what would change
	@$(REHEARSE) pulumi preview --stack $(STACK) $(PACK)

preflight: lock ## Could the stack come up, and may it? Asks the cloud, creates nothing
	@$(REHEARSE) -q $(BIN)/python -m preflight --stack $(STACK)

gate: lock ## May the stack be updated? Violations as SARIF and JUnit in .rehearsal/gate
	@$(REHEARSE) -q $(BIN)/python -m operations.gate --stack $(STACK) --report-dir .rehearsal/gate

docs: $(READY) ## Write docs/rules from the rules, docs/settings.md and the editor's schema from the settings
	@$(BIN)/python -m operations.rule_pages
	@$(BIN)/python -m infra.schema

refresh: setup ## Read back what exists and show drift
	@$(REHEARSE) pulumi refresh --yes --stack $(STACK)

outputs: setup ## Print the stack's outputs
	@$(REHEARSE) pulumi stack output --stack $(STACK)

destroy: setup ## Take the stack down
	@$(REHEARSE) pulumi destroy --yes --stack $(STACK)

check: $(READY) ## Lint, types, import directions
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports

test: setup check ## Checks, then all tests on two workers, but for those of make places
	@$(BIN)/pytest -n 2 --dist loadgroup -m "not places" $(PYTEST_ARGS)

places: setup ## The whole life of a stack in every further place of the catalogue (a quarter of an hour and more)
	@$(BIN)/pytest -n 2 --dist loadgroup -m places $(PYTEST_ARGS)

quick: $(READY) ## The developer's loop: only tests that need no engine
	@$(BIN)/pytest -m "not engine and not helm" $(PYTEST_ARGS)

format: $(READY) ## Format the code
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: setup ## Measure up and preview, and what the pack adds to 1,000 and 10,000 resources (half an hour)
	@$(BIN)/python -m benchmarks --stack $(STACK)
	@$(BIN)/python -m benchmarks --scale

relock: $(READY) ## Resolve the dependencies of pyproject.toml anew into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --quiet --upgrade --output-file requirements.lock

clean: ## Remove the environment and the rehearsal's state
	@rm -rf .venv .rehearsal
