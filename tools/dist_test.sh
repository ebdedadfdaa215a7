#!/usr/bin/env bash
# Test on several GPUs (or, without one, in several CPU processes) of one or more machines.
#
#   tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [options of tools/test.py]
#
# PYTHON                                 the interpreter, default: python
# NNODES, NODE_RANK, MASTER_ADDR, PORT   for more than one machine
set -euo pipefail

if (($# < 3)); then
  echo "usage: $0 CONFIG CHECKPOINT PROCESSES [options of tools/test.py]" >&2
  exit 2
fi
exec "$(dirname "$0")/dist_run.sh" "$3" test.py "$1" "$2" "${@:4}"
