"""Spark as the engine: a Thrift server computes, tables lie as Parquet in a folder both can reach.

Raw tables are partitioned by part and fingerprint, so the catalogue itself says what is there. All
that goes to Spark or comes back is Parquet files; only statements go through Thrift.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow import fs

from orchestration.core.environment import Environment
from orchestration.core.errors import ConfigError, ScorecardError
from orchestration.transform.engines import PART, Copy, Relation

FINGERPRINT = "_fingerprint"
# the part of a table that has no other; an empty text cannot name a folder
WHOLE = "all"
LAYERS = ("config", "staging", "intermediate", "marts")
# types of Spark by those of Arrow
TYPES = {
    "string": "string",
    "int32": "int",
    "int64": "bigint",
    "double": "double",
    "bool": "boolean",
    "date32[day]": "date",
    "timestamp[us, tz=UTC]": "timestamp",
}
SESSION = {
    "set:hiveconf:spark.sql.session.timeZone": "UTC",
    "set:hiveconf:spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}


def address() -> str:
    """Return host, port and folder in the usual notation."""
    read = Environment.read()
    required = {
        "SCORECARD_SPARK_HOST": read.spark_host,
        "SCORECARD_SPARK_FOLDER": read.spark_folder,
    }
    missing = [name for name, value in required.items() if not value]
    if missing:
        raise ConfigError(
            f"SCORECARD_TARGET is spark, but {', '.join(missing)} is not set. Say where the Thrift"
            " server is with SCORECARD_SPARK_HOST and SCORECARD_SPARK_PORT, and with"
            " SCORECARD_SPARK_FOLDER which folder both it and this machine can reach"
            " (docs/spark.md)."
        )
    return f"spark://{read.spark_host}:{read.spark_port} with {_folder_url()}"


def environment() -> Mapping[str, str]:
    """Return the folder in the form that Spark expects."""
    return {"SCORECARD_SPARK_FOLDER_URL": _folder_url()}


@contextmanager
def connect() -> Iterator[Spark]:
    """Connect, and check that the server and this process see the same folder.

    Raises:
        ConfigError: the packages or settings are missing, or the folder is not shared.
        ScorecardError: the server cannot be reached, or a statement failed.
    """
    where, read = address(), Environment.read()
    try:
        import dbt.adapters.spark  # noqa: F401
        from pyhive import hive
        from thrift.Thrift import TException
    except ImportError as error:
        raise ConfigError(
            f"SCORECARD_TARGET is spark, but {error.name} is not installed."
            " Run: .venv/bin/pip install '.[spark]'"
        ) from error
    try:
        connection = hive.connect(
            host=read.spark_host,
            port=read.spark_port,
            username=read.spark_user or "scorecard",
            password=read.spark_password.get_secret_value() or "none",
            auth="LDAP",
            configuration=SESSION,
        )
        try:
            engine = Spark(connection, _folder_url())
            engine.require_shared_folder()
            yield engine
        finally:
            connection.close()
    except (hive.Error, TException, OSError) as error:
        raise ScorecardError(
            f"{where}: {_first_line(error)}. Check that the Thrift server runs, the"
            " SCORECARD_SPARK_… variables and the rights in the folder, then run"
            " `scorecard refresh` again; nothing was published."
        ) from error


class Spark:
    """A session of the Thrift server, and the folder of the company."""

    def __init__(self, connection: Any, folder_url: str) -> None:
        """Wrap an open connection."""
        self.connection = connection
        self.folder_url = folder_url
        # Hadoop calls Amazon's store s3a, Arrow calls it s3
        self.files, self.folder = fs.FileSystem.from_uri(folder_url.replace("s3a://", "s3://", 1))

    def fetch(self, sql: str) -> list[tuple[Any, ...]]:
        """Run a statement; the rows of a query."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []
        finally:
            cursor.close()

    def require_shared_folder(self) -> None:
        """Raise a ConfigError unless Spark reads what is written here.

        Else it would find empty folders where raw tables should be, and compute zeros of them.
        """
        name, token = f"probe-{secrets.token_hex(8)}", secrets.token_hex(16)
        path = f"{self.folder}/{name}"
        self.files.create_dir(path)
        try:
            with self.files.open_output_stream(f"{path}/probe.txt") as file:
                file.write(token.encode())
            try:
                found = self.fetch(f"select value from text.`{self.folder_url}/{name}`")
            except Exception as error:
                raise self._not_shared(_first_line(error)) from error
        finally:
            self.files.delete_dir(path)
        if found != [(token,)]:
            raise self._not_shared("it found another file there")

    def _not_shared(self, why: str) -> ConfigError:
        return ConfigError(
            f"SCORECARD_SPARK_FOLDER: Spark cannot read what this machine writes to"
            f" {self.folder_url} ({why}). Use a folder or an object store that is mounted under"
            " the same name here, on the Thrift server and on every worker."
        )

    def copied(self) -> Mapping[Relation, Mapping[str, str]]:
        """Fingerprint by part of each raw table that the catalogue has."""
        found: dict[Relation, dict[str, str]] = defaultdict(dict)
        for schema in self._schemas():
            tables = [table for _, table, _ in self.fetch(f"show tables in {schema}")]
            self._sweep(schema, tables)
            for table in tables if schema.startswith("raw_") else ():
                for (partition,) in self.fetch(f"show partitions {schema}.{table}"):
                    part, fingerprint = (one.split("=", 1)[1] for one in partition.split("/"))
                    found[schema, table]["" if part == WHOLE else part] = fingerprint
        return found

    def _schemas(self) -> list[str]:
        """Return our schemas; none may lie in another company's folder."""
        ours = []
        for (schema,) in self.fetch("show schemas"):
            if schema in LAYERS or schema.startswith("raw_"):
                described = dict(self.fetch(f"describe schema {schema}"))
                place = described["Location"].replace("file:///", "file:/")
                if place != f"{self.folder_url}/{schema}".replace("file:///", "file:/"):
                    raise ConfigError(
                        f"SCORECARD_SPARK_FOLDER: the catalogue of this server has a schema"
                        f" '{schema}' already, in {described['Location']}. A company needs a"
                        f" catalogue of its own, in which all schemas lie in {self.folder_url}."
                    )
                ours.append(schema)
        return ours

    def _sweep(self, schema: str, tables: Sequence[str]) -> None:
        """Delete the files of a table whose creation was interrupted.

        Spark makes no table where files lie already.
        """
        inside = fs.FileSelector(f"{self.folder}/{schema}", allow_not_found=True)
        for found in self.files.get_file_info(inside):
            if found.type == fs.FileType.Directory and found.base_name not in tables:
                self.files.delete_dir(found.path)

    def replace(self, copy: Copy) -> None:
        """Write the parts as files, then exchange them in the catalogue.

        A part that was taken out and not yet put in again after a crash is seen as missing by
        `copied`, and copied once more before anything is built of it.
        """
        schema, name = copy.relation
        table = f"{schema}.{name}"
        columns = pa.schema([_utc(field) for field in copy.rows.schema if field.name != PART])
        if copy.is_whole:
            if (schema,) not in self.fetch(f"show schemas like '{schema}'"):
                self.fetch(f"create schema {schema} location {self._url(schema)}")
            self.fetch(f"drop table if exists {table}")
            self._delete(schema, name)
            described = ", ".join(f"{one.name} {TYPES[str(one.type)]}" for one in columns)
            self.fetch(
                f"create table {table} ({described}, {PART} string, {FINGERPRINT} string)"
                f" using parquet partitioned by ({PART}, {FINGERPRINT})"
            )
        self._write(f"{self.folder}/{schema}/{name}", copy, columns)
        parts = [*copy.fingerprints, *copy.gone]
        if not copy.is_whole:
            dropped = ", ".join(f"partition ({PART} = '{part or WHOLE}')" for part in parts)
            self.fetch(f"alter table {table} drop if exists {dropped}")
        added = " ".join(
            f"partition ({PART} = '{part or WHOLE}', {FINGERPRINT} = '{fingerprint}')"
            for part, fingerprint in copy.fingerprints.items()
        )
        if added:
            self.fetch(f"alter table {table} add {added}")

    def _write(self, path: str, copy: Copy, columns: pa.Schema) -> None:
        labels = pa.array([part or WHOLE for part in copy.fingerprints], pa.string())
        fingerprints = pa.array(copy.fingerprints.values(), pa.string())
        parts = pa.array(copy.fingerprints, pa.string())
        schema = columns.append(pa.field(PART, pa.string()))
        schema = schema.append(pa.field(FINGERPRINT, pa.string()))

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in copy.rows:
                place = pc.index_in(batch[PART], value_set=parts)
                yield pa.record_batch(
                    [
                        *(batch[field.name].cast(field.type) for field in columns),
                        labels.take(place),
                        fingerprints.take(place),
                    ],
                    schema=schema,
                )

        ds.write_dataset(
            batches(),
            path,
            schema=schema,
            filesystem=self.files,
            format="parquet",
            partitioning=ds.partitioning(
                pa.schema([schema.field(PART), schema.field(FINGERPRINT)]), flavor="hive"
            ),
            existing_data_behavior="delete_matching",
        )

    @contextmanager
    def read(self, relation: Relation, columns: Sequence[str]) -> Iterator[pa.RecordBatchReader]:
        """All rows of a table or view, during the block; all columns if none is named."""
        name = f"read-{secrets.token_hex(8)}"
        self.fetch(
            f"insert overwrite directory {self._url(name)} using parquet"
            f" select {', '.join(columns) or '*'} from {'.'.join(relation)}"
        )
        try:
            yield ds.dataset(f"{self.folder}/{name}", filesystem=self.files).scanner().to_reader()
        finally:
            self._delete(name)

    def _url(self, *names: str) -> str:
        return "'" + "/".join((self.folder_url, *names)).replace("'", "\\'") + "'"

    def _delete(self, *names: str) -> None:
        path = "/".join((self.folder, *names))
        if self.files.get_file_info(path).type != fs.FileType.NotFound:
            self.files.delete_dir(path)


def _folder_url() -> str:
    folder = Environment.read().spark_folder.rstrip("/")
    if folder.startswith("/"):
        return f"file://{folder}"
    if "://" not in folder:
        raise ConfigError(
            f"SCORECARD_SPARK_FOLDER: '{folder}' is neither an absolute path nor an address such"
            " as s3a://bucket/scorecard."
        )
    return folder


def _utc(field: pa.Field) -> pa.Field:
    """Mark timestamps as UTC, which they all are."""
    if pa.types.is_timestamp(field.type):
        return pa.field(field.name, pa.timestamp("us", "UTC"))
    return field


def _first_line(error: BaseException) -> str:
    """Return a server's message without Java's stack trace and the full stop."""
    status = getattr(error.args[0], "status", None) if error.args else None
    text = str(getattr(status, "errorMessage", None) or error).strip()
    return (text or type(error).__name__).splitlines()[0].rstrip(".")
