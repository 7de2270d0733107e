#!/bin/sh
# Makes this machine the gateway of the private network: it forwards and asks for names, and its firewall says what.
# Running it again changes nothing that is right.
set -eu
. /etc/sovereign/attempt.sh

attempt 900 packages nftables dnsmasq unattended-upgrades
systemctl daemon-reload
systemctl enable --now sovereign-firewall.service dnsmasq.service
# From now on and after every start; the rules stand before the first packet is forwarded.
sysctl --quiet --load /etc/sysctl.d/90-sovereign.conf
