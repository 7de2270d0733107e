#!/bin/sh
# Keeps the way out of a machine without a public address: a default route by way of the private network, and
# the gateway as resolver. Hetzner's DHCP has not sent that route since August 2025, and a renewed lease may take it away, so a
# timer runs this again and again; it changes nothing that is right.
#
# Reads: NODE_ADDRESS, NETWORK_ROUTER (first address of the network), RESOLVER (the gateway's address). An empty NODE_ADDRESS
# means that Hetzner chose one in NETWORK: it is looked up once and kept.
set -eu
. /etc/sovereign/node.env

if [ -z "$NODE_ADDRESS" ]; then
    NODE_ADDRESS=$(ip -4 -o address show to "$NETWORK" | awk '{ sub("/.*", "", $4); print $4; exit }')
    if [ -z "$NODE_ADDRESS" ]; then
        echo "no interface has an address of $NETWORK yet" >&2
        exit 1
    fi
    echo "NODE_ADDRESS=$NODE_ADDRESS" >> /etc/sovereign/node.env
fi
interface=$(ip -4 -o address show | awk -v own="$NODE_ADDRESS" 'index($4, own "/") == 1 { print $2; exit }')
if [ -z "$interface" ]; then
    echo "no interface has the address $NODE_ADDRESS yet" >&2
    exit 1
fi
if ! ip -4 route show default | grep -q "via $NETWORK_ROUTER "; then
    ip -4 route replace default via "$NETWORK_ROUTER" dev "$interface" onlink
fi

mkdir -p /etc/rancher/k3s
wanted="nameserver $RESOLVER"
for file in /etc/rancher/k3s/resolv.conf /etc/resolv.conf; do
    if [ "$(cat "$file" 2>/dev/null || true)" != "$wanted" ]; then
        # In one step, so that nobody finds it empty. The second one may be a link into a running resolver, which
        # would write over it: the link goes, and what it points to stays.
        printf '%s\n' "$wanted" > "$file.new"
        chmod 644 "$file.new"
        mv -f "$file.new" "$file"
    fi
done
