#!/bin/sh
# dev-fullstack.sh [--multi]: the whole stack, as the Make targets start it.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
case "${1-}" in
--multi) exec make -f "$root/project.mk" dev-fullstack-multi ;;
'') exec make -f "$root/project.mk" dev-fullstack ;;
*) echo "usage: $0 [--multi]" >&2; exit 2 ;;
esac
