#!/usr/bin/env bash
# containers.sh [SUITE]: what is exported, in real containers: Podman and Docker
# Compose run it, and requests go through its nginx.
#
# Both, and what the images are made of, come as packages of Debian into two roots
# that are kept; nothing is installed on this machine. Everything runs in namespaces
# of its own, with a network of its own and its files in memory, and ends with them.
set -euo pipefail
suite=${1:-forky}
repo=$(cd "$(dirname "$0")/../.." && pwd)
in_images=ca-certificates,curl,nginx-light,nodejs,python-is-python3,python3-fastapi,python3-uvicorn,python3-websockets
in_machine=(podman crun catatonit netavark aardvark-dns docker-compose iptables nftables iproute2)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/muster-tests/containers-$suite
base=$cache-$(cksum <<<"$in_images ${in_machine[*]}" | cut -d' ' -f1)

die() { printf 'check:containers: %s\n' "$1" >&2; [[ -z ${2-} ]] || printf 'hint: %s\n' "$2" >&2; exit 1; }
say() { printf '\n== %s\n' "$*"; }

# Within namespaces for mounts and processes: gets both roots, once.
roots() {
  [[ ! -d $base ]] || return 0
  say "Debian $suite into $base, once: 1.3 GB, some three minutes"
  rm -rf --one-file-system "$cache" "$cache"-* # of other packages, or of a run that was killed
  mkdir -p "$base.new"
  debootstrap --variant=minbase --include=$in_images "$suite" "$base.new/image" '' /usr/share/debootstrap/scripts/sid ||
    die "debootstrap $suite failed" "check:containers -suite=NAME takes another release, with nginx 1.27.3 or newer"
  cp -a --reflink=auto "$base.new/image" "$base.new/machine"
  cp /etc/resolv.conf "$base.new/machine/etc/"
  mount -t proc proc "$base.new/machine/proc"
  chroot "$base.new/machine" /usr/bin/env -i PATH=/usr/sbin:/usr/bin DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends "${in_machine[@]}" || die "the packages ${in_machine[*]} cannot be had in Debian $suite"
  umount "$base.new/machine/proc"
  rm -rf "$base.new"/*/var/cache/apt "$base.new"/*/var/lib/apt/lists
  mv "$base.new" "$base"
}

# Within all namespaces: a machine of which nothing is on the disk.
machine() {
  local m=/mnt/machine
  mount -t tmpfs tmpfs /mnt
  mkdir /mnt/changed /mnt/work $m
  mount -t overlay -o "lowerdir=$base/machine,upperdir=/mnt/changed,workdir=/mnt/work" overlay $m
  mount -t proc proc $m/proc
  mount -t sysfs sysfs $m/sys
  mount -t cgroup2 cgroup2 $m/sys/fs/cgroup
  mkdir $m/sys/fs/cgroup/check # containers get no group beside processes
  echo $$ >$m/sys/fs/cgroup/check/cgroup.procs
  mount --rbind /dev $m/dev
  mkdir -p $m/var/lib/containers $m/image $m/muster
  for dir in run tmp var/tmp var/lib/containers; do mount -t tmpfs tmpfs $m/$dir; done
  mount --bind -o ro "$base/image" $m/image
  mount --bind -o ro "$repo" $m/muster
  cp "$1" $m/run/tests
  printf '[containers]\npids_limit = 0\n' >$m/etc/containers/containers.conf # the kernel may count none
  # Not chroot: a program that enters a container would have this machine's root.
  mkdir $m/host
  cd $m
  pivot_root . host
  umount -l /host
  ip link set lo up
  # This shell stays, as the one who waits for orphans.
  /usr/bin/env -i -C /muster/internal/export HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin \
    /run/tests -test.run="^TestContainers\$/(${CHECK_CONTAINERS_ONLY-})" -test.v -test.timeout=20m -containers
}

case ${CHECK_CONTAINERS_INSIDE-} in
roots) roots; exit ;;
machine) machine "$2"; exit ;;
esac

[[ $(uname) == Linux ]] || die 'containers are run on Linux alone'
((EUID == 0)) || die 'it needs root' 'sudo go tool mage check:containers'
for tool in debootstrap:debootstrap unshare:util-linux setpriv:util-linux findmnt:util-linux; do
  command -v "${tool%:*}" >/dev/null || die "there is no ${tool%:*}" "apt-get install ${tool#*:}"
done
groups=$(findmnt -n -o TARGET -t cgroup2 | head -1)
[[ -n $groups ]] || die 'no cgroup2 is mounted, without which no container starts' 'mount -t cgroup2 cgroup2 /sys/fs/cgroup'
grep -qw overlay /proc/filesystems || modprobe overlay 2>/dev/null || die 'this kernel has no overlay file system, in which images lie'
unshare --mount --pid --net --ipc --uts --cgroup --fork true || die 'namespaces are not allowed here: this is a container itself, or a sandbox' 'run it on a machine of its own, or in a container that is privileged'

work=$cache.run-$$
mkdir -p "$work"
group=$groups/muster-check-$$
pid=''

# vacate GROUP: removes it as soon as its processes, which were killed, are gone.
vacate() {
  for _ in {1..50}; do
    [[ -d $1 ]] || return 0
    find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.1
  done
}

# Whoever is interrupted, or killed: the namespaces end, and all that is in them.
end() {
  trap '' INT TERM
  if [[ -n $pid ]]; then
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  for g in "$groups"/muster-check-* "$cache".run-*; do # of runs that were killed, too
    [[ ! -d /proc/${g##*-} || $g == "$group" || $g == "$work" ]] || continue
    [[ $g == "$cache".run-* ]] || vacate "$g"
    rm -rf --one-file-system "$cache.run-${g##*-}"
  done
  rm -rf --one-file-system "$base.new"
}
trap end EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# inside WHERE COMMAND...: in namespaces that end with this script.
inside() {
  local where=$1
  shift
  CHECK_CONTAINERS_INSIDE=$where setpriv --pdeathsig=KILL "$@" &
  pid=$!
  local code=0
  wait "$pid" || code=$?
  pid=''
  return $code
}

inside roots unshare --mount --pid --fork --kill-child --mount-proc "$0" "$suite"
say 'the tests are built'
(cd "$repo" && CGO_ENABLED=0 go test -c -o "$work/tests" ./internal/export)
mkdir "$group"
say 'containers'
# The group is entered before its namespace is made, whose root it is then.
# shellcheck disable=SC2016 # they are the inner shell's
inside machine sh -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' sh "$group" \
  unshare --cgroup --mount --pid --net --ipc --uts --fork --kill-child --mount-proc "$0" "$suite" "$work/tests"
say 'what is exported runs in containers, and nothing of it is left'
