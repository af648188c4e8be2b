#!/bin/bash
# Runs in place of the agent in the sandbox of its unit: it tries what the agent needs, and what
# must fail.
set -eu

for iptables in iptables-nft ip6tables-nft; do
    echo "$iptables"
    "$iptables" -w 5 -t nat -N HAPROXY-GATE
    "$iptables" -w 5 -t nat -A HAPROXY-GATE -p tcp -m tcp --dport 2000 -m comment \
        --comment haproxy-gate:web:main -j REDIRECT --to-ports 1000
    "$iptables" -w 5 -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE
    "$iptables" -w 5 -t nat -S | grep -c HAPROXY-GATE
    "$iptables" -w 5 -t nat -D PREROUTING -m addrtype --dst-type LOCAL -j HAPROXY-GATE
    "$iptables" -w 5 -t nat -F HAPROXY-GATE
    "$iptables" -w 5 -t nat -X HAPROXY-GATE
done

echo folders
touch /run/haproxy-gate/probe /var/lib/haproxy-gate/probe
rm /run/haproxy-gate/probe /var/lib/haproxy-gate/probe
cat /proc/net/tcp /proc/net/tcp6 /proc/net/if_inet6 /proc/locks /proc/1/stat >/dev/null

echo bus
path=$(busctl --json=short call org.freedesktop.systemd1 /org/freedesktop/systemd1 \
    org.freedesktop.systemd1.Manager GetUnit s dbus.service)
busctl get-property org.freedesktop.systemd1 "$(sed 's/.*"\(\/.*\)".*/\1/' <<<"$path")" \
    org.freedesktop.systemd1.Unit ActiveState

echo sockets
perl -MSocket -MIO::Socket::INET -MIO::Socket::UNIX -e '
    IO::Socket::UNIX->new("/run/haproxy/admin.sock") or die "admin.sock: $@";
    IO::Socket::INET->new("127.0.0.1:1000") or die "TCP: $@";
    # A status port below 1024, reserved.
    socket(my $port, AF_INET, SOCK_STREAM, 0) or die "socket: $!";
    bind($port, pack_sockaddr_in(999, INADDR_ANY)) or die "status port: $!";
    # AF_NETLINK: NETLINK_SOCK_DIAG, and the group of NETLINK_NETFILTER for changes of nft rules.
    for ([4, 0], [12, 1 << 6]) {
        my ($protocol, $groups) = @$_;
        socket(my $socket, 16, SOCK_RAW, $protocol) or die "netlink $protocol: $!";
        bind($socket, pack("SSLL", 16, 0, 0, $groups)) or die "netlink $protocol: $!";
    }
'

echo confined
grep '^CapEff:' /proc/self/status
refused() {
    if "$@" 2>/dev/null; then
        echo "it could: $*"
        exit 1
    fi
}
for place in /etc /usr /work /run /var/lib /root; do
    refused touch "$place/probe"
done
refused cat /root/secret
refused cat /home/me/secret
refused unshare --net true
refused chown 1 /run/haproxy-gate
refused iptables-legacy -t nat -S
refused kill -0 "$(cat /run/other.pid)"
