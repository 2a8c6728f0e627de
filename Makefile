# Tongguan. `make run` and `make test` do all their own set-up; running them again is fast.
.PHONY: setup run test lint bench fuzz mutants sample clean dev
.DEFAULT_GOAL := run

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
PORT ?= 8600
export TONGGUAN_HOME ?= $(CURDIR)/var

KERNELS := $(shell grep -rlE 'njit' src/tongguan --include='*.py' 2>/dev/null)

setup: $(STAMPS)/kernels $(STAMPS)/assets

# Debian packages that the program itself needs: the archive library, a Chinese font for pictures.
$(STAMPS)/debian: scripts/debian.sh
	@mkdir -p $(STAMPS)
	@sh scripts/debian.sh run && touch $@

$(STAMPS)/debian-test: scripts/debian.sh
	@mkdir -p $(STAMPS)
	@sh scripts/debian.sh test && touch $@

$(STAMPS)/venv: requirements.lock pyproject.toml $(STAMPS)/debian
	@echo "set-up: Python packages"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/venv
	@echo "set-up: Python packages of the tests"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# Browser scripts and the address-to-country table. Without Node the console shows tables instead of charts,
# and an address outside the register has no country.
$(STAMPS)/assets: package-lock.json scripts/assets.sh
	@mkdir -p $(STAMPS)
	@sh scripts/assets.sh
	@if command -v npm >/dev/null 2>&1; then touch $@; fi

$(STAMPS)/assets-test: package-lock.json scripts/assets.sh $(STAMPS)/assets
	@sh scripts/assets.sh test && touch $@

# Compile the numeric kernels once, so that no first run waits for it.
$(STAMPS)/kernels: $(STAMPS)/venv $(KERNELS)
	@echo "set-up: compiling kernels"
	@$(BIN)/python -m tongguan.warm
	@touch $@

dev: $(STAMPS)/debian-test setup $(STAMPS)/dev $(STAMPS)/assets-test

run: setup
	@$(BIN)/tongguan inspect examples/xingye/captures --org examples/xingye/org.yaml --out var/xingye --as-of 2026-11-20
ifeq ($(ONCE),)
	@$(BIN)/tongguan serve --workspace var/xingye --org examples/xingye/org.yaml --port $(PORT)
endif

lint: $(STAMPS)/dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# A file's tests stay in one process, for their servers' sake; all processes must name the tests alike.
test: dev lint
	@PYTHONHASHSEED=0 $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

$(STAMPS)/fuzz: requirements-fuzz.lock $(STAMPS)/dev
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@touch $@

fuzz: dev $(STAMPS)/fuzz
	@FUZZ_COUNT=10000 $(BIN)/python -m pytest tests/fuzz
	@$(BIN)/python scripts/fuzz --seconds 60 --crashes var/crashes

# Change every number, day and article of the law's data, one at a time, and say which no test notices.
mutants: dev
	@$(BIN)/python -m pytest -s tests/law/mutants

# Remake the sample captures from real clients and servers in network namespaces of their own (needs root).
sample: dev
	@$(BIN)/python examples/xingye/make_captures.py

bench: dev
	@$(BIN)/python bench/run.py

clean:
	rm -rf $(VENV) $(STAMPS) node_modules var
