# cmake -DFILE=PROGRAM -DRPATH=TEXT -P scripts/set_rpath.cmake: replaces the run path of a program by one that is not
# longer, and fails if it has none.
file(RPATH_SET FILE "${FILE}" NEW_RPATH "${RPATH}")
