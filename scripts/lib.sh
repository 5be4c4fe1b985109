# shellcheck shell=bash disable=SC2034
# What the scripts share: talk, root rights, the cache, and the recipes' digests. To be sourced, never run.

REPOSITORY=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
FIXTURES=$REPOSITORY/fixtures

# Talk goes to stderr: stdout of several scripts is a path that another one reads.
say() { printf '==> %s\n' "$*" >&2; }

die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Debian keeps mke2fs, sfdisk and depmod out of an ordinary user's PATH.
PATH=$PATH:/usr/sbin:/sbin

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif have sudo; then
        sudo -- "$@"
    else
        die "this needs root: run it as root, or install sudo (wanted: $*)"
    fi
}

need_amd64() {
    [ "$(uname -m)" = x86_64 ] || die "the guests are built for x86_64, this machine is $(uname -m)"
}

cache_root() { printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/jaunt-tests"; }

# One digest over names and contents, so that a renamed file is a new recipe too.
digest_of() {
    (
        cd "$REPOSITORY" || exit
        find "$@" -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16
    )
}

# The files that decide what an artefact is. `lib.sh` is not among them: it holds no recipe.
recipe() {
    case $1 in
        small-guest) printf '%s\n' scripts/small-guest scripts/disk.sh fixtures/guests/small fixtures/guests/keys/vagrant.pub fixtures/guests/Vagrantfile.box ;;
        arm64-guest)
            recipe small-guest
            printf '%s\n' scripts/arm64-guest
            ;;
        debian-image) printf '%s\n' scripts/debian-image scripts/disk.sh fixtures/guests/debian fixtures/guests/keys/vagrant.pub ;;
        cloud-image)
            recipe debian-image
            printf '%s\n' scripts/cloud-image
            ;;
        debian-box)
            recipe debian-image
            printf '%s\n' scripts/debian-box fixtures/packer fixtures/puppet
            ;;
        *) die "no such artefact: $1 (there are small-guest, arm64-guest, debian-image, debian-box and cloud-image)" ;;
    esac
}

release() { sed -n 's/^VERSION_CODENAME=//p' /etc/os-release; }

# The mirror that this machine uses already, for a machine may reach no other.
mirror() {
    # shellcheck disable=SC2016 # apt's variables, not the shell's.
    apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
        awk -v release="$(release)" '$2 == release { print $1; exit }'
}

seconds_since() { printf '%d s' $((SECONDS - $1)); }

# Tests find the guests by these variables. They are built once and kept (see scripts/cached).
name_guests() {
    local small arm64 debian
    small=$("$REPOSITORY/scripts/cached" small-guest)
    arm64=$("$REPOSITORY/scripts/cached" arm64-guest)
    debian=$("$REPOSITORY/scripts/cached" debian-box)
    export JAUNT_TEST_SMALL_BOX=$small/small.box
    export JAUNT_TEST_SMALL_IMAGE=$small/small.qcow2
    export JAUNT_TEST_ANY_IMAGE=$small/any.qcow2
    export JAUNT_TEST_ARM64_BOX=$arm64/arm64.box
    export JAUNT_TEST_DEBIAN_BOX=$debian/debian.box
    export JAUNT_TEST_KEYS=$FIXTURES/guests/keys
}
