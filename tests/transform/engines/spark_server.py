"""Spark on this machine, from the PyPI package: a Thrift server alone or on a standalone cluster.

Everything listens on the loopback address only and is stopped by its process id.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
# short runs are done before the second compiler of Java has paid for itself
JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
SMALL_DATA = {
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.optimizer.expressionProjectionCandidateLimit": "1",
    "spark.ui.enabled": "false",
}


def has_java() -> bool:
    """Whether Spark can run here."""
    return shutil.which("java") is not None


# and compiling each query costs a small company more than it saves; the cluster does it
INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


@dataclass
class Spark:
    """A Thrift server, whose catalogue and tables outlive it in its folder."""

    folder: Path
    port: int
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    master_url: str = ""
    ui_url: str = ""

    def variables(self) -> Mapping[str, str]:
        """What a user would put into the environment."""
        return {
            "SCORECARD_SPARK_HOST": HOST,
            "SCORECARD_SPARK_PORT": str(self.port),
            "SCORECARD_SPARK_FOLDER": str(self.folder / "tables"),
        }

    def kill(self, name: str) -> None:
        """End a process as a machine that loses power."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=30)

    def workers(self) -> list[dict[str, Any]]:
        """What the master knows of its workers; nothing while its pages are not there yet."""
        try:
            found: list[dict[str, Any]] = _json(f"{self.master_url}/json/")["workers"]
        except urllib.error.HTTPError:
            return []
        return found

    def tasks(self) -> dict[str, int]:
        """Tasks that each executor has completed, by its id."""
        (application,) = _json(f"{self.ui_url}/api/v1/applications")
        executors = _json(f"{self.ui_url}/api/v1/applications/{application['id']}/allexecutors")
        return {one["id"]: one["completedTasks"] for one in executors if one["id"] != "driver"}

    def processor_seconds(self) -> tuple[float, float]:
        """What the server, and all other living processes, have used of the processors."""
        ticks = {True: 0, False: 0}
        for path, group in self._living():
            with suppress(OSError):
                fields = (path / "stat").read_text().rpartition(")")[2].split()
                # its own, and its ended children's
                ticks[group == "server"] += sum(map(int, fields[11:15]))
        return ticks[True] / TICKS_PER_SECOND, ticks[False] / TICKS_PER_SECOND

    def peaks(self) -> tuple[int, int]:
        """Bytes of memory that the server, and the largest other process, held at most."""
        peaks = {True: 0, False: 0}
        for path, group in self._living():
            with suppress(OSError):
                for line in (path / "status").read_text().splitlines():
                    if line.startswith("VmHWM:"):  # one that has just ended has none
                        peak = 1024 * int(line.split()[1])
                        peaks[group == "server"] = max(peaks[group == "server"], peak)
        return peaks[True], peaks[False]

    def _living(self) -> Iterator[tuple[Path, str]]:
        """Each living process, and whose group it is in; executors are in that of their worker."""
        names = {str(process.pid): name for name, process in self.processes.items()}
        for path in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                group = (path / "stat").read_text().rpartition(")")[2].split()[2]
                if group in names:
                    yield path, names[group]

    def run(self, name: str, *command: str, **variables: str) -> None:
        """Start a process of Spark in a group of its own."""
        spec = find_spec("pyspark")
        assert spec is not None
        assert spec.origin is not None
        home = Path(spec.origin).parent
        conf = self.folder / "conf"
        conf.mkdir(parents=True, exist_ok=True)
        (conf / "log4j2.properties").write_text(LOGGING)
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(home / "bin" / command[0]), *command[1:]],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd=self.folder,
                start_new_session=True,
                env={
                    **os.environ,
                    "SPARK_HOME": str(home),
                    "SPARK_CONF_DIR": str(conf),
                    "SPARK_LOCAL_IP": HOST,
                    "SPARK_DAEMON_JAVA_OPTS": JAVA,
                    "SPARK_DAEMON_MEMORY": "512m",
                    **variables,
                },
            )

    def start_server(self, master: str, settings: Mapping[str, str]) -> None:
        """Start the Thrift server and wait until it answers."""
        conf = {
            "spark.driver.bindAddress": HOST,
            "spark.driver.host": HOST,
            "spark.driver.extraJavaOptions": JAVA,
            "spark.executor.extraJavaOptions": JAVA,
            "spark.executor.memory": "1g",
            "spark.sql.warehouse.dir": str(self.folder / "warehouse"),
            "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:;databaseName="
            f"{self.folder / 'catalogue'};create=true",
            "spark.hadoop.hive.server2.thrift.bind.host": HOST,
            "spark.hadoop.hive.server2.thrift.port": str(self.port),
            **settings,
        }
        (self.folder / "tables").mkdir(parents=True, exist_ok=True)
        self.run(
            "server", "spark-submit", "--master", master, "--driver-memory", "2g",
            *(part for name, value in conf.items() for part in ("--conf", f"{name}={value}")),
            "--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2", "spark-internal",
        )  # fmt: skip
        self.wait_for("server", lambda: _listens(self.port))

    def start_local(self) -> None:
        """Start the server as the only process."""
        self.start_server("local[2]", {**SMALL_DATA, **INTERPRETED})

    def wait_for(self, name: str, is_ready: Any) -> None:
        """Wait until a process is ready, or show what it said."""
        for _ in range(600):
            if is_ready():
                return
            if self.processes[name].poll() is not None:
                break
            time.sleep(0.5)
        said = (self.folder / f"{name}.log").read_text(errors="replace")
        raise RuntimeError(f"Spark's {name} did not start:\n{said[-4000:]}")

    def stop(self, names: Sequence[str] = ()) -> None:
        """Stop some or all processes, the server first."""
        for name in names or sorted(self.processes, key=lambda one: one != "server"):
            process = self.processes.pop(name)
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(timeout=10)


@contextmanager
def local(folder: Path) -> Iterator[Spark]:
    """One process that is server and worker, with two cores."""
    spark = Spark(folder, _free_port())
    try:
        spark.start_local()
        yield spark
    finally:
        spark.stop()


@contextmanager
def cluster(folder: Path, workers: int = 2, **settings: str) -> Iterator[Spark]:
    """A master, workers of one core each, and a Thrift server that uses all of them."""
    spark = Spark(folder, _free_port())
    folder.mkdir(parents=True, exist_ok=True)
    port, web_port, ui_port = _free_port(), _free_port(), _free_port()
    spark.master_url = f"http://{HOST}:{web_port}"
    spark.ui_url = f"http://{HOST}:{ui_port}"
    deploy = "org.apache.spark.deploy"
    try:
        spark.run(
            "master", "spark-class", f"{deploy}.master.Master", "--host", HOST,
            "--port", str(port), "--webui-port", str(web_port),
        )  # fmt: skip
        spark.wait_for("master", lambda: _listens(web_port))
        for number in range(1, workers + 1):
            spark.run(
                f"worker{number}", "spark-class", f"{deploy}.worker.Worker", "--host", HOST,
                "--cores", "1", "--memory", "1g", "--webui-port", "0",
                "--work-dir", str(folder / f"work{number}"), f"spark://{HOST}:{port}",
            )  # fmt: skip
        spark.wait_for(
            "master", lambda: [one["state"] for one in spark.workers()] == ["ALIVE"] * workers
        )
        ui = {"spark.ui.enabled": "true", "spark.ui.port": str(ui_port)}
        spark.start_server(f"spark://{HOST}:{port}", {**SMALL_DATA, **ui, **settings})
        yield spark
    finally:
        spark.stop()


def _json(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.load(response)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


LOGGING = """
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex{5}
"""
