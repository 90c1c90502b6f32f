# The tests of training on a GPU where there is none: the kernels of src/cuda, compiled for the
# processor with headers of this folder in the place of CUDA's. They define what libff_cuda.a would,
# which the linker therefore leaves out.
set(folder ${CMAKE_CURRENT_SOURCE_DIR}/gpu_on_processor)
file(GLOB cuda_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/cuda/*.cu)
set_source_files_properties(${cuda_sources} PROPERTIES LANGUAGE CXX)
add_library(cuda_on_processor OBJECT ${cuda_sources} ${folder}/grid.cc ${folder}/grid_test.cc)
target_include_directories(cuda_on_processor PRIVATE ${folder})
target_link_libraries(cuda_on_processor PRIVATE ff_base GTest::gtest)
target_compile_options(cuda_on_processor PRIVATE -Wno-unknown-pragmas
  -Wno-sign-compare -Wno-maybe-uninitialized -fno-strict-aliasing -U_FORTIFY_SOURCE)

add_executable(gpu_on_processor_test learn/gpu_test.cc)
target_include_directories(gpu_on_processor_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(gpu_on_processor_test PRIVATE cuda_on_processor ff_learn GTest::gmock
  GTest::gtest_main)
set_target_properties(gpu_on_processor_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
target_compile_options(gpu_on_processor_test PRIVATE -fPIC)
target_precompile_headers(gpu_on_processor_test REUSE_FROM ff_learn)
gtest_discover_tests(gpu_on_processor_test TEST_PREFIX gpu_on_processor. DISCOVERY_TIMEOUT 120
  PROPERTIES TIMEOUT 600 ENVIRONMENT OMP_NUM_THREADS=1)
