# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# userspace.sh - build the tree's programs (meson) in the cache.  Source it after common.sh.

# Where this tree's build is: two trees with one cache do not disturb each other.
userspace_dir() {
	printf '%s/build/user-%s\n' "$KDBUS_CACHE" \
		"$(printf '%s' "$KDBUS_TOP" | sha256sum | cut -c1-12)"
}

userspace_set_up() {
	local dir=$1

	[ -f "$dir/build.ninja" ] && return 0
	rm -rf "$dir"
	mkdir -p "${dir%/*}"
	# As Debian has it and tools/install puts it, which meson knows only where dpkg-dev is installed.
	logged "meson setup" "$KDBUS_CACHE/log/meson-setup.log" \
		meson setup --libdir "lib/$(gcc -print-multiarch)" "$dir" "$KDBUS_TOP"
}

userspace_compile() {
	local dir=$1

	shift
	userspace_set_up "$dir" &&
		logged "build of the programs" "$KDBUS_CACHE/log/ninja.log" \
			ninja -C "$dir" -j2 "$@"
}

# userspace_build [TARGET...]: bring these targets, or all, up to date and print the directory.
userspace_build() {
	local dir

	need_packages dbus-daemon gcc libc6-dev libdbus-1-dev libexpat1-dev libglib2.0-dev \
		libsystemd-dev liburing-dev meson ninja-build pkg-config || return 1
	dir=$(userspace_dir)
	locked user-build userspace_compile "$dir" "$@" || return 1
	echo "$dir"
}
