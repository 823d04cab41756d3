#!/bin/sh
# Compiles every header of include/ and kernels/ by itself, twice in one translation unit (a missing include or guard
# shows), without warnings.
#
#   tests/rules/headers_alone.sh [--together] COMPILER [FLAG...]       run in the repository root
#
# --together: all of them in one translation unit, for a second compiler; what a header lacks the first one has told. Alone go
# those that read QRS_WITH_CUDA, of which the first has seen the other half.
set -eu
usage() {
  echo "usage: headers_alone.sh [--together] COMPILER [FLAG...]" >&2
  exit 2
}
[ $# -ge 1 ] || usage

# syntax COMPILER [FLAG...]: reads a source from the standard input.
syntax() {
  "$@" -x c++ -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -Iinclude -I. -
}

one() {
  header=$1
  shift
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" |
    syntax "$@" || { echo "does not compile alone: $header" >&2; return 1; }
}

if [ "$1" = --one ]; then
  shift
  one "$@"
  exit
fi

headers=$(find include kernels -name '*.hpp' | sort)
count=$(printf '%s\n' "$headers" | wc -l)

if [ "$1" = --together ]; then
  shift
  [ $# -ge 1 ] || usage
  printf '%s\n' "$headers" | sed 's/.*/#include "&"/' | syntax "$@"
  echo "$count headers compile together with $*"
  # shellcheck disable=SC2086 # a list of paths without spaces
  headers=$(grep -l QRS_WITH_CUDA $headers)
  count=$(printf '%s\n' "$headers" | wc -l)
fi

# xargs runs this script again for each header, so that all processors work.
printf '%s\n' "$headers" | xargs -P "$(nproc)" -I {} sh "$0" --one {} "$@"
echo "$count headers compile alone with $*"
