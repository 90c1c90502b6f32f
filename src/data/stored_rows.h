// Corpora read into files of rows, through a cache.
#pragma once

#include <string>
#include <vector>

#include "base/parallel.h"
#include "data/corpus_options.h"
#include "data/row_store.h"
#include "io/cache_folder.h"

namespace fastformer::data {

// A digest of the bytes of a file or of a folder of documents. A file that has the size and the
// times of change that it had before is not read again.
std::string content_of(const std::string& path, const io::CacheFolder& cache);

// The rows of the files, parsed, or as an earlier run parsed them: when names, contents, options
// and this program are the same. Pipes, standard input and small files are always parsed. Malformed
// rows throw as in CorpusReader.
RowStore stored_rows(const std::vector<std::string>& files, const CorpusOptions& options,
                     bool needs_label, const io::CacheFolder& cache,
                     const ParallelFor& parallel_for);

}  // namespace fastformer::data
