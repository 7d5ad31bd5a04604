#!/bin/sh
# Runs "$@" when the executor has died without releasing what it had (kill -9, out of memory).
#
# The executor holds the other end of standard input and writes `released` when nothing of it is left. It is a shell script
# because it lives as long as the executor: 1 MB, where a second Node takes 45.
trap '' INT TERM HUP

while read -r line; do [ "$line" = released ] && exit 0; done
exec "$@"
