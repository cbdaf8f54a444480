# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# own-kernel.sh - kernels built from Debian's linux-source-6.1 with the fragments in config/.  They
# lie in the cache like the stock ones, with the build directory as headers/; they are made again
# when a fragment or the source changes.  Source it after kernels.sh.

KERNEL_SOURCE_VERSION=6.1

# kernel_source: the unpacked source tree; it is never built in.
kernel_source() {
	echo "$KDBUS_CACHE/source/linux-$KERNEL_SOURCE_VERSION"
}

kernel_source_have() {
	[ -e "$(kernel_source).ready" ] || locked kernel-source kernel_source_fetch
}

kernel_source_fetch() {
	local source tmp lists name=$KERNEL_SOURCE_VERSION

	source=$(kernel_source)
	[ -e "$source.ready" ] && return 0
	need_packages xz-utils || return 1
	lists=$(kernel_lists "$name")
	# shellcheck disable=SC2046 # several suites
	apt_private_update "$lists" $(kernel_suites "$lists") || return 1
	tmp=$KDBUS_CACHE/tmp/source.$$
	rm -rf "$source" "$tmp"
	mkdir -p "$source" || return 1
	apt_private_unpack "$lists" "$tmp" "linux-source-$name" || return 1
	say "unpacking linux-source-$name"
	tar -C "$source" --strip-components=1 -xf "$tmp/usr/src/linux-source-$name.tar.xz" || return 1
	rm -rf "$tmp"
	touch "$source.ready"
}

# own_kernel_fragments NAME: paths of its fragments, in order.
own_kernel_fragments() {
	echo "$KDBUS_TOP/tools/testing/vm/config/lean.config"
	[ "$1" = lean ] || echo "$KDBUS_TOP/tools/testing/vm/config/$1.config"
}

# own_kernel_key NAME: changes when it must be built again.
own_kernel_key() {
	# shellcheck disable=SC2046 # several files
	{
		cat $(own_kernel_fragments "$1")
		sed -n '1,6p' "$(kernel_source)/Makefile"
	} | sha256sum | cut -c1-16
}

# own_kernel_configure NAME BUILD: fragments over tinyconfig; a wish that Kconfig refuses is an error.
own_kernel_configure() {
	local build=$2 fragments line missing=

	mapfile -t fragments < <(own_kernel_fragments "$1")
	mkdir -p "$build" || return 1
	make -C "$(kernel_source)" O="$build" CC=gcc-12 HOSTCC=gcc-12 tinyconfig || return 1
	cat "${fragments[@]}" >>"$build/.config"
	make -C "$(kernel_source)" O="$build" CC=gcc-12 HOSTCC=gcc-12 olddefconfig || return 1
	while read -r line; do
		grep -qFx "$line" "$build/.config" || missing+=" $line"
	done < <(cat "${fragments[@]}" | grep -E '^CONFIG_')
	[ -z "$missing" ] || {
		echo "not set as wished:$missing"
		return 1
	}
}

own_kernel_make() {
	local build=$1

	shift
	nice make -C "$build" CC=gcc-12 HOSTCC=gcc-12 -j2 "$@"
}

own_kernel_have() {
	kernel_source_have || return 1
	[ "$(cat "$(kernel_dir "$1")/ready" 2>/dev/null)" = "$(own_kernel_key "$1")" ] ||
		locked "kernel-$1" own_kernel_build "$1"
}

own_kernel_build() {
	local name=$1 dir build key log

	dir=$(kernel_dir "$name")
	build=$dir/build
	key=$(own_kernel_key "$name")
	log=$KDBUS_CACHE/log/kernel-$name
	[ "$(cat "$dir/ready" 2>/dev/null)" = "$key" ] && return 0
	need_packages make gcc-12 libc6-dev flex bison bc libelf-dev libssl-dev perl rsync || return 1
	rm -f "$dir/ready"
	logged "configuration of the $name kernel" "$log-config.log" \
		own_kernel_configure "$name" "$build" || return 1
	say "building the $name kernel, ten minutes or more; log: $log.log"
	logged "build of the $name kernel" "$log.log" \
		own_kernel_make "$build" bzImage modules || return 1
	# The kernel's own modules are none; modules_prepare leaves what an external one needs.
	logged "preparation for modules of the $name kernel" "$log-modules.log" \
		own_kernel_make "$build" modules_prepare || return 1
	ln -sfn build/arch/x86/boot/bzImage "$dir/vmlinuz"
	ln -sfn build "$dir/headers"
	own_kernel_make "$build" -s kernelrelease >"$dir/release" || return 1
	rm -f "$dir"/initrd-????????????????
	echo "$key" >"$dir/ready"
	say "kernel $name: $(cat "$dir/release")"
}
