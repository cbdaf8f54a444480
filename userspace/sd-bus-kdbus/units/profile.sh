# shellcheck shell=sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# kdbus.sh - addresses of the buses for login shells: the kernel's first, the sockets second
if [ -e /dev/kdbus/control ]; then
	DBUS_SYSTEM_BUS_ADDRESS="unix:path=/dev/kdbus/0-system/bus;unix:path=/run/dbus/system_bus_socket"
	export DBUS_SYSTEM_BUS_ADDRESS
	if [ -e "/dev/kdbus/$(id -u)-user/bus" ] && [ -n "${XDG_RUNTIME_DIR:-}" ]; then
		DBUS_SESSION_BUS_ADDRESS="unix:path=/dev/kdbus/$(id -u)-user/bus;unix:path=$XDG_RUNTIME_DIR/bus"
		export DBUS_SESSION_BUS_ADDRESS
	fi
fi
