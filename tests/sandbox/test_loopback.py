"""The bot's token may travel only to this machine."""

import subprocess
import sys

import discord
import pytest

from bot.errors import DiscordError
from bot.sandbox import point_discord_at

API, GATEWAY = "http://127.0.0.1:8710/api/v10", "ws://127.0.0.1:8710/gateway"
pytestmark = pytest.mark.usefixtures("discord_addresses")


@pytest.mark.parametrize("host", ["127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "localhost:1", "localhost"])
def test_addresses_on_this_machine_are_used(host: str) -> None:
    point_discord_at(f"http://{host}/api/v10/", f"ws://{host}/gateway")

    assert f"http://{host}/api/v10" == discord.http.Route.BASE
    assert str(discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY) == f"ws://{host}/gateway"


@pytest.mark.parametrize(
    "address",
    [
        "http://discord.com/api/v10",
        "http://127.0.0.1@evil.example/api",
        "http://localhost:pass@evil.example/api",
        "http://user@127.0.0.1/api",
        "http://127.0.0.1.evil.example/api",
        "http://localhost.evil.example/api",
        "http://evil.example\\@127.0.0.1/api",
        "http://evil.example#@127.0.0.1/api",
        "http://127.0.0.1\t.evil.example/api",
        "http://127.0.0.1 /api",
        "http://0.0.0.0/api",
        "http://10.0.0.1/api",
        "http://[::ffff:10.0.0.1]/api",
        "http://2130706433/api",
        "http://127.1/api",
        "http://127.0.0.1:99999/api",
        "http://[::1/api",
        "http:///api",
        "//127.0.0.1/api",
        "ftp://127.0.0.1/api",
        "file:///etc/passwd",
        "127.0.0.1:8710",
        "",
    ],
)
def test_every_other_address_is_refused_with_its_variable_and_the_remedy(address: str) -> None:
    before = discord.http.Route.BASE

    with pytest.raises(DiscordError) as refusal:
        point_discord_at(address, GATEWAY)

    assert str(refusal.value).startswith(f"TROUPE_DISCORD_API = {address!r}: ")
    assert API in str(refusal.value)
    assert before == discord.http.Route.BASE


def test_the_gateway_is_checked_too_and_before_anything_is_changed() -> None:
    before = discord.http.Route.BASE

    with pytest.raises(DiscordError, match=r"TROUPE_DISCORD_GATEWAY = 'wss://gateway\.discord\.gg/'"):
        point_discord_at(API, "wss://gateway.discord.gg/")
    with pytest.raises(DiscordError, match="must begin with ws:// or wss://"):
        point_discord_at(API, "http://127.0.0.1/gateway")

    assert before == discord.http.Route.BASE


def test_it_needs_neither_simcord_nor_a_web_server() -> None:
    code = "import sys, bot.sandbox.loopback; print([m for m in ('simcord', 'aiohttp.web') if m in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
