# Two commands matter: `make demo` and `make test`. Both set up everything they need; neither asks a question.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check lint format reference bench clean
MAKEFLAGS += --no-print-directory
PYTHON3 ?= python3
BIN := .venv/bin
# make test BROWSER=no leaves the browser tests out;  make test ARGS='tests/law -k adp' runs some
BROWSER ?= yes
ARGS ?=
WORKERS ?= 2
# Each worker takes tests that lie together, so that what a file sets up is set up once; who is done early takes over from
# the other. Compiled modules are kept whatever the shell says: tests start some fifty processes, each of which reads them.
PYTEST = PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(WORKERS) --dist worksteal

help: ## Say what there is
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'

setup: ## Set up .venv with the locked packages (the others do it by themselves)
	@command -v $(PYTHON3) >/dev/null || { echo "open401k: python3 is missing: apt-get install -y python3" >&2; exit 1; }
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 8))' || { echo "open401k: this python3 is too old to start the set-up; 3.11 to 3.13 is wanted: apt-get install -y python3, or make PYTHON3=/path/to/python3.13 ..." >&2; exit 1; }
	@$(PYTHON3) bootstrap/install.py

demo: setup ## Play the story of a plan's year, then serve it on this machine
	@$(BIN)/open401k demo --rollovers $(ARGS)

test: setup ## Run every test, browser included
ifeq ($(BROWSER),no)
	@anvil=$$($(BIN)/python bootstrap/anvil.py) && OPEN401K_ANVIL="$$anvil" $(PYTEST) -m "not browser" $(ARGS)
else
	@anvil=$$($(BIN)/python bootstrap/anvil.py) && chromium=$$($(BIN)/python bootstrap/browser.py) && OPEN401K_ANVIL="$$anvil" OPEN401K_CHROMIUM="$$chromium" $(PYTEST) $(ARGS)
endif

check: lint test ## What CI runs: format, lint, types, import contracts, tests

lint: setup ## Format, lint, types and import contracts, without the tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy --num-workers $(WORKERS)
	@$(BIN)/lint-imports

format: setup ## Put the code into its format
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

reference: setup ## Write docs/reference anew, from the code
	@$(BIN)/python -m scripts.reference

bench: setup ## Measure, beside the peers and limits of benchmarks/README.md
	@$(BIN)/python -m benchmarks payroll --json $(ARGS)
	@$(BIN)/python -m benchmarks law --json

clean: ## Remove what was installed and cached here; the demo's data too
	@rm -rf .venv .bootstrap .open401k .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
