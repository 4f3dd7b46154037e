"""A hundred bad or hostile inputs: each ends with exit code 0, 1 or 2, without a traceback, and writes nothing elsewhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import regnet
from regnet.cli import main
from regnet.errors import RegnetError
from tests.cli.test_launching import SMALL
from tests.conftest import Inside, clear_hydra
from tests.servers import start_ui

TARGET = "_target_"
HUGE = "a" * 300

REFUSED: dict[str, tuple[str, ...]] = {
    # code in Hydra's part of the configuration
    "callback in mlflow": (f"+hydra.callbacks.x={{{TARGET}: mlflow.utils.process._exec_cmd, cmd: [touch, PWNED]}}",),
    "callback in os": (f"+hydra.callbacks.x={{{TARGET}: os.system, command: touch PWNED}}",),
    "callback in subprocess": (f"+hydra.callbacks.x={{{TARGET}: subprocess.run, args: [touch, PWNED]}}",),
    "callback that unpickles": (f"+hydra.callbacks.x={{{TARGET}: pandas.read_pickle, filepath_or_buffer: x}}",),
    "callback that loads with torch": (f"+hydra.callbacks.x={{{TARGET}: torch.load, f: x}}",),
    "callback that loads with numpy": (f"+hydra.callbacks.x={{{TARGET}: numpy.load, file: x, allow_pickle: true}}",),
    "callback that loads with joblib": (f"+hydra.callbacks.x={{{TARGET}: joblib.load, filename: x}}",),
    "callback eval": (f"+hydra.callbacks.x={{{TARGET}: builtins.eval, _args_: [1]}}",),
    "callback exec": (f"+hydra.callbacks.x={{{TARGET}: builtins.exec, _args_: [x]}}",),
    "callback runpy": (f"+hydra.callbacks.x={{{TARGET}: runpy.run_path, path_name: x.py}}",),
    "callback importlib": (f"+hydra.callbacks.x={{{TARGET}: importlib.import_module, name: x}}",),
    "callback shutil": (f"+hydra.callbacks.x={{{TARGET}: shutil.rmtree, path: x}}",),
    "callback of regnet": (f"+hydra.callbacks.x={{{TARGET}: regnet.registry.loading._import_file, file: x.py}}",),
    "callback within a callback": (f"+hydra.callbacks.x={{{TARGET}: hydra.experimental.callbacks.A, y: {{{TARGET}: os.system}}}}",),
    "callback from an interpolation": (f"+hydra.callbacks.x={{{TARGET}: '${{oc.env:HOME}}'}}",),
    "callback with a dotted prefix": (f"+hydra.callbacks.x={{{TARGET}: hydra.utils.get_method}}",),
    "callback instantiate": (f"+hydra.callbacks.x={{{TARGET}: hydra.utils.instantiate}}",),
    "callback beside a class": (f"+hydra.callbacks.x={{{TARGET}: hydra.experimental.callbacks.Path.touch, _args_: [PWNED]}}",),
    "callback of a module": (f"+hydra.callbacks.x={{{TARGET}: hydra.experimental.callbacks.pickle.loads, _args_: [x]}}",),
    "callback behind an interpolation": ("+hydra.callbacks.x=${evil}", f"+evil={{{TARGET}: os.system, command: touch PWNED}}"),
    "sampler that is a function": (f"+hydra.sweeper.sampler={{{TARGET}: optuna.samplers.warnings}}",),
    "log file behind an interpolation": (
        "hydra.job_logging.handlers.file.filename=${hydra.runtime.output_dir}/${evil}",
        "+evil=../../../../PWNED",
    ),
    "handlers behind an interpolation": (
        "hydra.job_logging.handlers=${evil}",
        "+evil={file: {class: logging.FileHandler, filename: /tmp/PWNED}}",
    ),
    "job name behind an interpolation": ("hydra.job.name=${evil}", "+evil=../../../../PWNED"),
    "job name of a folder": ("hydra.job.name=a/b",),
    "environment of MLflow": ("+hydra.job.env_set.MLFLOW_TRACKING_URI=sqlite:///PWNED.db",),
    "environment that is secret": ("hydra.job.env_copy=[MY_PASSWORD]",),
    "argument of the launcher": ("-m", "seed=0,1", f"+hydra.launcher.x={{{TARGET}: os.system, command: touch PWNED}}"),
    "argument of the sweeper": ("-m", "seed=0,1", f"+hydra.sweeper.x={{{TARGET}: os.system, command: touch PWNED}}"),
    "launcher elsewhere": ("-m", "seed=0,1", "hydra.launcher._target_=os.system"),
    "sweeper elsewhere": ("-m", "seed=0,1", "hydra.sweeper._target_=os.system"),
    "log file elsewhere": ("+hydra.job_logging.handlers.x={class: logging.FileHandler, filename: /tmp/PWNED}",),
    "log file above": ("hydra.job_logging.handlers.file.filename='${hydra.runtime.output_dir}/../../../PWNED'",),
    "log handler that runs": ("+hydra.job_logging.handlers.x={class: os.system, command: touch PWNED}",),
    "log handler that sends": ("+hydra.job_logging.handlers.x={class: logging.handlers.HTTPHandler, host: x, url: y}",),
    "log handler with a factory": ("hydra.job_logging.handlers.console={'()': os.system, command: touch PWNED}",),
    "log stream elsewhere": ("+hydra.job_logging.handlers.x={class: logging.StreamHandler, stream: 'ext://os.environ'}",),
    "hydra_logging elsewhere": ("+hydra.hydra_logging.handlers.x={class: logging.FileHandler, filename: /tmp/PWNED}",),
    "environment LD_PRELOAD": ("+hydra.job.env_set.LD_PRELOAD=x.so",),
    "environment PYTHONPATH": ("+hydra.job.env_set.PYTHONPATH=.",),
    "environment PATH": ("+hydra.job.env_set.PATH=.",),
    "environment plugins": ("+hydra.job.env_set.REGNET_PLUGINS=x.py",),
    "environment that is not there": ("hydra.job.env_copy=[NOSUCH_VARIABLE]",),
    "completion for no shell": ("-sc", "install=nosuch"),
    "completion without a line": ("--shell-completion", "query=bash"),
    "a package that is not there": ("--cfg", "job", "--package", "nosuch"),
    "a configuration of a sweep": ("--cfg", "job", "-m", "seed=0,1"),
    # names that lead elsewhere
    "output_subdir above": ("hydra.output_subdir=../../PWNED",),
    "output_subdir elsewhere": ("hydra.output_subdir=/tmp/PWNED",),
    "job name above": ("hydra.job.name=../../PWNED",),
    "job name elsewhere": ("hydra.job.name=/tmp/PWNED",),
    "subdir above": ("-m", "seed=0,1", "hydra.sweep.subdir='../../PWNED${hydra.job.num}'"),
    "subdir elsewhere": ("-m", "seed=0,1", "hydra.sweep.subdir='/tmp/PWNED${hydra.job.num}'"),
    "folder is a file": ("hydra.run.dir=/etc/passwd",),
    "folder below a file": ("hydra.run.dir=/etc/passwd/x",),
    "folder in proc": ("hydra.run.dir=/proc/x",),
    "folder is a device": ("hydra.run.dir=/dev/null",),
    "folder with a long name": (f"hydra.run.dir={HUGE}",),
    "subdir with a long name": ("-m", "seed=0,1", f"hydra.sweep.subdir={HUGE}${{hydra.job.num}}"),
    "a search path that is not there": ("hydra.searchpath=[nosuch]",),
    "a package of configurations that is not there": ("hydra.searchpath=[pkg://nosuch]",),
    # sizes
    "a billion jobs": ("-m", "seed=range(0,1000000000)"),
    "a billion jobs as a product": ("-m", "seed=range(0,100000)", "epochs=range(1,10000)"),
    "a billion jobs in small steps": ("-m", "optimizer.lr=range(1,2,0.000000001)"),
    "no jobs": ("-m", "seed=range(10,0)"),
    "no jobs of a pattern": ("-m", "study=glob(*)"),
    "a range without steps": ("-m", "seed=range(0,10,0)"),
    "brackets": ("study=" + "[" * 3000 + "]" * 3000,),
    "mappings": ("study=" + "{a:" * 500 + "1" + "}" * 500,),
    "interpolations": ("study=" + "${a" * 200 + "}" * 200,),
    "a billion seeds": ("seeds=1000000000",),
    "a batch of no jobs": ("-m", "seed=0,1", "hydra.sweeper.max_batch_size=0"),
    "an unknown function": ("-m", "seed=nofunc(1)"),
    "a function of the wrong values": ("-m", "seed=range(a,b)"),
    "the last seed": ("seed=9223372036854775800", "seeds=20"),
    "a large seed": ("seed=9223372036854775808",),
    "a wide layer": ("model.hidden=[1000000000]",),
    "wide layers": ("model.hidden=[300000,300000]",),
    "a billion layers": (f"model.hidden={[1] * 3}".replace(" ", "") + "x",),
    "threads": ("threads=1000000",),
    "workers": ("workers=1000000",),
    "many examples": ("dataset.train_size=1000000000000",),
    "a large number": ("optimizer.lr=1e308",),
    "a large number in a list": ("model.activation={name: leaky_relu, slope: 1e300}",),
    "a large delta": ("loss=huber", "loss.delta=1e300"),
    # values
    "no number": ("optimizer.lr=nan",),
    "a negative number": ("optimizer.lr=-1",),
    "a text": ("epochs=many",),
    "a list": ("epochs=[1,2]",),
    "a mapping": ("epochs={a: 1}",),
    "zero seeds": ("seeds=0",),
    "no seeds": ("seeds=[]",),
    "a seed twice": ("seeds=[1,1]",),
    "a negative seed": ("seed=-1",),
    "an empty layer": ("model.hidden=[0]",),
    "an unknown option": ("nosuch=1",),
    "an unknown optimizer": ("optimizer=nosuch",),
    "an unknown launcher": ("hydra/launcher=nosuch",),
    "an unknown device": ("device=tpu",),
    "an unknown interpolation": ("study=${nosuch}",),
    "an unknown resolver": ("study='${nosuch:x}'",),
    "an interpolation of itself": ("study=${study}",),
    "an environment variable that is not set": ("study='${oc.env:NOSUCH_VARIABLE}'",),
    "control characters": ('study="\x1b[31mred"',),
    "a right-to-left override": ('study="\u202ered"',),
    # stores
    "a store in a file": ("tracking.uri=sqlite:////etc/passwd/x.db", "tracking=mlflow"),
    "a store in no folder": ("tracking=mlflow", "tracking.uri=sqlite:////nosuch/x.db"),
    "a store that is no address": ("tracking=mlflow", "tracking.uri=runs.db"),
    "a store that is no database": ("tracking=mlflow", "tracking.uri=sqlite:////etc/passwd"),
    "a store of an unknown kind": ("tracking=mlflow", "tracking.uri=ftp://x"),
    "a store in memory": ("tracking=mlflow", "tracking.uri=sqlite:///:memory:"),
    "models of an unknown kind": ("tracking=mlflow", "tracking.models=nosuch"),
    # plugins
    "a plugin that is a folder": ("--plugin", "."),
    "a plugin that is not there": ("--plugin", "nosuch.py"),
    "a plugin that is a text": ("--plugin", "/etc/passwd"),
    "a plugin that is not installed": ("plugins=nosuch",),
    "a log file that is only read": ("+hydra.job_logging.handlers.file.mode=r",),
    "an address without slashes": ("tracking=mlflow", 'tracking.uri="http:/me:hunter2@127.0.0.1:1/"'),
    "artifacts with a token": ("tracking=mlflow", 'tracking.artifacts="wasbs://c@h/x?sv=1&sig=hunter2"'),
    # options
    "an unknown flag": ("--nosuch",),
    "a word": ("nosuch",),
    "an empty word": ("",),
    "an equals sign": ("=",),
    "a dash": ("-",),
    "an open bracket": ("seeds=[",),
    "an open quote": ("study='",),
    "a resumed launch of nobody's": ("resume=maybe",),
    "a time that is none": ("max_time=soon",),
}
ACCEPTED: dict[str, tuple[str, ...]] = {
    "markup": ('study="[bold red]x[/bold red]"', "report=table"),
    "markup that closes nothing": ('study="[/nosuch]"', "report=table"),
    "a script": ('study="<script>alert(1)</script>"', "report=page"),
    "a table cell": ('study="a|b"', "report=table"),
    "a formula": ('study="=HYPERLINK(1)"', "tracking=mlflow"),
    "a path": ('study="../../PWNED"', "tracking=mlflow", "report=page"),
    "a long name": (f"study={HUGE}", "tracking=mlflow", "report=table"),
    "a format string": ('study="{0} %s %(x)s"', "report=table"),
    "SQL": ('study="x\'; DROP TABLE runs; --"', "tracking=mlflow"),
}


@pytest.mark.slow
@pytest.mark.parametrize("words", REFUSED.values(), ids=REFUSED)
def test_hostile_inputs_are_refused(inside: Inside, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = inside("run", *SMALL, *(() if "tracking=mlflow" in words else ("tracking=none",)), *words)
    assert done.code == 2, done
    assert "Traceback" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("Error executing job", "["))]
    assert 1 <= len(lines) <= 3, done.stderr
    assert lines[0].startswith("regnet: "), done.stderr
    assert not list(tmp_path.glob("**/PWNED*")) + list(Path("/tmp").glob("PWNED*"))


FOR_PYTHON = {
    name: words for name, words in REFUSED.items() if not any(word.startswith("-") for word in words) and name != "many examples"
}


@pytest.mark.slow
@pytest.mark.parametrize("words", list(FOR_PYTHON.values())[::3], ids=list(FOR_PYTHON)[::3])
def test_hostile_inputs_are_refused_in_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RegnetError):
        regnet.run([*SMALL, *(() if "tracking=mlflow" in words else ("tracking=none",)), *words])
    assert not list(tmp_path.glob("**/PWNED*")) + list(Path("/tmp").glob("PWNED*"))


@pytest.mark.parametrize("words", ACCEPTED.values(), ids=ACCEPTED)
def test_names_are_data(inside: Inside, tmp_path: Path, words: tuple[str, ...]) -> None:
    done = inside("run", *SMALL[:-1], *(() if "tracking=mlflow" in words else ("tracking=none",)), "hydra.run.dir=here", *words)
    assert done.code == 0, done.stderr
    page = tmp_path / "here/report/report.html"
    assert not page.exists() or "<script>alert(1)" not in page.read_text(encoding="utf-8")
    table = tmp_path / "here/report/table.md"
    assert not table.exists() or "<script" not in table.read_text(encoding="utf-8")
    if "tracking=mlflow" in words:
        assert "\n=" not in inside("results").stdout
        assert ",=" not in inside("results").stdout
    assert not list(tmp_path.parent.glob("**/PWNED*"))


ANY = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
KEYS = st.sampled_from(
    ["study", "seed", "seeds", "optimizer", "optimizer.lr", "model.hidden", "dataset", "tracking", "metrics", "device"]
)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(st.builds("{}={}".format, KEYS, ANY), ANY), min_size=1, max_size=2))
def test_any_words_end_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """Whatever the words are: an exit code, never a traceback, and no file elsewhere."""
    folder = tmp_path / "work"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    monkeypatch.chdir(folder)
    clear_hydra()
    try:
        code: object = main(["run", *SMALL, "seed=0", "tracking=none", *words])
    except SystemExit as end:
        code = end.code
    finally:
        clear_hydra()
    assert code in (0, 1, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["work"]
    assert {path.name for path in folder.iterdir()} <= {"outputs", "multirun", "mlflow.db", "mlruns"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["random.py", *(pytest.param(name, marks=pytest.mark.long) for name in ("mlflow.py", "regnet.py"))]
)
def test_files_in_the_working_directory_are_not_imported(tmp_path: Path, name: str) -> None:
    """Not by the command, its workers, the process that writes to the store, or MLflow's server."""
    (tmp_path / name).write_text("raise SystemExit('PWNED')\n")
    regnet = [str(Path(sys.executable).parent / "regnet")]
    environment = {key: value for key, value in os.environ.items() if key != "MLFLOW_TRACKING_URI"}
    run = subprocess.run([*regnet, "run", *SMALL], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (run.returncode, "PWNED" in run.stdout + run.stderr) == (0, False), run.stderr
    with start_ui(tmp_path) as server:
        assert server.stdout is not None
        shown = ""
        for line in server.stdout:
            shown += line
            if "Ctrl-C ends the server" in line:
                break
        server.terminate()
    assert "Ctrl-C ends the server" in shown, shown
    assert "PWNED" not in shown
