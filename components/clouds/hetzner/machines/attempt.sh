# Read by the other scripts: what is not ready yet is tried again, for a while.

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

packages() { # name…: from Debian. Without the option apt succeeds though it has reached nobody
    apt-get -o APT::Update::Error-Mode=any update &&
        DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"
}
