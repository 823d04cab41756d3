// Pictures that a command line names one by one or by folder, and the classes that their folders tell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qrs::datasets {

/// Files as they are named; of a folder all pictures below it, in the natural order of their names, but those in hidden places.
/// Says on the error stream what it left out. Throws where a folder cannot be read or holds no picture.
std::vector<std::string> pictures_of(const std::vector<std::string>& arguments);

/// The class that the folder of a picture is called by, in any case or under the study's names of folders; -1 for none.
std::int64_t class_by_folder(const std::string& file, const std::vector<std::string>& class_names);

}  // namespace qrs::datasets
