#!/usr/bin/env bash
# install_packages.sh GROUP...: installs the packages of these groups of scripts/packages that are
# missing. Touches nothing, and needs neither network nor root, when none is.
set -euo pipefail

list="$(dirname "$0")/packages"

wanted() {
    local group
    for group in "$@"; do
        awk -v group="$group" '$1 == group { print $2 }' "$list"
    done
}

is_installed() {
    [[ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" == installed ]]
}

as_root() {
    if [[ "$(id -u)" == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "install_packages.sh: become root, or install sudo, to install: ${missing[*]}" >&2
        exit 1
    fi
}

if ! command -v dpkg-query >/dev/null; then
    echo "install_packages.sh: not a Debian system; see scripts/packages for what is needed" >&2
    exit 0
fi

missing=()
for package in $(wanted "$@"); do
    is_installed "$package" || missing+=("$package")
done
((${#missing[@]})) || exit 0

echo "installing ${missing[*]}" >&2
apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3)
as_root "${apt[@]}" update >&2
as_root "${apt[@]}" install --no-install-recommends "${missing[@]}" >&2
