"""Batches on real workers, which are killed and interrupted for real; the step is a fake."""

import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from jwst_denoise import batch
from jwst_denoise.batch import cluster, manifest, output
from jwst_denoise.commands.main import main
from jwst_denoise.extras import install_command

STEP = "fakes.FakeStep"


@pytest.fixture(scope="module")
def address(fakes):
    """Scheduler of two workers that all tests share."""
    with cluster.local(2, "1GB") as client:
        yield client.scheduler.address


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def run(files, out, recipe=STEP, **options):
    """File name → record."""
    records = list(batch.run_batch(recipe, files, out, **options))
    assert len(records) == len({record.file for record in records})
    return {os.path.basename(record.file): record for record in records}


def statuses(records):
    return [records[name].status for name in sorted(records)]


def assert_tidy(out):
    """Nothing is left but products, logs and the manifest."""
    assert not [path.name for path in out.iterdir() if path.name.startswith(".")]


def test_products_logs_and_manifest(scripts, out, address):
    records = run(scripts, out, scheduler=address)
    assert statuses(records) == ["done"] * 4
    for number in range(4):
        assert (out / f"p{number}.out").read_text().strip() == f"text {number}"
        assert "FakeStep done" in (out / f"e{number}.log").read_text()
    assert all(record.seconds > 0 and record.peak > 1e7 and record.attempts == 1 for record in records.values())
    assert len((out / manifest.NAME).read_text().splitlines()) == 4
    assert_tidy(out)


def test_only_what_changed_is_done_again(scripts, out, address, write):
    run(scripts, out, scheduler=address)
    assert statuses(run(scripts, out)) == ["done before"] * 4  # without any cluster
    scripts[1].write_text("write p1.out new")
    (out / "p2.out").write_text("cut")
    more = [*scripts, write("e4.txt", "write p4.out")]
    records = run(more, out, scheduler=address)
    assert statuses(records) == ["done before", "done", "done", "done before", "done"]
    assert (out / "p1.out").read_text().strip() == "new"
    changed = batch.Recipe.of(STEP, {"word": "more"})
    assert statuses(run(more, out, changed, scheduler=address)) == ["done"] * 5
    assert (out / "p1.out").read_text() == "new more"
    assert statuses(run(more[:1], out, changed, fresh=True, scheduler=address)) == ["done"]


def test_failures_are_reported_and_the_others_done(scripts, out, address, write):
    bad = [
        write("f0.txt", "write f0.out", "fail value no such filter"),
        write("f1.txt", "fail other strange"),
        write("f2.txt", "exit"),
        write("f3.txt"),
        write("f4.txt", "write p0.out mine"),
    ]
    records = run([*scripts, *bad], out, scheduler=address)
    assert sorted(statuses(records)) == ["done"] * 4 + ["failed"] * 5
    assert (records["f0.txt"].error, records["f0.txt"].attempts) == ("no such filter", 1)
    assert (records["f1.txt"].error, records["f1.txt"].attempts) == ("RuntimeError: strange", 2)
    assert records["f2.txt"].error == "the pipeline exited: 3"
    assert records["f3.txt"].error == "no product was written; see f3.log"
    assert "too" in (records["f4.txt"].error or records["e0.txt"].error)
    assert not (out / "f0.out").exists()
    assert "no such filter" in (out / "f0.log").read_text()


def test_product_never_replaces_an_input(write, tmp_path, address):
    script = write("e.txt", "write e.txt gone")
    record = run([script], tmp_path, scheduler=address)["e.txt"]
    assert "would replace an input" in record.error
    assert script.read_text() == "write e.txt gone"


def test_failure_is_tried_again(write, out, address):
    script = write("e.txt", "fail_once", "write p.out")
    record = run([script], out, scheduler=address)["e.txt"]
    assert (record.status, record.attempts) == ("done", 2)
    script.with_suffix(".tried").unlink()
    assert run([script], out, fresh=True, retries=0, scheduler=address)["e.txt"].status == "failed"


def test_environment_reaches_the_workers(write, out, address, monkeypatch):
    monkeypatch.setenv("CRDS_CONTEXT", "jwst_0042.pmap")
    run([write("e.txt", "environment p.out CRDS_CONTEXT")], out, scheduler=address)
    assert (out / "p.out").read_text().strip() == "jwst_0042.pmap"


@pytest.mark.slow
def test_killed_workers_lose_nothing(scripts, write, out, monkeypatch):
    for name in cluster._THREADS:
        monkeypatch.delenv(name, raising=False)
    dying = write("d.txt", "write half.out half", "die_once", "write whole.out whole")
    dead = write("x.txt", "write x.out half", "die")
    greedy = write("m.txt", "eat 3000", "write m.out")
    threaded = write("t.txt", "threads t.out")
    records = run([*scripts, dying, dead, greedy, threaded], out, workers=2, memory="1GB")
    assert statuses(records) == ["done", *["done"] * 4, "failed", "done", "failed"]
    assert records["m.txt"].error.startswith("worker died 2 times, possibly out of memory")
    assert records["x.txt"].error.startswith("worker died 2 times")
    assert (records["d.txt"].attempts, records["x.txt"].attempts, records["e0.txt"].attempts) == (2, 2, 1)
    assert "FakeStep running" in (out / "x.log").read_text()
    assert (out / "half.out").exists() and (out / "whole.out").exists() and not (out / "x.out").exists()
    threads = max(1, cluster.cores() // 2)
    assert (out / "t.out").read_text().split() == [str(threads)] * 2
    assert not set(cluster._THREADS) & set(os.environ)
    assert_tidy(out)


@pytest.mark.slow
def test_worker_that_does_not_come_back_is_replaced(write, out, monkeypatch):
    """Dask gives up a worker that dies before its start is over, or that needs too long to start again."""
    from distributed import Status

    monkeypatch.setattr(cluster, "_LOST", "100ms")
    monkeypatch.setattr(cluster, "_WATCH", 100)

    def kill(client, tasks):
        (nanny,) = client.cluster.workers.values()
        nanny.status = Status.starting
        os.kill(nanny.pid, 9)

    records = list(batch.run_batch(STEP, [write("e.txt", "write p.out")], out, workers=1, started=kill))
    assert [record.status for record in records] == ["done"]


@pytest.mark.slow
def test_real_step_is_as_in_a_serial_run(tmp_path, out, address):
    exposures = pytest.importorskip("jwst_denoise_benchmarks.batches.exposures", reason="needs the benchmarks")

    files = exposures.write_rates(tmp_path / "rates", 2, "SUB64P")
    exposures.serial_job("nsclean", [str(file) for file in files], str(tmp_path / "serial"))()
    records = run(files, out, "nsclean", scheduler=address)
    assert statuses(records) == ["done"] * 2
    products = [next(iter(records[file.name].products)) for file in files]
    assert all(exposures.is_identical(tmp_path / "serial" / product, out / product) for product in products)
    assert not exposures.is_identical(*(out / product for product in products))


def command(files, out, *options):
    arguments = ["batch", STEP, *map(str, files), "--output", str(out), "--workers", "2", "--memory", "1GB", *options]
    return [sys.executable, "-m", "jwst_denoise.commands.main", *arguments]


def heed_interrupts():
    """As in a terminal: a shell has programs in the background ignore SIGINT, and theirs do, too."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "status"), [(2, 130), (9, -9)])
def test_interrupted_batch_goes_on(write, out, address, number, status):
    """SIGINT as the terminal sends it, and SIGKILL, to the whole process group."""
    files = [write(f"e{i}.txt", f"write p{i}.out whole", "sleep 1") for i in range(6)]
    process = subprocess.Popen(
        command(files, out), start_new_session=True, stderr=subprocess.PIPE, text=True, preexec_fn=heed_interrupts
    )
    path = out / manifest.NAME
    deadline = time.monotonic() + 120
    while not path.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, number)
    _, stderr = process.communicate(timeout=90)
    assert process.returncode == status
    done = len(path.read_text().splitlines())
    assert 1 <= done < 6
    assert len(list(out.glob("*.out"))) in (done, done + 1)
    if number == 2:
        assert stderr.rstrip().endswith("Interrupted; repeat the command to continue.")
        assert "Traceback" not in stderr
        assert_tidy(out)
    for file in files:
        file.write_text(file.read_text())  # other times, the same content
    records = run(files, out, scheduler=address)
    assert statuses(records).count("done before") == done
    assert statuses(records).count("done") == 6 - done
    assert_tidy(out)


def test_command_without_any_failure(scripts, out, address):
    result = CliRunner().invoke(main, ["batch", STEP, *map(str, scripts), "--output", str(out), "--scheduler", address])
    assert result.exit_code == 0, result.output
    assert "4 done" in result.stdout and "p3.out" in result.stdout
    assert "dashboard: http" in result.stderr


def test_command_with_a_failure(scripts, write, out, address):
    bad = write("f.txt", "fail value no such [filter]")
    arguments = ["batch", STEP, *map(str, scripts), str(bad), "--output", str(out), "--scheduler", address]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"Error: 1 of 5 exposures failed; their logs are in {out}"
    assert "4 done, 1 failed" in result.stdout and "no such [filter]" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nscln", "{file}"], "did you mean 'nsclean'"),
        (["nsclean", "none_*.fits"], "no file none_*.fits"),
        (["nsclean", "{file}", "--set", "method"], "KEY=VALUE"),
        (["nsclean", "{file}", "--set", "n_sigma=x"], "'n_sigma': the value"),
        (["nsclean", "{file}", "--scheduler", "tcp://a:1", "--workers", "2"], "apply to a new cluster"),
        (["fakes.FakeStep", "{file}", "--scheduler", "nonsense://127.0.0.1:9"], "no Dask scheduler at nonsense://"),
        (["fakes.FakeStep", "{file}", "--memory", "lots"], "lots"),
    ],
)
def test_bad_input_is_one_line(arguments, text, scripts, out):
    arguments = [argument.format(file=scripts[0]) for argument in arguments]
    result = CliRunner().invoke(main, ["batch", *arguments, "--output", str(out)])
    assert result.exit_code != 0
    assert text in result.stderr.splitlines()[-1]
    assert not list(out.glob("*")) if out.exists() else True


def test_two_batches_on_one_directory(scripts, out):
    with output.opened(out):
        result = CliRunner().invoke(main, ["batch", STEP, str(scripts[0]), "--output", str(out)])
    assert result.exit_code == 1
    assert f"{out} is in use by another batch (process {os.getpid()}" in result.stderr.splitlines()[-1]


def test_missing_dask_is_reported(scripts, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = CliRunner().invoke(main, ["batch", STEP, str(scripts[0])])
    assert result.stderr == f"Error: batches need Dask: {install_command('batch')}\n"


@pytest.mark.slow
def test_cluster_started_elsewhere(scripts, out, tmp_path):
    """A separate scheduler and worker, as on a cluster, with a scheduler file."""
    file = tmp_path / "scheduler.json"
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    name = ["--scheduler-file", str(file)]
    scheduler = ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", *name]
    worker = ["dask_worker", "--no-nanny", "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", *name]
    started = [
        subprocess.Popen([sys.executable, "-m", f"distributed.cli.{program}", *arguments], **options)
        for program, *arguments in (scheduler, worker)
    ]
    try:
        while not file.exists():
            time.sleep(0.05)
        records = run(scripts, out, scheduler=str(file))
    finally:
        for process in started:
            process.terminate()
            process.wait(timeout=20)
    assert statuses(records) == ["done"] * 4
    assert {record.process for record in records.values()} == {started[1].pid}
