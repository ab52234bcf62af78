# What a developer does, one target each. `make` alone lists them.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
BENCH_PEERS ?= .bench-peers
export BENCH_PEERS

BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The host's pip fills the environment: it works where Python comes without ensurepip, too.
PIP_INTO = $(PYTHON) -m pip --disable-pip-version-check --python

.DEFAULT_GOAL := help
.PHONY: help setup test check coverage demo bench bench-peers catalogues lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## make the virtual environment from requirements.lock
	@echo "Ready: $(BIN)"

test: $(READY) ## run the tests in parallel; ARGS="-k lens" for some of them
	@$(BIN)/python -m pytest -n auto $(ARGS)

check: $(READY) ## all gates: style, types, layers, house, contracts, tests
	@echo "Style (ruff)"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "Types (mypy)"
	@$(BIN)/mypy
	@echo "Layers and house rules"
	@$(BIN)/python -m pytest -q tests/test_layers.py tests/test_house.py
	@echo "Contracts"
	@$(BIN)/mockserver lint
	@echo "All tests"
	@$(BIN)/python -m pytest -n auto

coverage: $(READY) ## run the tests and list the lines and branches they miss
	@$(BIN)/python -m pytest -n auto --cov $(ARGS)

demo: $(READY) ## see it work: a task from submit to file, in a few seconds
	@$(BIN)/python fixtures/demo.py

bench: $(READY) ## measure the speed beside bare uvicorn, four minutes; ARGS="--quick" for less
	@$(BIN)/python -m tests.bench $(ARGS)

# Scripts of the packages are not run, but for the one that fetches Node itself.
bench-peers: ## install Prism and WireMock by npm, for make bench ARGS="--peers"
	@command -v npm >/dev/null || { echo "npm is needed; it comes with Node.js" >&2; exit 1; }
	@npm install --no-save --no-fund --no-audit --prefix $(BENCH_PEERS)/node node@24
	@PATH="$(abspath $(BENCH_PEERS))/node/node_modules/node/bin:$$PATH" \
		npm install --no-save --no-fund --no-audit --ignore-scripts \
		--prefix $(BENCH_PEERS)/servers @stoplight/prism-cli@5 wiremock@3
	@command -v java >/dev/null || echo "WireMock also needs a Java, 11 or newer." >&2

catalogues: $(READY) ## write the pages of all rules for clients and of all faults
	@$(BIN)/python -m tests.catalogues

lock: ## renew requirements.lock with the newest versions pyproject.toml allows
	@echo "Resolving dependencies"
	@$(PYTHON) -m venv --without-pip .venv-lock
	@$(PIP_INTO) .venv-lock/bin/python install --quiet 'uv>=0.13,<0.14'
	@.venv-lock/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --custom-compile-command 'make lock' \
		--extra test --output-file requirements.lock pyproject.toml

clean: ## remove the environment, caches and build results
	@rm -rf .venv .venv-lock .mypy_cache .pytest_cache .ruff_cache .hypothesis .schemathesis
	@rm -rf .coverage .coverage.* htmlcov build dist .bench-peers
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Cleared only if it is an environment, so that a mistyped VENV loses nothing.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed. Name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@echo "Making $(VENV) from requirements.lock (once, up to a minute)"
	@$(PYTHON) -m venv --without-pip $(if $(wildcard $(VENV)/pyvenv.cfg),--clear) $(VENV)
	@$(PIP_INTO) $(BIN)/python install --quiet --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip check
	@touch $@
