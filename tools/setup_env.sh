#!/usr/bin/env bash
# Makes the environment: a venv with torch, the OpenMMLab libraries and this package.
#
#   tools/setup_env.sh        (or: make setup)
#
# STACK             onedl (default, in .venv) or openmmlab (the original releases, in .venv-openmmlab)
# OPS               mmcv's operators: torchvision (default; no compiler needed) or compiled (10 to 30 minutes);
#                   an environment keeps what it was made with until OPS names the other
# TORCH_INDEX       a further package index that has torch for this machine, e.g. one of CPU builds, which
#                   are 3 GB smaller than those with CUDA that PyPI has
# REDO              steps to do again, e.g. "mmcv libraries" (tools/doctor.py says which)
# PYTHON            the interpreter to use; otherwise one that fits is looked for
# SEGINPAINT_CACHE  where compiled wheels are kept (default: ~/.cache/seginpaint_mm)
# MAX_JOBS          compilers at a time (default: what cores and memory allow)
#
# Each step leaves a stamp, so that a second run does nothing and an interrupted one goes on.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec 3>&1 # the screen, also for steps whose output goes to the log

say() { printf '%s\n' "$*" >&3; }

readonly EXPLAINED=3 # exit status of a failure that has already been explained in a sentence
die() {
  say "error: $*"
  exit $EXPLAINED
}

# What this environment was made with: torchvision or compiled.
operators_before() {
  if [[ -f $STAMPS/ops ]]; then
    cat "$STAMPS/ops"
  elif compgen -G "$VENV/lib/python3*/site-packages/mmcv/_ext*.so" >/dev/null; then
    echo compiled
  else
    echo torchvision
  fi
}

STACK=${STACK:-onedl}
case $STACK in
  onedl)
    readonly VENV=.venv MMCV=onedl-mmcv MMCV_WITHOUT_OPERATORS=onedl-mmcv PYTHON_VERSIONS=(3.11 3.12 3.10)
    readonly CONSTRAINTS=requirements/constraints.txt FAMILY=requirements/mminstall.txt
    ;;
  openmmlab) # its torch has no files for Python 3.12
    readonly VENV=.venv-openmmlab MMCV=mmcv MMCV_WITHOUT_OPERATORS=mmcv-lite PYTHON_VERSIONS=(3.11 3.10)
    readonly CONSTRAINTS=requirements/constraints_openmmlab.txt
    readonly FAMILY=requirements/mminstall_openmmlab.txt
    ;;
  *) die "STACK=$STACK is unknown: use onedl (the default) or openmmlab." ;;
esac
readonly PY=$PWD/$VENV/bin/python STAMPS=$VENV/.setup LOG=$VENV/setup.log
[[ -n ${OPS:-} ]] || OPS=$(operators_before)
[[ $OPS == torchvision || $OPS == compiled ]] ||
  die "OPS=$OPS is unknown: use torchvision (the default) or compiled."
readonly BUILD=$PWD/$VENV/.setup/build # mmcv's source and objects, while it is compiled
readonly WHEELS=${SEGINPAINT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/seginpaint_mm}/wheels
readonly PINS=("$CONSTRAINTS" requirements/constraints_shared.txt)
readonly STEPS=(venv torch mmcv libraries package doctor)
readonly HEARTBEAT_SECONDS=30 FREE_GB_NEEDED=8

# --- steps -------------------------------------------------------------------------------------

step_number=0
changed=no

# step NAME LABEL FUNCTION FILE...: run FUNCTION, unless it was done with these FILEs as they are.
# VARIANT, if set, is part of what was done.
step() {
  local name=$1 label=$2 function=$3 wanted
  shift 3
  step_number=$((step_number + 1))
  wanted=$(cat "$@" | cksum)${VARIANT:+ $VARIANT}
  [[ -f $STAMPS/$name && $(<"$STAMPS/$name") == "$wanted" ]] && return
  changed=yes
  rm -f "$STAMPS/$name"
  say "[$step_number/${#STEPS[@]}] $label"
  run_logged "$function"
  mkdir -p "$STAMPS"
  printf '%s\n' "$wanted" >"$STAMPS/$name.partial"
  mv "$STAMPS/$name.partial" "$STAMPS/$name"
}

# Run a function with its output in the log and a line on the screen now and then.
run_logged() {
  local function=$1 started=$SECONDS next_sign=$((SECONDS + HEARTBEAT_SECONDS)) job status=0
  mkdir -p "$VENV"
  set -m # its own process group, so that an interruption ends the compilers too
  (
    set -e
    "$function"
  ) >>"$LOG" 2>&1 &
  job=$!
  set +m
  trap 'kill -- -'"$job"' 2>/dev/null || true' EXIT
  trap 'exit 130' INT TERM HUP
  while sleep 0.2 && kill -0 "$job" 2>/dev/null; do
    ((SECONDS < next_sign)) && continue
    say "      $((SECONDS - started)) s$(progress)"
    next_sign=$((SECONDS + HEARTBEAT_SECONDS))
  done
  wait "$job" || status=$?
  trap - EXIT INT TERM HUP
  if ((status == EXPLAINED)); then
    exit 1
  elif ((status)); then
    tail -n 20 "$LOG" >&3
    say "error: this step failed; the whole log is $LOG. Run the same command again to go on from here."
    exit 1
  fi
  say "      done in $((SECONDS - started)) s"
}

forget_steps_to_redo() {
  local name
  for name in ${REDO:-}; do
    [[ " ${STEPS[*]} " == *" $name "* ]] || die "REDO=$name is unknown: the steps are ${STEPS[*]}."
    rm -f "$STAMPS/$name" "$STAMPS/doctor"
  done
}

progress() {
  local sources=$BUILD/sources
  if [[ -f $sources ]]; then
    printf ', %s of %s files compiled' "$(find "$BUILD" -name '*.o' | wc -l)" "$(<"$sources")"
  fi
}

only_one_setup_at_a_time() {
  command -v flock >/dev/null || return 0
  mkdir -p "$VENV"
  exec 9>"$VENV/setup.lock"
  flock -n 9 || die "another set-up is at work in $VENV: wait until it has ended."
}

pip_install() {
  drop_half_installed
  "$PY" -m pip install --no-input --disable-pip-version-check --constraint "$CONSTRAINTS" "$@"
}

# A killed pip leaves packages that it later takes for installed; RECORD is what it writes last.
drop_half_installed() {
  local info
  for info in "$VENV"/lib/python3*/site-packages/*.dist-info; do
    [[ -e $info/RECORD ]] || rm -rf "$info"
  done
}

# --- 1: the venv -------------------------------------------------------------------------------

fits() {
  "$1" -c 'import sys, venv, ensurepip; sys.exit("%d.%d" % sys.version_info[:2] not in sys.argv[1:])' \
    "${PYTHON_VERSIONS[@]}" >/dev/null 2>&1
}

find_python() {
  local candidate candidates=("${PYTHON_VERSIONS[@]/#/python}" python3 python)
  [[ -z ${PYTHON:-} ]] || candidates=("$PYTHON")
  for candidate in "${candidates[@]}"; do
    fits "$candidate" && printf '%s' "$candidate" && return
  done
  die "${PYTHON:+PYTHON=$PYTHON does not fit: }no Python $(IFS=/ && echo "${PYTHON_VERSIONS[*]}") with its" \
    "venv module was found: install one (Debian, Ubuntu: apt-get install python3-venv python3-dev) or name it:" \
    "make setup PYTHON=/path/to/python3.11"
}

check_existing_venv() {
  [[ -x $PY ]] || return 0
  fits "$PY" || die "$VENV was made with a Python that does not fit or that is gone: remove $VENV."
  [[ -z ${PYTHON:-} ]] || [[ $("$PY" -V 2>&1) == "$("$PYTHON" -V 2>&1)" ]] ||
    die "$VENV was made with $("$PY" -V 2>&1): remove $VENV to make it with PYTHON=$PYTHON."
}

check_disk() {
  local free_gb
  free_gb=$(($(df -Pk . | awk 'NR == 2 {print $4}') / 1024 / 1024))
  ((free_gb >= FREE_GB_NEEDED)) ||
    die "$free_gb GB are free here, and an environment needs up to $FREE_GB_NEEDED GB: make room first."
}

make_venv() {
  local python
  check_disk
  python=$(find_python)
  "$python" -m venv "$VENV"
  pip_install --upgrade pip
}

# --- 2: torch ----------------------------------------------------------------------------------

# Of equal versions pip takes the one with a local label, as in 2.12.1+cpu.
install_torch() {
  pip_install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
    torch torchvision numpy opencv-python-headless setuptools wheel
}

# --- 3: mmcv -----------------------------------------------------------------------------------

source tools/setup_mmcv.sh # install_mmcv

# --- 4 and 5: the libraries and this package ---------------------------------------------------

install_libraries() {
  pip_install --requirement requirements/runtime.txt --requirement requirements/libraries.txt \
    --requirement requirements/tests.txt --requirement requirements/optional.txt opencv-python-headless
  grep -v mmcv "$FAMILY" | pip_install --no-deps --requirement requirements/mmagic.txt \
    --requirement /dev/stdin # mmcv is there
}

install_package() {
  pip_install --no-deps --editable . # built with its own setuptools: that of the pins may be older
}

check_all() {
  "$PY" tools/doctor.py >&3
}

# -----------------------------------------------------------------------------------------------

check_existing_venv
only_one_setup_at_a_time
forget_steps_to_redo
step venv "Python environment in $VENV" make_venv "${PINS[@]}"
step torch "torch (up to 3 GB to download)" install_torch "${PINS[@]}"
VARIANT=$OPS step mmcv "mmcv, operators: $OPS" install_mmcv "${PINS[@]}"
step libraries "the other libraries" install_libraries "${PINS[@]}" "$FAMILY" \
  requirements/{runtime,libraries,tests,optional,mmagic}.txt
step package "seginpaint_mm itself" install_package setup.py pyproject.toml
VARIANT=$OPS step doctor "does it work together?" check_all "${PINS[@]}" seginpaint_mm/commands/doctor.py
[[ $changed == no ]] || say "ready: $VENV/bin/python (or: source $VENV/bin/activate)"
