#!/bin/sh
# Makes this machine a node: way out, firewall, then k3s and its images out of the bucket of this jurisdiction. A
# file counts only if its sha256 is the locked one. Running it again changes nothing that is right.
#
# Reads: /etc/sovereign/node.env, bucket.conf (curl configuration with the access key), k3s.yaml, and, on the server
# that may found the cluster, founding.yaml and ca/ with the authorities made beforehand.
set -eu
umask 077
. /etc/sovereign/attempt.sh
. /etc/sovereign/node.env

fetch() { # path in the bucket, sha256, file
    if [ -f "$3" ] && echo "$2  $3" | sha256sum --check --status; then
        return 0
    fi
    mkdir -p "$(dirname "$3")"
    rm -f "$3.part"
    curl --config /etc/sovereign/bucket.conf --aws-sigv4 "aws:amz:$REGION:s3" --proto =https --tlsv1.2 \
        --fail --silent --show-error --connect-timeout 10 --speed-limit 1000 --speed-time 60 --max-time 1500 \
        --output "$3.part" "$BUCKET_URL/$1" || return 1
    if ! echo "$2  $3.part" | sha256sum --check --status; then
        rm -f "$3.part"
        echo "$1: refused: its sha256 is not the locked one" >&2
        exit 1
    fi
    mv "$3.part" "$3"
}

systemctl daemon-reload
attempt 300 /usr/local/sbin/sovereign-way-out
# On a machine whose address nobody chose, it has just been found.
. /etc/sovereign/node.env
systemctl enable --now sovereign-way-out.timer
attempt 900 packages curl ca-certificates nftables iptables unattended-upgrades
# Before anything runs here that could ask for it: user data, and so the tokens in it, can be read at this address.
systemctl enable --now sovereign-firewall.service

attempt 1800 fetch "$K3S_PATH" "$K3S_SHA256" /usr/local/bin/k3s
chmod 755 /usr/local/bin/k3s
attempt 1800 fetch "$IMAGES_PATH" "$IMAGES_SHA256" /var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst

cp /etc/sovereign/k3s.yaml /etc/rancher/k3s/config.yaml
cp /etc/sovereign/registries.yaml /etc/rancher/k3s/registries.yaml
mkdir -p /etc/rancher/k3s/config.yaml.d
interface=$(ip -4 -o address show | awk -v own="$NODE_ADDRESS" 'index($4, own "/") == 1 { print $2; exit }')
echo "flannel-iface: $interface" > /etc/rancher/k3s/config.yaml.d/10-interface.yaml
if ! grep -q '^node-ip:' /etc/rancher/k3s/config.yaml; then
    echo "node-ip: $NODE_ADDRESS" >> /etc/rancher/k3s/config.yaml.d/10-interface.yaml
fi

answers() { # URL of a server, or of all together: the cluster's API, proved by the cluster's own authority
    curl --silent --fail --cacert /etc/sovereign/ca/server-ca.crt --connect-timeout 3 --max-time 10 --output /dev/null \
        "$1/cacerts"
}

listens() { # address: somebody takes connections there, whatever is answered. By TLS curl would not tell
    ! curl --silent --connect-timeout 3 --max-time 10 --output /dev/null --write-out '%{time_connect}' \
        "http://$1/" | grep -q '^0[.,]0*$'
}

join=/etc/rancher/k3s/config.yaml.d/20-join.yaml
if [ ! -f "$join" ]; then
    # A cluster that answers is joined, never founded a second time: this machine may replace one that was lost.
    if [ "$FOUNDS" = yes ] && ! attempt 45 answers "$API_URL"; then
        for peer in $PEERS; do
            # At the very first founding there are none yet.
            if listens "$peer:6443"; then
                echo "no second cluster is founded: $API_URL does not answer, but $peer takes connections." \
                    "Look at the load balancer of the API; this machine asks it again and again" >&2
                exit 1
            fi
        done
        mkdir -p /var/lib/rancher/k3s/server/tls
        cp -R /etc/sovereign/ca/. /var/lib/rancher/k3s/server/tls/
        cp /etc/sovereign/founding.yaml "$join.new"
    else
        echo "server: $API_URL" > "$join.new"
    fi
    mv "$join.new" "$join"
fi
systemctl enable --now --no-block sovereign-k3s.service
if [ "$FOUNDS" = yes ]; then
    # k3s has its own copies now, or those of the cluster that it joined.
    attempt 900 answers "https://$NODE_ADDRESS:6443"
    rm -f /etc/sovereign/ca/*.key /etc/sovereign/ca/etcd/*.key /etc/sovereign/founding.yaml
fi
