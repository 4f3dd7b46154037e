"""regnet as users run it: the installed command and scripts of their own, in fresh processes that no thread setting reaches."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from sklearn.datasets import load_breast_cancer

from regnet.study.storage import RESULT
from tests.endings import ended

LIMIT = 150
"""Seconds against hanging, which is no timing: the longest command takes twenty here."""
pytestmark = pytest.mark.timeout(LIMIT + 30)

COMMAND = str(Path(sys.executable).with_name("regnet"))
PLUGIN = Path(__file__).parent / "plugins" / "troubled.py"
ENVIRONMENT = {name: value for name, value in os.environ.items() if not re.search(r"THREADS|^KMP|^GOMP|^MKL|^PYTEST|^REGNET", name)}
"""That of a person's shell: nothing about threads, and no plugin switched off."""

DIGITS = ["dataset=digits"]
CANCER = ["dataset=table", "dataset.path=cancer.csv", "dataset.target=malignant"]
LOCKSTEP = ["-m", "hydra/launcher=lockstep"]

EAGER = "import regnet.training.lockstep; regnet.training.lockstep.WORTHWHILE, regnet.training.lockstep.FEW = 0.001, 4"
"""Makes milliseconds of work worth a worker."""
COMMAND_WITH_WORKERS = f"{EAGER}\nfrom regnet.cli import command\ncommand()\n"
USED_TORCH = "import torch; a = torch.randn(1000, 1000); a @ a; x = torch.randn(600, 900); x[torch.randperm(600)]"
"""Makes torch start its threads."""


def regnet(folder: Path, words: Sequence[str], *, workers: bool = False) -> str:
    """Standard output of a command that has to succeed in time; `workers` gives it workers also where they are not worth it."""
    start = [sys.executable, "-c", COMMAND_WITH_WORKERS] if workers else [COMMAND]
    return succeed([*start, *words], folder)


def succeed(words: Sequence[str], folder: Path, environment: Mapping[str, str] = {}) -> str:
    with running(words, folder, environment) as process:
        out, stderr = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, stderr
    return out


@contextmanager
def running(words: Sequence[str], folder: Path, environment: Mapping[str, str] = {}) -> Iterator[subprocess.Popen[str]]:
    """Context manager in which a command runs; at the end neither it nor anything that it started does."""
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=ENVIRONMENT | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        for each in family(process.pid):
            each.kill()
        process.communicate()


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it has started, as far as they run."""
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def is_worker(process: psutil.Process) -> bool:
    try:
        return "regnet.training.worker:serve" in process.cmdline()
    except psutil.Error:  # it has ended meanwhile
        return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder but for a table of 569 rows and 30 columns."""
    bunch = load_breast_cancer(as_frame=True)
    bunch.frame.rename(columns={"target": "malignant"}).to_csv(tmp_path / "cancer.csv", index=False)
    return tmp_path


DATASETS = {"disc": [], "digits": DIGITS, "table": CANCER, "diabetes": ["dataset=diabetes"], "spirals": ["dataset=spirals"]}
"""The words that train on a data set of each kind: generated, of classes, from a file, of values, from a plugin."""
SMALL = ["seeds=40", "epochs=2", "tracking=none"]
every_dataset = pytest.mark.parametrize(
    "dataset",
    [pytest.param(name, marks=[] if name == "digits" else pytest.mark.long) for name in DATASETS],
)


@pytest.mark.slow
@every_dataset
def test_two_programs_are_trained_by_workers(dataset: str, folder: Path) -> None:
    words = [*LOCKSTEP, *DATASETS[dataset], "model.hidden=[8],[6]", *SMALL]
    output = regnet(folder, ["run", *words], workers=True)
    assert re.search(r"hidden=\[8\].*\b40 │", output)
    assert re.search(r"hidden=\[6\].*\b40 │", output)
    assert "In lockstep 20 runs trained together" in output, "each program is shared among the workers"


MORE_THREADS = {"OMP_NUM_THREADS": "8", "MKL_NUM_THREADS": "8", "OMP_DYNAMIC": "false"}
"""More threads than processors, as on a shared machine: the one case here that sets these variables, on purpose."""


@pytest.mark.slow
@every_dataset
def test_a_script_that_has_used_torch_before_trains_with_workers(dataset: str, folder: Path) -> None:
    """Also without `if __name__ == "__main__"` and with more threads than processors; its number of threads is put back."""
    words = [*DATASETS[dataset], *SMALL]
    script = folder / "script.py"
    script.write_text(
        f"{USED_TORCH}\n{EAGER}\nimport regnet\nthreads = torch.get_num_threads()\nresult = regnet.run({words!r})\n"
        "print(len(result.final), set(result.together.tolist()), threads == torch.get_num_threads())\n",
        encoding="utf-8",
    )
    assert succeed([sys.executable, script.name], folder, MORE_THREADS) == "40 {20} True\n"


@pytest.mark.slow
@every_dataset
def test_one_program_is_trained_by_the_command_alone(dataset: str, folder: Path) -> None:
    assert re.search(r"\b40 │", regnet(folder, ["run", *DATASETS[dataset], *SMALL]))


LARGE = [
    ["run", *DIGITS, "epochs=5", "seeds=300"],
    ["run", *LOCKSTEP, *DIGITS, "epochs=5", "model.hidden=[32],[16]", "seeds=5"],
    ["run", *CANCER, "epochs=5", "seeds=300"],
]


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        pytest.param(LARGE[0], id="seeds", marks=pytest.mark.long),
        pytest.param(LARGE[1], id="programs"),
        pytest.param(LARGE[2], id="table", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("workers", [pytest.param(False, marks=pytest.mark.long), True])
def test_the_commands_that_hung(words: list[str], workers: bool, folder: Path) -> None:
    output = regnet(folder, words, workers=workers)
    assert re.search(r"\b(300|5) │", output)
    results = list(folder.rglob(RESULT))
    assert len(results) == (2 if "-m" in words else 1)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("taskset"), reason="taskset is a program of Linux")
def test_a_single_core(folder: Path) -> None:
    output = succeed(["taskset", "-c", "0", sys.executable, "-c", COMMAND_WITH_WORKERS, "run", *DIGITS, *SMALL], folder)
    assert "In lockstep 40 runs trained together" in output


@pytest.mark.slow
@pytest.mark.parametrize(
    "closed", [pytest.param("<&-", marks=pytest.mark.long), pytest.param("<&- 2>&-", marks=pytest.mark.long), "<&- >&- 2>&-"]
)
def test_closed_standard_streams(closed: str, folder: Path) -> None:
    script = folder / "command.py"
    script.write_text(COMMAND_WITH_WORKERS, encoding="utf-8")
    succeed(["bash", "-c", f"{sys.executable} command.py run {' '.join([*DIGITS, *SMALL[:2], 'report=none'])} {closed}"], folder)
    assert len(list(folder.rglob(RESULT))) == 1
    assert (folder / "mlflow.db").exists()


@pytest.mark.slow
def test_a_notebook_trains_with_workers(folder: Path) -> None:
    """Which know a single-file plugin as well, and its layer that cannot be pickled."""
    import nbformat
    from nbclient import NotebookClient

    shutil.copy(PLUGIN, folder / "mine.py")
    words = [
        "plugins=./mine.py",
        "dataset=troubled",
        "model.activation=tripled",
        "batch_size=10",
        "model.hidden=[25,25,25]",
        *SMALL,
    ]
    cells = [
        USED_TORCH,
        EAGER,
        f"import regnet; result = regnet.run({words!r}); print(len(result.final), set(result.together.tolist()))",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=LIMIT, resources={"metadata": {"path": str(folder)}}, kernel_name="python3").execute()
    assert notebook.cells[-1].outputs[-1].text == "40 {20}\n"


HOSTILE = """
from regnet import RegnetError
import regnet
ends = []
for words in (["optimizer=null"], ["study=#1"], ["seeds=1000000000"], ["nosuch=1"], ["tracking.uri=sqlite:////nosuch/x.db"],
              ["+hydra.callbacks.x={_target_: os.system, command: touch PWNED}"], ["hydra.run.dir=/etc/passwd"]):
    try:
        regnet.run(["epochs=1", "dataset.train_size=20", *words])
    except RegnetError as error:
        ends.append(len(str(error).splitlines()))
print(ends)
"""


@pytest.mark.slow
def test_a_notebook_answers_bad_input_in_a_line(folder: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    cells = [HOSTILE, "print(len(regnet.run(['epochs=1', 'seeds=2', 'dataset.train_size=20', 'tracking=none']).final))"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, timeout=LIMIT, resources={"metadata": {"path": str(folder)}}, kernel_name="python3").execute()
    assert [cell.outputs[-1].text for cell in notebook.cells] == ["[1, 1, 1, 1, 1, 1, 1]\n", "2\n"]
    assert not (folder / "PWNED").exists()


QUICK = [(signal.SIGTERM, "stuck")]
FOREVER = ["run", "--plugin", str(PLUGIN), "dataset=troubled", "dataset.flag=flag", "epochs=1000000", "seeds=40"]


def training(process: subprocess.Popen[str], folder: Path) -> list[psutil.Process]:
    """The command and what it has started, as soon as its workers train."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, process.communicate()
        started = family(process.pid)
        workers = [each for each in started if is_worker(each)]
        if len(workers) == 2 and all(each.cpu_times().user > 3 for each in workers):
            return started
        time.sleep(0.1)
    raise AssertionError("no workers have started")


@pytest.mark.slow
@pytest.mark.parametrize("tracking", ["mlflow", pytest.param("none", marks=pytest.mark.long)])
def test_nothing_is_left_when_the_command_is_killed(tracking: str, folder: Path) -> None:
    words = [sys.executable, "-c", COMMAND_WITH_WORKERS, *FOREVER, f"tracking={tracking}"]
    with running(words, folder) as process:
        started = training(process, folder)
        workers = [each for each in started if is_worker(each)]
        others = [each for each in started if each not in workers]
        process.kill()
        assert ended(workers, 2)
        assert ended(others, 10), "the writing process says in the store what became of the runs"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "trouble"),
    [
        pytest.param(number, trouble, marks=[] if (number, trouble) in QUICK else pytest.mark.long)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        for trouble in ("stuck", "busy", "stop", "")
    ],
)
def test_a_signal_ends_a_launch_within_seconds_whatever_its_workers_do(number: signal.Signals, trouble: str, folder: Path) -> None:
    words = [sys.executable, "-c", COMMAND_WITH_WORKERS, *FOREVER, "tracking=none"]
    with running([*words, f"dataset.trouble={trouble}"] if trouble else words, folder) as process:
        if trouble:
            wait_for_workers(process)
            (folder / "flag").touch()
            time.sleep(4)
        started = family(process.pid) if trouble else training(process, folder)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=8)
        assert (process.returncode, stderr.strip().splitlines()[-1]) == (130, "regnet: interrupted")
        assert ended(started[1:], 1)


def wait_for_workers(process: subprocess.Popen[str]) -> None:
    """Waits until workers load what they need, before they ask for data."""
    end = time.monotonic() + 60
    while sum(map(is_worker, family(process.pid))) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
