#!/usr/bin/env bash
# plotly.js is embedded in the program and is no package of conda's: FLASHRNA_PLOTLY must name a plotly.min.js.
set -euo pipefail
: "${FLASHRNA_PLOTLY:?set it to a plotly.min.js 3.1.0}"
export FLASHRNA_LIBTORCH=$PREFIX
cmake --preset cpu -DFLASHRNA_TESTS=OFF -DCMAKE_PREFIX_PATH="$PREFIX"
cmake --build --preset cpu --target flashrna
cmake --install build/cpu --prefix "$PREFIX"
