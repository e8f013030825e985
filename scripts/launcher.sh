#!/bin/sh
# Starts flashrna of this package. It needs LibTorch @VERSION@: that of lib/libtorch beside it (a bundle, or a link that
# the first start makes), else that of FLASHRNA_LIBTORCH, else that of the user's cache, which is downloaded once with
# python3's pip: 0.5 GB on disk, 3.6 GB where there is an NVIDIA driver. The package can be moved.
here=$(dirname "$(dirname "$(readlink -f "$0")")")
program=$here/libexec/flashrna
if [ -e "$here/lib/libtorch/torch/lib/libtorch_cpu.so" ]; then exec "$program" "$@"; fi

set_name=cpu with_cuda=@CUDA@
if [ "$with_cuda" = ON ] && ldconfig -p 2>/dev/null | grep -q libcuda.so.1; then set_name=@SET@; fi
folder=$("$here/share/flashrna/scripts/install_dependencies.sh" --libtorch "$set_name") || exit 1
case $folder in
  /*) ln -s -f -n "$folder" "$here/lib/libtorch" 2>/dev/null ;;
esac
if [ ! -e "$here/lib/libtorch/torch/lib/libtorch_cpu.so" ]; then
  # The package is read-only, or FLASHRNA_LIBTORCH has another layout.
  libraries=$folder/torch/lib
  if [ -e "$folder/lib/libtorch_cpu.so" ]; then libraries=$folder/lib; fi
  LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
  export LD_LIBRARY_PATH
fi
exec "$program" "$@"
