#!/bin/sh
# Compiles every header of include/ and kernels/ by itself, twice in one translation unit (a missing include or guard
# shows), without warnings.
#
#   tests/rules/headers_alone.sh COMPILER [FLAG...]       run in the repository root
set -eu
[ $# -ge 1 ] || { echo "usage: headers_alone.sh COMPILER [FLAG...]" >&2; exit 2; }

one() {
  header=$1
  shift
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
    "$@" -x c++ -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -Iinclude -I. - ||
    { echo "does not compile alone: $header" >&2; return 1; }
}

if [ "$1" = --one ]; then
  shift
  one "$@"
  exit
fi

# xargs runs this script again for each header, so that all processors work.
headers=$(find include kernels -name '*.hpp' | sort)
printf '%s\n' "$headers" | xargs -P "$(nproc)" -I {} sh "$0" --one {} "$@"
echo "$(printf '%s\n' "$headers" | wc -l) headers compile alone with $*"
