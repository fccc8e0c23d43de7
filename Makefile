# Everything a stranger or a CI needs. Each target installs what it wants by itself.
.DEFAULT_GOAL := help
export PATH := $(PATH):$(CURDIR)/.bootstrap/bin
.PHONY: help test check unit run bench storm web lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/'

test: ## install everything and pass all checks
	@scripts/setup.sh test
	@scripts/build_web.sh
	@scripts/check.sh
	@scripts/test.sh

check: ## style, types, floors, dead code
	@scripts/setup.sh test
	@scripts/check.sh

unit: ## the tests alone, for example: make unit TESTS=tests/golden
	@scripts/setup.sh test
	@.venv/bin/python -m pytest -q $(TESTS)

run: ## install, then run everything and stay: make run, or make run DATA=folder
	@scripts/setup.sh run
	@scripts/build_web.sh
	@.venv/bin/karat run $(if $(DATA),--data "$(DATA)") $(ARGS)

bench: ## measure speed and memory: tables in bench/results/
	@scripts/setup.sh bench
	@.venv/bin/python -m bench $(ARGS)

storm: ## long random runs
	@scripts/setup.sh test
	@.venv/bin/python -m pytest -q -m storm $(ARGS)

web: ## build the page
	@scripts/build_web.sh

lock: ## pin the newest fitting versions of all packages
	@scripts/lock.sh

clean: ## remove what these targets made; KARAT_HOME is left alone
	rm -rf .venv .bootstrap .node .cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	rm -rf web/node_modules src/karat/api/static dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
