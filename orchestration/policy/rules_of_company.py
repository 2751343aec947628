"""Rules about the company: settings, calendars, currencies, and what leads are known by."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from zoneinfo import ZoneInfo

from orchestration.policy.cells import MAX_LISTED, is_currency, is_list, parse_integer, parse_number
from orchestration.policy.declared import Setting, company_settings
from orchestration.policy.reading import Policy, PolicyProblem, PolicyRow

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

NUMBER_ATTRIBUTES = ("employee_count", "annual_revenue")

NUMBER_OPERATORS = (">=", "<")

TEXT_OPERATORS = ("=", "in", "contains")


def check_calendars(policy: Policy) -> Iterator[PolicyProblem]:
    """A calendar has working days and a country that the holidays package knows."""
    # imported here: the package takes a moment and only this check needs it
    import holidays

    for row in policy.rows("calendars"):
        if not re.fullmatch(r"[01]{7}", row["working_weekdays"]):
            yield policy.error(
                "calendars",
                row,
                "working_weekdays",
                f"working_weekdays '{row['working_weekdays']}' is not seven digits 0 or 1",
                "write Monday to Sunday, for example 1111100 (a spreadsheet drops leading "
                "zeros: format the column as text)",
            )
        elif row["working_weekdays"] == "0000000":
            yield policy.error(
                "calendars",
                row,
                "working_weekdays",
                f"calendar '{row['calendar']}' has no working day",
                "write Monday to Sunday, for example 1111100",
            )
        country, subdivision = row["country"], row["subdivision"]
        if subdivision and not country:
            yield policy.error(
                "calendars",
                row,
                "subdivision",
                f"subdivision '{subdivision}' has no country",
                "fill in the country, for example US",
            )
        if not country:
            continue
        try:
            holidays.country_holidays(country)
        except NotImplementedError:
            yield policy.error(
                "calendars",
                row,
                "country",
                f"country '{country}' is not known to the holidays package",
                "use the two letters of ISO 3166, for example US, GB, DE; or leave it empty and "
                "list the days in custom_holidays.csv",
            )
            continue
        try:
            holidays.country_holidays(country, subdiv=subdivision or None)
        except NotImplementedError:
            yield policy.error(
                "calendars",
                row,
                "subdivision",
                f"subdivision '{subdivision}' of {country} is not known to the holidays package",
                "use the ISO 3166-2 code without the country, for example CA for US-CA; or leave "
                "it empty",
            )


def _is_time_zone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):  # not found, not a key, a folder of the database
        return False
    return True


def _in_words(setting: Setting) -> str:
    """What a setting must be, for a message."""
    if setting.type in _FORMS:
        return _FORMS[setting.type][1]
    kind = "a whole number" if setting.type == "integer" else "a number"
    of = f" of {setting.unit}" if setting.unit else ""
    low, high = setting.minimum, setting.maximum
    if low is not None and high is not None:
        return f"{kind}{of} from {low:g} to {high:g}"
    return f"{kind}{of}" + (f", {low:g} or more" if low is not None else "")


def is_valid_setting(setting: Setting, text: str) -> bool:
    """Whether a value has the form and lies within the edges of its setting."""
    if setting.type in _FORMS:
        return _FORMS[setting.type][0](text)
    number = parse_integer(text) if setting.type == "integer" else parse_number(text)
    low, high = setting.minimum, setting.maximum
    return (
        number is not None and (low is None or low <= number) and (high is None or number <= high)
    )


# types of settings that are not numbers: the test, and its description
_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "text": (bool, "a text"),
    "time_zone": (_is_time_zone, "an IANA time zone, for example Europe/Berlin"),
    "currency": (is_currency, "three capital letters, for example USD"),
    "weekday": (lambda text: text in WEEKDAYS, f"one of: {', '.join(WEEKDAYS)}"),
    "calendar": (bool, "a calendar of calendars.csv"),
    "list": (is_list, f"up to {MAX_LISTED} values, separated by |"),
}


# of earlier versions: gaps in the capture follow from the records alone
RETIRED_SETTINGS = ("signal_capture_days", "signal_baseline_days")


def check_company_settings(policy: Policy) -> Iterator[PolicyProblem]:
    """Each setting is known and valid, and those that are required are there."""
    seed, declared = "company_settings", company_settings()
    calendars = policy.values("calendars", "calendar")
    for row in policy.rows(seed):
        name, value = row["setting"], row["value"]
        if name in RETIRED_SETTINGS:
            yield PolicyProblem(
                "warn",
                policy.file(seed),
                row.line,
                "setting",
                name,
                f"setting '{name}' is no longer used",
                "remove the line",
            )
        elif name not in declared:
            yield policy.error(
                seed,
                row,
                "setting",
                f"setting '{name}' is not known",
                f"use one of: {', '.join(declared)}",
            )
        elif not is_valid_setting(declared[name], value):
            yield policy.error(
                seed,
                row,
                "value",
                f"{name} '{value}' is not valid",
                f"write {_in_words(declared[name])}",
            )
        elif declared[name].type == "calendar" and value not in calendars:
            yield policy.error(
                seed,
                row,
                "value",
                f"{name} '{value}' is not in calendars.csv",
                f"add it there, or use one of: {', '.join(sorted(calendars))}",
            )
    given = policy.values(seed, "setting")
    for setting in declared.values():
        if setting.is_required and setting.name not in given:
            yield PolicyProblem(
                "error",
                policy.file(seed),
                None,
                "setting",
                setting.name,
                f"setting '{setting.name}' is missing",
                f"add the line {setting.name},<value>: {_in_words(setting)}",
            )


def check_exchange_rates(policy: Policy) -> Iterator[PolicyProblem]:
    """Currencies are codes, and that of the company has the rate 1."""
    for row in policy.rows("exchange_rates"):
        if row["currency"].strip() and not is_currency(row["currency"].strip()):
            yield policy.error(
                "exchange_rates",
                row,
                "currency",
                f"currency '{row['currency']}' is not three capital letters",
                "write its ISO 4217 code, for example EUR",
            )
    currency = next(
        (row for row in policy.rows("company_settings") if row["setting"] == "currency"), None
    )
    if currency is None:
        return
    rates = [row for row in policy.rows("exchange_rates") if row["currency"] == currency["value"]]
    if not rates:
        yield policy.error(
            "company_settings",
            currency,
            "value",
            f"currency '{currency['value']}' has no rate in exchange_rates.csv",
            f"add the line {currency['value']},1900-01-01,1",
        )
    for row in rates:
        rate = parse_number(row["rate"])
        if rate is not None and rate > 0 and rate != 1:
            yield policy.error(
                "exchange_rates",
                row,
                "rate",
                f"rate '{row['rate']}' of the company's own currency {row['currency']} is not 1",
                "write 1: a rate is the value of one unit in the company's currency",
            )


def check_lead_rules(policy: Policy) -> Iterator[PolicyProblem]:
    """An operator fits its attribute, and a value its operator."""
    for seed in ("icp_rules", "lead_score_rules"):
        for row in policy.rows(seed):
            for column, message, remedy in _lead_rule_problems(row):
                yield policy.error(seed, row, column, message, remedy)
    edges = {
        row["setting"]: (edge, row)
        for row in policy.rows("company_settings")
        if row["setting"] in ("icp_good_points", "icp_fair_points")
        and (edge := parse_number(row["value"])) is not None
    }
    if len(edges) == 1:
        (name, (_, row)) = next(iter(edges.items()))
        other = "icp_fair_points" if name == "icp_good_points" else "icp_good_points"
        yield policy.error(
            "company_settings",
            row,
            "setting",
            f"{name} is set and {other} is not",
            f"add the line {other},<points>: an account fits well from the one, fairly from the "
            "other on",
        )
    elif edges and edges["icp_good_points"][0] <= edges["icp_fair_points"][0]:
        yield policy.error(
            "company_settings",
            edges["icp_good_points"][1],
            "value",
            f"icp_good_points '{edges['icp_good_points'][1]['value']}' is not above "
            f"icp_fair_points '{edges['icp_fair_points'][1]['value']}'",
            "a good fit asks for more points than a fair one",
        )


def _lead_rule_problems(row: PolicyRow) -> Iterator[tuple[str, str, str]]:
    """What is wrong with one rule: (column, message, remedy)."""
    attribute, operator, value = row["attribute"], row["operator"], row["value"]
    if operator not in (*TEXT_OPERATORS, *NUMBER_OPERATORS, "is_blank"):
        return  # reported as an unknown value
    if operator == "is_blank":
        if value:
            yield "value", f"value '{value}' is not for operator is_blank", "leave it empty"
    elif operator in NUMBER_OPERATORS and attribute not in NUMBER_ATTRIBUTES:
        yield (
            "operator",
            f"operator '{operator}' compares numbers, and {attribute} is text",
            f"use one of: {', '.join((*TEXT_OPERATORS, 'is_blank'))}",
        )
    elif operator in TEXT_OPERATORS and attribute in NUMBER_ATTRIBUTES:
        yield (
            "operator",
            f"operator '{operator}' compares text, and {attribute} is a number",
            f"use one of: {', '.join((*NUMBER_OPERATORS, 'is_blank'))}",
        )
    elif not value:
        yield "value", "value is empty", "fill it in, or use the operator is_blank"
    elif operator in NUMBER_OPERATORS and parse_number(value) is None:
        yield "value", f"value '{value}' is not a number", "write a plain number, for example 250"
    elif operator == "in" and not is_list(value):
        yield (
            "value",
            f"value '{value}' is not a list of 1 to {MAX_LISTED} values",
            "separate them by |, for example Medical|Rail",
        )
    elif operator == "contains" and ("%" in value or "_" in value):
        yield "value", f"value '{value}' has a % or _ in it", "leave those characters out"
