#!/usr/bin/env bash
# Train on several GPUs (or, without one, in several CPU processes) of one or more machines.
#
#   tools/dist_train.sh CONFIG PROCESSES [options of tools/train.py]
#
# PYTHON                                 the interpreter, default: python
# NNODES, NODE_RANK, MASTER_ADDR, PORT   for more than one machine
set -euo pipefail

if (($# < 2)); then
  echo "usage: $0 CONFIG PROCESSES [options of tools/train.py]" >&2
  exit 2
fi
exec "$(dirname "$0")/dist_run.sh" "$2" train.py "$1" "${@:3}"
