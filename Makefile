# Two commands matter: `make demo` and `make test`. Both do all set-up by themselves.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
ARGS   ?=

.DEFAULT_GOAL := help
# Some containers forbid to keep compiled modules: each of the many processes of a run would compile all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test soak lint bench pictures lock clean help

help:
	@echo "make demo [ARGS=--once]   set up and watch the bot moderate a loopback Discord"
	@echo "make test                 set up, lint, type-check and run the tests"
	@echo "make soak                 the laws alone, each tried at length"
	@echo "make bench                the numbers in the README"
	@echo "make pictures             the pictures in docs/pictures (needs Chromium)"
	@echo "make lock                 refresh the hashed requirements (needs uv)"

demo: $(VENV)/.runtime
	@$(BIN)/python -m bot demo $(ARGS)

test: lint
	$(BIN)/python -m pytest $(ARGS)

soak: $(VENV)/.dev
	$(BIN)/python -m pytest --hypothesis-profile=soak --timeout=3600 -m hypothesis $(ARGS)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks $(ARGS)

pictures: $(VENV)/.runtime
	$(BIN)/python -m tools.pictures $(ARGS)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "Beholder needs Python 3.11, 3.12 or 3.13; this is %s. Name another: make PYTHON=python3.12 ..." % sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@echo "Setting up (once): installing the locked requirements into $(VENV) ..."
	@$(PIP) install --require-hashes -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Setting up (once): installing the locked test requirements ..."
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

LOCK := uv pip compile --universal --generate-hashes --python-version 3.11 --no-emit-index-url --no-header --no-annotate --no-strip-extras --quiet
lock:
	$(LOCK) pyproject.toml --group build -o requirements/runtime.txt
	$(LOCK) pyproject.toml --group build --group dev -c requirements/runtime.txt -o requirements/dev.txt

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
