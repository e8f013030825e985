#!/usr/bin/env bash
# Makes a relocatable tarball and a .deb of the built program: dist/flashrna-VERSION-linux-x86_64-PRESET.tar.xz, .deb.
#
#   scripts/package.sh PRESET     of build/PRESET, where the target flashrna is built
#
# BUNDLE=1 puts LibTorch into the tarball, of a CUDA build with CUDA's libraries (3.6 GB unpacked); without it the
# first start downloads it into the user's cache (scripts/launcher.sh). The .deb never bundles.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=${1:?usage: scripts/package.sh PRESET, such as cpu}
build=build/$preset
version=$(scripts/check_version.py --print)
name=flashrna-$version-linux-$(uname -m)-$preset
tree=$build/package/$name

libtorch=$(sed -nE 's/^FLASHRNA_LIBTORCH:PATH=//p' "$build/CMakeCache.txt")
libtorch_version=$("$build/flashrna" --version | sed -nE 's/^LibTorch +([0-9.]+).*/\1/p')
cuda=OFF
if "$build/flashrna" --version | grep -qE '^CUDA +[0-9]'; then cuda=ON; fi
case $libtorch_version in
  2.11.0) set_name=cuda ;;
  2.10.0) set_name=cuda12 ;;
  *) printf 'error: package: built with LibTorch %s; a package needs a pinned one, 2.11.0 or 2.10.0\n' "$libtorch_version" >&2
     exit 1 ;;
esac

rm -rf "$build/package"
cmake --install "$build" --component program --prefix "$tree" --strip >/dev/null
mkdir -p "$tree/libexec" "$tree/lib" "$tree/share/flashrna/scripts" "$tree/share/doc/flashrna" dist
mv "$tree/bin/flashrna" "$tree/libexec/flashrna"
scripts/bundle_libraries.py "$tree/lib/flashrna" "$build/flashrna"
# The literal $ORIGIN is the loader's.
# shellcheck disable=SC2016
cmake -DFILE="$PWD/$tree/libexec/flashrna" -DRPATH='$ORIGIN/../lib/flashrna:$ORIGIN/../lib/libtorch/torch/lib' \
  -P scripts/set_rpath.cmake
sed -e "s/@VERSION@/$libtorch_version/" -e "s/@CUDA@/$cuda/" -e "s/@SET@/$set_name/" scripts/launcher.sh >"$tree/bin/flashrna"
chmod 755 "$tree/bin/flashrna"
cp scripts/install_dependencies.sh scripts/choose_preset.sh scripts/libtorch-*.txt "$tree/share/flashrna/scripts/"
cp README.md CHANGELOG.md CITATION.cff LICENSE "$tree/share/doc/flashrna/"
cp -r docs "$tree/share/doc/flashrna/"

# ---- Debian: the same tree in /opt/flashrna, and links on the usual paths

deb=$build/package/deb
mkdir -p "$deb/DEBIAN" "$deb/opt" "$deb/usr/bin" "$deb/usr/share/man/man1" "$deb/usr/share/bash-completion/completions"
cp -r "$tree" "$deb/opt/flashrna"
ln -s /opt/flashrna/bin/flashrna "$deb/usr/bin/flashrna"
mkdir -p "$deb/usr/share/doc/flashrna"
cp LICENSE "$deb/usr/share/doc/flashrna/copyright"
gzip -9n <CHANGELOG.md >"$deb/usr/share/doc/flashrna/changelog.gz"
gzip -9n <"$tree/share/man/man1/flashrna.1" >"$deb/usr/share/man/man1/flashrna.1.gz"
cp "$tree/share/bash-completion/completions/flashrna" "$deb/usr/share/bash-completion/completions/"
cat >"$deb/DEBIAN/control" <<CONTROL
Package: flashrna
Version: $version
Architecture: $(dpkg --print-architecture)
Maintainer: The flashrna authors
Depends: libc6 (>= $(ldd --version | sed -nE '1s/.* ([0-9.]+)$/\1/p')), libstdc++6, python3, python3-pip
Suggests: mmseqs2, cd-hit
Section: science
Priority: optional
Description: SE(3) flow matching for RNA backbones
 Turns RNA structures into a training set, trains generators of RNA backbones,
 samples backbones and measures them. LibTorch is downloaded at first start.
CONTROL
# The link that the first start makes (scripts/launcher.sh).
printf '#!/bin/sh\nset -e\nrm -f /opt/flashrna/lib/libtorch\n' >"$deb/DEBIAN/prerm"
chmod 755 "$deb/DEBIAN/prerm"
dpkg-deb --root-owner-group --build "$deb" "dist/flashrna_${version}_$(dpkg --print-architecture)-$preset.deb" >/dev/null

# ---- tarball

if [ "${BUNDLE:-0}" = 1 ]; then
  if [ $cuda = ON ]; then
    cp -r "$libtorch" "$tree/lib/libtorch"
    rm -rf "$tree/lib/libtorch/torch/include"
  else  # what libtorch_cpu.so loads; the folder may hold more for another build
    mkdir -p "$tree/lib/libtorch"
    (cd "$libtorch" && cp --recursive --parents torch/lib/lib{c10,torch_cpu,gomp}.so* nvidia/*/lib/lib{cudart,cupti}.so* \
      ./*.dist-info "$OLDPWD/$tree/lib/libtorch/")
  fi
  name=$name-bundle
fi
tar --create --xz --file "dist/$name.tar.xz" --owner=0 --group=0 --directory "$build/package" "$(basename "$tree")"
ls -l dist
