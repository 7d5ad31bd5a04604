#!/bin/sh
# Ends the process groups of a launcher that died without doing so itself (kill -9, out of memory).
#
# The launcher holds the other end of standard input and writes `+GROUP` for each group it starts and `-GROUP` for each
# that has ended. When the input ends, whatever is left gets SIGTERM, and SIGKILL after GRACE_SECONDS. A launcher
# that ended well has left nothing, and then this does nothing. It is a shell script because it must be small and is
# alive as long as the stack.
GRACE_SECONDS=${1:-10}
trap '' INT TERM HUP

groups=' '
while read -r line; do
  case $line in
  +*) groups="$groups${line#+} " ;;
  -*)
    gone=${line#-}
    kept=' '
    for group in $groups; do [ "$group" = "$gone" ] || kept="$kept$group "; done
    groups=$kept
    ;;
  esac
done

for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done

tries=$((GRACE_SECONDS * 5))
while [ "$tries" -gt 0 ]; do
  alive=
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && alive=yes; done
  [ -n "$alive" ] || exit 0
  tries=$((tries - 1))
  sleep 0.2
done

for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
exit 0
