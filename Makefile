# One command file. `make help` lists what there is.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo tour programs test check fmt lint types contracts gen fresh bench bench-size

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml apps/dce/pyproject.toml requirements/dev.txt requirements/clients.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/clients.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps -e . -e apps/dce
	@touch $@

fmt: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only -q .

lint: $(READY) ## Lint the code
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY) ## Check the types
	$(BIN)/mypy

contracts: $(READY) ## Check which room imports which
	$(BIN)/lint-imports

check: lint types contracts fresh ## Everything that reads the code without running it

gen: $(READY) ## Write the generated files again
	$(BIN)/python tools/generate.py

fresh: $(READY) ## Prove that the generated files are up to date
	$(BIN)/python tools/generate.py --check

tour: $(READY) ## Every way in and every refusal, step by step; exit 1 if a step differs
	$(BIN)/python demo/tour.py

demo: $(READY) ## The tour, then keep server and app running
	$(BIN)/python demo/tour.py --keep-serving

programs: ## Install what tests need of the system: a browser and two shells
	@missing="$$(for name in chromium zsh fish; do command -v $$name >/dev/null || echo $$name; done)"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -q && \
		DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing fonts-liberation; \
	else \
		echo "The tests need these programs; install them as root: apt-get install" $$missing >&2; exit 1; \
	fi

test: $(READY) check programs ## Everything that CI runs
	$(BIN)/pytest -n 2
	$(BIN)/pytest -n 2 tests/operations tests/oauth tests/federation tests/login --database postgresql

bench: $(READY) ## Measure what the budgets speak of
	$(BIN)/python benchmarks/run.py

bench-size: $(READY) ## The same operations in pools of 1,000,000 users and of 1,000 (ten minutes)
	PYTHONPATH=tests $(BIN)/python benchmarks/size.py
