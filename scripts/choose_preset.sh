#!/usr/bin/env bash
# Prints the preset that this machine builds: "cuda" if an nvcc is found that compiles and has the version of a pinned
# LibTorch, else "cpu". If there is an nvcc that cannot be used, one line on standard error says why.
#
#   scripts/choose_preset.sh [--libtorch]     --libtorch: instead the set of scripts/install_dependencies.sh: cpu, cuda
#                                             (LibTorch 2.11.0, CUDA 13) or cuda12 (LibTorch 2.10.0, CUDA 12.8)
#
# NVCC, CUDA_HOME and the PATH are searched, in this order, then /usr/local/cuda. If the driver is of CUDA 12 and this nvcc
# of 13, whose programs such a driver does not run, /usr/local/cuda-12* is searched too. A compilation is tried once; the
# answer is kept below build/ until nvcc, the host compiler or the driver change.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_nvcc() {
  local candidate
  for candidate in "${NVCC:-}" "${CUDA_HOME:-/nonexistent}/bin/nvcc" "$(command -v nvcc || true)" \
    /usr/local/cuda/bin/nvcc; do
    if [ -n "$candidate" ] && [ -e "$candidate" ]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
}

# The major version of CUDA that the driver runs; nothing without a driver.
driver_major() {
  python3 - 2>/dev/null <<'PYTHON' || true
import ctypes
version = ctypes.c_int()
if ctypes.CDLL("libcuda.so.1").cuDriverGetVersion(ctypes.byref(version)) == 0:
    print(version.value // 1000)
PYTHON
}

# The newest nvcc of CUDA 12 below /usr/local.
find_nvcc_12() {
  local candidate
  for candidate in $(compgen -G '/usr/local/cuda-12*/bin/nvcc' | sort --version-sort --reverse); do
    if [ -x "$candidate" ]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
}

# Whether nvcc compiles a kernel with the host compiler; the end of its messages otherwise.
compiles() { # NVCC
  local folder status=0
  folder=$(mktemp --directory)
  printf '__global__ void set(int* x) { *x = 1; }\n' >"$folder/probe.cu"
  "$1" -arch=sm_80 -c "$folder/probe.cu" -o "$folder/probe.o" >"$folder/messages" 2>&1 || status=$?
  if [ $status -ne 0 ]; then grep --max-count=1 -iE 'error|unsupported|not found' "$folder/messages" || true; fi
  rm -rf "$folder"
  return $status
}

# Prints "SET" or "cpu REASON".
examine() { # NVCC
  local text version message
  text=$("$1" --version 2>&1) || true
  version=$(sed -nE 's/.*release ([0-9]+\.[0-9]+).*/\1/p' <<<"$text" | head -1)
  case $version in
    "") printf 'cpu it does not say its version\n'; return ;;
    13.* | 12.[4-9]) ;;
    *) printf 'cpu it is of CUDA %s, flashrna builds with 12.4 to 12.9 and 13\n' "$version"; return ;;
  esac
  if ! message=$(compiles "$1"); then
    printf 'cpu it does not compile: %s\n' "${message:-it ended without a message}"
  elif [ "${version%%.*}" = 12 ]; then
    printf 'cuda12\n'
  else
    printf 'cuda\n'
  fi
}

nvcc=$(find_nvcc)
driver=$(driver_major)
if [ "$driver" = 12 ] && [[ $("${nvcc:-false}" --version 2>/dev/null) == *"release 13."* ]]; then
  other=$(find_nvcc_12)
  if [ -n "$other" ]; then
    nvcc=$other
  else
    printf 'choose_preset: the driver is of CUDA 12 and %s of CUDA 13: the GPU needs driver 580 or newer, or CUDA 12 in %s\n' \
      "$nvcc" "/usr/local or NVCC" >&2
  fi
fi
answer=cpu
if [ -n "$nvcc" ]; then
  key="$nvcc driver ${driver:-none} $(stat --dereference --format '%Y %s' "$nvcc") $(${CXX:-g++} -dumpfullversion 2>/dev/null || true)"
  kept=build/nvcc.checked
  if [ "$(head -1 "$kept" 2>/dev/null)" = "$key" ]; then
    answer=$(tail -1 "$kept")
  else
    answer=$(examine "$nvcc")
    mkdir -p build
    printf '%s\n%s\n' "$key" "$answer" >"$kept.$$"
    mv --force "$kept.$$" "$kept"
  fi
  if [ "${answer%% *}" = cpu ]; then
    printf 'choose_preset: %s is not used: %s; building without CUDA\n' "$nvcc" "${answer#cpu }" >&2
  fi
fi
set_name=${answer%% *}
if [ "${1:-}" != --libtorch ] && [ "$set_name" = cuda12 ]; then set_name=cuda; fi
printf '%s\n' "$set_name"
