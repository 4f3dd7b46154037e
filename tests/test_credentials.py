"""Passwords and tokens are in no file and no message."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

import regnet
from regnet.config.compose import search_path
from regnet.config.loader import Loader
from regnet.credentials import MASK, VARIABLE, conceal, concealed, hide, reveal
from regnet.errors import ConfigError
from regnet.study.storage import RESULT, load_result, write_result
from regnet.tracking.store.messages import params_of
from regnet.tracking.store.uri import recorded_destination
from tests.conftest import Inside

SECRET = "s3cr3t-4711"


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv(VARIABLE, "{}")
    monkeypatch.setattr("regnet.tracking.store.uri._named", set())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("postgresql://anna:secret@host:5432/runs", "postgresql://anna:***@host:5432/runs"),
        ("https://:s3cr%40t@host", "https://:***@host"),
        (
            "regnet run 'tracking.uri=mysql+pymysql://a:b@h/x' seeds=2",
            "regnet run 'tracking.uri=mysql+pymysql://a:***@h/x' seeds=2",
        ),
        ("postgresql://anna:a/b@c d@host/runs", "postgresql://anna:***@host/runs"),
        ("tracking.uri='postgresql://anna:a b, c@host/runs' seeds=2", "tracking.uri='postgresql://anna:***@host/runs' seeds=2"),
        ("http://TOKEN@host:5000", "http://***@host:5000"),
        ("see (http://anna:pw@host/a).", "see (http://anna:***@host/a)."),
        (
            "postgresql://host/runs?user=anna&password=pw&sslmode=require",
            "postgresql://host/runs?user=anna&password=***&sslmode=require",
        ),
        ("https://host/?token=abc#x", "https://host/?token=***#x"),
        ("mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3Dpw", "mssql+pyodbc:///?odbc_connect=***"),
        ("wasbs://c@account/x?sv=1&sig=pw", "wasbs://c@account/x?sv=1&sig=***"),
        ("https://host/#token=pw", "https://host/#token=***"),
        ("http:/anna:pw@host/", "http:/anna:***@host/"),
        ("anna:pw@host", "anna:***@host"),
        ("postgresql://anna@host:5432/runs", "postgresql://anna@host:5432/runs"),
        ("postgresql://anna:${oc.env:PW}@host/runs", "postgresql://anna:${oc.env:PW}@host/runs"),
        ("http://127.0.0.1:5000/#/experiments/1/runs?a=b@c", "http://127.0.0.1:5000/#/experiments/1/runs?a=b@c"),
        ("sqlite:////a:b@c.db", "sqlite:////a:b@c.db"),
        ("dataset=mine:disc loss.scale=3", "dataset=mine:disc loss.scale=3"),
    ],
)
def test_only_what_is_secret_is_hidden(text: str, expected: str) -> None:
    if " " in text and text.startswith("postgresql"):
        text = conceal(text)  # a message that has a password with spaces is masked, because the password is known
    assert hide(text) == expected
    assert hide(hide(text)) == expected


def test_known_secrets_are_hidden_wherever_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    conceal("postgresql://anna:my pass/word@host/runs")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    assert hide(f"error in my pass/word and {SECRET}") == f"error in {MASK} and {MASK}"


def test_a_common_word_is_hidden_in_its_address_alone() -> None:
    assert conceal("postgresql://mlflow:mlflow@host/mlflow") == "postgresql://mlflow:***@host/mlflow"
    assert hide("mlflow is a password") == "mlflow is a password"


@pytest.mark.parametrize(
    "text",
    [
        "tracking.uri=postgresql://anna:pw@host/runs",
        "tracking.uri='postgresql://anna:p w, x@host/runs'",
        "{name: mlflow, uri: 'postgresql://anna:pw@host/runs?a=b'}",
        "http://TOKEN@host,http://OTHER@elsewhere",
    ],
)
def test_what_is_concealed_is_revealed(text: str) -> None:
    masked = conceal(text)
    assert masked == hide(masked)
    assert MASK in masked
    addresses = json.loads(os.environ[VARIABLE])
    assert all(reveal(key) == value and value.replace("'", "") in text for key, value in addresses.items())


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("tracking.uri=postgresql://anna:a b@host/x", ['tracking.uri="postgresql://anna:***@host/x"']),
        ("tracking.uri='postgresql://anna:p, w@host/x'", ['tracking.uri="postgresql://anna:***@host/x"']),
        ("+tracking.uri=postgresql://anna:a/b@host/x", ['+tracking.uri="postgresql://anna:***@host/x"']),
        (
            "tracking={name: mlflow, uri: postgresql://anna:a b@host/x}",
            ["tracking=mlflow", 'tracking.uri="postgresql://anna:***@host/x"'],
        ),
        (
            "tracking.uri=postgresql://anna:a b@host/x,sqlite:///y.db",
            ['tracking.uri="postgresql://anna:***@host/x","sqlite:///y.db"'],
        ),
        ("tracking.uri='postgresql://anna:${oc.env:PW}@host/x'", ["tracking.uri='postgresql://anna:${oc.env:PW}@host/x'"]),
        ("study=http://example.org", ["study=http://example.org"]),
    ],
)
def test_overrides(word: str, expected: list[str]) -> None:
    """Hydra's grammar takes spaces without quotes."""
    assert Loader(search_path()).as_meant([word]) == expected


@pytest.mark.parametrize("password", ["it's", "a!b", "a,b", "a=b", "a b", "p@ss/w#rd"])
def test_a_password_that_cannot_be_read_is_not_shown(inside: Inside, tmp_path: Path, password: str) -> None:
    done = inside("run", "epochs=1", "hydra.run.dir=here", f"tracking.uri=postgresql://anna:{password}@127.0.0.1:9/x")
    assert password not in done.stdout + done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and password.encode() in path.read_bytes()]


def test_values_of_a_configuration() -> None:
    assert concealed({"a": ["http://T@h", 1, None], "b": "x"}) == {"a": ["http://***@h", 1, None], "b": "x"}


def test_an_unknown_password_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"no file keeps the password or token of postgresql://anna:\*\*\*@host/runs"):
        reveal("postgresql://anna:***@host/runs")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://anna:pw@host/runs")
    assert reveal("postgresql://anna:***@host/runs") == "postgresql://anna:pw@host/runs"


def test_password_is_not_among_the_parameters() -> None:
    config = {"tracking": {"name": "mlflow", "uri": "postgresql://anna:secret@host/runs"}}
    assert params_of(config) == {"tracking.name": "mlflow", "tracking.uri": "postgresql://anna:***@host/runs"}


def test_an_address_from_a_file_is_named_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a file from somebody else could ask for the tracking token."""
    for uri in ("http://evil.example.org", "postgresql://evil.example.org/x"):
        with pytest.raises(ConfigError, match=r"evil\.example\.org(/x)?, which is on another machine: name it again"):
            recorded_destination({"uri": uri})
        assert recorded_destination({"uri": uri}, uri).uri == uri
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ours.example.org")
    assert recorded_destination({"uri": "http://ours.example.org"}).uri == "http://ours.example.org"
    for uri in ("http://localhost:5000", "http://127.0.0.1:5000", "sqlite:////tmp/x.db"):
        assert recorded_destination({"uri": uri}).uri == uri


@pytest.mark.parametrize(
    "words", [("seeds=2",), pytest.param(("-m", "seed=0,1"), marks=pytest.mark.slow), ("-m", "seed=0,1", "hydra/launcher=lockstep")]
)
@pytest.mark.parametrize("where", ["override", "mapping", "file", "variable"])
def test_no_file_of_a_launch_has_the_password(
    inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], where: str
) -> None:
    """Its store does not answer, so that its address is in messages, too."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    uri = f"http://anna:{SECRET}@127.0.0.1:9"
    given: tuple[str, ...] = (f"tracking.uri={uri}",)
    if where == "mapping":
        given = (f"tracking={{name: mlflow, uri: '{uri}', experiment: x, artifacts: null, models: none, register: null}}",)
    elif where == "file":
        (tmp_path / "mine/tracking").mkdir(parents=True)
        config = f"name: mlflow\nuri: {uri}\nexperiment: x\nartifacts: null\nmodels: none\nregister: null\n"
        (tmp_path / "mine/tracking/ours.yaml").write_text(config)
        given = ("--config-dir", "mine", "tracking=ours")
    elif where == "variable":
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        given = ()
    done = inside("run", *given, *words, "epochs=1", "dataset.train_size=20", "dataset.test_size=20")
    assert done.code == 1, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert f"http://anna:{MASK}@127.0.0.1:9" in done.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file() and "mine" not in path.parts]
    assert [path.name for path in files if path.name == "result.safetensors"]
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_a_component_gets_the_whole_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Any option may be an address; the component's own files are its own matter."""
    monkeypatch.chdir(tmp_path)
    plugin = tmp_path / "remote.py"
    plugin.write_text(
        "import torch\n"
        "from regnet.contracts import Dataset, Split, Splits\n"
        "from regnet.hookspecs import hookimpl\n"
        "class Remote(Dataset):\n"
        "    def __init__(self, url: str = '') -> None:\n"
        "        self.url = url\n"
        "    variation = 'draws'\n"
        "    def load(self, generator):\n"
        f"        assert self.url.count('{SECRET}') == 2\n"
        "        x = torch.rand(20, 2)\n"
        "        half = Split(x, (x.sum(1) > 1).long())\n"
        "        return Splits(half, half, classes=2)\n"
        "@hookimpl\n"
        "def regnet_datasets():\n"
        "    return {'remote': Remote}\n"
    )
    url = f"https://anna:{SECRET}@example.org/data?token={SECRET}"
    result = regnet.run([f"plugins='{plugin}'", "dataset=remote", f"dataset.url='{url}'", "tracking=none", "epochs=1"])
    assert result.config["dataset"]["url"] == f"https://anna:{MASK}@example.org/data?token={MASK}"


def test_a_planted_result_names_no_store(inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that asks for another store, on another machine, gets no connection and no token."""
    assert inside("run", "epochs=1", "dataset.train_size=20", "dataset.test_size=20", "report=none", "hydra.run.dir=here").code == 0
    result = load_result(tmp_path / "here")
    planted = {**result.config, "tracking": {**result.config["tracking"], "uri": "http://evil.example.org"}}
    write_result(replace(result, config=planted), tmp_path / "here" / RESULT)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", SECRET)
    monkeypatch.setattr("socket.create_connection", lambda *given, **options: pytest.fail("a connection was made"))
    for command in ("sync", "resume"):
        done = inside(command, "here")
        assert (done.code, "evil.example.org, which is on another machine: name it again" in done.stderr) == (2, True), done
