#!/bin/sh
# keep.sh AFTER COMMAND...: run the command again whenever it dies; AFTER follows each start.
#
# Debian 12's ovs-vswitchd aborts now and then in its connection tracking ("assertion
# conn->conn_type == CT_CONN_TYPE_DEFAULT failed"), and takes the outside bridge's address
# with it. Without this, all networking of the lab is gone from that moment.
after=$1
shift
child=
trap 'kill "$child" 2>/dev/null; wait "$child"; exit 0' TERM INT
while :; do
    "$@" &
    child=$!
    sh -c "$after"
    wait "$child"
    echo "keep.sh: $1 ended with $?, starting it again"
    sleep 0.5
done
