#!/usr/bin/env bash
# Installs the dependencies: packages of the distribution (Debian 12, Ubuntu 24.04), and LibTorch and plotly.js from
# pinned Python wheels into a cache shared by all checkouts. Does nothing if all are installed.
#
#   scripts/install_dependencies.sh [cpu|cuda|cuda12]     default: what scripts/choose_preset.sh --libtorch says
#   scripts/install_dependencies.sh --libtorch SET        LibTorch alone; prints its folder
#
# cpu and cuda are LibTorch 2.11.0, without and with the libraries of CUDA 13.0; cuda12 is LibTorch 2.10.0 with those of
# CUDA 12.8. All but the distribution's packages goes below XDG_CACHE_HOME (default ~/.cache): 0.5 GB, 3.6 GB, some 6 GB.
#
# FLASHRNA_LIBTORCH=DIR   use this LibTorch 2.8 to 2.11 (lib/ and include/, or a site-packages); download none
# FLASHRNA_PLOTLY=FILE    use this plotly.min.js and download none
# FLASHRNA_CHECKERS=1     install clang-format-14 even if nothing else is missing; else it comes with other packages
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

die() { printf 'error: %s\n' "$*" >&2; exit 1; }
say() { printf 'install_dependencies: %s\n' "$*" >&2; }

packages=(
  g++ cmake ninja-build ccache pkg-config
  gemmi  # Debian 13: the CMake files of gemmi-dev need its program
  gemmi-dev libarchive-dev libbenchmark-dev libboost-program-options-dev libeigen3-dev libfmt-dev libgloo-dev
  libgmock-dev libgtest-dev libhdf5-dev librandom123-dev libtbb-dev nettle-dev nlohmann-json3-dev tao-pegtl-dev zlib1g-dev
  cd-hit hdf5-tools mmseqs2 python3-h5py  # programs that the tests run; split uses cd-hit and mmseqs2
)
optional=(clang-format-14)  # of the test `Format`; installed where the distribution has it

# ---- packages of the distribution

missing_packages() { # NAME...
  # Tests for "installed", because a removed package keeps its entry if its configuration remains.
  local installed
  installed=$(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  local name
  for name in "$@"; do
    grep --quiet --line-regexp --fixed-strings "$name installed" <<<"$installed" || printf '%s\n' "$name"
  done
}

install_packages() {
  command -v dpkg-query >/dev/null || die "this is neither Debian nor Ubuntu; install what the list at the top of" \
    "scripts/install_dependencies.sh names, then set FLASHRNA_LIBTORCH and call cmake directly"
  if ! python3 -m pip --version >/dev/null 2>&1; then packages+=(python3-pip); fi
  local missing
  mapfile -t missing < <(missing_packages "${packages[@]}")
  [ ${#missing[@]} -gt 0 ] || [ -n "${FLASHRNA_CHECKERS:-}" ] || return 0
  local -a install=(apt-get install --yes --no-install-recommends "${missing[@]}")
  local -a privilege
  if [ "$(id -u)" -eq 0 ]; then
    privilege=(env DEBIAN_FRONTEND=noninteractive)
  elif command -v sudo >/dev/null && sudo --non-interactive true 2>/dev/null; then
    privilege=(sudo --non-interactive env DEBIAN_FRONTEND=noninteractive)
  elif [ ${#missing[@]} -eq 0 ]; then
    return 0
  else
    die "packages are missing and this user may not install them; all else goes into the user's cache. Ask the" \
      "administrator for this one line:"$'\n'"  sudo ${install[*]}"
  fi
  if [ ${#missing[@]} -gt 0 ]; then
    say "installing ${missing[*]}"
    "${privilege[@]}" apt-get update --quiet >&2 || say "apt-get update failed; trying with the lists at hand"
    "${privilege[@]}" "${install[@]}" >&2 || die "apt-get failed; run:"$'\n'"  sudo ${install[*]}"
  fi
  local name
  for name in $(missing_packages "${optional[@]}"); do
    apt-cache show --quiet "$name" >/dev/null 2>&1 || continue
    "${privilege[@]}" apt-get install --yes --no-install-recommends "$name" >&2 || say "$name was not installed"
  done
}

# ---- LibTorch

libtorch_version() { # SET
  if [ "$1" = cuda12 ]; then echo 2.10.0; else echo 2.11.0; fi
}

# The file LIBTORCH_SET in the folder names the complete set: "cpu", "cuda" (which includes cpu) or "cuda12" (in a folder
# of its own).
has_set() { # FOLDER SET
  local found
  found=$(cat "$1/LIBTORCH_SET" 2>/dev/null) || return 1
  [ "$found" = "$2" ] || [ "$found" = cuda ]
}

download_wheels() { # SET FOLDER
  python3 -m pip --version >/dev/null 2>&1 || die "python3 has no pip; run: sudo apt-get install python3-pip"
  local -a platforms=()
  local tag
  for tag in manylinux_2_28 manylinux_2_27 manylinux_2_25 manylinux_2_18 manylinux_2_17 manylinux2014; do
    platforms+=(--platform "${tag}_x86_64")
  done
  # The wheels are for a fixed Python version. They are unpacked, not installed, so the host's version does not matter.
  python3 -m pip download --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --only-binary=:all: \
    --python-version 3.11 --implementation cp --abi cp311 "${platforms[@]}" \
    --requirement "libtorch-$1.txt" --dest "$2" >&2 ||
    die "the LibTorch wheels could not be downloaded; run this script again, or set FLASHRNA_LIBTORCH to a LibTorch 2.8 to 2.11"
}

# Unpacks the shared libraries that C++ programs load, the headers and the licenses. The layout of site-packages is
# kept, because the libraries find each other by relative paths ($ORIGIN/../../nvidia/cu13/lib).
unpack_wheels() { # SET WHEELS FOLDER
  python3 - "$@" <<'PYTHON'
import pathlib, re, shutil, sys, zipfile

which, wheels, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
torch = "c10|torch_cpu|gomp" + ("|c10_cuda|torch_cuda|torch_cuda_linalg|torch_nvshmem|caffe2_nvrtc" if which != "cpu" else "")
wanted = re.compile(rf"torch/lib/lib({torch})\.so|torch/include/|nvidia/nccl/include/nccl\.h|nvidia/.*/lib/[^/]*\.so|[^/]*\.dist-info/.*(LICENSE|NOTICE|License)")
for wheel in sorted(wheels.glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            if not member.is_dir() and wanted.match(member.filename):
                target = folder / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, open(target, "wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 22)
PYTHON
}

# Moves `new` into place: the whole folder if none exists; file by file if a smaller complete set exists, whose files
# remain valid. Writes the marker last.
publish() { # SET NEW FOLDER
  if [ ! -e "$3/LIBTORCH_SET" ]; then
    rm -rf "$3"
    echo "$1" >"$2/LIBTORCH_SET"
    mv --no-target-directory "$2" "$3"
    return
  fi
  local file
  while IFS= read -r -d '' file; do
    mkdir -p "$3/$(dirname "$file")"
    mv --force "$2/$file" "$3/$file"
  done < <(cd "$2" && find . -type f -print0)
  echo "$1" >"$2/LIBTORCH_SET"
  mv --force "$2/LIBTORCH_SET" "$3/LIBTORCH_SET"
}

install_libtorch() { # SET
  if [ -n "${FLASHRNA_LIBTORCH:-}" ]; then
    [ -e "$FLASHRNA_LIBTORCH/lib/libtorch_cpu.so" ] || [ -e "$FLASHRNA_LIBTORCH/torch/lib/libtorch_cpu.so" ] ||
      die "FLASHRNA_LIBTORCH=$FLASHRNA_LIBTORCH holds neither lib/libtorch_cpu.so nor torch/lib/libtorch_cpu.so"
    return 0
  fi
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/flashrna
  local version
  version=$(libtorch_version "$1")
  local folder=$cache/libtorch-$version
  if has_set "$folder" "$1"; then return 0; fi
  [ "$(uname -m)" = x86_64 ] || die "the LibTorch wheels are for x86-64, this is $(uname -m); set FLASHRNA_LIBTORCH"
  mkdir -p "$cache"
  # A lock allows one installation at a time; one that waited finds the work done.
  exec 9>"$cache/libtorch-$version.lock"
  flock 9
  if has_set "$folder" "$1"; then return 0; fi
  rm -rf "$folder".partial.*
  partial=$folder.partial.$$
  trap 'rm -rf "$partial"' EXIT
  mkdir "$partial"
  say "downloading LibTorch $version ($1 set) into $folder"
  download_wheels "$1" "$partial/wheels"
  mkdir "$partial/new"
  unpack_wheels "$1" "$partial/wheels" "$partial/new"
  publish "$1" "$partial/new" "$folder"
  say "LibTorch $version is in $folder ($(du -sh "$folder" | cut -f1))"
}

# ---- plotly.js, embedded in the program for its reports

install_plotly() {
  if [ -n "${FLASHRNA_PLOTLY:-}" ]; then
    [ -e "$FLASHRNA_PLOTLY" ] || die "FLASHRNA_PLOTLY=$FLASHRNA_PLOTLY is not there"
    return 0
  fi
  local cache=${XDG_CACHE_HOME:-$HOME/.cache}/flashrna
  local folder=$cache/plotly-3.1.0
  if [ -e "$folder/plotly.min.js" ]; then return 0; fi
  python3 -m pip --version >/dev/null 2>&1 || die "python3 has no pip; run: sudo apt-get install python3-pip"
  mkdir -p "$folder"
  # Each installation uses its own folder; concurrent ones move identical files into place.
  plotly_partial=$(mktemp --directory "$folder/partial.XXXXXX")
  trap 'rm -rf "${partial:-}" "$plotly_partial"' EXIT
  say "downloading plotly.js 3.1.0 into $folder"
  python3 -m pip download --disable-pip-version-check --no-cache-dir --no-deps --require-hashes --only-binary=:all: \
    --requirement plotly.txt --dest "$plotly_partial" >&2 ||
    die "the plotly wheel could not be downloaded; run this script again, or set FLASHRNA_PLOTLY to a plotly.min.js"
  python3 - "$plotly_partial" <<'PYTHON'
import pathlib, sys, zipfile

folder = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("plotly-*.whl"))) as wheel:
    (folder / "plotly.min.js").write_bytes(wheel.read("plotly/package_data/plotly.min.js"))
PYTHON
  mv --force "$plotly_partial/plotly.min.js" "$folder/plotly.min.js"
  rm -rf "$plotly_partial"
}

only_libtorch=no
if [ "${1:-}" = --libtorch ]; then
  only_libtorch=yes
  shift
fi
set_name=${1:-}
case $set_name in
  cpu | cuda | cuda12) ;;
  "") set_name=$(./choose_preset.sh --libtorch) ;;
  *) die "unknown set \"$set_name\"; allowed are cpu, cuda and cuda12" ;;
esac
if [ $only_libtorch = yes ]; then
  install_libtorch "$set_name"
  printf '%s\n' "${FLASHRNA_LIBTORCH:-${XDG_CACHE_HOME:-$HOME/.cache}/flashrna/libtorch-$(libtorch_version "$set_name")}"
  exit
fi
install_packages
install_libtorch "$set_name"
install_plotly
