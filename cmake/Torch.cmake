# libtorch as an imported target, from a pip wheel or from an unpacked libtorch. find_package(Torch) of
# the wheel asks for a whole CUDA toolkit, and the processor's part is all that is linked here.
find_path(TORCH_INCLUDE ATen/ATen.h PATH_SUFFIXES include PATHS ${FASTFORMER_TORCH} REQUIRED
  DOC "libtorch's headers; set FASTFORMER_TORCH or CMAKE_PREFIX_PATH to the torch folder")
find_library(TORCH_CPU_LIBRARY torch_cpu PATH_SUFFIXES lib PATHS ${FASTFORMER_TORCH} REQUIRED)
find_library(TORCH_C10_LIBRARY c10 PATH_SUFFIXES lib PATHS ${FASTFORMER_TORCH} REQUIRED)

# libtorch's threads are OpenMP's. Both are libgomp.so.1 to the loader, which takes one of them.
find_package(OpenMP REQUIRED COMPONENTS CXX)

add_library(fastformer_torch INTERFACE)
target_include_directories(fastformer_torch SYSTEM INTERFACE
  ${TORCH_INCLUDE} ${TORCH_INCLUDE}/torch/csrc/api/include)
target_link_libraries(fastformer_torch INTERFACE ${TORCH_CPU_LIBRARY} ${TORCH_C10_LIBRARY}
  ${OpenMP_CXX_LIBRARIES})

# Debian's libsentencepiece exports FLAGS_minloglevel, an object of 32 bytes, and libc10 a number of
# the same name: whichever is loaded first serves both, and with libc10's the constructor of the
# other writes over libc10's neighbouring settings (google/sentencepiece issue 944). So sentencepiece
# is the first library of every program that has both; libc10 then only reads, how much to log.
list(GET SENTENCEPIECE_LINK_LIBRARIES 0 first_library)
target_link_options(fastformer_torch INTERFACE
  LINKER:--push-state,--no-as-needed ${first_library} LINKER:--pop-state)
