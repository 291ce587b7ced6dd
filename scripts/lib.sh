# shellcheck shell=bash
# What the scripts share: where the project is, words to the user, and a Rust toolchain. Sourced, not run.

set -euo pipefail
export LC_ALL=C.UTF-8

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
tools=${XDG_CACHE_HOME:-$HOME/.cache}/tigress/tools
: "$root" "$tools"

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}
have() { command -v -- "$1" >/dev/null 2>&1; }

# at_least A B: version A is B or later.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1) == "$2" ]]; }

# The oldest Rust that Cargo.toml says will do.
oldest_rust() { sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml"; }

# The number in `PROGRAM 1.2.3 (…)`; empty if there is no such program or it does not run.
version_of() { "$@" --version 2>/dev/null | sed -n '1s/^[^ ]* \([0-9.]*\).*/\1/p' || true; }

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif ! have sudo; then
        die "packages are missing, and only root can install them: run this as root, or install sudo"
    elif [[ ${CI:-} == true ]]; then
        sudo -n -- "$@"
    else
        sudo -- "$@"
    fi
}

# One at a time: several parts fetch their toolchains at once, and `apt-get update` does not wait for another one.
apt() {
    mkdir -p -- "$tools"
    (
        flock 8
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@" >&2
    ) 8>"$tools/apt.lock"
}

# The version that the system's packages offer of package $1; empty if none.
offered() { apt-cache policy "$1" | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p'; }

# rust_fits [fmt|clippy…]: a C compiler, make, and a cargo and rustc that are new enough, with these cargo subcommands.
rust_fits() {
    local oldest found tool
    oldest=$(oldest_rust)
    have cc && have make || return 1
    for tool in rustc cargo; do
        found=$(version_of "$tool")
        at_least "${found:-0}" "$oldest" || return 1
    done
    for tool in "$@"; do
        [[ -n $(version_of cargo "$tool") ]] || return 1
    done
}

# ensure_rust [fmt|clippy…]: installs what rust_fits misses from the system's packages.
ensure_rust() {
    if ! rust_fits "$@"; then
        install_rust
        rust_fits "$@" || die "Rust $(oldest_rust) or later (${*:-build only}) is still missing after the installation"
    fi
    say "$(rustc --version), $(cargo --version), $(cc --version | head -n 1)"
}

# ensure_servers: what the relay's tests start for themselves. nginx may be on root's path alone.
ensure_servers() {
    have redis-server && have redis-cli && have pebble && have chromedriver && have caddy && { have nginx || [[ -x /usr/sbin/nginx ]]; } && return
    have apt-get || die "redis-server and redis-cli (7 or later), nginx, caddy, pebble and chromedriver with its Chromium are needed, and this system has no apt-get"
    say "installing Redis, nginx, Caddy, Pebble and Chromium from the system's packages"
    apt update
    apt install --yes --no-install-recommends redis-server nginx caddy pebble chromium chromium-driver
}

# ensure_valgrind: what counts instructions where the processor's counters are not to be had.
ensure_valgrind() {
    have valgrind && return
    have apt-get || die "valgrind is needed, and this system has no apt-get"
    say "installing valgrind from the system's packages"
    apt update
    apt install --yes --no-install-recommends valgrind
}

# ensure_python: a Python that can make an environment of its own.
ensure_python() {
    python3 -c 'import ensurepip, venv' 2>/dev/null && return
    have apt-get || die "Python 3 with venv is needed, and this system has no apt-get"
    say "installing Python from the system's packages"
    apt update
    apt install --yes --no-install-recommends python3-venv
}

# rust_build: the host's library, the command, and what generates the bindings, of the profile and in the folder of all tests.
# With TIGRESS_BUILT they are there, from the build of all that scripts/test makes: asked for alone, cargo would build them and
# many dependencies again, with other features.
rust_build() {
    [[ -n ${TIGRESS_BUILT:-} ]] || cargo build --locked -p tigress-ffi -p tigress-cli -p tigress-uniffi-bindgen
}

# xtask COMMAND…: goes on as the project's own program. With TIGRESS_BUILT it is there, as above.
xtask() {
    [[ -n ${TIGRESS_BUILT:-} ]] || CARGO_INCREMENTAL=${CARGO_INCREMENTAL:-0} cargo build --quiet --locked --manifest-path "$root/Cargo.toml" -p tigress-xtask
    exec "${CARGO_TARGET_DIR:-$root/target}/debug/tigress-xtask" "$@"
}

# Debian's stable releases keep their own, older rustc and get a current one for browsers, as *-web.
install_rust() {
    local oldest common=(ca-certificates gcc libc6-dev make)
    oldest=$(oldest_rust)
    have apt-get || die "Rust $oldest or later with rustfmt and clippy, a C compiler and make are needed, and this system has no apt-get"
    say "installing Rust from the system's packages"
    apt update
    if at_least "$(offered rustc-web)" "$oldest"; then
        apt install --yes --no-install-recommends "${common[@]}" rustc-web cargo-web rust-web-clippy rustfmt-web
    elif at_least "$(offered rustc)" "$oldest"; then
        apt install --yes --no-install-recommends "${common[@]}" rustc cargo rust-clippy rustfmt
    elif [[ -n $(offered rustup) ]]; then
        apt install --yes --no-install-recommends "${common[@]}" rustup
        rustup toolchain install stable --profile minimal --component clippy,rustfmt
        export RUSTUP_TOOLCHAIN=stable
    else
        die "the system's packages offer no Rust $oldest or later"
    fi
    # Before an older toolchain that the user may have elsewhere.
    PATH=/usr/bin:$PATH
    hash -r
}
