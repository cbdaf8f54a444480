# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# selftests.sh - build the selftests out of tree, in the cache.  The harness comes from the kernel's
# source.  Source it after own-kernel.sh.

# selftests_make BITS ARGUMENT...
selftests_make() {
	local bits=$1 more=()

	shift
	# The harness keeps numbers in pointers, which only the compiler of 32 bits talks about.
	[ "$bits" = 64 ] || more=("USERCFLAGS=-m$bits -Wno-pointer-to-int-cast" "USERLDFLAGS=-m$bits")
	make -C "$KDBUS_TOP/tools/testing/selftests/kdbus" -j2 \
		"OUTPUT=$(tree_cache)/selftests-$bits" \
		"KSELFTEST_INC=$(kernel_source)/tools/testing/selftests" "${more[@]}" "$@"
}

# selftests_build [BITS]: bring them up to date for 64 bits or 32, print the path of each program.
selftests_build() {
	local bits=${1:-64} dir

	dir=$(tree_cache)/selftests-$bits
	need_packages make gcc libc6-dev || return 1
	[ "$bits" = 64 ] || need_packages gcc-multilib || return 1
	kernel_source_have || return 1
	mkdir -p "$dir"
	locked "selftests-${dir//\//_}" logged "build of the selftests, $bits bits" \
		"$(tree_cache)/log/selftests-build-$bits.log" selftests_make "$bits" all || return 1
	selftests_make "$bits" -s list | sed "s#^#$dir/#"
}
