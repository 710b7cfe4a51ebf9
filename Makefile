# Everything below sets itself up: nothing is assumed but make, Python 3.11 to 3.14 with venv, and a package index.

PYTHON ?= python3
UV_VERSION := 0.13.9
# How many KRs the generated enterprises of `make bench` have.
SIZE ?= 100000 1000000
# Debian packages of the servers and other programs that tests start for themselves.
export SERVERS := postgresql mariadb-server chromium libreoffice-calc fonts-noto-cjk

BIN := .venv/bin
READY := .venv/.ready
UV := VIRTUAL_ENV= UV_PYTHON_DOWNLOADS=never $(BIN)/uv
PYTEST := $(BIN)/python -m pytest -n 2 --dist loadfile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

.PHONY: help
help: ## what can be made
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' || \
	  { echo "Python 3.11 to 3.14 is needed and '$(PYTHON)' is none; say: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d' ' -f2)" = "$(UV_VERSION)" || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$(UV_VERSION)"
	$(UV) sync --frozen --inexact --compile-bytecode --quiet
	@touch $@

.PHONY: setup
setup: $(READY) ## the environment in .venv, with the program in .venv/bin/okr

.PHONY: demo
demo: $(READY) ## a made-up enterprise in ./demo: its data, a run over it, what to look at
	@$(BIN)/okr demo demo

.PHONY: test
test: $(READY) ## every test; on Debian it first installs the servers that tests need, where it may
	@.ci/servers install
	@$(PYTEST); status=$$?; .ci/servers missing; exit $$status

.PHONY: quick
quick: $(READY) ## the tests that need no server and little time
	$(PYTEST) -m "not server and not slow"

.PHONY: bench
bench: $(READY) ## time and memory of every stage, as one table: make bench SIZE=100000
	@.ci/servers install
	@$(UV) sync --frozen --inexact --group bench --quiet
	@$(BIN)/python -m benchmarks.run $(SIZE)

.PHONY: lint
lint: $(READY) ## style, types, layers, texts, and whether generated files are up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/unit/texts -k both_languages
	$(BIN)/python docs/make_rules.py --check
	$(UV) lock --check
	@$(EXPORT) | diff requirements.lock - >/dev/null || { echo "requirements.lock is behind uv.lock: make lock" >&2; exit 1; }

EXPORT = $(UV) export --frozen --no-dev --no-emit-project --no-header --quiet

.PHONY: lock
lock: $(READY) ## uv.lock and requirements.lock, after a change of pyproject.toml
	$(UV) lock
	$(EXPORT) > requirements.lock

.PHONY: clean
clean: ## away with the environment and with what programs left behind
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache demo
