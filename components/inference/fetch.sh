#!/bin/sh
# Copies the locked weights out of the bucket of this jurisdiction. A file counts only if its sha256 is the locked
# one; what is already there and right is left alone, so running it again changes nothing.
#
# Reads: CHECKSUMS (list of "<sha256>  <path>"), BUCKET_URL (https://host/bucket), PREFIX, REGION, GATE (host:port of
# the egress gate), CREDENTIALS (curl configuration with the access key), WEIGHTS_DIR (where to write).
set -eu

mkdir -p "$WEIGHTS_DIR"
cd "$WEIGHTS_DIR"

sha256_of() {
    sha256sum "$1" | cut -d ' ' -f 1
}

bucket_host=${BUCKET_URL#https://}
bucket_host=${bucket_host%%/*}

while read -r expected path; do
    if [ -f "$path" ] && [ "$(sha256_of "$path")" = "$expected" ]; then
        echo "$path: already here, sha256 as locked"
        continue
    fi
    mkdir -p "$(dirname "$path")"
    rm -f "$path" "$path.part"
    echo "$path: fetching"
    curl --config "$CREDENTIALS" --aws-sigv4 "aws:amz:$REGION:s3" \
        --proto =https --tlsv1.2 --connect-to "$bucket_host:443:$GATE" \
        --fail --silent --show-error --retry 5 --retry-connrefused --connect-timeout 10 \
        --output "$path.part" "$BUCKET_URL/$PREFIX/$path"
    found=$(sha256_of "$path.part")
    if [ "$found" != "$expected" ]; then
        rm -f "$path.part"
        echo "$path: refused: sha256 is $found, the lock says $expected" >&2
        exit 1
    fi
    mv "$path.part" "$path"
done < "$CHECKSUMS"
