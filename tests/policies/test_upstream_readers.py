"""The readers of proxies: each form of each make says where it leads, and nothing else is taken for one."""

from __future__ import annotations

from typing import Any

import pytest

from policies.proxies.commands import targets_in_commands
from policies.proxies.texts import targets_in_text
from policies.proxies.variables import targets_in_variables
from tests.policies.stacks import explicit_provider, resource


def hosts(text: str, name: str = "") -> set[str]:
    """Where a text sends requests; redirections are not among them."""
    return {target.host for target in targets_in_text(text, name) if not target.is_redirection}


def led(*words: str, image: str = "registry.test/tool", **fields: Any) -> set[str]:
    """Where a container with these words sends what arrives; the first may be a shell."""
    pod = {"spec": {"containers": [{"name": "c", "image": image, "args": list(words), **fields}]}}
    each = resource("kubernetes:core/v1:Pod", "o", pod, provider=explicit_provider("kubernetes"))
    return {target.host for _, target in (*targets_in_commands(each), *targets_in_variables(each))}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ProxyPass / https://a.test/ retry=0", {"a.test"}),
        ("proxypass https://a.test/", {"a.test"}),
        ('ProxyPassMatch "^/(.*)$" "http://a.test:8080/$1"', {"a.test:8080"}),
        ("<Location /x>\n  ProxyPass http://a.test\n</Location>", {"a.test"}),
        ("ProxyPass / https://${REGION}.example.net/", {""}),
        ("Define B a.test\nProxyPass / https://${B}/", {"a.test"}),
        ("ProxyPass / \\\n  https://a.test/", {"a.test"}),
        ("BalancerMember https://a.test route=2 status=+H", {"a.test"}),
        ("RewriteRule ^/v1/(.*)$ https://a.test/$1 [L,P]", {"a.test"}),
        ("RewriteRule ^ http://a.test:80%{REQUEST_URI} [P]", {"a.test:80"}),
        ("RewriteRule ^/(.*)$ https://%{HTTP:X-Target}/$1 [proxy]", {""}),
        ('SetHandler "proxy:https://a.test"', {"a.test"}),
        ("ProxyRemote * http://a.test:3128", {"a.test:3128"}),
        ("cache_peer a.test parent 443 0 no-query tls", {"a.test"}),
        ('proxy.server = ( "" => ( ( "host" => "a.test", "port" => 443 ) ) )', {"a.test"}),
        ('fastcgi.server += ( ".php" => (( "host" => "a.test" )) )', {"a.test"}),
        (":80 {\n  reverse_proxy {\n    to b.svc:80 https://a.test\n  }\n}", {"b.svc:80", "a.test"}),
        (":80 {\n  reverse_proxy /v1/* {\n to a.test\n }\n}", {"a.test"}),
        (":80 {\n  reverse_proxy {$UP}\n}", {""}),
        (":80 {\n  reverse_proxy {env.UP}:443\n}", {""}),
        (":80 {\n  forward_auth a.test {\n    uri /x\n  }\n}", {"a.test"}),
        (":80 {\n  php_fastcgi a.test:9000\n}", {"a.test:9000"}),
        (":80 {\n  reverse_proxy {\n    dynamic a a.test 443\n  }\n}", {"a.test"}),
        (":80 {\n reverse_proxy {\n dynamic srv {\n name a.test\n }\n }\n}", {"a.test"}),
        ('{"handler": "reverse_proxy", "upstreams": [{"dial": "a.test:443"}]}', {"a.test:443"}),
        ('{"handler": "proxy", "upstreams": [{"dial": ["a.test:443"]}]}', {"a.test:443"}),
        ("connect = a.test:443\naccept = 8080", {"a.test:443"}),
        ("frontend=*,80\nbackend=a.test,443;/;proto=h2", {"a.test"}),
        ("map http://www.test/ https://a.test/", {"a.test"}),
        ('dest_domain=. parent="a.test:80;b.test:80" round_robin=false', {"a.test:80", "b.test:80"}),
        (
            "ListenHTTP\n Address 0.0.0.0\n Service\n BackEnd\n  Address a.test\n  Port 80\n End\n End\nEnd",
            {"a.test"},
        ),
        ("upstream http user:word@a.test:3128", {"a.test:3128"}),
        ("forward / a.test:8118", {"a.test:8118"}),
        ("worker.one.type=ajp13\nworker.one.host=a.test", {"a.test"}),
        ("[common]\nserver_addr = a.test\n[web]\nlocal_port = 80", {"a.test"}),
        ('serverAddr = "a.test"\n[[proxies]]\nlocalPort = 80', {"a.test"}),
        ('http_address = ":80"\nupstreams = ["https://a.test/", "file:///x"]', {"a.test"}),
        ('vcl 4.1;\nbackend b { .host = "a.test"; .port = "443"; }', {"a.test"}),
        ('new d = dynamic.director();\nset req.backend_hint = d.backend("a.test");', {"a.test"}),
        ("new d = dynamic.director();\nset req.backend_hint = d.backend(req.http.host);", {"req.http.host"}),
        ("#!/bin/sh\nsocat TCP-LISTEN:80,fork OPENSSL:a.test:443,verify=1", {"a.test"}),
        ("[program:x]\ncommand=socat tcp-l:80 tcp:a.test:443\n;TCP-LISTEN:", {"a.test"}),
        ("-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 203.0.113.9:443", {"203.0.113.9:443"}),
        (
            "define up = 203.0.113.9\ntable ip nat { chain p { tcp dport 80 dnat to $up:443; } }",
            {"203.0.113.9"},
        ),
        (
            "tcp dport 80 dnat to numgen inc mod 2 map { 0 : 10.0.0.1, 1 : 203.0.113.9 }",
            {"10.0.0.1", "203.0.113.9"},
        ),
        ("location / { js_content main.go; }\njs_import main from /x/main.js;", {""}),
        ("location / { content_by_lua_file /x/a.lua; }", {""}),
        ("upstream u { server 0.0.0.1; balancer_by_lua_block { require('b').go() } }", {"0.0.0.1", ""}),
        ("function go(r) { return ngx.fetch('https://a.test/v1'); }", {"a.test"}),
        ("function go(r) { return ngx.fetch(target + r.uri); }", {""}),
        ("local ok = balancer.set_current_peer(host, 443)", {""}),
        ("model_list:\n- litellm_params: {model: openai/x, api_base: 'https://a.test/v1'}", {"a.test"}),
        ("model_list:\n- litellm_params: {model: openai/x, base_url: os.environ/BASE}", {""}),
        ("_format_version: '3.0'\nservices: [{name: s, url: 'https://a.test/'}]", {"a.test"}),
        (
            "_format_version: '3.0'\nservices: [{host: up}]\n"
            "upstreams: [{name: up, targets: [{target: 'a.test:443'}]}]",
            {"a.test:443"},
        ),
        (
            "routes:\n- uri: /*\n  upstream: {type: roundrobin, nodes: {'a.test:443': 1}}\n#END",
            {"a.test:443"},
        ),
        ("upstreams:\n- id: 1\n  nodes: [{host: a.test, port: 443, weight: 1}]", {"a.test"}),
        ("http: {middlewares: {a: {forwardAuth: {address: 'https://a.test/x'}}}}", {"a.test"}),
        ("[http.middlewares.a.forwardAuth]\naddress = 'https://a.test/x'", {"a.test"}),
        ("tcp: {services: {a: {loadBalancer: {servers: [{address: 'a.test:443'}]}}}}", {"a.test:443"}),
        ("http: {services: {a: {loadbalancer: {servers: [{URL: 'https://a.test'}]}}}}", {"a.test"}),
        ("mode: ['reverse:https://a.test']", {"a.test"}),
        (
            "services: [{handler: {type: tcp}, forwarder: {nodes: [{name: n, addr: 'a.test:443'}]}}]",
            {"a.test:443"},
        ),
        (
            "http:\n  services:\n{{ range $i }}\n    a: {loadBalancer: {\n      servers: [{\n"
            "        url: 'https://{{ env `UP` }}'\n{{ end }}",
            {""},
        ),
        ("forwardAuth:\n  address: https://a.test/x\n{{ if b }}\nc: d: e\n{{ end }}", {"a.test"}),
        ("spring: {cloud: {gateway: {routes: [{uri: 'https://a.test'}]}}}", {"a.test"}),
    ],
)
def test_every_make_says_where_it_leads(text: str, expected: set[str]) -> None:
    assert hosts(text) == expected


def test_a_file_without_words_of_its_own_is_known_by_its_name() -> None:
    assert hosts("0.0.0.0 80 a.test 443\n", "rinetd.conf") == {"a.test"}
    assert hosts("0.0.0.0 80 a.test 443\n", "ports.txt") == set()


@pytest.mark.parametrize(
    "text",
    [
        "ProxyPass /x !\nProxyPass / balancer://pool/\nProxyPassReverse / https://a.test/",
        'ProxyPass / "unix:/run/x.sock|http://localhost/"\nRewriteRule ^/old$ /new [R=301,L]',
        "# ProxyPass / https://a.test/",
        "RewriteRule ^(.*)$ https://%{HTTP_HOST}$1 [R=301]",
        "http_port 3128\nacl all src 0.0.0.0/0\n# cache_peer a.test parent 80 0",
        'proxy.server = ( "" => ( ( "socket" => "/run/x.sock" ) ) )',
        ":80 {\n  reverse_proxy unix//run/x.sock\n  reverse_proxy /b :8080\n  redir https://{host}{uri}\n}",
        ":80 {\n  # reverse_proxy a.test\n  file_server\n}",
        "accept = 443\nconnect = 8080",
        "connect = a.test:5432\nretries = 3",
        "map $http_upgrade $connection_upgrade { default upgrade; }",
        "ListenHTTP\n  Address 0.0.0.0\n  Port 80\nEnd",
        'upstream none ".internal"',
        "forward . 9.9.9.9",
        "forward / .",
        'vcl 4.1;\n// backend b { .host = "a.test"; }\nsub vcl_recv { set req.backend_hint = d.backend(); }',
        "socat is a relay: TCP:a.test:443 is one of its addresses",
        "We map requests to https://a.test and redirect users to https://uk.example.com.",
        "local http = require 'resty.http' -- ngx.fetch('https://a.test')",
        "location / { content_by_lua_block { ngx.say('ok') } }",
        "scrape_configs: [{static_configs: [{targets: ['a.test:9100']}]}]",
        '{"panels": [{"title": "upstream nodes", "nodes": 3, "url": "https://a.test"}]}',
        "_format_version: '3.0'\nservices: [{host: up}]\nupstreams: [{name: up, targets: []}]",
        "model_list:\n- litellm_params: {model: openai/x, api_base: ''}\nrouter_settings: {fallbacks: [a]}",
        "http: {services: {a: {failover: {service: b, fallback: c}, mirroring: {service: b}}}}",
        "http: {middlewares: {e: {errors: {service: web, query: /x}}}}",
        "kind: Service\nspec: {type: LoadBalancer}",
        "import socket\nconnect = socket.create_connection\naccept = True",
    ],
)
def test_what_leads_nowhere_is_not_taken_for_an_upstream(text: str) -> None:
    assert hosts(text) == set()


def test_code_that_stands_beside_its_configuration_is_read_and_not_taken_on_trust() -> None:
    text = "js_import main from njs/main.js; location / { js_content main.go; }"

    assert [*targets_in_text(text, files={"main.js"})] == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("socat -d TCP-LISTEN:80,fork TCP:a.test:443", {"a.test"}),
        ("/usr/bin/socat tcp6-listen:80,fork tcp6:[2001:db8::1]:443", {"[2001:db8::1]"}),
        ("timeout 9 socat TCP-L:80 SOCKS5:a.test:1080:b.test:443", {"a.test", "b.test"}),
        ("socat UDP-LISTEN:53,fork UDP4:a.test:53", {"a.test"}),
        ("relay TCP-LISTEN:80,fork SSL:a.test:443", {"a.test"}),
        ("redir :80 a.test:443", {"a.test:443"}),
        ("redir --lport=80 --caddr=a.test --cport=443", {"a.test"}),
        ("gost -L=:80 -F=socks5://user:word@a.test:1080?x=1", {"a.test:1080"}),
        ("gost -L tcp://:80/a.test:443", {"a.test:443"}),
        ("ssh -N -o X=y -L 0.0.0.0:80:localhost:80 user@a.test", {"a.test"}),
        ("autossh -M 0 -fNR 80:vllm:80 a.test", {"a.test"}),
        ("iptables -t nat -A PREROUTING -j DNAT --to-destination 203.0.113.9:443", {"203.0.113.9:443"}),
        ("nft add rule ip nat p tcp dport 80 dnat to 203.0.113.9:443", {"203.0.113.9:443"}),
        ("nft add rule inet nat p dnat ip to 203.0.113.9", {"203.0.113.9"}),
        ("ipvsadm -a -t 10.0.0.1:80 -r 203.0.113.9:443 -m", {"203.0.113.9:443"}),
        ("simpleproxy -L 80 -R a.test:443", {"a.test:443"}),
        ("mitmdump --mode reverse:https://a.test --listen-port 80", {"a.test"}),
        ("oauth2-proxy --upstream=https://a.test/v1 --upstream=file:///x", {"a.test"}),
        ("caddy reverse-proxy --from :80 --to a.test", {"a.test"}),
        ("nghttpx --backend=a.test,443;;tls", {"a.test"}),
        ("litellm --model m --api_base https://a.test", {"a.test"}),
        ("chisel client https://a.test R:80:localhost:80", {"a.test"}),
    ],
)
def test_every_relay_says_where_it_leads(words: str, expected: set[str]) -> None:
    assert led(*words.split()) == expected


def test_a_relay_is_found_in_an_image_in_a_script_and_behind_another_program() -> None:
    relay = "socat TCP-LISTEN:80,fork TCP:a.test:443"

    assert led(*relay.split()[1:], image="docker.io/alpine/socat:1.8") == {"a.test"}
    assert led("sh", "-c", f"set -e; exec {relay}") == {"a.test"}
    assert led("ncat", "-lk", "80", "--sh-exec", "ncat --ssl a.test 443") == {"a.test"}
    assert led("sh", "-c", "mkfifo f; nc -lk -p 80 <f | nc a.test 443 >f") == {"a.test"}
    assert led("sh", "-c", relay.replace("a.test", "$UP"), env=[{"name": "UP", "value": "a.svc"}]) == {
        "a.svc"
    }
    assert led("nc", "-lk", "-p", "80", "-e", "nc a.test 443") == {"a.test"}
    assert led("socat", "TCP-LISTEN:80", "EXEC:openssl s_client -quiet -connect a.test:443") == {"a.test:443"}
    assert led("socat", "TCP-LISTEN:80", "TCP:$(REGION):443", env=[{"name": "REGION", "valueFrom": {}}]) == {
        ""
    }


@pytest.mark.parametrize(
    "words",
    [
        "socat -u TCP-LISTEN:80,fork OPEN:/tmp/x",
        "socat TCP-LISTEN:80,fork UNIX-CONNECT:/run/x.sock",
        "socat - TCP:a.test:443",
        "nc -lk -p 80",
        "nc -z a.test 443",
        "ssh user@a.test uptime",
        "apt-get install socat redir gost",
        "caddy run --config /etc/Caddyfile",
        "mitmdump --mode regular",
        "chisel server --port 80",
        "gost -L :80",
        "iptables -A INPUT -j ACCEPT",
    ],
)
def test_a_program_that_only_listens_or_asks_once_leads_nowhere(words: str) -> None:
    assert led(*words.split()) == set()


def test_variables_lead_gateways_and_nobody_else() -> None:
    env = [{"name": "OPENAI_API_BASE", "value": "https://a.test/v1"}]
    public = [{"name": "PROXY_BASE_URL", "value": "https://a.test"}]

    assert led(image="registry.test/litellm:1", env=env) == {"a.test"}
    assert led(image="registry.test/litellm:1", env=public) == set()
    assert led(image="registry.test/shop:1", env=env) == set()
    assert led(env=[{"name": "OAUTH2_PROXY_UPSTREAMS", "value": "http://a.svc,https://a.test"}]) == {
        "a.svc",
        "a.test",
    }
