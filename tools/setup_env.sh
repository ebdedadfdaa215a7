#!/usr/bin/env bash
# Makes the environment: a venv with torch, compiled mmcv ops, the OpenMMLab libraries and this package.
#
#   tools/setup_env.sh        (or: make setup)
#
# STACK             onedl (default, in .venv) or openmmlab (the original releases, in .venv-openmmlab)
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

STACK=${STACK:-onedl}
case $STACK in
  onedl)
    readonly VENV=.venv MMCV=onedl-mmcv PYTHON_VERSIONS=(3.11 3.12 3.10)
    readonly CONSTRAINTS=requirements/constraints.txt FAMILY=requirements/mminstall.txt
    ;;
  openmmlab) # its torch has no files for Python 3.12
    readonly VENV=.venv-openmmlab MMCV=mmcv PYTHON_VERSIONS=(3.11 3.10)
    readonly CONSTRAINTS=requirements/constraints_openmmlab.txt
    readonly FAMILY=requirements/mminstall_openmmlab.txt
    ;;
  *) die "STACK=$STACK is unknown: use onedl (the default) or openmmlab." ;;
esac
readonly PY=$PWD/$VENV/bin/python STAMPS=$VENV/.setup LOG=$VENV/setup.log
readonly BUILD=$PWD/$VENV/.setup/build
readonly WHEELS=${SEGINPAINT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/seginpaint_mm}/wheels
readonly PINS=("$CONSTRAINTS" requirements/constraints_shared.txt)
readonly STEPS=(venv torch mmcv libraries package doctor)
readonly HEARTBEAT_SECONDS=30 FREE_GB_NEEDED=8

# --- steps -------------------------------------------------------------------------------------

step_number=0
changed=no

# step NAME LABEL FUNCTION FILE...: run FUNCTION, unless it was done with these FILEs as they are.
step() {
  local name=$1 label=$2 function=$3 wanted
  shift 3
  step_number=$((step_number + 1))
  wanted=$(cat "$@" | cksum)
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

install_torch() {
  pip_install --requirement requirements/build.txt torch torchvision numpy opencv-python-headless
}

# --- 3: mmcv -----------------------------------------------------------------------------------

# "cuda13.0-sm90" where mmcv can be compiled for this machine's GPU, "cpu" where it can not.
mmcv_target() {
  "$PY" - <<'PYTHON'
import re, shutil, subprocess, torch

def nvcc_major():
    if not shutil.which('nvcc'):
        return None
    text = subprocess.run(['nvcc', '--version'], capture_output=True, text=True).stdout
    found = re.search(r'release (\d+)\.', text)
    return found and found[1]

cuda = torch.version.cuda
if cuda and torch.cuda.is_available() and nvcc_major() == cuda.split('.')[0]:
    print('cuda%s-sm%d%d' % (cuda, *torch.cuda.get_device_capability()))
else:
    print('cpu')
PYTHON
}

note_missing_cuda_ops() {
  if command -v nvidia-smi >/dev/null && nvidia-smi >/dev/null 2>&1; then
    say "      note: no nvcc of torch's CUDA version was found, so mmcv's own operators are compiled for"
    say "      the CPU only; torch uses the GPU all the same, and seginpaint_mm needs no more."
  fi
}

install_mmcv() {
  local version target torch_and_python folder
  version=$(sed -n "s/^$MMCV==//p" "$CONSTRAINTS")
  target=$(mmcv_target)
  [[ $target != cpu ]] || note_missing_cuda_ops
  torch_and_python=$("$PY" -c 'import sys, torch
print("torch-%s_cp%d%d" % (torch.__version__.split("+")[0], *sys.version_info[:2]))')
  folder=$WHEELS/$MMCV-${version}_${torch_and_python}_$target
  if compgen -G "$folder/*.whl" >/dev/null; then
    say "      compiled before: taken from $folder"
    install_wheel "$folder" && return
    say "      that one does not load here, so it is compiled again"
  fi
  compile_mmcv "$version" "$target" "$folder"
  install_wheel "$folder" || die "mmcv's compiled operators do not load: see $LOG."
}

# False where the compiled operators do not load. mmcv itself can not be imported before mmengine.
install_wheel() {
  pip_install --no-deps --force-reinstall "$1"/*.whl && "$PY" - <<'PYTHON'
import glob, importlib.util, sysconfig, torch

path, = glob.glob(sysconfig.get_path('platlib') + '/mmcv/_ext*.so')
importlib.util.module_from_spec(importlib.util.spec_from_file_location('_ext', path))
PYTHON
}

check_compiler() {
  command -v "${CXX:-c++}" >/dev/null ||
    die "no C++ compiler was found, and mmcv must be compiled: install one (Debian, Ubuntu: apt-get install g++)."
  "$PY" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
    die "Python.h is missing, and mmcv must be compiled: install it (Debian, Ubuntu: apt-get install python3-dev)."
}

# As many compilers as there are cores, at 2 GB each.
compiler_jobs() {
  local cores memory_gb
  cores=$(getconf _NPROCESSORS_ONLN)
  memory_gb=$(awk '/MemAvailable/ {print int($2 / 1024 / 1024)}' /proc/meminfo 2>/dev/null || true)
  local by_memory=$((${memory_gb:-$((2 * cores))} / 2))
  local jobs=$((by_memory < cores ? by_memory : cores))
  echo $((jobs > 0 ? jobs : 1))
}

# The objects stay in $BUILD when this is interrupted, so that the next run compiles only the rest.
# pip's own cache is not used: it does not know for which torch a wheel was compiled.
compile_mmcv() {
  local version=$1 target=$2 folder=$3 source=$BUILD/$MMCV-$1-$2
  check_compiler
  say "      compiling mmcv's operators ($target), once: 10 to 30 minutes on two cores"
  if [[ ! -f $source/setup.py ]]; then
    rm -rf "$BUILD"
    mkdir -p "$source.partial"
    pip_download "$MMCV==$version" "$BUILD"
    tar -xzf "$BUILD"/*.tar.gz --strip-components 1 -C "$source.partial"
    mv "$source.partial" "$source"
  fi
  local force_cuda=1 ops=$source/mmcv/ops/csrc/pytorch
  local files=("$ops"/*.cpp "$ops"/cpu/*.cpp "$ops"/cuda/*.c*)
  if [[ $target == cpu ]]; then
    force_cuda=0
    files=("$ops"/*.cpp "$ops"/cpu/*.cpp)
    export CUDA_VISIBLE_DEVICES= # mmcv compiles for CUDA wherever torch sees a GPU
  fi
  echo ${#files[@]} >"$BUILD/sources"
  MMCV_WITH_OPS=1 FORCE_CUDA=$force_cuda MAX_JOBS=${MAX_JOBS:-$(compiler_jobs)} \
    "$PY" -m pip wheel --no-build-isolation --no-deps --no-cache-dir --wheel-dir "$BUILD/wheel" "$source"
  mkdir -p "$WHEELS"
  rm -rf "$folder" "$folder.partial"
  cp -r "$BUILD/wheel" "$folder.partial"
  mv "$folder.partial" "$folder"
  rm -rf "$BUILD"
}

pip_download() {
  "$PY" -m pip download --no-input --disable-pip-version-check --no-build-isolation --no-deps --no-cache-dir \
    --no-binary :all: --dest "$2" "$1"
}

# --- 4 and 5: the libraries and this package ---------------------------------------------------

install_libraries() {
  pip_install --requirement requirements/runtime.txt --requirement requirements/tests.txt \
    --requirement requirements/optional.txt opencv-python-headless
  pip_install --no-deps --requirement "$FAMILY"
}

install_package() {
  pip_install --no-deps --no-build-isolation --editable .
}

check_all() {
  "$PY" tools/doctor.py >&3
}

# -----------------------------------------------------------------------------------------------

check_existing_venv
only_one_setup_at_a_time
forget_steps_to_redo
step venv "Python environment in $VENV" make_venv "${PINS[@]}"
step torch "torch and what compiles mmcv (3 GB to download)" install_torch "${PINS[@]}" requirements/build.txt
step mmcv "mmcv with its compiled operators" install_mmcv "${PINS[@]}"
step libraries "the other libraries" install_libraries "${PINS[@]}" "$FAMILY" \
  requirements/{runtime,tests,optional}.txt
step package "seginpaint_mm itself" install_package setup.py
step doctor "does it work together?" check_all "${PINS[@]}" tools/doctor.py
[[ $changed == no ]] || say "ready: $VENV/bin/python (or: source $VENV/bin/activate)"
