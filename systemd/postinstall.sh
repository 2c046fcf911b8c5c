#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes an installation known to this machine; not for a package's tree.
[ "$(id -u)" -eq 0 ] || exit 0
run() {
	command -v "$1" >/dev/null 2>&1 || return 0
	"$@" || echo "micelio: failed, type it again: $*" >&2
}
run systemd-sysusers micelio.conf
run systemd-tmpfiles --create micelio.conf
run journalctl --update-catalog
[ ! -d /run/systemd/system ] || run systemctl daemon-reload
