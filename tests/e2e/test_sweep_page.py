"""The page of a sweep in a real browser, opened from a file: its charts draw, read and can be asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.page_fixtures import not_run
from tests.e2e.test_report import AXE, ink, legend
from tests.unit.sweep_report.sweep_worlds import kept_story

from karat.research.report.write import write_text
from karat.research.sweep_report.page import render

CHARTS = ("heat", "lines", "spread-goal", "spread-sharpe")


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    return write_text(folder / "sweep.html", render(kept_story(folder)))


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, file: Path, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="dark", locale="de-DE")
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if request.url.startswith("http") else None)
    page.goto(file.as_uri())
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    yield page
    context.close()


def test_every_chart_draws_in_both_themes_and_nothing_is_asked_of_a_network(page: Page, complaints: list[str]) -> None:
    for theme in ("dark", "light"):
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        assert {chart: ink(page, chart) > 2_000 for chart in CHARTS} == dict.fromkeys(CHARTS, True)
        page.locator("#theme").click()
    assert [one for one in complaints if "willReadFrequently" not in one] == []  # the test itself reads pixels
    expect(page.get_by_text("Simulated data", exact=True)).to_be_visible()


def test_a_cell_of_the_heat_map_is_read_with_the_keyboard_and_the_pair_is_chosen(page: Page) -> None:
    canvas = page.locator("#heat canvas")
    canvas.focus()
    canvas.press("ArrowLeft")
    ink(page, "heat")
    assert "stop_value" in legend(page, "heat") and "variant" in legend(page, "heat")
    page.get_by_label("Axes", exact=True).select_option(index=1)
    page.get_by_label("Figure", exact=True).select_option(label="Trades")
    ink(page, "heat")
    canvas.press("ArrowRight")
    ink(page, "heat")
    assert "Trades" in legend(page, "heat") and "fast_period" in legend(page, "heat")


def test_the_best_share_is_chosen_and_an_axis_brushed(page: Page) -> None:
    page.get_by_label("Show", exact=True).select_option("100")
    ink(page, "lines")
    all_of_them = legend(page, "lines")
    assert all_of_them.startswith("60 of 60 lines")
    canvas = page.locator("#lines canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 46, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 46, box["y"] + box["height"] * 0.45, steps=3)
    page.mouse.up()
    ink(page, "lines")
    brushed = legend(page, "lines")
    assert brushed != all_of_them and brushed.split(" ")[0] in {"20", "30", "40"}
    page.get_by_role("button", name="Clear brushes").click()
    ink(page, "lines")
    assert legend(page, "lines").startswith("60 of 60 lines")


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_nothing_is_lost_sideways(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(("theme", "width"), [("dark", 1440), ("light", 360)])
def test_the_page_is_accessible(page: Page, theme: str, width: int) -> None:
    if not AXE.is_file():
        not_run("axe-core is not installed; run scripts/build_web.sh")
    page.emulate_media(color_scheme="light" if theme == "light" else "dark")
    page.set_viewport_size({"width": width, "height": 800})
    page.locator("summary").click()
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """() => axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })
            .then((report) => report.violations.map((one) =>
                [one.id, ...one.nodes.slice(0, 3).map((node) => `${node.html} ${node.failureSummary}`)]))"""
    )
    assert found == []
