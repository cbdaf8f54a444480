# shellcheck shell=bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# common.sh - what every script under tools/ shares: where things are, how progress and failures
# are told, how packages get installed.  Source it; it changes nothing by itself.

# Top of the source tree and the cache, which holds all that is fetched or built.
KDBUS_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
KDBUS_CACHE=${KDBUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kdbus}

# say TEXT...: one line of progress, on stderr so that it never mixes with a command's output.
say() {
	printf '%s: %s\n' "${KDBUS_PROG:-${0##*/}}" "$*" >&2
}

# die TEXT...: the reason, then status $DIE_STATUS (1).
die() {
	say "$*"
	exit "${DIE_STATUS:-1}"
}

# as_root COMMAND...: directly for root, through sudo for everybody else.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		die "'$1' must run as root, and sudo is not installed"
	fi
}

# Each half minute a line that says how far the log $1 is; ends when it is killed, or when the
# script is gone.
show_progress() {
	local started=$SECONDS never

	exec {never}<> <(:)
	until read -rt 30 -u "$never"; do
		kill -0 $$ 2>/dev/null || return
		say "  ... $((SECONDS - started)) s, $(wc -l <"$1") lines of log:" \
			"$(tail -n 1 "$1" | tr -d '\r' | cut -c1-60)"
	done
}

# logged NAME LOG COMMAND...: run COMMAND with its output in LOG, showing signs of life when it
# takes long; on failure name the step, the log and show the log's end.  Returns COMMAND's status.
logged() {
	local name=$1 log=$2 ticker status=0

	shift 2
	mkdir -p "$(dirname "$log")"
	: >"$log"
	show_progress "$log" &
	ticker=$!
	"$@" >"$log" 2>&1 </dev/null || status=$?
	kill "$ticker" 2>/dev/null
	wait "$ticker" 2>/dev/null
	if [ "$status" != 0 ]; then
		say "FAILED (status $status): $name; log: $log"
		tail -n 20 "$log" | sed 's/^/    | /' >&2
	fi
	return "$status"
}

# renew_lists: apt-get update. It waits for no lock of others, such as the machine's own update after boot.
renew_lists() {
	local end=$((SECONDS + 900)) output

	while ! output=$(as_root env LC_ALL=C apt-get update -qq 2>&1); do
		printf '%s\n' "$output"
		[[ $output == *"Could not get lock"* ]] && [ "$SECONDS" -lt "$end" ] || return 1
		sleep 2
	done
}

# missing_packages PACKAGE...: those that are not installed.
missing_packages() {
	local package

	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			printf '%s\n' "$package"
	done
}

install_packages() {
	local missing

	# Another run may have installed them meanwhile.
	mapfile -t missing < <(missing_packages "$@")
	[ ${#missing[@]} = 0 ] && return 0
	say "installing ${missing[*]}"
	logged "apt-get update" "$KDBUS_CACHE/log/apt-update.log" renew_lists || return 1
	# What a package starts must not go on to hold the lock, which is the descriptor "fd" of locked().
	logged "apt-get install ${missing[*]}" "$KDBUS_CACHE/log/apt-install.log" \
		as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 \
		install -y -q --no-install-recommends "${missing[@]}" {fd}>&-
}

# need_packages PACKAGE...: install those that are missing; no network when none is.
need_packages() {
	[ -z "$(missing_packages "$@")" ] || locked packages install_packages "$@"
}

# locked NAME COMMAND...: COMMAND under an exclusive lock in the cache, so that concurrent runs do
# a piece of work once.  The lock ends with the process: the descriptor is not inherited further
# than the commands that COMMAND runs and waits for.
locked() {
	local name=$1 fd status=0

	shift
	mkdir -p "$KDBUS_CACHE/lock"
	exec {fd}>"$KDBUS_CACHE/lock/$name"
	if ! flock -n "$fd"; then
		say "waiting for another run: $name"
		flock "$fd"
	fi
	"$@" || status=$?
	exec {fd}>&-
	return "$status"
}

# tree_cache: the part of the cache that belongs to this source tree; others have theirs.
tree_cache() {
	echo "$KDBUS_CACHE/build/$(echo "$KDBUS_TOP" | sha256sum | cut -c1-12)"
}
