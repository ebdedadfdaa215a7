# shellcheck shell=bash
# Step `mmcv` of setup_env.sh (which reads this file): mmcv without operators, which seginpaint_mm then
# provides (interop/mmcv_ops.py), or with OPS=compiled the wheel kept for this torch, or a new one.
# mmcv and its continuation come as source; their operators are C++ and CUDA.

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
  mkdir -p "$STAMPS"
  echo "$OPS" >"$STAMPS/ops"
  "install_mmcv_$OPS"
}

install_mmcv_torchvision() {
  local version folder
  version=$(pinned "$MMCV_WITHOUT_OPERATORS")
  folder=$WHEELS/$MMCV_WITHOUT_OPERATORS-${version}_without_operators
  if ! compgen -G "$folder/*.whl" >/dev/null; then
    # Built apart from torch, mmcv has no operators. pip's own cache may have a wheel with some.
    rm -rf "$folder.partial"
    "$PY" -m pip wheel --no-input --disable-pip-version-check --no-deps --no-cache-dir \
      --wheel-dir "$folder.partial" "$MMCV_WITHOUT_OPERATORS==$version"
    mv "$folder.partial" "$folder"
  fi
  replace_mmcv "$folder"
}

install_mmcv_compiled() {
  local version target torch_and_python folder
  version=$(pinned "$MMCV")
  target=$(mmcv_target)
  [[ $target != cpu ]] || note_missing_cuda_ops
  torch_and_python=$("$PY" -c 'import sys, torch
print("torch-%s_cp%d%d" % (torch.__version__.split("+")[0], *sys.version_info[:2]))')
  folder=$WHEELS/$MMCV-${version}_${torch_and_python}_$target
  if compgen -G "$folder/*.whl" >/dev/null; then
    say "      compiled before: taken from $folder"
    replace_mmcv "$folder" && operators_load && return
    say "      that one does not load here, so it is compiled again"
  fi
  compile_mmcv "$version" "$target" "$folder"
  replace_mmcv "$folder" && operators_load || die "mmcv's compiled operators do not load: see $LOG."
}

pinned() {
  sed -n "s/^$1==//p" "$CONSTRAINTS"
}

# The distributions with and without operators write the same folder.
replace_mmcv() {
  "$PY" -m pip uninstall --yes --disable-pip-version-check "$MMCV" "$MMCV_WITHOUT_OPERATORS" &&
    pip_install --no-deps "$1"/*.whl
}

# mmcv itself can not be imported before mmengine.
operators_load() {
  "$PY" - <<'PYTHON'
import glob, importlib.util, sysconfig, torch

path, = glob.glob(sysconfig.get_path('platlib') + '/mmcv/_ext*.so')
importlib.util.module_from_spec(importlib.util.spec_from_file_location('_ext', path))
PYTHON
}

check_compiler() {
  command -v "${CXX:-c++}" >/dev/null ||
    die "no C++ compiler was found, and mmcv must be compiled: install one (Debian, Ubuntu: apt-get install g++)," \
      "or take torchvision's operators: OPS=torchvision make setup"
  "$PY" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
    die "Python.h is missing, and mmcv must be compiled: install it (Debian, Ubuntu: apt-get install python3-dev)," \
      "or take torchvision's operators: OPS=torchvision make setup"
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
  local version=$1 target=$2 folder=$3 source
  source=$BUILD/$(basename "$folder")
  check_compiler
  pip_install --requirement requirements/build.txt
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
