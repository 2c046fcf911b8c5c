# SPDX-License-Identifier: MIT
# Sourced by tools/run and tools/test: what both do to a bare Debian 12.
# shellcheck shell=bash

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_root=${MICELIO_BUILD_ROOT:-$top/build}
# The bare system of tools/fresh and tools/package, and where it comes from.
cache=${MICELIO_FRESH:-/var/tmp/micelio-fresh}
mirror=${MICELIO_MIRROR:-http://deb.debian.org/debian}

packages_build=(gcc libc6-dev meson ninja-build pkg-config
    libevent-dev libssl-dev libsodium-dev libseccomp-dev libconfig-dev
    libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libssh-dev
    libutf8proc-dev libdb5.3-dev libbsd-dev libcmocka-dev openssh-client)
packages_test=(clang valgrind mandoc tmux python3 util-linux golang-go
    systemd-container iproute2 nftables
    golang-github-flynn-noise-dev golang-google-protobuf-dev
    golang-filippo-edwards25519-dev)
# libFuzzer and what its runs are counted with
packages_fuzz=(clang libclang-rt-14-dev llvm)
# what tools/bench measures beside
packages_bench=(openssh-server dropbear-bin ngircd serf libsqlite3-dev
    liblmdb-dev)
# what tools/package builds and judges with
packages_package=(build-essential dpkg-dev debhelper python3)
packages_package_check=(lintian debootstrap systemd-container)
services_bench=(ssh.service ngircd.service serf.service)

# How a node for use, not for tests, is built.
run_options=(--buildtype=release -Dtests=false)

say() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "this needs root, and there is no sudo: $*"
	fi
}

# Install those of the packages that are missing; nothing otherwise.
need_packages() {
	local missing=() p
	command -v dpkg-query >/dev/null 2>&1 || {
		say "not a Debian system: install by hand what README.md names"
		return 0
	}
	for p in "$@"; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" \
		    = installed ] || missing+=("$p")
	done
	[ ${#missing[@]} -eq 0 ] && return 0
	say "installing ${missing[*]}"
	as_root apt-get -q update >&2 || die "apt-get update failed"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
	    --no-install-recommends install "${missing[@]}" >&2 ||
	    die "apt-get install failed"
}

# need_bench_packages: what they bring as services is not to run here, now or
# after the next boot.
need_bench_packages() {
	local unit new=()
	if [ -d /run/systemd/system ]; then
		for unit in "${services_bench[@]}"; do
			systemctl cat "$unit" >/dev/null 2>&1 || new+=("$unit")
		done
	fi
	[ ${#new[@]} -eq 0 ] ||
	    as_root systemctl -q mask --runtime "${new[@]}" >&2
	need_packages "${packages_bench[@]}"
	[ ${#new[@]} -eq 0 ] && return
	as_root systemctl -q unmask --runtime "${new[@]}" >&2
	as_root systemctl -q disable "${new[@]}" >&2
}

# build DIR [meson option...]: configure once, then compile what changed of
# build_targets, or of all.
build_targets=()
build() {
	local dir=$1 lock
	shift
	mkdir -p "${dir%/*}" && exec {lock}>"$dir.lock" && flock "$lock" ||
	    return 1
	if [ ! -e "$dir/build.ninja" ]; then
		meson setup "$dir" "$top" "$@" >"$dir.setup.log" 2>&1 || {
			cat "$dir.setup.log" >&2
			return 1
		}
	fi
	ninja -C "$dir" "${build_targets[@]}" >"$dir.ninja.log" 2>&1 || {
		grep -vE '^\[[0-9]+/[0-9]+\] ' "$dir.ninja.log" | tail -n 60 >&2
		return 1
	}
	exec {lock}>&-
}

# build_sim DIR [meson option...]: nothing but the simulator
build_sim() {
	local dir=$1
	shift
	if [ ! -e "$dir/build.ninja" ]; then
		meson setup "$dir" "$top" "$@" || return 1
	fi
	ninja -C "$dir" tests/sim/sim
}

# need_base: a bare Debian 12 with git in $cache/base, made once.
need_base() {
	local began=$SECONDS
	[ -d "$cache/base" ] && return
	say "making the bare system in $cache/base"
	rm -rf --one-file-system "$cache/base.new"
	mkdir -p "$cache" && debootstrap --variant=minbase --include=git \
	    bookworm "$cache/base.new" "$mirror" >"$cache/base.log" 2>&1 || {
		tail -n 30 "$cache/base.log" >&2
		die "debootstrap failed"
	}
	# The way of this machine to the mirror.
	apt-config dump 2>/dev/null |
	    grep -E '^Acquire::(https?|Check-[A-Za-z-]*|Retries)\b' \
	    >"$cache/base.new/etc/apt/apt.conf.d/00machine"
	mv "$cache/base.new" "$cache/base"
	say "made in $((SECONDS - began)) s"
}
