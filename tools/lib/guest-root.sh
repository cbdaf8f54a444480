# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# guest-root.sh - a small Debian with systemd and the stock D-Bus programs, of the same release as
# this machine, so that what is built here runs there, or of $KDBUS_GUEST_SUITE.  Kept in the cache; a guest boots it under an
# overlay and never changes it.  Source it after common.sh and tools/testing/vm/apt.sh.

GUEST_ROOT_PACKAGES=systemd-sysv,dbus,libpam-systemd,kmod,dbus-bin,libglib2.0-bin,dbus-broker,libexpat1,libdbus-1-3

# guest_root_suite: the code name of this machine's release, "trixie" when it is none of Debian's.
guest_root_suite() {
	local name=${KDBUS_GUEST_SUITE:-}

	[ -z "$name" ] || {
		echo "$name"
		return
	}
	name=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	case $name in
	bookworm | trixie | forky) echo "$name" ;;
	*) echo trixie ;;
	esac
}

guest_root_dir() {
	echo "$KDBUS_CACHE/roots/guest-$(guest_root_suite)-$(echo "$GUEST_ROOT_PACKAGES" |
		sha256sum | cut -c1-8)"
}

# guest_root_have: make it if it is not there yet, and print its directory.
guest_root_have() {
	local dir

	dir=$(guest_root_dir)
	[ -e "$dir.ready" ] || locked "root-${dir##*/}" guest_root_make "$dir" || return 1
	echo "$dir"
}

guest_root_make() {
	local dir=$1 suite

	[ -e "$dir.ready" ] && return 0
	suite=$(guest_root_suite)
	need_packages mmdebstrap || return 1
	apt_private_update "guest-$suite" "$suite" || return 1
	say "making a small Debian ($suite) with systemd for the guest"
	as_root rm -rf "$dir"
	mkdir -p "${dir%/*}"
	logged "mmdebstrap $suite" "$KDBUS_CACHE/log/mmdebstrap-guest.log" \
		as_root mmdebstrap --mode=root --variant=minbase --skip=check/empty \
		--include="$GUEST_ROOT_PACKAGES" \
		"$suite" "$dir" "$KDBUS_CACHE/apt/guest-$suite/sources.list" || return 1
	# The stock bus of Debian, as on most machines; the other one is started by who compares.
	as_root rm -f "$dir/etc/systemd/system/dbus.service"
	touch "$dir.ready"
}
