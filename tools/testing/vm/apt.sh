# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# apt.sh - Debian packages of any release, downloaded and unpacked beside the machine's own ones.
# The machine's package sources, lists and database stay untouched; only the addresses of its
# mirrors are read.  Source it after tools/lib/common.sh.

# mirror_of LABEL: address of the machine's mirror for that label of Debian's archives.
mirror_of() {
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' "Origin: Debian" 2>/dev/null |
		awk -v label="$1" '$1 == label { print $2; exit }'
}

# apt_sources SUITE...: lines of a sources.list for the suites, the newest keyring signing them.
apt_sources() {
	local suite label uri keyring option=

	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$keyring" ] && option="[signed-by=$keyring] "
	for suite; do
		label=Debian
		[ "${suite%-security}" = "$suite" ] || label=Debian-Security
		uri=$(mirror_of "$label")
		if [ -n "$uri" ]; then
			echo "deb $option$uri $suite main"
		elif [ "$label" = Debian ]; then
			return 1
		fi
	done
}

# apt_private NAME COMMAND ARGUMENT...: apt-get or apt-cache on the private lists called NAME.
apt_private() {
	local dir=$KDBUS_CACHE/apt/$1 command=$2

	shift 2
	"$command" -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferencesparts=/dev/null -o Dir::Etc::preferences=/dev/null \
		-o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache" \
		-o Dir::State::status=/dev/null -o "APT::Sandbox::User=$(id -un)" "$@"
}

# apt_private_update NAME SUITE...: make the private lists NAME, or renew them.
apt_private_update() {
	locked "apt-$1" apt_private_update_locked "$@"
}

apt_private_update_locked() {
	local name=$1 dir=$KDBUS_CACHE/apt/$1

	shift
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" || return 1
	if ! apt_sources "$@" >"$dir/sources.list"; then
		# A bare machine may not have any lists yet, and then its mirrors have no labels.
		logged "apt-get update" "$KDBUS_CACHE/log/apt-update.log" renew_lists || return 1
		apt_sources "$@" >"$dir/sources.list" || {
			say "no Debian mirror in this machine's package sources"
			return 1
		}
	fi
	logged "package lists of $*" "$KDBUS_CACHE/log/apt-$name.log" \
		apt_private "$name" apt-get update -q
}

# apt_private_unpack NAME DIR PACKAGE...: download the packages and unpack them into DIR.
apt_private_unpack() {
	local name=$1 dir=$2 tmp deb

	shift 2
	mkdir -p "$dir" "$KDBUS_CACHE/tmp" || return 1
	tmp=$(mktemp -d "$KDBUS_CACHE/tmp/debs.XXXXXX") || return 1
	say "downloading $*"
	(
		cd "$tmp" || exit 1
		logged "download of $*" "$KDBUS_CACHE/log/apt-$name-download.log" \
			apt_private "$name" apt-get download -q "$@" || exit 1
		for deb in *.deb; do
			dpkg-deb --fsys-tarfile "$deb" |
				tar -C "$dir" --no-same-owner --keep-directory-symlink -xf - || exit 1
		done
	) || {
		rm -rf "$tmp"
		return 1
	}
	rm -rf "$tmp"
}

# apt_private_has NAME PACKAGE: is it on offer there?
apt_private_has() {
	apt_private "$1" apt-cache pkgnames "$2" | grep -Fqx -- "$2"
}
