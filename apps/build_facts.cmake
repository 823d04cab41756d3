# Writes qrs_build_facts.hpp: what the record of a run says of its sources and compiler. Run at every build; the file changes
# only where its text does, so that nothing is compiled again without need.
#   cmake -DSOURCE=... -DFLAGS=... -DOUT=... -P build_facts.cmake
set(commit unknown)
find_package(Git QUIET)
if(GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} -C ${SOURCE} rev-parse HEAD OUTPUT_VARIABLE head RESULT_VARIABLE failed
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(failed EQUAL 0)
    set(commit ${head})
    execute_process(COMMAND ${GIT_EXECUTABLE} -C ${SOURCE} diff --quiet HEAD -- include kernels apps CMakeLists.txt
                    RESULT_VARIABLE changed ERROR_QUIET)
    if(NOT changed EQUAL 0)
      string(APPEND commit " with changes")
    endif()
  endif()
endif()
file(
  CONFIGURE
  OUTPUT ${OUT}
  CONTENT
    [=[
// What this program was built from.
#pragma once

#include <string_view>

namespace qrs::build_facts {

inline constexpr std::string_view commit = "@commit@";
inline constexpr std::string_view flags = "@FLAGS@";

}  // namespace qrs::build_facts
]=]
  @ONLY)
