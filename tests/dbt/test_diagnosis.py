"""The split of a gap is that of Shapley: checked against its definition, over all orders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from math import prod

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dbt.conftest import Company

Split = Callable[[Sequence[float], Sequence[float]], list[float]]

FACTORS = 5
# volumes, rates and amounts of very different size, zero among them
SIZES = st.one_of(st.just(0.0), st.floats(min_value=1e-3, max_value=1e6))


@pytest.fixture(scope="module")
def split(built: Company) -> Split:
    """What each factor contributes, by the macro, to a chain of up to five factors."""
    actuals = [f"actual_{number}" for number in range(FACTORS)]
    references = [f"reference_{number}" for number in range(FACTORS)]
    calls = ", ".join(
        f"{{{{ shapley_contribution({actuals}, {references}, {number}) }}}}"
        for number in range(FACTORS)
    )
    result = built.dbt("compile", "--inline", f"select {calls} from chain")
    code = result.result.results[0].node.compiled_code
    columns = ", ".join(f"?::double as {name}" for name in [*actuals, *references])
    connection = duckdb.connect()

    def run(actual: Sequence[float], reference: Sequence[float]) -> list[float]:
        ones = [1.0] * (FACTORS - len(actual))
        rows = connection.execute(
            f"with chain as (select {columns}) {code}", [*actual, *ones, *reference, *ones]
        ).fetchall()
        return list(rows[0][: len(actual)])

    return run


def over_all_orders(actual: Sequence[float], reference: Sequence[float]) -> list[float]:
    """The mean, over all orders, of what the product gains when a factor becomes actual."""
    orders = list(permutations(range(len(actual))))
    shares = [0.0] * len(actual)
    for order in orders:
        values = list(reference)
        for number in order:
            before = prod(values)
            values[number] = actual[number]
            shares[number] += (prod(values) - before) / len(orders)
    return shares


def test_two_factors_split_as_by_hand(split: Split) -> None:
    # 60 of 100 dials, 0.25 of 0.20: -40 x 0.225 and 0.05 x 80
    assert split([60, 0.25], [100, 0.20]) == pytest.approx([-9, 4])


def test_three_factors_split_as_by_hand(split: Split) -> None:
    # 6 orders of 25 x 0.16 x 50 against 20 x 0.25 x 100
    assert split([25, 0.16, 50], [20, 0.25, 100]) == pytest.approx([78.75, -150, -228.75])


def test_a_factor_as_expected_contributes_nothing(split: Split) -> None:
    assert split([20, 0.25, 50], [20, 0.25, 100]) == pytest.approx([0, 0, -250])


def test_the_factors_of_a_rep_and_period_split_their_own_gap(
    run_model: Callable[..., list[tuple[object, ...]]],
) -> None:
    """60 of 100 dials and 0.25 of 0.20; another rep did what the funnel asks, half of the goal."""
    factors = """
        select rep_id, 'month' as period_type, date '2026-11-01' as period_start, factor_order,
            cast(actual as double) as factor_actual, cast(reference as double) as factor_reference,
            'AE' as role, 'dials' as step_metric_id, cast(null as double) as sizes,
            cast(null as double) as scored_actual, cast(null as double) as scored_expected
        from (
            values ('caller', 1, 60, 100), ('caller', 2, 0.25, 0.2),
                ('overstretched', 1, 1000, 1000), ('overstretched', 2, 1, 2)
        ) as factors (rep_id, factor_order, actual, reference)
    """
    dispersions = """
        select 'dials' as metric_id, 'AE' as role, false as is_organisation, 1.0 as dispersion
    """
    constants = "select 1.96 as proven_z, 5 as min_information"
    question = "select contribution, least_contribution from answer order by rep_id, factor_order"
    rows = run_model(
        "int_factors__tested", question, int_factors__ordered=factors,
        int_dispersions=dispersions, int_constants=constants,
    )  # fmt: skip
    assert [row[0] for row in rows] == pytest.approx([-9, 4, 0, -1000])
    assert [row[1] for row in rows] == pytest.approx([-9, -9, -1000, -1000])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(SIZES, SIZES), min_size=1, max_size=FACTORS), st.randoms())
def test_any_split_sums_to_the_gap_and_does_not_depend_on_the_order(
    split: Split, chain: list[tuple[float, float]], random: st.DataObject
) -> None:
    actual, reference = ([pair[side] for pair in chain] for side in (0, 1))
    scale = max(prod(max(pair) for pair in chain), 1e-30)
    shares = split(actual, reference)
    assert sum(shares) == pytest.approx(prod(actual) - prod(reference), abs=1e-12 * scale)
    assert shares == pytest.approx(over_all_orders(actual, reference), abs=1e-12 * scale)
    order = list(range(len(chain)))
    random.shuffle(order)
    shuffled = split([actual[i] for i in order], [reference[i] for i in order])
    assert shuffled == pytest.approx([shares[i] for i in order], abs=1e-12 * scale)
