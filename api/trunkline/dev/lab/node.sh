#!/bin/bash
# Pid 2 of a node: makes its own mount, pid, UTS and IPC namespaces look like a router, then becomes watchfrr.
# Runs as root inside the node's network namespace; LAB_* come from the lab (node.py). A failed line ends the node.
set -euo pipefail

hostname "$LAB_HOSTNAME"

# The host's named network namespaces: a copy here would keep another node's alive after it was deleted.
while read -r _ target _; do
    case $target in
        # It may go by itself at this moment, when another lab is taken down.
        /run/netns/*) umount --lazy "$target" || ! grep -qF " $target " /proc/mounts ;;
    esac
done < <(tac /proc/mounts)

# The runtime folder is open to root only; the daemons run as frr, so they get what they need by bind mounts.
mount --bind "$LAB_FRR" /etc/frr
mount --bind "$LAB_FILES/log" /var/log/frr
mount --bind "$LAB_FILES/ssh" /etc/ssh
mount --bind "$LAB_FILES/shadow" /etc/shadow

# A router has a file system of its own where it writes; nothing it leaves there is seen by the host or its peers.
home=$(getent passwd root | cut -d: -f6)
mount -t tmpfs -o mode=0700,size=64m tmpfs "$home"
for folder in /tmp /var/tmp; do mount -t tmpfs -o mode=1777,size=64m tmpfs "$folder"; done
mount -t tmpfs -o mode=0755,size=64m tmpfs /run
install -d -m 1777 /run/lock
install -d -m 0755 /run/sshd
install -d -m 0755 -o frr -g frr /run/frr
mount -t sysfs sysfs /sys

ip address add "$LAB_ADDRESS" dev eth0
for interface in /sys/class/net/*; do ip link set dev "${interface##*/}" up; done

/usr/sbin/sshd -f /etc/ssh/sshd_config -E /var/log/frr/sshd.log

# frrcommon.sh is FRR's own reading of /etc/frr/daemons, the same in Debian and in the container image.
log_success_msg() { :; }
log_warning_msg() { echo "$*" >&2; }
log_failure_msg() { echo "$*" >&2; }
set +u
. /usr/lib/frr/frrcommon.sh
# shellcheck disable=SC2046 # the daemons are words
exec /usr/lib/frr/watchfrr $(daemon_list)
