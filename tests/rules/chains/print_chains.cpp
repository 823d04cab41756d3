// Prints the chains of headers, one a line: the translation units of headers_alone.sh. Runs in the repository root.
#include <cstdio>
#include <string>
#include <vector>

#include "../include_chains.hpp"
#include "../read_tree.hpp"

int main() {
  std::vector<rules::SourceFile> headers = rules::read_tree({"include", "kernels"});
  std::erase_if(headers, [](const rules::SourceFile& file) { return !file.path.ends_with(".hpp"); });
  for (const std::vector<std::string>& chain : rules::include_chains(headers)) {
    for (const std::string& path : chain) std::printf("%s ", path.c_str());
    std::printf("\n");
  }
}
