# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# fuzz.sh - where the fuzzer's things are, and how its program is built.  Source it after common.sh
# and the scripts of tools/testing/vm.

FUZZ_SOURCE=$KDBUS_TOP/tools/testing/fuzz

# fuzz_dir: what sessions leave: the corpus, totals, logs of what was found.
fuzz_dir() {
	echo "$KDBUS_CACHE/fuzz"
}

# fuzz_build: compile the fuzzer, print its path.
fuzz_build() {
	local dir

	need_packages gcc libc6-dev || return 1
	dir=$(tree_cache)/fuzz
	mkdir -p "$dir"
	locked "$(basename "$(tree_cache)")-fuzz" fuzz_compile "$dir" || return 1
	echo "$dir/kdbus-fuzz"
}

# A program that runs is not written to: the new one takes its place.
fuzz_compile() {
	logged "build of the fuzzer" "$(tree_cache)/log/fuzz-build.log" \
		gcc -std=gnu11 -O2 -g -Wall -Wextra -Werror -D_GNU_SOURCE \
		-I "$KDBUS_TOP/include/uapi" "$FUZZ_SOURCE"/*.c -o "$1/kdbus-fuzz.new" -lpthread &&
		mv "$1/kdbus-fuzz.new" "$1/kdbus-fuzz"
}

# fuzz_module KERNEL: the module; for the debug kernel one that tells which places are reached.
fuzz_module() {
	if [ "$1" = debug ]; then
		own_kernel_have debug || return 1
		MODULE_VARIANT=-kcov module_build debug
	else
		kernel_fetch "$1" || return 1
		module_build "$1"
	fi
}

# fuzz_stripped MODULE: the same without what only addr2line reads; a guest loads it much faster.
fuzz_stripped() {
	local copy=${1%.ko}-stripped.ko

	need_packages binutils || return 1
	[ -e "$copy" ] || { objcopy --strip-debug "$1" "$copy.new" && mv "$copy.new" "$copy"; } || return 1
	echo "$copy"
}

# fuzz_corpora: files with programs to start from: the cases and the small corpus of the tree, that of the
# cache.
fuzz_corpora() {
	local file

	for file in "$FUZZ_SOURCE"/cases/*.case "$FUZZ_SOURCE/corpus" "$(fuzz_dir)/corpus"; do
		[ ! -s "$file" ] || echo "$file"
	done
}
