"""What holds for all models at once: names, layers, contracts, one SQL for all engines."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp

from orchestration.transform import dbt_runner
from tests.dbt.conftest import Company

Models = Mapping[str, Mapping[str, Any]]

PREFIXES = {
    "staging": r"stg_[a-z]+__",
    "intermediate": "int_",
    "marts": r"(dim|fct|scorecard|goal|lead|projection|leading|record|excluded)_",
}
# raw tables that a model beyond staging may read: reference tables and what we published ourselves
# need no staging, and the months that changed are for the one incremental model
RAW_BEYOND_STAGING = {"holidays", "time_zone_days", "scorecard_history", "_changed_months"}

# functions that DuckDB, Spark and PostgreSQL have in common, as sqlglot names them. Not least and
# greatest: they skip nulls, so what is not known becomes a figure. lower_of and higher_of keep it
FUNCTIONS = {
    "ABS", "AND", "AVG", "CASE", "CAST", "COALESCE", "COUNT", "DATEDIFF", "EXISTS", "EXP",
    "EXTRACT", "FLOOR", "IF", "LAG", "LEAD", "LN", "LOWER", "MAX", "MIN",
    "NULLIF", "OR", "PAD", "POWER", "RANK", "ROW_NUMBER", "SPLIT_PART", "SQRT", "SUBSTRING", "SUM",
    "TIMESTAMP_TRUNC", "TRIM", "UPPER", "VARIANCE",
    "NFC_NORMALIZE",  # by composed_text, which each engine has in its own words
}  # fmt: skip
# dbt.date_spine is written for each engine
SLIPS_OF_DATE_SPINE = {"function GENERATE_SERIES", "order by 1"}


def slips(sql: str) -> Iterator[str]:
    """What in a DuckDB query other engines do not know."""
    for node in sqlglot.parse_one(sql, read="duckdb").walk():
        if isinstance(node, exp.Qualify | exp.Pivot | exp.IntDiv | exp.TryCast):
            yield type(node).__name__
        elif isinstance(node, exp.Group) and node.args.get("all"):
            yield "group by all"
        elif isinstance(node, exp.Star) and any(
            node.args.get(key) for key in ("except_", "except", "replace", "rename")
        ):
            yield "columns left out of a star"
        elif isinstance(node, exp.Alias | exp.TableAlias) and len(node.alias_or_name) == 1:
            yield f"one-letter alias {node.alias_or_name}"
        elif isinstance(node, exp.Func):
            name = node.name if isinstance(node, exp.Anonymous) else node.sql_name()
            if name.upper() not in FUNCTIONS:
                yield f"function {name}"
    yield from _orders_without_nulls(sql)


def _orders_without_nulls(sql: str) -> Iterator[str]:
    for found in re.finditer(r"\border\s+by\b", sql):
        depth, keys = 0, [""]
        for character in sql[found.end() :]:
            depth += (character == "(") - (character == ")")
            if depth < 0:
                break
            if character == "," and depth == 0:
                keys.append("")
            else:
                keys[-1] += character
        yield from (f"order by {key.strip()}" for key in keys if " nulls " not in f" {key} ")


@pytest.mark.parametrize(
    "sql",
    [
        "select x from t qualify row_number() over (order by x asc nulls last) = 1",
        "select x, count(*) as rows from t group by all",
        "select * exclude (x) from t",
        "select * replace (1 as x) from t",
        "select median(x) as middle from t",
        "select arg_max(x, y) as top from t",
        "select try_cast(x as integer) as number from t",
        "select least(x, 1) as capped from t",
        "select greatest(x, 0) as positive from t",
        "select x // 2 as half from t",
        "select current_date as today",
        "select now() as moment",
        "select any_value(x) as one from t",
        "select string_agg(x, ',') as list from t",
        "select round(x, 2) as rounded from t",
        "select regexp_replace(x, 'a', 'b') as text from t",
        "select t.x from things as t",
        "select rank() over (order by x) as place from t",
        "select rank() over (partition by y order by x asc nulls last, z desc) as place from t",
    ],
)
def test_the_lint_finds_what_other_engines_do_not_know(sql: str) -> None:
    assert list(slips(sql))


def test_the_lint_lets_common_sql_pass() -> None:
    sql = "select rank() over (order by lower(x), y desc nulls last) as place from things"
    assert list(slips(sql.replace("lower(x)", "lower(x) asc nulls last"))) == []


def test_models_and_tests_are_written_in_the_sql_that_all_engines_share(
    built: Company, manifest: Mapping[str, Any]
) -> None:
    folder = dbt_runner.target_dir(built.settings) / "compiled" / "sales_scorecard"
    found = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] in ("model", "test"):
            file = Path(node["original_file_path"])
            # a test that a YAML file declares lies in a folder of that name
            file = file if file.suffix == ".sql" else file / node["path"]
            found[node["name"]] = set(slips((folder / file).read_text(encoding="utf-8")))
    found["int_days"] -= SLIPS_OF_DATE_SPINE
    assert {name: said for name, said in found.items() if said} == {}


def test_types_that_engines_call_by_other_names_come_from_macros(
    manifest: Mapping[str, Any],
) -> None:
    named = re.compile(r"\bas (varchar|text|string|double|float|real|numeric|decimal)\b(?!\()")
    ours = [
        node
        for node in [*manifest["nodes"].values(), *manifest["macros"].values()]
        if node["package_name"] == "sales_scorecard" and not node["name"].startswith("postgres__")
    ]
    assert named.search("cast(x as varchar)")
    assert not named.search("cast(x as numeric(28, 9))")
    assert [
        n["name"] for n in ours if named.search(n.get("raw_code") or n.get("macro_sql") or "")
    ] == ["with_double_literals"]  # PostgreSQL's own


def test_each_singular_test_says_what_should_hold_and_what_to_do(
    manifest: Mapping[str, Any],
) -> None:
    singular = {
        node["name"]: node["description"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and "test_metadata" not in node
    }
    assert singular
    assert {name for name, said in singular.items() if " If not, " not in f" {said}"} == set()


def test_no_model_or_macro_reads_the_clock(models: Models, manifest: Mapping[str, Any]) -> None:
    clock = re.compile(r"current_(date|time|timestamp)|\bnow\(|\btoday\(|run_started_at|localtime")
    ours = [
        node
        for node in [*manifest["nodes"].values(), *manifest["macros"].values()]
        if node["package_name"] == "sales_scorecard"
    ]
    assert ours
    assert [
        n["name"] for n in ours if clock.search(n.get("raw_code") or n.get("macro_sql") or "")
    ] == []


def test_a_quantile_stands_in_the_seed_of_constants(
    built: Company, manifest: Mapping[str, Any]
) -> None:
    path = built.settings.dbt_project_dir / "seeds/rules/constants.csv"
    with path.open(encoding="utf-8", newline="") as file:
        constants = {row["constant"]: row["value"] for row in csv.DictReader(file)}
    quantiles = {
        "proven_z": 0.975,
        "confidence_z": 0.975,
        "interval_z": (1 + float(constants["interval_ratio"])) / 2,
        "one_sided_interval_z": float(constants["interval_ratio"]),
        "plan_z": float(constants["plan_probability"]),
    }
    for constant, share in quantiles.items():
        value = constants[constant]
        digits = len(value.partition(".")[2])
        assert round(NormalDist().inv_cdf(share), digits) == float(value), constant
    beginnings = "|".join(re.escape(constants[constant][:4]) for constant in quantiles)
    number = re.compile(rf"(?<![\d.])(?:{beginnings})\d*(?:e0)?(?![\d.])")
    assert number.search("z_score >= 1.96")
    assert number.search("0.8416212336e0 as normal_quantile")
    comment = re.compile(r"\{#.*?#\}|--[^\n]*", re.S)
    code = {
        node["name"]: node.get("raw_code") or node.get("macro_sql") or ""
        for node in [*manifest["nodes"].values(), *manifest["macros"].values()]
        if node["package_name"] == "sales_scorecard" and node["resource_type"] != "seed"
    }
    assert [name for name, sql in code.items() if number.search(comment.sub("", sql))] == []


def test_a_name_says_the_layer(models: Models) -> None:
    for name, node in models.items():
        layer = Path(node["path"]).parts[0]
        assert re.match(PREFIXES[layer], name), name
        assert node["schema"] == layer


def test_only_staging_reads_raw_tables(models: Models) -> None:
    read = {
        (name, source.split(".")[-1])
        for name, node in models.items()
        if not name.startswith("stg_")
        for source in node["depends_on"]["nodes"]
        if source.startswith("source.")
    }
    assert {(name, table) for name, table in read if table not in RAW_BEYOND_STAGING} == set()
    assert {name for name, table in read if table == "_changed_months"} == {
        "int_activities__counted_daily"
    }


def test_a_layer_reads_only_the_layers_before_it(models: Models) -> None:
    layers = ["staging", "intermediate", "marts"]
    for name, node in models.items():
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("model."):
                other = models[parent.split(".")[-1]]["schema"]
                assert layers.index(other) <= layers.index(node["schema"]), (name, parent)


def test_every_model_says_what_a_row_is(models: Models) -> None:
    assert [n for n, node in models.items() if not node["description"].startswith("One row")] == []


def test_every_mart_has_an_enforced_contract_and_says_what_its_columns_are(models: Models) -> None:
    marts = [node for node in models.values() if node["schema"] == "marts"]
    assert marts
    for node in marts:
        assert node["config"]["contract"]["enforced"], node["name"]
        assert node["config"]["access"] == "public", node["name"]
        assert [c["name"] for c in node["columns"].values() if not c["description"]] == []


def test_every_mart_has_a_tested_key(models: Models, manifest: Mapping[str, Any]) -> None:
    tested = {
        node["attached_node"].split(".")[-1]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
        and (node.get("test_metadata") or {}).get("name") in ("unique", "unique_combination")
    }
    assert {n for n, node in models.items() if node["schema"] == "marts"} - tested == set()


# one step per model
LINES, STEPS, INPUTS = 180, 10, 5
CTE = re.compile(r"^(?:with )?([\w{} ]+?) as \(\n(.*?)^\)", re.M | re.S)
IMPORT = re.compile(
    r"\s*(?:select (?:\*|[\w,\s]+?) from )?\{\{ (?:ref|source|source_records)\([^)]*\) \}\}"
    r"(?:\s+where .*)?\s*",
    re.S,
)


def own_steps(sql: str) -> list[str]:
    """Names of the CTEs of a model that do more than read a table."""
    return [name for name, body in CTE.findall(sql) if not IMPORT.fullmatch(body)]


def test_a_step_is_told_from_an_import() -> None:
    sql = (
        "with reps as (\n    select * from {{ ref('reps') }}\n    where is_current\n),\n\n"
        "deals as (\n    {{ source_records('deals') }}\n),\n\n"
        "step_{{ number }} as (\n    select count(*) as deals\n    from deals\n)\n"
    )
    assert own_steps(sql) == ["step_{{ number }}"]


def test_a_model_does_one_step(models: Models) -> None:
    lines = {name: len(node["raw_code"].splitlines()) for name, node in models.items()}
    assert {name for name, count in lines.items() if count > LINES} == set()
    steps = {name: len(own_steps(node["raw_code"])) for name, node in models.items()}
    assert {name for name, count in steps.items() if count > STEPS} == set()


def test_a_unit_test_has_few_inputs(manifest: Mapping[str, Any]) -> None:
    wide = {
        test["model"] for test in manifest["unit_tests"].values() if len(test["given"]) > INPUTS
    }
    assert wide == set()


def descriptions(content: object) -> Iterator[str]:
    """Every description in a YAML file."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key == "description":
                yield value.strip()
            else:
                yield from descriptions(value)
    elif isinstance(content, list):
        for value in content:
            yield from descriptions(value)


def test_a_description_of_three_places_is_a_docs_block(built: Company) -> None:
    written = Counter(
        text
        for path in (built.settings.dbt_project_dir / "models").glob("**/*.yml")
        for text in descriptions(yaml.load(path.read_text("utf-8"), yaml.CSafeLoader))
        if not text.startswith("{{ doc(")
    )
    assert len(written) > 500
    assert [text for text, count in written.items() if count > 2 and len(text.split()) > 2] == []


def test_every_docs_block_is_used(built: Company) -> None:
    folder = built.settings.dbt_project_dir / "models"
    blocks = re.findall(r"{% docs (\w+) %}", (folder / "_columns.md").read_text(encoding="utf-8"))
    used = Counter(
        name
        for path in folder.glob("**/*.yml")
        for name in re.findall(r"doc\('(\w+)'\)", path.read_text(encoding="utf-8"))
    )
    assert {name for name in blocks if used[name] < 3} == set()


# versions of a macro for an engine are described where the macro is
OF_AN_ENGINE = re.compile(r"(default|postgres|spark)__|materialization_|test_")
SIGNATURE = re.compile(r"macro \w+\(([^)]*)\)")


def test_every_macro_says_what_it_does_and_what_it_takes(manifest: Mapping[str, Any]) -> None:
    ours = [
        macro
        for macro in manifest["macros"].values()
        if macro["package_name"] == "sales_scorecard" and not OF_AN_ENGINE.match(macro["name"])
    ]
    assert len(ours) > 40
    for macro in ours:
        assert macro["description"], macro["name"]
        found = SIGNATURE.search(macro["macro_sql"])
        assert found, macro["name"]
        names = [name.partition("=")[0].strip() for name in found[1].split(",") if name.strip()]
        described = [argument["name"] for argument in macro["arguments"] if argument["description"]]
        assert described == names, macro["name"]


# a test of many models reads it
READ_BY_TESTS = {"int_crm__opportunities"}


def test_what_only_its_own_subject_reads_is_private(models: Models) -> None:
    readers: dict[str, set[str | None]] = {name: set() for name in models}
    for node in models.values():
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("model."):
                readers[parent.split(".")[-1]].add(node["config"]["group"])
    kept = {
        name
        for name, groups in readers.items()
        if (group := models[name]["config"]["group"]) and groups == {group}
    }
    private = {name for name, node in models.items() if node["config"]["access"] == "private"}
    assert len(private) > 20
    assert kept - READ_BY_TESTS == private
