"""When less is done to a frame, and when more again; times are given, nobody sleeps."""

from humanseg_desktop.pace import LONGEST_S, LOWER_S, RAISE_S, Pace, Work, steps_of

BUDGET_S = 1 / 30
SLOW_S, FAIR_S, QUICK_S = 0.041, 0.028, 0.010
LOWEST = 7


def feed(pace: Pace, start: float, seconds: float, work_s: float | None) -> list[float]:
    """Look ten times a second; the times at which a step was taken."""
    times = [start + tenth / 10 for tenth in range(round(10 * seconds) + 1)]
    return [time for time in times if pace.look(time, work_s, BUDGET_S, LOWEST)]


def test_the_steps_go_down_from_what_was_chosen_in_the_stated_order() -> None:
    assert steps_of(Work(skip_still=False, carry=False, clean=True, preset="quality", refine=True)) == (
        Work(skip_still=False, carry=False, clean=True, preset="quality", refine=True),
        Work(skip_still=True, carry=False, clean=True, preset="quality", refine=True),
        Work(skip_still=True, carry=True, clean=True, preset="quality", refine=True),
        Work(skip_still=True, carry=True, clean=False, preset="quality", refine=True),
        Work(skip_still=True, carry=True, clean=False, preset="balanced", refine=True),
        Work(skip_still=True, carry=True, clean=False, preset="live", refine=True),
        Work(skip_still=True, carry=True, clean=False, preset="light", refine=True),
        Work(skip_still=True, carry=True, clean=False, preset="light", refine=False),
    )
    least = Work(skip_still=True, carry=True, clean=False, preset="light", refine=False)
    assert steps_of(least) == (least,)


def test_a_machine_that_keeps_up_is_left_alone() -> None:
    pace = Pace()
    assert feed(pace, 0, 3600, FAIR_S) == []
    assert feed(pace, 3601, 3600, QUICK_S) == []
    assert pace.level == 0


def test_a_step_is_taken_down_after_four_seconds_and_not_before() -> None:
    pace = Pace()
    assert feed(pace, 0, LOWER_S - 0.1, SLOW_S) == []
    assert feed(pace, LOWER_S, 0.5, SLOW_S) == [LOWER_S]
    assert pace.level == 1


def test_a_moment_that_was_quick_enough_begins_the_four_seconds_anew() -> None:
    pace = Pace()
    feed(pace, 0, LOWER_S - 0.1, SLOW_S)
    feed(pace, LOWER_S, 0, FAIR_S)
    assert feed(pace, LOWER_S + 0.1, LOWER_S - 0.1, SLOW_S) == []


def test_frames_that_do_not_come_tell_nothing() -> None:
    pace = Pace()
    feed(pace, 0, LOWER_S - 0.1, SLOW_S)
    feed(pace, LOWER_S, 60, None)
    assert feed(pace, 70, LOWER_S - 0.1, SLOW_S) == []


def test_it_goes_down_to_the_lowest_step_and_stays_there() -> None:
    pace = Pace()
    assert len(feed(pace, 0, 600, SLOW_S)) == LOWEST
    assert pace.level == LOWEST


def test_a_step_is_taken_up_when_there_was_room_for_long_enough() -> None:
    pace = Pace()
    feed(pace, 0, 600, SLOW_S)
    assert feed(pace, 600, 600, 0.031) == [], "nearly all of the time is none to spare"
    assert feed(pace, 1300, RAISE_S - 0.1, FAIR_S) == []
    assert feed(pace, 1300 + RAISE_S, 1, FAIR_S) == [1300 + RAISE_S], "no step had spared anything"
    assert pace.level == LOWEST - 1


def test_a_step_up_needs_room_for_what_the_step_down_had_spared() -> None:
    pace = Pace()
    (down,) = feed(pace, 0, LOWER_S, 0.042)
    assert feed(pace, down + 0.1, 2 * LOWER_S, 0.032) == [], "so it spared a quarter"
    assert feed(pace, 100, 600, 0.0232) == [], "1.31 times as long would be too long"
    assert feed(pace, 800, RAISE_S, 0.0227) == [800 + RAISE_S]
    assert pace.level == 0


def test_where_it_was_not_seen_what_a_step_spared_there_must_be_room_for_much() -> None:
    pace = Pace()
    pace.level = 1
    assert feed(pace, 0, 600, 0.0202) == []
    assert feed(pace, 700, RAISE_S, 0.0198) == [700 + RAISE_S]
    (down,) = feed(pace, 800, LOWER_S, 0.1)
    feed(pace, down + 0.1, LOWER_S, 0.0202)  # five times as quick: another program has gone meanwhile
    assert feed(pace, 900, RAISE_S * 2, 0.0198) == [900 + RAISE_S]


def waits_of_a_machine_with_room_for_less_only(pace: Pace, seconds: float) -> list[float]:
    """How long each step up was waited for, where every step up turns out to be too much."""
    waits: list[float] = []
    since = now = 0.0
    level = pace.level
    while now < seconds:
        now = round(now + 0.1, 1)
        if pace.look(now, QUICK_S if pace.level >= level else SLOW_S, BUDGET_S, LOWEST):
            if pace.level < level:
                waits.append(round(now - since))
            since = now
    return waits


def test_each_step_up_that_was_too_much_doubles_the_wait_up_to_ten_minutes() -> None:
    pace = Pace()
    feed(pace, -10, LOWER_S, SLOW_S)
    assert pace.level == 1
    waits = waits_of_a_machine_with_room_for_less_only(pace, 3600)
    assert waits[:5] == [30, 60, 120, 240, 480]
    assert len(waits) > 6
    assert set(waits[5:]) == {LONGEST_S}


def test_a_step_up_that_holds_puts_the_wait_back() -> None:
    pace = Pace()
    feed(pace, -10, LOWER_S, SLOW_S)
    waits_of_a_machine_with_room_for_less_only(pace, 250)
    assert pace.level == 1
    assert len(feed(pace, 1000, 300, QUICK_S)) == 1
    feed(pace, 1300, 900, FAIR_S)
    (down,) = feed(pace, 3000, LOWER_S, SLOW_S)
    assert feed(pace, down + 0.1, 600, QUICK_S)[0] - down < RAISE_S + 1
