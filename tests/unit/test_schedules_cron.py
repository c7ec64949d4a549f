"""When a schedule is due."""

from datetime import UTC, datetime

import pytest

from trunkline.schedules.cron import next_after

_AMSTERDAM = "Europe/Amsterdam"


@pytest.mark.parametrize(
    ("cron", "zone", "moment", "expected"),
    [
        ("30 2 * * *", "UTC", "2026-11-27T02:30:00", "2026-11-28T02:30:00"),
        ("30 2 * * *", "UTC", "2026-11-27T02:29:59", "2026-11-27T02:30:00"),
        ("30 2 * * *", _AMSTERDAM, "2026-11-27T00:00:00", "2026-11-27T01:30:00"),
        ("0 6 * * MON-FRI", "UTC", "2026-11-27T07:00:00", "2026-11-30T06:00:00"),
        # The hour that is not there: it happens as soon as the clock has been set forward.
        ("30 2 * * *", _AMSTERDAM, "2026-03-29T00:00:00", "2026-03-29T01:00:00"),
        # The hour that is there twice: once.
        ("30 2 * * *", _AMSTERDAM, "2026-10-25T00:30:00", "2026-10-26T01:30:00"),
        ("0 0 29 2 *", "UTC", "2026-03-01T00:00:00", "2028-02-29T00:00:00"),
    ],
)
def test_the_next_occurrence_follows_the_clock_of_its_zone(cron: str, zone: str, moment: str, expected: str) -> None:
    after = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert next_after(cron, zone, after) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "zone", "says"),
    [
        ("60 2 * * *", "UTC", "is no cron expression: Bad minute"),
        ("* * * * * *", "UTC", "must have five fields"),
        ("@daily", "UTC", "must have five fields"),
        ("0 0 30 2 *", "UTC", "30 2"),
        ("30 2 * * *", "Europe/Nowhere", "'Europe/Nowhere' is no time zone"),
        ("30 2 * * *", "../../etc/passwd", "is no time zone"),
    ],
)
def test_what_cannot_be_is_refused_with_what_would_be(cron: str, zone: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        next_after(cron, zone, datetime(2026, 11, 27, tzinfo=UTC))
