# make setup | test | test-fast | test-configs | coverage | lint | docs | demo | doctor    [STACK=openmmlab] [PYTHON=python3.11] [ARGS="-k mpi"]
# make test JOBS=4 takes four processes instead of two.
# make setup REDO="mmcv libraries" does these steps of the set-up again (make doctor says when).
# OPS=compiled make setup compiles mmcv's operators (10 to 30 minutes) instead of taking torchvision's.
# TORCH_INDEX=URL make setup looks for torch there too, e.g. for a smaller build without CUDA.
# STACK=openmmlab uses the original OpenMMLab releases, in an environment of its own.

STACK ?= onedl
JOBS ?= 2
VENV := .venv$(if $(filter openmmlab,$(STACK)),-openmmlab)
PY := $(VENV)/bin/python
CONSTRAINTS := requirements/constraints$(if $(filter openmmlab,$(STACK)),_openmmlab).txt
# The doctor is for environments that are broken, or not there.
DOCTOR_PY := $(or $(wildcard $(PY)),python3)

export STACK

.PHONY: help setup test test-fast test-configs coverage lint docs demo doctor

help:
	@echo 'make setup    make $(VENV) and install everything in it (once; goes on where it was interrupted)'
	@echo 'make demo     train, test and look at a small network on rendered streets'
	@echo 'make test     the whole test suite (ARGS="-k mpi" for a part)'
	@echo 'make doctor   what is installed, and does it work together?'
	@echo 'make test-fast  a fast part of it'
	@echo 'make test-configs  every shipped config, on tiny data (an hour; the suite runs a sample)'
	@echo 'make coverage   all of it, with the share of lines that are run'
	@echo 'make lint       style and types'
	@echo 'make docs       the documentation: docs/_build/html/index.html'
	@echo 'STACK=openmmlab with any of them: the same on the original OpenMMLab releases'

setup:
	@tools/setup_env.sh

test: setup
	$(PY) -m pytest -q --numprocesses $(JOBS) --dist loadfile $(ARGS)

# Operators, losses, metrics, masks and files: what all methods share; no command and no training.
FAST := tests/test_house.py tests/test_structures.py tests/test_checkpoint.py tests/test_config_check.py \
	tests/test_geometry tests/test_utils tests/test_evaluation tests/test_models/test_losses tests/test_models/test_mpi

test-fast: setup
	$(PY) -m pytest -q --numprocesses $(JOBS) --dist loadfile -m 'not slow' $(FAST) $(ARGS)

# An iteration of training, a validation, a test and an inference of each config.
test-configs: setup
	$(PY) -m pytest -q --numprocesses $(JOBS) --all-configs tests/test_configs.py $(ARGS)

coverage: setup
	$(PY) -m pytest -q --numprocesses $(JOBS) --dist loadfile --cov --cov-report=term:skip-covered $(ARGS)

docs: setup
	@$(PY) -c 'import furo, myst_parser, sphinx' 2>/dev/null || \
		$(PY) -m pip install --quiet --constraint $(CONSTRAINTS) --requirement requirements/docs.txt
	$(PY) -m sphinx --fail-on-warning --keep-going -b html docs docs/_build/html

demo: setup
	$(PY) tools/demo.py $(ARGS)

doctor:
	@$(DOCTOR_PY) tools/doctor.py

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
