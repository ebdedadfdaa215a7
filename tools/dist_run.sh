#!/usr/bin/env bash
# What dist_train.sh and dist_test.sh share: start PROCESSES of a tool, on one or more machines.
#
#   tools/dist_run.sh PROCESSES TOOL [its arguments]
set -euo pipefail
processes=$1 tool=$2
shift 2

exec "${PYTHON:-python}" -m torch.distributed.run \
  --nnodes "${NNODES:-1}" --node_rank "${NODE_RANK:-0}" --nproc_per_node "$processes" \
  --master_addr "${MASTER_ADDR:-127.0.0.1}" --master_port "${PORT:-29500}" \
  "$(dirname "$0")/$tool" "$@" --launcher pytorch
