# The layers of the library: one static target ff_NAME per folder src/NAME.

# fastformer_layer(NAME [USES layer...] [LINK target...])
function(fastformer_layer name)
  cmake_parse_arguments(ARG "" "" "USES;LINK" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  add_library(ff_${name} STATIC ${sources})
  target_include_directories(ff_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src
    ${PROJECT_SOURCE_DIR}/include)
  list(TRANSFORM ARG_USES PREPEND ff_)
  target_link_libraries(ff_${name} PUBLIC ff_settings ${ARG_USES} ${ARG_LINK})
endfunction()

# fastformer_library(layer...): the installed library libfastformer, all lean layers in one archive.
function(fastformer_library)
  add_library(fastformer STATIC ${PROJECT_SOURCE_DIR}/cmake/archive.cc)
  add_library(fastformer::fastformer ALIAS fastformer)
  foreach(layer ${ARGN})
    target_sources(fastformer PRIVATE $<TARGET_OBJECTS:ff_${layer}>)
  endforeach()
  target_include_directories(fastformer PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(fastformer PUBLIC Threads::Threads
    PRIVATE ZLIB::ZLIB PkgConfig::ZSTD PkgConfig::UTF8PROC PkgConfig::SENTENCEPIECE)
endfunction()
