# Everything from a fresh clone. Needs Python 3.11-3.13, Node 20 and make; nothing is installed outside this folder.
SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

-include .env
export

.PHONY: help demo test quick docs lint ruff mypy imports dependencies sqlfluff sbom environment

help:  ## Show what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: environment  ## The demo company, from made-up activity to pages in the browser
	$(BIN)/scorecard demo-data
	$(BIN)/scorecard refresh --company demo
	@echo
	@echo "Pages:   $(BIN)/scorecard serve   then open http://127.0.0.1:8080"
	@echo "Data:    data/demo/published/current/scorecard.duckdb (tables in schema marts)"
	@echo "Dagster: $(BIN)/scorecard dev     then open http://127.0.0.1:3000"

test: environment  ## All tests
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

quick: environment  ## The tests that take seconds
	$(BIN)/pytest -m "not slow"

docs: environment  ## The documentation as a site, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

lint: ruff mypy imports dependencies sqlfluff  ## Style and types

ruff: environment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy: environment
	$(BIN)/mypy

imports: environment
	$(BIN)/lint-imports

dependencies: environment
	$(BIN)/deptry .

sqlfluff: environment
	$(BIN)/sqlfluff lint dbt_project/models dbt_project/tests orchestration

sbom: environment  ## What is installed of others, in CycloneDX (sbom/)
	mkdir -p sbom
	$(BIN)/uv tool run --from cyclonedx-bom==7.1.0 cyclonedx-py environment --pyproject pyproject.toml \
		--output-reproducible -o sbom/python.cdx.json $(BIN)/python
	cd reports && env -i HOME="$$HOME" PATH="$$PATH" npm sbom --package-lock-only --legacy-peer-deps \
		--sbom-format cyclonedx > ../sbom/pages.cdx.json

environment: .venv/.installed  ## Python packages, exactly as locked

.venv/.installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet "uv>=0.5,<1"
	$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@
