# Every path is relative, so that a checkout in a folder with a space in its name works.
PYTHON ?= python3
SECONDS ?= 3600
# By file: tests of one file share fixtures and compiled networks. (Groups, `loadgroup`, are ignored in
# silence by pytest-xdist 3.8 with pytest 9.2.)
PYTEST_FLAGS ?= --numprocesses=auto --dist=loadfile

# Dozens of tests start a Python, each of which would compile all of skae where this is set.
export PYTHONDONTWRITEBYTECODE :=

venv := .venv/bin/python
built_from := pyproject.toml setup.py skae/numerics/_kernels.c

.PHONY: help compare test test-slow test-scoring lint format coverage benchmarks fuzz docs clean
# Two targets at once would run pip twice in one environment.
.NOTPARALLEL:

help:
	@echo "make compare     compare an autoencoder with PCA on scikit-learn's digits"
	@echo "make test        lint, then run all tests but the slow ones"
	@echo "make test-slow   run those: pages, processes, clusters, longer fits"
	@echo "make test-scoring  load and score what is stored, in an environment without TensorFlow"
	@echo "make lint        check formatting, lint rules, imports and types"
	@echo "make format      apply them"
	@echo "make coverage    run all tests and list the lines they miss"
	@echo "make benchmarks  print the tables of speed, quality, memory, variants, applications and exports"
	@echo "make fuzz        ten thousand estimators and rows; bytes to every parser, for SECONDS=3600"
	@echo "make docs        build the pages into docs/_build/html, and open them in Chromium"
	@echo "make clean       remove the environment and what the tools left"

compare: .venv/.compare
	$(venv) -m skae compare

test: lint
	$(venv) -m pytest -m "not slow" $(PYTEST_FLAGS)

# Those that take more than a second each.
test-slow: .venv/.test
	$(venv) -m pytest -m slow $(PYTEST_FLAGS)

# In an environment of its own: what every installation has, whose size is measured, and then what
# tables and the codec take beside.
test-scoring:
	rm -rf build
	$(PYTHON) -m venv --clear .venv-scoring
	.venv-scoring/bin/python -m pip install .
	.venv-scoring/bin/python tests/without_tensorflow/score_golden.py --most-megabytes 350
	.venv-scoring/bin/python -m pip install ".[codec]" pandas skops
	.venv-scoring/bin/python tests/without_tensorflow/score_golden.py

lint: .venv/.test
	$(venv) -m ruff format --check .
	$(venv) -m ruff check .
	.venv/bin/lint-imports --no-cache --no-logo setup.cfg
	$(venv) -m mypy

format: .venv/.test
	$(venv) -m ruff format .
	$(venv) -m ruff check --fix .

coverage: .venv/.test
	$(venv) -m pytest --cov --cov-report=term $(PYTEST_FLAGS)

benchmarks: .venv/.benchmarks
	$(venv) -m benchmarks.speed
	$(venv) -m benchmarks.quality
	$(venv) -m benchmarks.starts
	$(venv) -m benchmarks.memory
	$(venv) -m benchmarks.survival
	$(venv) -m benchmarks.variants
	$(venv) -m benchmarks.family
	$(venv) -m benchmarks.applications
	$(venv) -m benchmarks.tables
	$(venv) -m benchmarks.damage
	$(venv) -m benchmarks.export
	$(venv) -m benchmarks.edge

# SKAE_FUZZ_EXAMPLES=1000 tries fewer.
fuzz: .venv/.fuzz
	SKAE_FUZZ=1 $(venv) -m pytest tests/fuzz --hypothesis-show-statistics -o faulthandler_timeout=0
	$(venv) -m fuzz --seconds $(SECONDS)

# The tests run the Python of the pages, and open what was built in a browser.
docs: .venv/.docs .venv/.test
	$(venv) -m sphinx -W --keep-going -b html docs docs/_build/html
	SKAE_BROWSER=required $(venv) -m pytest $(PYTEST_FLAGS) tests/docs

clean:
	rm -rf .venv .venv-scoring build dist .coverage .coverage.* htmlcov .mypy_cache .pytest_cache .ruff_cache
	rm -rf docs/_build docs/gallery docs/generated skae.egg-info
	rm -f skae/numerics/_kernels.*.so skae/numerics/_kernels.pyd
	find benchmarks docs examples fuzz skae tests -name __pycache__ -prune -exec rm -rf {} +

# One stamp for each extra, written only when its installation ended well.
.venv/.compare: .venv/.ready $(built_from)
	$(venv) -m pip install --editable ".[train,compare]"
	@touch $@

.venv/.test .venv/.benchmarks .venv/.fuzz .venv/.dev .venv/.docs: .venv/.%: .venv/.ready $(built_from)
	$(venv) -m pip install --editable ".[$*]"
	@touch $@

# An environment whose creation was interrupted has no working pip, and is made anew.
.venv/.ready:
	@$(venv) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@touch $@
