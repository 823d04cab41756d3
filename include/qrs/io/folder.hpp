// Folders for what is written. Apart from io/file.hpp, because <filesystem> is slow to compile.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "../core/error.hpp"
#include "file.hpp"

namespace qrs::io {

/// Makes a folder and those above it, where they are missing. Throws where that cannot be; `op` names who asks, as "[train]".
inline void make_folder(std::string_view op, const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  QRS_CHECK(!error, op, " expected to create the folder ", path, ", got: ", error.message(),
            detail::advice(error.value()));
}

}  // namespace qrs::io
