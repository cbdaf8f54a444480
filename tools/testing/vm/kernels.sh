# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kernels.sh - Debian's stock kernels, unpacked in the cache: $KDBUS_CACHE/kernels/NAME with
#   release     the kernel release, as uname -r says it
#   vmlinuz     what boots
#   root/       the unpacked packages: modules, headers, kbuild
#   headers     link to the directory that a module is built against
# Source it after apt.sh.

KDBUS_STOCK_KERNELS="6.1 6.12 7.2 7.3"
KDBUS_OWN_KERNELS="debug kcsan"

# kernel_dir NAME: "intree" is the kernel that check-intree makes of this source tree.
kernel_dir() {
	if [ "$1" = intree ]; then
		echo "$(tree_cache)/intree"
	else
		echo "$KDBUS_CACHE/kernels/$1"
	fi
}

kernel_is_known() {
	case " $KDBUS_STOCK_KERNELS $KDBUS_OWN_KERNELS intree " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

kernel_is_ready() {
	[ -e "$(kernel_dir "$1")/ready" ]
}

# kernel_lists NAME: the private package lists that it is looked for in; see kernel_suites.
kernel_lists() {
	case $1 in
	6.*) echo bookworm ;;
	7.*) echo trixie-backports ;;
	esac
}

# kernel_suites LISTS: the suites of Debian in these lists.
kernel_suites() {
	case $1 in
	bookworm) echo "bookworm bookworm-backports bookworm-security" ;;
	*) echo "$1" ;;
	esac
}

# kernel_packages LISTS ABI: the packages that boot it, when all of them are on offer.
kernel_packages() {
	local lists=$1 abi=$2

	if apt_private_has "$lists" "linux-image-$abi-unsigned"; then
		echo "linux-image-$abi-unsigned"
	elif apt_private_has "$lists" "linux-modules-$abi"; then
		apt_private_has "$lists" "linux-binary-$abi" &&
			echo "linux-binary-$abi linux-modules-$abi linux-base-$abi"
	elif apt_private_has "$lists" "linux-image-$abi"; then
		echo "linux-image-$abi"
	fi
}

# kernel_choose LISTS NAME: "ABI PACKAGES" of the newest kernel that can be booted and built for.
kernel_choose() {
	local lists=$1 name=$2 abi packages

	while read -r abi; do
		packages=$(kernel_packages "$lists" "$abi")
		if [ -n "$packages" ]; then
			echo "$abi $packages"
			return 0
		fi
	done < <(apt_private "$lists" apt-cache pkgnames "linux-headers-$name" |
		sed -nE "s/^linux-headers-(${name//./\\.}\\.[0-9][^ ]*[0-9]-amd64)\$/\\1/p" |
		grep -Ev -- '-(cloud|rt)-' | LC_ALL=C sort -Vr)
	return 1
}

# kernel_header_packages LISTS ABI: headers of the flavour, those in common, and kbuild.
kernel_header_packages() {
	apt_private "$1" apt-cache depends --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances "linux-headers-$2" |
		sed -nE 's/^ *\|?Depends: <?(linux-(headers-[^ >]*-common|kbuild-[^ >]*|compiler-gcc[^ >]*))>?$/\1/p'
	echo "linux-headers-$2"
}

# kernel_relocate DIR: let the unpacked headers find each other where they are now.  The headers'
# Makefile names /usr/src, and the links of 6.1 to kbuild are relative already.
kernel_relocate() {
	local dir=$1 root=$1/root headers common link target

	headers=$(echo "$root"/usr/src/linux-headers-*-amd64)
	common=$(echo "$root"/usr/src/linux-headers-*-common*)
	[ -d "$headers" ] && [ -d "$common" ] || return 1
	sed -i "s#\\([ =]\\)/usr/src/#\\1$root/usr/src/#g" "$headers/Makefile" || return 1
	for link in "$headers"/* "$common"/*; do
		[ -L "$link" ] || continue
		target=$(readlink "$link")
		case $target in
		/*) ln -sfn "$root$target" "$link" || return 1 ;;
		esac
	done
	ln -sfn "$headers" "$dir/headers"
}

# kernel_modules_root DIR RELEASE: lib/modules/RELEASE below root/, with an index for modprobe.
kernel_modules_root() {
	local root=$1/root release=$2

	# Packages of a merged /usr put it below usr/; everybody else looks in lib/.
	if [ ! -e "$root/lib/modules/$release" ]; then
		[ -d "$root/usr/lib/modules/$release" ] || return 1
		mkdir -p "$root/lib/modules" || return 1
		ln -sfn "../../usr/lib/modules/$release" "$root/lib/modules/$release" || return 1
	fi
	# The packages link to /usr/src of a machine that has them installed.
	rm -f "$root/lib/modules/$release/build" "$root/lib/modules/$release/source"
	ln -sfn "$1/headers" "$root/lib/modules/$release/build" || return 1
	PATH=$PATH:/usr/sbin:/sbin depmod -b "$root" "$release"
}

# kernel_fetch NAME: have a stock kernel in the cache.  Returns 2 when Debian does not offer it.
kernel_fetch() {
	kernel_is_ready "$1" || locked "kernel-$1" kernel_fetch_locked "$1"
}

kernel_fetch_locked() {
	local name=$1 dir lists choice abi packages headers image

	kernel_is_ready "$name" && return 0
	dir=$(kernel_dir "$name")
	lists=$(kernel_lists "$name")
	# What was not on offer an hour ago is not asked for again.
	[ -z "$(find "$dir.absent" -mmin -60 2>/dev/null)" ] || return 2
	need_packages kmod xz-utils zstd || return 1
	say "looking for a kernel $name in Debian's $(kernel_suites "$lists")"
	# shellcheck disable=SC2046 # several suites
	apt_private_update "$lists" $(kernel_suites "$lists") || return 1
	choice=$(kernel_choose "$lists" "$name") || {
		say "kernel $name: Debian has none now that boots and has headers"
		mkdir -p "${dir%/*}"
		touch "$dir.absent"
		return 2
	}
	abi=${choice%% *}
	packages=${choice#* }
	headers=$(kernel_header_packages "$lists" "$abi") || return 1
	rm -rf "$dir"
	mkdir -p "$dir/root" || return 1
	# shellcheck disable=SC2086 # several packages
	apt_private_unpack "$lists" "$dir/root" $packages $headers || return 1
	kernel_relocate "$dir" || {
		say "kernel $name: the headers have an unknown layout"
		return 1
	}
	kernel_modules_root "$dir" "$abi" || return 1
	image=$(find "$dir/root/boot/" "$dir/root/lib/modules/$abi/" -maxdepth 1 -name 'vmlinuz*' \
		2>/dev/null | head -n 1)
	if [ -z "$image" ]; then
		say "kernel $name: no vmlinuz in $packages"
		return 1
	fi
	ln -sfn "$image" "$dir/vmlinuz"
	echo "$abi" >"$dir/release"
	touch "$dir/ready"
	say "kernel $name: $abi"
}
