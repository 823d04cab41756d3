#!/bin/sh
# Compiles the headers of include/ and kernels/ without warnings, so that a missing include or guard shows.
#
#   headers_alone.sh --chains PROGRAM COMPILER [FLAG...]     as if each were alone
#   headers_alone.sh --together COMPILER [FLAG...]           all in one translation unit
#
# Run in the repository root. PROGRAM prints lists of headers, each of which includes all before it (include_chains.hpp): such a
# list, read twice, is one translation unit. --together is for a second compiler: what a header lacks the first one has told.
# Alone go then those that read QRS_WITH_CUDA, of which the first has seen the other half.
set -eu
usage() {
  echo "usage: headers_alone.sh --chains PROGRAM COMPILER [FLAG...] | --together COMPILER [FLAG...]" >&2
  exit 2
}

# unit "HEADER ..." COMPILER [FLAG...]
unit() {
  headers=$1
  shift
  # shellcheck disable=SC2086 # a list of paths without spaces
  printf '#include "%s"\n' $headers $headers |
    "$@" -x c++ -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -Iinclude -I. - ||
    { echo "does not compile: $headers" >&2; return 1; }
}

# each COMPILER [FLAG...]: the units whose headers stand in the lines of the standard input, with all processors.
each() {
  xargs -P "$(nproc)" -d '\n' -I {} sh "$0" --unit {} "$@"
}

[ $# -ge 2 ] || usage
mode=$1
shift
case $mode in
  --unit) unit "$@" ;;
  --chains)
    [ $# -ge 2 ] || usage
    chains=$("$1")
    shift
    printf '%s\n' "$chains" | each "$@"
    echo "$(printf '%s' "$chains" | wc -w) headers in $(printf '%s\n' "$chains" | wc -l) units compile with $*"
    ;;
  --together)
    headers=$(find include kernels -name '*.hpp' | sort)
    unit "$headers" "$@"
    # shellcheck disable=SC2086 # a list of paths without spaces
    grep -l QRS_WITH_CUDA $headers | each "$@"
    echo "$(printf '%s' "$headers" | wc -w) headers compile together with $*"
    ;;
  *) usage ;;
esac
