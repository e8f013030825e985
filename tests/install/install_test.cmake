# cmake -DBUILD=DIR -DSOURCE=DIR -DCOMPILER=FILE -DCCACHE=FILE -P install_test.cmake
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE _status OUTPUT_VARIABLE _output ERROR_VARIABLE _errors)
  if(NOT _status EQUAL 0)
    message(FATAL_ERROR "${ARGV}\nended with ${_status}:\n${_output}\n${_errors}")
  endif()
  set(OUTPUT "${_output}" PARENT_SCOPE)
endfunction()

function(expect_output EXPECTED)
  if(NOT OUTPUT STREQUAL "${EXPECTED}")
    message(FATAL_ERROR "expected\n${EXPECTED}\ngot\n${OUTPUT}")
  endif()
endfunction()

set(TREE ${BUILD}/install_test)
file(REMOVE_RECURSE ${TREE})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${TREE}/prefix)

# The program runs from its installed location.
run(${TREE}/prefix/bin/flashrna --version)
if(NOT OUTPUT MATCHES "^flashrna [0-9.]+\nLibTorch 2\\.")
  message(FATAL_ERROR "the installed program says\n${OUTPUT}")
endif()
foreach(_file share/man/man1/flashrna.1 share/bash-completion/completions/flashrna
    share/zsh/site-functions/_flashrna share/flashrna/configs/frameflow.ini share/flashrna/weights/thresholds.csv share/flashrna/LICENSE
    include/flashrna/rna/io/structure_reader.h include/flashrna/libfold/sampling/sampler.h)
  if(NOT EXISTS ${TREE}/prefix/${_file})
    message(FATAL_ERROR "${_file} is not installed")
  endif()
endforeach()

# Programs get the language standard of our headers from each library.
file(READ ${TREE}/prefix/lib/cmake/flashrna/flashrnaTargets.cmake _targets)
foreach(_library base rna protein datasets kernels fold)
  string(REGEX MATCH "set_target_properties\\(flashrna::${_library} [^)]*" _properties "${_targets}")
  if(NOT _properties MATCHES "cxx_std_20|flashrna::base")
    message(FATAL_ERROR "flashrna::${_library} does not ask for C++20:\n${_properties}")
  endif()
endforeach()

# The consumer is copied out of the checkout and finds the package only by the prefix.
file(COPY ${SOURCE}/examples/cpp/ DESTINATION ${TREE}/consumer)
run(${CMAKE_COMMAND} -G Ninja -S ${TREE}/consumer -B ${TREE}/consumer/build -DCMAKE_BUILD_TYPE=Debug
  -DCMAKE_PREFIX_PATH=${TREE}/prefix -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${CCACHE})
run(${CMAKE_COMMAND} --build ${TREE}/consumer/build)
file(WRITE ${TREE}/two.pdb "ATOM      1  C4'   G A   1       0.000   0.000   0.000  1.00 20.00           C  
ATOM      2  O4'   G A   1       1.450   0.000   0.000  1.00 20.00           O  
ATOM      3  C3'   G A   1      -0.500   1.440   0.000  1.00 20.00           C  
ATOM      4  C4'   C A   2       6.000   0.000   0.000  1.00 20.00           C  
ATOM      5  O4'   C A   2       7.450   0.000   0.000  1.00 20.00           O  
ATOM      6  C3'   C A   2       5.500   1.440   0.000  1.00 20.00           C  
END
")
run(${TREE}/consumer/build/read_rna ${TREE}/two.pdb)
expect_output("A GC\n")
run(${TREE}/consumer/build/attention)
expect_output("loss fell to less than a tenth: yes\n")
run(${TREE}/prefix/bin/flashrna sample --lengths 30 --samples 1 --steps 2 --output ${TREE}/samples --quiet)
run(${TREE}/consumer/build/align ${TREE}/samples/len_00030_sample_000.cif ${TREE}/samples/len_00030_sample_000.cif)
expect_output("TM-score 1.000, 30 residues, RMSD 0.00\n")

run(${TREE}/consumer/build/sample ${TREE}/prefix/share/flashrna/weights/flashrna-small.h5 "((((((....))))))"
  ${TREE}/samples/hairpin.cif)
expect_output("((((((....))))))\n((((((....))))))\n")
# Training on the two samples: from a full length to a checkpoint that the program reads.
run(${TREE}/prefix/bin/flashrna convert ${TREE}/samples --output ${TREE}/rna.h5 --quiet)
file(WRITE ${TREE}/small.ini "[data]\nvalidation_fraction = 0\n[model]\nblocks = 1\nnode_channels = 16\npair_channels = 8
attention_channels = 8\nattention_heads = 2\n[training]\nsteps = 3\nvalidate_every = 0\n")
run(${TREE}/consumer/build/train ${TREE}/small.ini ${TREE}/rna.h5 ${TREE}/run)
if(NOT OUTPUT MATCHES "2 chains.*step 3: loss [0-9.]+")
  message(FATAL_ERROR "train says\n${OUTPUT}")
endif()
run(${TREE}/prefix/bin/flashrna sample --checkpoint ${TREE}/run --lengths 20 --samples 1 --steps 2
  --output ${TREE}/samples_of_run --quiet)

# A LibTorch version other than that of the build is rejected.
file(WRITE ${TREE}/other/include/torch/headeronly/version.h
  "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 3\n#define TORCH_VERSION_PATCH 0\n")
execute_process(COMMAND ${CMAKE_COMMAND} -G Ninja -S ${TREE}/consumer -B ${TREE}/consumer/other
  -DCMAKE_PREFIX_PATH=${TREE}/prefix -DFLASHRNA_LIBTORCH=${TREE}/other
  RESULT_VARIABLE _status OUTPUT_QUIET ERROR_VARIABLE _errors)
if(_status EQUAL 0 OR NOT _errors MATCHES "was built with LibTorch 2\\.11")
  message(FATAL_ERROR "another LibTorch was not refused:\n${_errors}")
endif()
file(REMOVE_RECURSE ${TREE})
