# make demo   see it work, offline          make test   the tests
# make check  format, lint, types, layers, tests          make bench  timings beside other tools
# make docs   the pages of docs/reference
# make fuzz   60 s of hostile input                       make soak   100,000 sessions, a tenth hostile
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help demo test lint check bench fuzz soak docs lock format clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

# The stamp is newer than the lock and pyproject once both are installed, so a second run starts at once.
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(f"smtp-probe needs Python 3.11 or newer, and $(PYTHON) is {v[0]}.{v[1]}; try make PYTHON=python3.12" if v < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		v=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$(PYTHON) lacks the venv module; on Debian and Ubuntu: apt install python$$v-venv" >&2; exit 2; }
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q probe
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/smtp-probe demo

test: $(STAMP)
	@$(BIN)/python -m pytest -q -n auto

lint: $(STAMP)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary

check: lint test

format: $(STAMP)
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

bench: $(STAMP)
	@$(BIN)/python -m bench

fuzz: $(STAMP)
	@$(BIN)/python -m bench.fuzz

soak: $(STAMP)
	@$(BIN)/python -m bench.soak

# The pages of the reference are made from data/; a test says when they are old.
PAGES := codes enhanced pairs causes replies dnsbl findings extensions references checks
docs: $(STAMP)
	@mkdir -p docs/reference
	@for page in $(PAGES); do $(BIN)/smtp-probe list $$page --format markdown >docs/reference/$$page.md || exit; done

# Needs uv; --universal makes one lock for all supported Pythons and platforms.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group dev -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) dist build
