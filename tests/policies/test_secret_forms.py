"""What is taken for a secret by its name or its form, and what is not."""

from __future__ import annotations

import pytest

from policies.secrets import is_secret_name, secrets_in, settings_in


@pytest.mark.parametrize(
    "name",
    [
        "VLLM_API_KEY",
        "PASSWORD",
        "db-password",
        "apiKey",
        "S3_SECRET_ACCESS_KEY",
        "hfToken",
        "client.secret",
        "TLS_PRIVATE_KEY",
        "SMTP_PASSWD",
        "accessToken",
        "CREDENTIALS",
        "PGPASSWORD",
        "DB_PASS",
        "SECRET_KEY_BASE",
        "OVH_APPLICATION_KEY",
        "OVH_CONSUMER_KEY",
        "RABBITMQ_DEFAULT_PASS",
        "REDISCLI_AUTH",
        "POSTGRES_PASSWORD_1",
        "password2",
        "requirepass",
        "TLS_PRIVATE_KEY_BASE64",
    ],
)
def test_a_name_under_which_a_secret_is_kept_is_known(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "TOKENIZER",
        "MAX_TOKEN",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN",
        "PASSWORD_FILE",
        "SECRET_NAME",
        "KEY",
        "MONKEY",
        "AWS_ACCESS_KEY_ID",
        "TOKEN_URL",
        "PUBLIC_KEY",
        "",
        "tokenizer-mode",
        "PASSTHROUGH",
        "AUTHOR",
        "PASSENGER",
        "AUTH_URL",
        "BYPASS",
        "proxy_pass",
        "SMTP_AUTH",
        "BASE",
        "KNOWLEDGE_BASE",
        "PASSWORD_FILE_1",
        "DATABASE64",
        "2",
    ],
)
def test_a_name_that_only_sounds_like_one_is_not(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "x ghp_aaaaaaaaaaaaaaaaaaaaaaaaa y",
        "AKIAABCDEFGHIJKLMNOP",
        "https://me:hush@db.example.eu/",
        "hf_aaaaaaaaaaaaaaaaaaaaaaaa",
    ],
)
def test_a_secret_is_known_by_its_form(text: str) -> None:
    assert list(secrets_in(text))


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN CERTIFICATE-----",
        "https://me@db.example.eu:443/",
        "https://me:$PASSWORD@db",
        "http://a:80/b@c",
        "sk",
    ],
)
def test_a_text_that_shows_no_secret_is_left_alone(text: str) -> None:
    assert list(secrets_in(text)) == []


@pytest.mark.parametrize(
    "text",
    ["password: hush", "  db_password = 'hush'\n", '{\n  "apiKey": "hush"\n}', "a: 1\n- token: hush"],
)
def test_a_setting_with_a_value_of_its_own_is_found(text: str) -> None:
    assert len(list(settings_in(text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "password: ${PASSWORD}",
        "token: /run/secrets/token",
        "token: {{ .token }}",
        "password:\n",
        "apiKey: <your-key>",
        "use_token: true",
        "secret: null",
        "# the password is elsewhere",
    ],
)
def test_a_setting_that_refers_to_a_value_elsewhere_is_not(text: str) -> None:
    assert list(settings_in(text)) == []
