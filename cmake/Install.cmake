# Installation: programs, library, headers, and what find_package(fastformer) reads.
include(CMakePackageConfigHelpers)
