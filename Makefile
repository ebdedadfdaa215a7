# make setup | test | demo | doctor | lint    [STACK=openmmlab] [PYTHON=python3.11] [ARGS="-k mpi"]
# make test JOBS=4 takes four processes instead of two.
# make setup REDO="mmcv libraries" does these steps of the set-up again (make doctor says when).
# OPS=compiled make setup compiles mmcv's operators (10 to 30 minutes) instead of taking torchvision's.
# TORCH_INDEX=URL make setup looks for torch there too, e.g. for a smaller build without CUDA.
# STACK=openmmlab uses the original OpenMMLab releases, in an environment of its own.

STACK ?= onedl
JOBS ?= 2
VENV := .venv$(if $(filter openmmlab,$(STACK)),-openmmlab)
PY := $(VENV)/bin/python
# The doctor is for environments that are broken, or not there.
DOCTOR_PY := $(or $(wildcard $(PY)),python3)

export STACK

.PHONY: help setup test demo doctor lint

help:
	@echo 'make setup    make $(VENV) and install everything in it (once; goes on where it was interrupted)'
	@echo 'make demo     train, test and look at a small network on rendered streets'
	@echo 'make test     the whole test suite (ARGS="-k mpi" for a part)'
	@echo 'make doctor   what is installed, and does it work together?'
	@echo 'make lint     style checks'
	@echo 'STACK=openmmlab with any of them: the same on the original OpenMMLab releases'

setup:
	@tools/setup_env.sh

test: setup
	$(PY) -m pytest -q --numprocesses $(JOBS) --dist loadfile $(ARGS)

demo: setup
	$(PY) tools/demo.py $(ARGS)

doctor:
	@$(DOCTOR_PY) tools/doctor.py

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
