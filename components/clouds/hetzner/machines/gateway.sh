#!/bin/sh
# Makes this machine the gateway of the private network: it forwards and asks for names, and its firewall says what.
set -eu

attempt() { # seconds, command…: until it works or the time is over
    deadline=$(($(date +%s) + $1))
    shift
    until "$@"; do
        if [ "$(date +%s)" -ge "$deadline" ]; then
            echo "gave up: $1" >&2
            return 1
        fi
        sleep 5
    done
}

attempt 900 apt-get update
DEBIAN_FRONTEND=noninteractive attempt 900 apt-get install --yes --no-install-recommends \
    nftables dnsmasq unattended-upgrades
systemctl daemon-reload
systemctl enable --now sovereign-firewall.service dnsmasq.service
# From now on and after every start; the rules stand before the first packet is forwarded.
sysctl --quiet --load /etc/sysctl.d/90-sovereign.conf
