"""The page of a dossier in a real browser, opened from a file: every chart draws, and nothing complains."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect
from tests.unit.dossier.proved import Proved, proved

CHARTS = ("equity", "walk", "sweep-heat", "sweep-lines", "refinement-heat", "refinement-lines")
INK = """(name) => new Promise((tell) => requestAnimationFrame(() => requestAnimationFrame(() => {
    const canvas = document.querySelector(`#${name} canvas`);
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let drawn = 0;
    for (let place = 3; place < data.length; place += 4) if (data[place]) drawn++;
    tell(drawn);
})))"""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Proved:
    return proved(tmp_path_factory.mktemp("home"), 0.2)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_every_chart_draws_without_a_complaint(browser: Browser, watched: Proved, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((watched.dossier.folder / "index.html").as_uri())
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    for name in CHARTS:
        page.locator(f"#{name} canvas").scroll_into_view_if_needed()
        assert page.evaluate(INK, name) > 500, name
    page.locator("#equity canvas").focus()
    page.keyboard.press("Home")
    expect(page.locator("#equity .legend")).to_contain_text("Chosen parameters 1.000×")
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light" if scheme == "dark" else "dark")
    assert page.evaluate("document.documentElement.scrollWidth") == width, "nothing sticks out"
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    context.close()
