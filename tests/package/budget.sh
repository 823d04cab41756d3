#!/bin/sh
# The cost of embedding one network: compile time, memory of the compiler, size of the stripped program.
#
#   tests/package/budget.sh COMPILER [FLAG...]      run in the repository root; flags: -fopenmp, third-party folders
set -eu
most_seconds=20
most_kib=976562    # 1 GB
most_bytes=1000000 # 1 MB

command -v time >/dev/null || { echo "budget: expected the program time (Debian's package time), got none" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Seconds are those of the processor, so that a busy machine does not change the verdict.
command time -f '%e %U %S %M' -o "$scratch/cost" \
  "$@" -std=c++20 -O2 -Iinclude tests/package/budget.cpp -o "$scratch/program"
"$scratch/program"
strip "$scratch/program"

read -r elapsed user system kib <"$scratch/cost"
seconds=$(echo "$user $system" | awk '{ printf "%.1f", $1 + $2 }')
bytes=$(stat -c %s "$scratch/program")
echo "budget: built in $seconds s of one processor, $elapsed s elapsed (under $most_seconds)"
echo "budget: $kib KiB at the compiler's peak (under $most_kib)"
echo "budget: $bytes bytes stripped (under $most_bytes)"
[ "${seconds%.*}" -lt "$most_seconds" ] && [ "$kib" -lt "$most_kib" ] && [ "$bytes" -lt "$most_bytes" ]
