# Builds and runs the consumer beside this file, as someone else's project would.
#   cmake -DMODE=find_package|add_subdirectory -DSOURCE=<repository> -DBUILD=<its build folder> -DSCRATCH=<folder>
#         -DCOMPILER=<c++> -P consume.cmake
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "expected this to succeed: ${command}\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${SCRATCH})
if(MODE STREQUAL find_package)
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${SCRATCH}/prefix)
  set(where -DCMAKE_PREFIX_PATH=${SCRATCH}/prefix)
else()
  set(where -DQRS_FROM=${SOURCE})
endif()
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/package -B ${SCRATCH}/build ${where} -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_EXPORT_COMPILE_COMMANDS=ON)
run(${CMAKE_COMMAND} --build ${SCRATCH}/build --parallel 2)
run(${SCRATCH}/build/consumer)

# This project's own flags stay here: a consumer chooses its processor, its warnings and its optimisation.
file(READ ${SCRATCH}/build/compile_commands.json commands)
foreach(flag IN ITEMS -march -Werror -Wall -O2 -ffast-math -DNDEBUG)
  string(FIND "${commands}" " ${flag}" at)
  if(NOT at EQUAL -1)
    message(FATAL_ERROR "expected the consumer's own flags, got ${flag} too:\n${commands}")
  endif()
endforeach()
