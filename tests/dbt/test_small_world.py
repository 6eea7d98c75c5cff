"""What the models say about the small world, figure by figure."""

from __future__ import annotations

import pytest


def progress(warehouse, stage: str, columns: str) -> dict[tuple, tuple]:
    """Rows of one stage as {(indicator, period): columns}."""
    names = [
        name
        for (name,) in warehouse.query(
            "select column_name from information_schema.columns where "
            "table_schema = 'marts' and table_name = 'indicator_progress' "
            "order by ordinal_position"
        )
    ]
    rows = (dict(zip(names, row, strict=True)) for row in _rows(warehouse, stage))
    return {
        (row["indicator_code"], row["period"]): tuple(
            row[name] for name in columns.split()
        )
        for row in rows
    }


def _rows(warehouse, stage: str) -> list[tuple]:
    return list(warehouse.taken[stage]["marts.indicator_progress"])


@pytest.mark.parametrize(
    ("series", "value_to_date", "status"),
    [
        # Published: 14th plan 2021-23, energy 3.28 and CO2 4.56 (methods 1.1).
        (("ENERGY", "2023"), 3.2833135, "red"),
        (("CO2", "2023"), 4.5696, "red"),
        # Urbanisation 65.22 meets the target of 65 three years early.
        (("URBAN", "2022"), 65.22, "achieved"),
        (("CAP", "2021"), 5.1, "green"),
        (("CAP", "2022"), 5.6, "yellow"),
        (("CAP", "2023"), 5.5, "green"),
        (("KEEP", "2022"), 6.5, "green"),
        # (1.08 * 1.06) ** 0.5 = 1.0699533
        (("GROWTH", "2022"), 6.9953270008, "yellow"),
        (("GROWTH", "2024"), None, "not_rated"),
        (("JOBS", "2022"), 2475.0, "green"),
        (("INCOME", "2021"), 5.0, "red"),
        (("INCOME", "2022"), 3.0, "yellow"),
        (("MOOD", "2021"), 1.0, "not_rated"),
    ],
)
def test_eight_target_types(warehouse, series, value_to_date, status):
    found = progress(warehouse, "first", "value_to_date status_raw")
    assert found[series] == (value_to_date, status)


def test_a_late_link_mends_the_chain(warehouse):
    reason = progress(warehouse, "first", "not_rated_reason")
    assert reason["GROWTH", "2024"] == ("missing period",)
    mended = progress(warehouse, "waves", "value_to_date not_rated_reason")
    # (1.08 * 1.06 * 1.07 * 1.09) ** 0.25 = 1.0749418
    value, reason = mended["GROWTH", "2024"]
    assert value == pytest.approx(100 * ((1.08 * 1.06 * 1.07 * 1.09) ** 0.25 - 1))
    assert reason is None


def test_a_correction_known_earlier_stays_history(warehouse):
    vintages = warehouse.query(
        "select cast(value as double), is_current, known_to is null from "
        "core.fct_observation where indicator_code = 'CO2' and period = '2021' "
        "order by known_from"
    )
    assert vintages == [(3.9, False, False), (3.8, True, True)]


def test_of_two_rows_known_at_one_instant_the_later_loaded_counts(warehouse):
    values = warehouse.query(
        "select cast(value as double), is_current from core.fct_observation "
        "where indicator_code = 'KEEP' and period = '2022' order by known_from"
    )
    assert values == [(6.5, False), (6.3, True)]
    found = progress(warehouse, "waves", "value status_raw")
    assert found["KEEP", "2022"] == (6.3, "yellow")


def test_a_raised_target_is_used_and_the_old_one_kept(warehouse):
    goals = warehouse.query(
        "select cast(target_value as int), is_current from core.fct_target "
        "where indicator_code = 'JOBS' order by known_from"
    )
    assert goals == [(5000, False), (9000, True)]
    found = progress(warehouse, "waves", "path_value status_raw")
    assert found["JOBS", "2022"] == (3600.0, "red")


def test_a_reference_that_moves_moves_what_is_tied_to_it(warehouse):
    found = progress(warehouse, "waves", "path_value status_raw")
    assert found["INCOME", "2021"] == (4.0, "green")


def test_a_withdrawn_target_leaves_progress_but_not_history(warehouse):
    codes = {key[0] for key in progress(warehouse, "waves", "value")}
    assert "CAP" not in codes
    assert "URBAN" in codes
    assert warehouse.query(
        "select is_current, known_to is not null from core.fct_target "
        "where indicator_code = 'CAP'"
    ) == [(False, True)]


def test_without_the_rule_nothing_is_rated(warehouse):
    found = progress(warehouse, "without_rule", "status_raw not_rated_reason")
    assert {status for status, _ in found.values()} == {"not_rated"}
    assert found["URBAN", "2022"] == ("not_rated", "no rule")
    left = warehouse.taken["without_rule"]["marts.early_warning"]
    assert {row[1] for row in left} == {
        "EW_SILENT_UNIT", "EW_LATE_UNIT", "EW_MILESTONE_OVERDUE", "EW_NOT_STARTED",
        "EW_PLAN_EXPIRED",
    }  # fmt: skip


def test_silence_shows_as_zero_and_rates_stay_within_100(warehouse):
    rows = warehouse.query(
        "select unit_code, expected_reports, actual_reports, on_time_reports, "
        "completeness from published.reporting_discipline where period = '2025-01' "
        "order by unit_code"
    )
    assert rows == [
        ("U0", 3, 2, 2, 50.0),
        ("U1", 1, 1, 1, 100.0),
        ("U2", 1, 1, 1, 50.0),
        ("U3", 1, 0, 0, 0.0),
    ]
    assert warehouse.query(
        "select max(reporting_rate) <= 100, max(on_time_rate) <= 100, "
        "max(completeness) <= 100, min(expected_reports) > 0 "
        "from published.reporting_discipline"
    ) == [(True, True, True, True)]


def test_warnings_name_their_subject_in_both_languages(warehouse):
    rows = warehouse.query(
        "select severity, state, headline_en, headline_zh, "
        "evidence ->> '$.parameters[0].source_status' from published.early_warning "
        "where rule_id = 'EW_SILENT_UNIT' and unit_code = 'U3'"
    )
    ((severity, state, english, chinese, status),) = rows
    assert (severity, state, status) == ("red", "open", "own")
    assert "Simulated office U3" in english
    assert "模拟机构U3" in chinese


def test_a_second_try_is_linked_to_the_first_and_tells_whether_a_rule_is_good(
    warehouse,
):
    tries = warehouse.query(
        "select attempt, verdict, n_errors, superseded_by from core.fct_submission "
        "where unit_code = 'U2' and period = '2025-02' order by attempt"
    )
    assert tries == [(1, "rejected", 2, None), (2, "rejected", 1, None)]
    rules = warehouse.query(
        "select rule_id, hits, reports_concerned, reports_mended, second_try_share, "
        "median_hours_to_fix, is_confusing from published.rule_quality order by all"
    )
    # From 2025-02-08 to 2025-04-30 there are 81 days of 24 hours.
    assert rules == [
        ("EMPTY", 1, 1, 1, 100.0, 1944.0, False),
        ("WORDS", 2, 1, 0, 0.0, None, True),
    ]


def test_no_model_reads_what_was_rejected(warehouse):
    catalog = warehouse.query(
        "select table_schema, table_name, column_name from "
        "information_schema.columns where table_schema not in ('raw', 'ops')"
    )
    assert ("core", "fct_rejection", "how_to_fix_en") in catalog
    assert "offending_value" not in {column for _, _, column in catalog}
