# Flags of some of the kernels' files, most of them compiled for one instruction set alone; who calls
# those asks the processor first. g++ 12 finds the intrinsics' undefined values uninitialized (GCC bug 105593).
set(simd_folder ${PROJECT_SOURCE_DIR}/src/kernels/simd)
set_source_files_properties(${simd_folder}/portable.cc
  PROPERTIES COMPILE_OPTIONS "-fno-math-errno;-fno-exceptions")
# Compilers vectorize square roots where these need not set errno.
set_source_files_properties(${PROJECT_SOURCE_DIR}/src/kernels/row_adam.cc
  PROPERTIES COMPILE_OPTIONS -fno-math-errno)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set_source_files_properties(${simd_folder}/avx2.cc PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-fno-exceptions")
  set(avx512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx2 -mfma -fno-exceptions
    -Wno-maybe-uninitialized -Wno-uninitialized)
  set_source_files_properties(${simd_folder}/avx512.cc PROPERTIES COMPILE_OPTIONS "${avx512}")
  set_source_files_properties(${simd_folder}/avx512vnni.cc
    PROPERTIES COMPILE_OPTIONS "${avx512};-mavx512vnni")
  set_source_files_properties(${simd_folder}/avx512bf16.cc
    PROPERTIES COMPILE_OPTIONS "${avx512};-mavx512vnni;-mavx512bf16")
  set_source_files_properties(${simd_folder}/amx.cc
    PROPERTIES COMPILE_OPTIONS "${avx512};-mavx512vnni;-mavx512bf16;-mamx-tile;-mamx-bf16;-mamx-int8")
endif()
