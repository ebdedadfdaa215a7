#!/usr/bin/env bash
# What slurm_train.sh and slurm_test.sh share: run a tool on a Slurm cluster, one process a GPU.
#
#   tools/slurm_run.sh PARTITION JOB_NAME TOOL [its arguments]
set -euo pipefail
partition=$1 job=$2 tool=$3
shift 3
gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
read -ra more <<<"${SRUN_ARGS:-}"

exec srun --partition "$partition" --job-name "$job" --ntasks "$gpus" --ntasks-per-node "$per_node" \
  --gres "gpu:$per_node" --cpus-per-task "${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 "${more[@]}" \
  "${PYTHON:-python}" -u "$(dirname "$0")/$tool" "$@" --launcher slurm
