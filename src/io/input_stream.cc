// Plain, gzip and zstd input.
#include "io/input_stream.h"

#include <fastformer/error.h>
#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "io/files.h"

namespace fastformer::io {
namespace {

class PlainInput : public InputStream {
 public:
  explicit PlainInput(std::string path) : path_(std::move(path)) {
    if (path_ == "-") {
      file_ = STDIN_FILENO;
      path_ = input_name(path_);
      return;
    }
    const FileStatus status = status_of(path_);
    if (!status.exists) throw Error("no such file", path_, "Check its name and folder");
    if (status.is_directory) throw Error("is a folder, not a file", path_);
    do {
      file_ = operations().open(path_, O_RDONLY, 0);
    } while (file_ < 0 && errno == EINTR);
    if (file_ < 0) fail_with_errno("open it", path_);
  }
  ~PlainInput() override {
    if (file_ != STDIN_FILENO) operations().close(file_);
  }

  std::size_t read(std::span<char> buffer) override {
    for (;;) {
      const ssize_t count = operations().read(file_, buffer.data(), buffer.size());
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) fail_with_errno("read it", path_);
    }
  }

 private:
  std::string path_;
  int file_ = -1;
};

constexpr std::size_t kCompressedChunk = std::size_t{1} << 17;
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr int kLargestWindowLog = sizeof(void*) == 4 ? 30 : 31;
constexpr char kDamagedAdvice[] = "Fetch or compress the file again";

class GzipInput : public InputStream {
 public:
  explicit GzipInput(std::string path)
      : path_(std::move(path)), source_(path_), chunk_(kCompressedChunk) {
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw Error("zlib does not start", path_);
  }
  ~GzipInput() override { inflateEnd(&stream_); }

  std::size_t read(std::span<char> buffer) override {
    buffer = buffer.first(std::min(buffer.size(), kMostAtOnce));
    stream_.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream_.avail_out = static_cast<uInt>(buffer.size());
    while (stream_.avail_out == buffer.size()) {
      if (stream_.avail_in == 0 && !refill()) {
        if (inside_member_)
          throw Error("ends in the middle of its gzip data", path_, kDamagedAdvice);
        if (!any_member_) throw Error("is empty, which is not gzip data", path_, kDamagedAdvice);
        return 0;
      }
      inflate_some();
    }
    return buffer.size() - stream_.avail_out;
  }

 private:
  bool refill() {
    stream_.next_in = reinterpret_cast<Bytef*>(chunk_.data());
    stream_.avail_in = static_cast<uInt>(source_.read(chunk_));
    return stream_.avail_in > 0;
  }

  void inflate_some() {
    inside_member_ = true;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      inside_member_ = false;
      any_member_ = true;
      inflateReset(&stream_);
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      if (!any_member_ && stream_.total_out == 0) {
        throw Error("is not gzip data although its name ends in .gz", path_,
                    "Rename it or compress it with gzip");
      }
      throw Error("holds damaged gzip data", path_, kDamagedAdvice);
    }
  }

  std::string path_;
  PlainInput source_;
  std::vector<char> chunk_;
  z_stream stream_ = {};
  bool inside_member_ = false;
  bool any_member_ = false;
};

class ZstdInput : public InputStream {
 public:
  explicit ZstdInput(std::string path)
      : path_(std::move(path)),
        source_(path_),
        chunk_(kCompressedChunk),
        stream_(ZSTD_createDStream()) {
    if (!stream_) throw Error("zstd does not start", path_);
    // zstd --long=31 is the most that zstd itself writes and reads.
    ZSTD_DCtx_setParameter(stream_, ZSTD_d_windowLogMax, kLargestWindowLog);
  }
  ~ZstdInput() override { ZSTD_freeDStream(stream_); }

  std::size_t read(std::span<char> buffer) override {
    ZSTD_outBuffer output = {buffer.data(), buffer.size(), 0};
    while (output.pos == 0) {
      if (input_.pos == input_.size && !flushing_) {
        input_ = {chunk_.data(), source_.read(chunk_), 0};
        if (input_.size == 0) {
          if (inside_frame_)
            throw Error("ends in the middle of its zstd data", path_, kDamagedAdvice);
          if (!any_input_) throw Error("is empty, which is not zstd data", path_, kDamagedAdvice);
          return 0;
        }
      }
      any_input_ = true;
      const std::size_t left = ZSTD_decompressStream(stream_, &output, &input_);
      if (ZSTD_isError(left)) fail(left);
      inside_frame_ = left != 0;
      // A full output buffer may leave decoded bytes behind that need no more input.
      flushing_ = inside_frame_ && output.pos == output.size;
      any_output_ = any_output_ || output.pos > 0;
    }
    return output.pos;
  }

 private:
  [[noreturn]] void fail(std::size_t code) const {
    if (!any_output_ && ZSTD_getErrorCode(code) == ZSTD_error_prefix_unknown) {
      throw Error("is not zstd data although its name ends in .zst", path_,
                  "Rename it or compress it with zstd");
    }
    throw Error("holds damaged zstd data (" + std::string(ZSTD_getErrorName(code)) + ")", path_,
                kDamagedAdvice);
  }

  std::string path_;
  PlainInput source_;
  std::vector<char> chunk_;
  ZSTD_DStream* stream_;
  ZSTD_inBuffer input_ = {nullptr, 0, 0};
  bool inside_frame_ = false;
  bool flushing_ = false;
  bool any_input_ = false;
  bool any_output_ = false;
};

}  // namespace

std::string input_name(const std::string& path) { return path == "-" ? "standard input" : path; }

std::unique_ptr<InputStream> open_input(const std::string& path) {
  if (path.ends_with(".gz")) return std::make_unique<GzipInput>(path);
  if (path.ends_with(".zst")) return std::make_unique<ZstdInput>(path);
  return std::make_unique<PlainInput>(path);
}

std::string uncompressed_name(const std::string& path) {
  if (path.ends_with(".gz")) return path.substr(0, path.size() - 3);
  if (path.ends_with(".zst")) return path.substr(0, path.size() - 4);
  return path;
}

}  // namespace fastformer::io
