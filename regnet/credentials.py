"""Keep passwords and tokens out of files and messages.

An address that a user gives, such as that of a store, may have a password or a token in it. `conceal` replaces it by asterisks
as soon as the configuration is read, so that no file is written with it, and remembers it in an environment variable, which the
processes of the launch inherit. `reveal` returns the whole address where it is used: to open a store, or to make a component.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from regnet.errors import ConfigError

MASK: Final = "***"
VARIABLE: Final = "REGNET_CREDENTIALS"
"""The environment variable that has the whole addresses, by their masked forms, in JSON."""
OTHERS: Final = ("MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
"""The environment variables that are a secret by themselves."""
STORE: Final = "MLFLOW_TRACKING_URI"
LONG: Final = 8
LONG_WORD: Final = 12
"""The lengths of a secret from which on it is masked wherever it occurs; of letters only, shorter ones occur by chance."""

QUOTED = re.compile(r"""(?P<quote>['"])(?P<address>[A-Za-z][\w+.-]*://(?:\\.|(?!(?P=quote)).)*)(?P=quote)""")
BARE = re.compile(r"""[A-Za-z][\w+.-]*://[^\s,'"<>()\[\]{}|]+""")
LOOSE = re.compile(r"(://[^\s:/@]*):(?!\*\*\*@).*@")
WITHOUT_SLASHES = re.compile(r"((?:[A-Za-z][\w+.-]*:/?)?[\w.+-]+):(?!\*\*\*@)[^\s:/@]+@(?=[\w.-]+)")
"""An address in which the slashes were forgotten, which has a password all the same."""
QUERY = re.compile(r"[?#][\w.-]+=")
SECRET_VALUE = re.compile(
    r"([?&;#](?:[\w.-]*(?:pass|pwd|token|secret|key|credential|auth|signature)[\w.-]*|sig|sas|odbc_connect)=)[^&;#\s]*",
    re.IGNORECASE,
)


def hide(text: str) -> str:
    """Return the text with asterisks in place of every password and token in an address, and of those that are known.

    >>> hide("postgresql://anna:secret@example.org/runs")
    'postgresql://anna:***@example.org/runs'
    >>> hide("http://TOKEN@example.org:5000, sqlite:///runs.db?key=1234")
    'http://***@example.org:5000, sqlite:///runs.db?key=***'
    """
    for secret in _secrets(*(os.environ.get(name, "") for name in (VARIABLE, STORE, *OTHERS))):
        text = text.replace(secret, MASK)
    if "://" not in text:
        return WITHOUT_SLASHES.sub(rf"\1:{MASK}@", text)
    if _is_address(text):
        return _masked(text)
    return BARE.sub(lambda match: _masked(match[0]), QUOTED.sub(_mask_quoted, text))


def hide_loosely(text: str) -> str:
    """Return the text with everything hidden that may be a password, whatever characters it has, for words of a command line.

    >>> hide_loosely("tracking.uri=postgresql://anna:my, secret@example.org/runs")
    'tracking.uri=postgresql://anna:***@example.org/runs'
    """
    return LOOSE.sub(rf"\1:{MASK}@", hide(text))


def may_have_address(text: str) -> bool:
    """Whether a text may have an address in it."""
    return "://" in text or "@" in text


def conceal(text: str) -> str:
    """Return what `hide` returns, and remember the addresses in the text, so that `reveal` returns them."""
    if "://" not in text:
        return WITHOUT_SLASHES.sub(rf"\1:{MASK}@", text)
    whole = [text] if _is_address(text) else []
    quoted = [re.sub(r"\\(.)", r"\1", match["address"]) for match in QUOTED.finditer(text)]
    for address in (*whole, *quoted, *BARE.findall(QUOTED.sub("", text))):
        _remember(address)
    return hide(text)


def reveal(text: str) -> str:
    """Return the address whose masked form is the text; any other text unchanged.

    Raises:
        ConfigError: its password or token is not known to this process.
    """
    text = text.strip()
    if MASK not in text or "://" not in text:
        return text
    found = _remembered(os.environ.get(VARIABLE, ""), os.environ.get(STORE, "")).get(text)
    if found is None:
        raise ConfigError(
            f"no file keeps the password or token of {text}: give the address again (tracking.uri=, --uri) or set {STORE}"
        )
    return found


def concealed(value: Any) -> Any:
    """Return a value of a configuration with `conceal` applied to every text in it."""
    if isinstance(value, str):
        return conceal(value)
    if isinstance(value, dict):
        return {key: concealed(item) for key, item in value.items()}
    return [concealed(item) for item in value] if isinstance(value, list) else value


def _is_address(text: str) -> bool:
    """Whether a text is one address and nothing else, so that its password may have spaces and commas."""
    return text.count("://") == 1 and re.match(r"[A-Za-z][\w+.-]*://", text) is not None and "\n" not in text


def _remember(address: str) -> None:
    masked = _masked(address)
    if masked != address and MASK not in address:
        os.environ[VARIABLE] = json.dumps({**_remembered(os.environ.get(VARIABLE, ""), ""), masked: address})


def _remembered(variable: str, store: str) -> dict[str, str]:
    """The whole addresses by their masked forms."""
    try:
        stored = dict(json.loads(variable or "{}"))
    except ValueError:
        stored = {}
    return {_masked(store): store} | stored if store else stored


@lru_cache(maxsize=8)
def _secrets(variable: str, store: str, *others: str) -> list[str]:
    """The passwords and tokens that are known, the longest first."""
    found = {secret for secret in others if secret}
    for masked, address in _remembered(variable, store).items():
        found |= set(_differing(masked, address))
    found |= {unquote(secret) for secret in found}
    return sorted((secret for secret in found if _is_telling(secret)), key=len, reverse=True)


def _is_telling(secret: str) -> bool:
    if secret.isalpha():
        return len(secret) >= LONG_WORD
    return (len(secret) >= LONG or not secret.isalnum()) and secret != MASK


def _differing(masked: str, address: str) -> Iterator[str]:
    """Yield the parts of an address that are asterisks in its masked form."""
    if MASK in masked:
        pattern = "(.*)".join(re.escape(part) for part in masked.split(MASK))
        if match := re.fullmatch(pattern, address, re.DOTALL):
            yield from match.groups()


def _mask_quoted(match: re.Match[str]) -> str:
    return f"{match['quote']}{_masked(match['address'])}{match['quote']}"


def _masked(address: str) -> str:
    """Return an address without its password and its tokens; they need not be percent-encoded, as they should be."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    query = QUERY.search(rest)
    place, tail = (rest[: query.start()], rest[query.start() :]) if query else (rest, "")
    user, at, host = place.rpartition("@")
    if at and not place.startswith("/"):
        name, colon, password = user.partition(":")
        if colon and not password.startswith("${"):  # an interpolation is no password
            user = f"{name}:{MASK}"
        elif not colon and scheme.lower() in ("http", "https") and "/" not in user:
            user = MASK
    return f"{scheme}://{user}{at}{host}" + SECRET_VALUE.sub(rf"\1{MASK}", tail)
