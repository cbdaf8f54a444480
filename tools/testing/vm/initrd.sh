# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# initrd.sh - the initramfs of a guest: busybox, the modules that reach the host's file system over
# 9p, and initrd-init.  One per kernel, kept in the cache.  Source it after kernels.sh.

INITRD_MODULES="virtio_pci virtio_console 9pnet_virtio 9p overlay"
INITRD_INIT=$KDBUS_TOP/tools/testing/vm/initrd-init

# initrd_for NAME: prints the path of the initramfs for that kernel; makes it when needed.
initrd_for() {
	local file

	file=$(kernel_dir "$1")/initrd-$(sha256sum "$INITRD_INIT" | cut -c1-16)
	[ -e "$file" ] || locked "initrd-$1" initrd_make "$1" "$file" || return 1
	echo "$file"
}

# initrd_add_modules DIR KERNELDIR RELEASE: plain .ko files, listed in load order.
initrd_add_modules() {
	local dir=$1 root=$2/root release=$3 path plain

	mkdir -p "$dir/modules" || return 1
	: >"$dir/modules/list"
	# An own kernel has all of it built in, and no modules directory.
	[ -d "$root/lib/modules/$release" ] || return 0
	# shellcheck disable=SC2086 # several modules
	PATH=$PATH:/usr/sbin:/sbin modprobe -d "$root" -S "$release" --show-depends --all \
		$INITRD_MODULES >"$dir/depends" || return 1
	while read -r path; do
		plain=${path##*/}
		plain=${plain%.xz}
		plain=${plain%.zst}
		[ -e "$dir/modules/$plain" ] && continue
		case $path in
		*.xz) xz -dc "$path" >"$dir/modules/$plain" ;;
		*.zst) zstd -qdc "$path" >"$dir/modules/$plain" ;;
		*) cp "$path" "$dir/modules/$plain" ;;
		esac || return 1
		echo "$plain" >>"$dir/modules/list"
	done < <(sed -n 's/^insmod \([^ ]*\).*/\1/p' "$dir/depends")
	rm -f "$dir/depends"
}

initrd_make() {
	local name=$1 file=$2 kernel dir

	[ -e "$file" ] && return 0
	need_packages busybox-static cpio kmod xz-utils zstd || return 1
	kernel=$(kernel_dir "$name")
	mkdir -p "$KDBUS_CACHE/tmp" || return 1
	dir=$(mktemp -d "$KDBUS_CACHE/tmp/initrd.XXXXXX") || return 1
	mkdir -p "$dir/bin" "$dir/proc" "$dir/sys" "$dir/dev" "$dir/host" "$dir/rw" "$dir/root" &&
		cp "$(command -v busybox || echo /bin/busybox)" "$dir/bin/busybox" &&
		ln -s busybox "$dir/bin/sh" &&
		install -m 755 "$INITRD_INIT" "$dir/init" &&
		initrd_add_modules "$dir" "$kernel" "$(cat "$kernel/release")" &&
		(cd "$dir" && find . -print0 | LC_ALL=C sort -z |
			cpio --null --quiet -R 0:0 -o -H newc) | gzip -1 >"$file.new" || {
		rm -rf "$dir" "$file.new"
		say "kernel $name: its initramfs cannot be made"
		return 1
	}
	rm -rf "$dir"
	rm -f "$kernel"/initrd-????????????????
	mv "$file.new" "$file"
}
