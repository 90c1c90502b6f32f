# Settings that hold for every target of the project.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# An installed program finds libtorch where it was linked.
set(CMAKE_INSTALL_RPATH_USE_LINK_PATH ON)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_library(ff_settings INTERFACE)
# g++ 12 warns of overlap in std::string where there is none (GCC bug 105651): -Wno-restrict.
# Contraction of a*b+c is off so that both compilers round alike; kernels call fma where they want it.
target_compile_options(ff_settings INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor
  -ffp-contract=off $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict> $<$<BOOL:${FASTFORMER_WERROR}>:-Werror>)
if(FASTFORMER_SANITIZE)
  target_compile_options(ff_settings INTERFACE -fsanitize=${FASTFORMER_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(ff_settings INTERFACE -fsanitize=${FASTFORMER_SANITIZE})
endif()

if(FASTFORMER_FUZZ)
  target_compile_options(ff_settings INTERFACE -fsanitize=fuzzer-no-link)
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A precompiled header needs these two freedoms of ccache, and gcc's -fpch-preprocess.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
    CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} ${CCACHE_PROGRAM})
  target_compile_options(ff_settings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()
