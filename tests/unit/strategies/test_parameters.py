"""Parameters: typed, on their grid, in their range; and what is said when they are not."""

from __future__ import annotations

import pytest

from karat.core.errors import InputError
from karat.strategies import Parameter, Values, find_strategy, resolve, switch

PERIOD = Parameter("period", 20, 5, 200, 5, "bars", "closes in the mean")
WIDTH = Parameter("width", 2.0, 0.1, 4.0, 0.1, "deviations", "distance from the mean")
SHORTS = switch("shorts", True, "sell short too")


@pytest.mark.parametrize(
    ("parameter", "given", "value"),
    [
        (PERIOD, "30", 30),
        (PERIOD, 30, 30),
        (PERIOD, "30.0", 30),
        (WIDTH, "0.3", 0.3),
        (WIDTH, 0.1 + 2 * 0.1, 0.3),
        (WIDTH, 1, 1.0),
        (SHORTS, "false", False),
        (SHORTS, "on", True),
        (SHORTS, 0, False),
    ],
)
def test_what_is_given_becomes_a_value_of_its_type_on_the_grid(
    parameter: Parameter, given: object, value: object
) -> None:
    parsed = parameter.parse(given)
    assert parsed == value and type(parsed) is type(value)


@pytest.mark.parametrize(
    ("parameter", "given", "code"),
    [
        (PERIOD, "205", "parameter_out_of_range"),
        (PERIOD, "0", "parameter_out_of_range"),
        (PERIOD, "22", "parameter_off_step"),
        (PERIOD, "20.5", "parameter_off_step"),
        (WIDTH, "0.25", "parameter_off_step"),
        (WIDTH, "nan", "parameter_not_a_number"),
        (WIDTH, "inf", "parameter_not_a_number"),
        (PERIOD, "many", "parameter_not_a_number"),
        (PERIOD, None, "parameter_not_a_number"),
        (SHORTS, "perhaps", "parameter_not_a_number"),
        (SHORTS, 2, "parameter_out_of_range"),
    ],
)
def test_what_is_not_a_value_is_refused_in_one_line(parameter: Parameter, given: object, code: str) -> None:
    with pytest.raises(InputError) as refused:
        parameter.parse(given)
    assert refused.value.code == code
    assert parameter.meaning in refused.value.hint and "\n" not in str(refused.value)


def test_every_grid_value_is_what_parsing_its_text_gives() -> None:
    for parameter in (PERIOD, WIDTH, SHORTS):
        values = parameter.values()
        assert values[0] == parameter.low and values[-1] == parameter.high
        assert [parameter.parse(str(value).lower()) for value in values] == values
    assert len(WIDTH.values()) == 40 and WIDTH.values()[2] == 0.3


@pytest.mark.parametrize(
    "broken",
    [
        lambda: Parameter("period", 20, 5, 10, 1, "bars", "default above high"),
        lambda: Parameter("period", 7, 5, 10, 5, "bars", "default off its step"),
        lambda: Parameter("period", 5, 10, 5, 1, "bars", "empty"),
        lambda: Parameter("period", 5, 5, 10, 0, "bars", "no step"),
        lambda: Parameter("look back", 5, 5, 10, 1, "bars", "not a name"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_when_declared(broken: object) -> None:
    with pytest.raises(InputError) as refused:
        broken()  # type: ignore[operator]
    assert refused.value.code == "bad_strategy"


def test_resolve_fills_in_defaults_and_keeps_what_is_given() -> None:
    values = resolve(find_strategy("ema_crossover"), {"fast_period": "10", "shorts": "off"})
    assert values.as_dict() == {"fast_period": 10, "slow_period": 50, "band": 0.0, "shorts": False}
    assert (values.fast_period, values.shorts) == (10, False)


def test_resolve_names_the_nearest_parameter() -> None:
    with pytest.raises(InputError, match="Did you mean fast_period") as refused:
        resolve(find_strategy("ema_crossover"), {"fast_perod": "10"})
    assert refused.value.code == "unknown_parameter"
    with pytest.raises(InputError, match="It has none"):
        resolve(find_strategy("buy_and_hold"), {"period": "10"})


def test_values_that_make_no_sense_together_are_refused() -> None:
    with pytest.raises(InputError, match="fast_period must be below slow_period") as refused:
        resolve(find_strategy("ema_crossover"), {"fast_period": "60"})
    assert refused.value.code == "contradictory_parameters"


def test_values_are_frozen_and_comparable() -> None:
    values = Values({"period": 20})
    with pytest.raises(AttributeError, match="frozen"):
        values.period = 30
    assert values == Values({"period": 20}) and hash(values) == hash(Values({"period": 20}))
    assert values != Values({"period": 21}) and repr(values) == "period=20"
