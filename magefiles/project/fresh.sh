#!/usr/bin/env bash
# fresh.sh [SUITE]: README's two commands on a machine that has only what
# README asks for: as root and as an ordinary user, from a path with a blank.
#
# The machine is a root of Debian made by debootstrap, with this machine's Go
# and Node.js. It takes root, Linux and some minutes.
set -euo pipefail
suite=${1:-bookworm}
repo=$(cd "$(dirname "$0")/../.." && pwd)
asked=ca-certificates,make,git,python3,python3-venv

die() { printf 'check:fresh: %s\n' "$*" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }

((EUID == 0)) || die 'it needs root: sudo go tool mage check:fresh'
command -v debootstrap >/dev/null || die 'there is no debootstrap: apt-get install debootstrap'

# In namespaces of its own no mount and no process outlives this script.
if [[ -z ${CHECK_FRESH_INSIDE-} ]]; then
  export CHECK_FRESH_INSIDE=1
  exec unshare --mount --pid --fork --kill-child --mount-proc "$0" "$@"
fi

work=$(mktemp -d)
trap 'umount -R "$work"/*/ 2>/dev/null || true; rm -rf --one-file-system "$work"' EXIT

base=${XDG_CACHE_HOME:-$HOME/.cache}/muster-tests/fresh-$suite
if [[ ! -d $base ]]; then
  say "debootstrap $suite"
  mkdir -p "$(dirname "$base")"
  rm -rf "$base.new" # of a run that was killed
  debootstrap --variant=minbase --include=$asked "$suite" "$base.new" >"$work/log" 2>&1 || { tail -20 "$work/log"; die 'debootstrap failed'; }
  mv "$base.new" "$base"
fi

# A machine in the folder $root, with a clone at "$home/my projects/muster".
machine() {
  root=$work/$1 home=$2
  cp -a "$base" "$root"
  mount --bind "$root" "$root"
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mkdir -p "$root/usr/local/go" "$root/usr/lib/node_modules/npm"
  mount --bind -o ro "$(go env GOROOT)" "$root/usr/local/go"
  mount --bind -o ro "$(npm root -g)/npm" "$root/usr/lib/node_modules/npm"
  cp "$(realpath "$(command -v node)")" "$root/usr/bin/node"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/bin/npm"
  cp /etc/resolv.conf "$root/etc/"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  local clone="$root$home/my projects/muster"
  mkdir -p "$(dirname "$clone")"
  git clone --quiet "$repo" "$clone"
}

# As $user in $root: a shell command, in the clone.
inside() {
  chroot "$root" /usr/bin/env -i HOME="$home" USER="$user" LANG=C.UTF-8 CI="${left_out_fails-}" \
    NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
    PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin \
    setpriv --reuid="$user" --regid="$user" --init-groups sh -c "cd '$home/my projects/muster' && $1"
}

# README's first command: until the page is there, through the gateway.
fullstack() {
  say "$user: make -f project.mk dev-fullstack-multi"
  inside 'exec make -f project.mk dev-fullstack-multi' >"$work/stack.log" 2>&1 &
  local make=$! end=$((SECONDS + 600))
  until inside 'python3 -c "
import urllib.request as u
assert b\"<div id=\" in u.urlopen(\"http://127.0.0.1:8000/\", timeout=5).read()
u.urlopen(\"http://127.0.0.1:8000/api/v1/broker/account\", timeout=5)"' 2>/dev/null; do
    if ! kill -0 $make 2>/dev/null || ((SECONDS > end)); then cat "$work/stack.log"; return 1; fi
    sleep 1
  done
  grep -E '^(·|✓|!)' "$work/stack.log"
  pkill -INT -f 'muster dev:fullstack -multi' # as Ctrl-C does; a job of this script would ignore it
  wait $make || true
  local left
  left=$(inside '.local/bin/muster backend:status' || true)
  [[ $left == *'nothing runs'* ]] || { cat "$work/stack.log"; die "something runs on after Ctrl-C: $left"; }
}

tests() {
  say "$user: make -f project.mk test-all"
  inside 'make -f project.mk test-all'
}

user=root left_out_fails=true
machine root /root
fullstack
tests

user=dev left_out_fails=''
machine dev /home/dev
chroot "$root" useradd --create-home --shell /bin/sh dev 2>/dev/null
chroot "$root" chown -R dev: /home/dev
# Without root and without the Python index nobody can get the packages: the
# command says what to type, and that is typed.
say 'dev: what is missing is said'
if ! inside 'make -f project.mk install' >"$work/install.log" 2>&1; then
  hint=$(sed -n 's/^hint: sudo //p' "$work/install.log")
  [[ -n $hint ]] || { cat "$work/install.log"; die 'no hint says what to install'; }
  chroot "$root" sh -c "apt-get update && $hint --yes --no-install-recommends" >"$work/log" 2>&1 || { tail "$work/log"; die "$hint failed"; }
fi
fullstack
tests
say 'README, on a fresh machine: both commands work, as root and as a user'
