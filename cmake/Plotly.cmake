# plotly.js 3.1.0, embedded in the program for its reports: FLASHRNA_PLOTLY, one minified file.
set(_cache_home "$ENV{XDG_CACHE_HOME}")
if(NOT _cache_home)
  set(_cache_home "$ENV{HOME}/.cache")
endif()
set(FLASHRNA_PLOTLY "${_cache_home}/flashrna/plotly-3.1.0/plotly.min.js" CACHE FILEPATH "plotly.js 3.1.0, minified")
if(NOT "$ENV{FLASHRNA_PLOTLY}" STREQUAL "")
  set(FLASHRNA_PLOTLY "$ENV{FLASHRNA_PLOTLY}" CACHE FILEPATH "" FORCE)
endif()
if(NOT EXISTS "${FLASHRNA_PLOTLY}")
  message(FATAL_ERROR "plotly.js not found: ${FLASHRNA_PLOTLY}. Run scripts/install_dependencies.sh, or set "
                      "FLASHRNA_PLOTLY to a plotly.min.js.")
endif()
find_program(FLASHRNA_GZIP gzip REQUIRED)
