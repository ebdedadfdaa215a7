#!/usr/bin/env bash
# Test on a Slurm cluster, one process a GPU.
#
#   tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [options of tools/test.py]
#
# PYTHON                                         the interpreter, default: python
# GPUS, GPUS_PER_NODE, CPUS_PER_TASK, SRUN_ARGS  the job's size, default: 8 GPUs with 5 CPUs each
set -euo pipefail

if (($# < 4)); then
  echo "usage: $0 PARTITION JOB_NAME CONFIG CHECKPOINT [options of tools/test.py]" >&2
  exit 2
fi
exec "$(dirname "$0")/slurm_run.sh" "$1" "$2" test.py "${@:3}"
