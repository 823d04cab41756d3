// Folders that last as long as a test, and small pictures to put into them.
#pragma once

#include <unistd.h>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "../../include/qrs/image/encode.hpp"
#include "../../include/qrs/io/file.hpp"

namespace picture_files {

/// A folder of its own, removed at the end.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "qrs_pictures_XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  /// Writes a file below it, with its folders.
  void write(const std::string& name, std::string_view bytes) const {
    const std::filesystem::path file = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(file.parent_path());
    qrs::io::write_file(file.string(), qrs::io::as_bytes(bytes));
  }

 private:
  std::string path_;
};

/// The bytes of a grey PNG with a pattern that depends on the shade.
inline std::string grey_png(std::int64_t height, std::int64_t width, int shade) {
  qrs::image::Image image(height, width, 1);
  for (std::size_t i = 0; i < image.pixels().size(); ++i) {
    image.pixels()[i] = static_cast<std::uint8_t>(static_cast<std::size_t>(shade) + 7 * (i % 11));
  }
  const auto bytes = qrs::image::encode_png(image);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace picture_files
