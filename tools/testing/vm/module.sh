# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# module.sh - the module, out of tree, against the headers of any kernel in the cache.  The sources
# are mirrored into a scratch directory (one for each tree and kernel), so the tree stays clean and
# a second build compiles only what changed.  Source it after kernels.sh.

# build_root: where 7.x modules are built: its kbuild needs a newer libc than Debian 12 has.
build_root() {
	echo "$KDBUS_CACHE/roots/trixie"
}

build_root_have() {
	[ -e "$(build_root).ready" ] || locked root-trixie build_root_make
}

build_root_make() {
	local root

	root=$(build_root)
	[ -e "$root.ready" ] && return 0
	need_packages mmdebstrap || return 1
	apt_private_update trixie trixie || return 1
	say "making a Debian 13 root to build modules for 7.x"
	as_root rm -rf "$root"
	mkdir -p "$(dirname "$root")"
	logged "mmdebstrap trixie" "$KDBUS_CACHE/log/mmdebstrap.log" \
		as_root mmdebstrap --mode=root --variant=minbase --skip=check/empty \
		--include=make,gcc-14,gcc-14-for-host,libc6-dev,libelf1t64,sparse,perl \
		trixie "$root" "$KDBUS_CACHE/apt/trixie/sources.list" || return 1
	touch "$root.ready"
}

# in_build_root COMMAND...: there, with /proc and the cache at its own path.
in_build_root() {
	local root

	root=$(build_root)
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_root unshare --mount /bin/sh -c '
		root=$1 cache=$2 user=$3
		shift 3
		mkdir -p "$root$cache" &&
		mount -t proc proc "$root/proc" &&
		mount --rbind /dev "$root/dev" &&
		mount --bind "$cache" "$root$cache" &&
		exec chroot --userspec="$user" "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@"
	' sh "$root" "$KDBUS_CACHE" "$(id -u):$(id -g)" "$@"
}

# kernel_make NAME ARGUMENT...: make against that kernel's headers, in the place that can do it.
kernel_make() {
	local name=$1 headers

	shift
	headers=$(readlink -f "$(kernel_dir "$name")/headers")
	case $name in
	7.*)
		build_root_have || return 1
		in_build_root make -C "$headers" "$@"
		;;
	*)
		make -C "$headers" "$@"
		;;
	esac
}

# kernel_build_packages NAME: what a build against that kernel needs on this machine.
kernel_build_packages() {
	case $1 in
	7.*) ;;
	*) echo "make gcc-12 libc6-dev libelf-dev perl" ;;
	esac
}

# module_scratch NAME: the scratch directory of this tree for that kernel, and $MODULE_VARIANT.
module_scratch() {
	echo "$(tree_cache)/$1${MODULE_VARIANT:-}"
}

# module_mirror NAME: bring the scratch sources up to date, touching only what changed.
module_mirror() {
	local scratch

	scratch=$(module_scratch "$1")
	[ -e "$KDBUS_TOP/ipc/kdbus/Makefile" ] || {
		say "there is no ipc/kdbus/Makefile in $KDBUS_TOP"
		return 1
	}
	mkdir -p "$scratch/ipc" "$scratch/include" || return 1
	rsync -r --checksum --delete --exclude='*.mod.c' --include='*/' --include='*.[chS]' \
		--include=Makefile --include=Kbuild --include=Kconfig --exclude='*' \
		"$KDBUS_TOP/ipc/kdbus" "$scratch/ipc/" &&
		rsync -r --checksum --delete "$KDBUS_TOP/include/" "$scratch/include/"
}

# module_make NAME ARGUMENT...: make in the scratch directory.
# BTF is switched off: it wants pahole and the kernel's own types, and nothing here reads it.
module_make() {
	local name=$1 more=()

	shift
	# The debug kernel leaves it to each directory what else is compiled in.
	case $name${MODULE_VARIANT:-} in
	debug) more=(UBSAN_SANITIZE=y CONFIG_KDBUS_DEBUG_DELAYS=y) ;;
	kcsan) more=(CONFIG_KDBUS_DEBUG_DELAYS=y) ;;
	debug-gcov) more=(GCOV_PROFILE=y) ;;
	debug-kunit) more=(UBSAN_SANITIZE=y CONFIG_KDBUS_KUNIT_TEST=y) ;;
	# Places only: comparisons would double the cost of a call.
	debug-kcov) more=(UBSAN_SANITIZE=y KCOV_INSTRUMENT=y CFLAGS_KCOV=-fsanitize-coverage=trace-pc
		KCFLAGS=-g) ;;
	esac
	kernel_make "$name" "M=$(module_scratch "$name")/ipc/kdbus" W=1 -j2 \
		CONFIG_DEBUG_INFO_BTF_MODULES= "${more[@]}" "$@"
}

# module_build NAME: build what is stale, print the path of a .ko that later builds leave alone.
module_build() {
	locked "module-$1${MODULE_VARIANT:-}" module_build_locked "$1"
}

module_build_locked() {
	local name=$1 scratch log copy

	scratch=$(module_scratch "$name")
	log=$KDBUS_CACHE/log/module-$name${MODULE_VARIANT:-}.log
	# shellcheck disable=SC2046 # several packages
	need_packages rsync $(kernel_build_packages "$name") || return 1
	module_mirror "$name" || return 1
	logged "build of the module for $name" "$log" module_make "$name" modules || return 1
	copy=$scratch/out/$(sha256sum "$scratch/ipc/kdbus/kdbus.ko" | cut -c1-16)/kdbus.ko
	if [ ! -e "$copy" ]; then
		mkdir -p "${copy%/*}" && cp "$scratch/ipc/kdbus/kdbus.ko" "$copy.new" &&
			mv "$copy.new" "$copy" || return 1
		say "built the module for $name"
		# A few former ones stay for guests that are about to load them.
		ls -1dt "$scratch"/out/* | tail -n +6 | xargs -r rm -rf
	fi
	echo "$copy"
}
