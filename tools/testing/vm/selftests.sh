# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# selftests.sh - build the selftests out of tree, in the cache.  The harness comes from the kernel's
# source.  Source it after own-kernel.sh.

selftests_make() {
	make -C "$KDBUS_TOP/tools/testing/selftests/kdbus" -j2 "OUTPUT=$(tree_cache)/selftests" \
		"KSELFTEST_INC=$(kernel_source)/tools/testing/selftests" "$@"
}

# selftests_build: bring them up to date, print the path of each program.
selftests_build() {
	local dir

	dir=$(tree_cache)/selftests
	need_packages make gcc libc6-dev || return 1
	kernel_source_have || return 1
	mkdir -p "$dir"
	locked "selftests-${dir//\//_}" logged "build of the selftests" \
		"$KDBUS_CACHE/log/selftests-build.log" selftests_make all || return 1
	selftests_make -s list | sed "s#^#$dir/#"
}
