"""A real browser opens the report of a database full of hostile names, and nothing happens."""

import html
import os
import re
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from support.history import UNTIL
from support.html import DARK, LIGHT
from support.paths import LONGEST
from support.reports import DAY, HOUR, MINUTE, MONTH, a_job, a_run, a_step, known
from support.rows import llm_call

from telemetry.database.budget import lines
from telemetry.database.connection import open_connection
from telemetry.database.prices import load_runner_prices
from telemetry.database.questions import ask, questions
from telemetry.database.upserts import upsert
from telemetry.database.what_if import what_if
from telemetry.report.formats.html_report import INDEX, one_page, pages
from telemetry.report.formats.markdown_report import summary
from telemetry.report.reading import report
from telemetry.rows.prices import Cap
from telemetry.rows.runs import Repository
from telemetry.summaries.answers import answer_text, csv_text
from telemetry.summaries.budget import budget_text
from telemetry.terminal import Screen

pytestmark = pytest.mark.scenario

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
EXECUTED = "EXECUTED"
# Each would show itself in the title, or fetch something, if it were more than text.
HOSTILE = (
    f"<script>document.title='{EXECUTED}'</script>",
    f"</title></style></script><img src=x onerror=\"document.title='{EXECUTED}'\">",
    f"\"'><svg onload=document.title='{EXECUTED}'>",
    f"javascript:document.title='{EXECUTED}'",
    "--></p><base href=//evil.example><meta http-equiv=refresh content=0;url=//evil.example>",
    "::error::hostile ##[error]hostile",
    "\x1b[31mred\x07\x00\r\ntwo lines",
    "\u202eright to left\u202c\u2066\u200b",
    "n" * 10_000,
    "{{7*7}} ${7*7} %s %(x)s | `@octocat` [x](//evil.example) <b>**",
    "שלום 你好 🎉 e\u0301\u0301\u0301",
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., bytes]:
    """Open a page in a headless Chromium with more options, and return what it prints."""
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium on PATH: pages are not opened; CHROMIUM names one elsewhere")
    profile = tmp_path_factory.mktemp("profile")

    def run(page: Path, *options: str) -> bytes:
        command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                   "--disable-dev-shm-usage", "--no-first-run", f"--user-data-dir={profile}",
                   "--virtual-time-budget=2000", *options, page.as_uri()]  # fmt: skip
        return subprocess.run(command, capture_output=True, timeout=LONGEST, check=True).stdout

    return run


@pytest.fixture(scope="module")
def folder(
    new_database: Callable[[str], str], migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The reports of a database with a hostile value in every column of text."""
    made = tmp_path_factory.mktemp("reports")
    with open_connection(new_database(migrated)) as connection:
        for number, text in enumerate(HOSTILE):
            stored = text.replace("\x00", "\x01")  # which PostgreSQL would refuse
            for attempt, conclusion in enumerate(("failure", "success"), start=1):
                for copy in range(4 - attempt):
                    # The last one succeeds at once.
                    if copy == 2:
                        conclusion = "success"
                    run = a_run(
                        100 * number + copy + 1,
                        days_ago=number + 1 + copy / 10,
                        run_attempt=attempt,
                        conclusion=conclusion,
                        workflow_id=number,
                        workflow_name=stored,
                        workflow_path=stored,
                        display_title=stored,
                        branch="main" if copy else stored,
                        event_type="push" if copy else "pull_request",
                        commit_sha=f"{stored}{copy}",
                        head_repository=stored,
                        actor=stored,
                        triggering_actor=stored,
                        html_url=f"javascript:document.title='{EXECUTED}'//{stored}",
                    )
                    run = replace(
                        run,
                        started_at=run.created_at + attempt * HOUR,
                        completed_at=run.created_at + attempt * HOUR + 9 * MINUTE,
                    )
                    job = a_job(
                        run,
                        name=stored,
                        labels=[stored, "self-hosted"] if copy else [stored],
                        started_at=run.started_at + 5 * MINUTE,
                        runner_name=stored,
                        runner_group_name=stored,
                        html_url=stored,
                    )
                    upsert(connection, [run])
                    upsert(connection, [job])
                    upsert(connection, [a_step(job, name=stored)])
            upsert(
                connection,
                [
                    llm_call(
                        call_id=stored,
                        timestamp=UNTIL - (number + 1) * DAY,
                        session_id=stored,
                        prompt_name=stored,
                        phase=stored,
                        provider=stored,
                        model=stored,
                        estimated_cost=1,
                        error_message=stored,
                        github_run_id=100 * number + 1,
                    )
                ],
            )
        known(connection, 7)
        upsert(connection, [Repository(7, HOSTILE[0], "api.github.com"),
                            Repository(9, HOSTILE[1], "evil.example/x")])  # fmt: skip
        connection.execute("update ingestions set outcome = 'failed', error = %s", [HOSTILE[1]])
        connection.execute("update workflow_runs set jobs_listed_at = updated_at")
        load_runner_prices(connection)
        found = report(connection, MONTH, UNTIL)
        answers = [ask(connection, each.name, MONTH.scope()) for each in questions()]
        answers.append(what_if(connection, MONTH.scope(), None, HOSTILE[5], 2))
    caps = [
        Cap("runners", "actor", Decimal(0), name="*"),
        Cap("llm", "workflow", Decimal(0), name="*"),
    ]
    forecasts = next(each.rows for each in answers if each.question.name == "forecast")
    screen = Screen(80)
    texts = [budget_text(lines(caps, forecasts, "forecast"), forecasts, screen)]
    texts += [answer_text(each, screen) for each in answers]
    (made / "answers.txt").write_text("\n".join(texts), encoding="utf-8")
    for each in answers:
        (made / f"{each.question.name}.csv").write_text(csv_text(each), encoding="utf-8")
    for name, page in {"all.html": one_page(found), **pages(found)}.items():
        (made / name).write_text(page, encoding="utf-8")
    (made / "summary.md").write_text(summary(found), encoding="utf-8")
    return made


def test_hostile_names_are_only_text_in_the_page(folder: Path) -> None:
    page = (folder / "all.html").read_text(encoding="utf-8")
    for name in ("script", "img", "base", "iframe", "object", "form"):
        assert f"<{name}" not in page
    # What is quoted is the value of an attribute.
    assert not re.search(r"<[^>]* on\w+=", re.sub('"[^"]*"', '""', page))
    assert html.escape(HOSTILE[0]) in page
    assert len(page.encode()) < 600_000
    links = set(re.findall(r'href="([^"]*)"', page))
    assert all(link.startswith("#") for link in links), links


# Once all that a page could do on its own has been done, the text of each frame's document.
SHOWN = """\
<script>onload = () => setTimeout(() => {
  for (const frame of document.querySelectorAll("iframe")) {
    const text = document.body.appendChild(document.createElement("pre"));
    text.textContent = frame.contentDocument.documentElement.outerHTML;
  }
}, 1000)</script>
"""


def test_nothing_executes_and_nothing_is_fetched(
    browser: Callable[..., bytes], folder: Path, tmp_path: Path
) -> None:
    names = ("all.html", INDEX, "script-document.title-EXECUTED-script-7.html")
    # The policy would block a script even if it were not escaped.
    leaky = (folder / INDEX).read_text(encoding="utf-8")
    leaky = leaky.replace("</h1>", f"</h1>{HOSTILE[0]}{HOSTILE[1]}", 1)
    (tmp_path / "leaky.html").write_text(leaky, encoding="utf-8")
    outer = tmp_path / "outer.html"
    places = [*(folder / name for name in names), tmp_path / "leaky.html"]
    frames = "".join(f'<iframe src="{place.as_uri()}"></iframe>' for place in places)
    outer.write_text(frames + SHOWN, encoding="utf-8")
    dumped = browser(outer, "--dump-dom", "--allow-file-access-from-files").decode()
    *pages, leaky = map(html.unescape, re.findall(r"<pre>(.*?)</pre>", dumped, re.DOTALL))
    assert len(pages) == len(names)
    for page in pages:
        (title,) = re.findall(r"<title>(.*?)</title>", page, re.DOTALL)
        assert title == "Workflow runs" or html.unescape(title) == f"{HOSTILE[0]}: workflow runs"
        assert "evil.example" not in "".join(re.findall(r"<(?:base|meta|img)[^>]*>", page))
    assert f"<script>document.title='{EXECUTED}'</script>" in leaky
    assert f"<title>{EXECUTED}</title>" not in leaky


MEASURED = re.compile(r'data-overflow="(-?\d+),(-?\d+)"')


def test_the_layout_does_not_grow_wider_than_its_window(
    browser: Callable[..., bytes], folder: Path, tmp_path: Path
) -> None:
    """Measured by a script that is added for it, in a copy of the page whose policy lets it.

    So this browser does run scripts.
    """
    text = (folder / "all.html").read_text(encoding="utf-8")
    measure = (
        "<script>document.body.dataset.overflow="
        "document.documentElement.scrollWidth-document.documentElement.clientWidth</script>"
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    # A headless window is never narrower than some 500 pixels; the first frame in it is.
    inner = tmp_path / "inner.html"
    inner.write_text(
        text.replace("<details>", "<details open>").replace("</body>", f"{measure}</body>"),
        encoding="utf-8",
    )
    outer = tmp_path / "outer.html"
    outer.write_text(
        '<iframe src="inner.html" width="360" height="4000"></iframe>'
        '<iframe src="inner.html" width="1000" height="4000"></iframe><script>'
        "onload=()=>{document.body.dataset.overflow="
        "[0,1].map(n=>frames[n].document.body.dataset.overflow)}</script>",
        encoding="utf-8",
    )
    options = ("--dump-dom", "--allow-file-access-from-files", "--window-size=1060,900")
    assert MEASURED.findall(browser(outer, *options).decode()) == [("0", "0")]


def pixel(png: bytes) -> tuple[int, int, int]:
    """The colour of the upper left corner of a picture: the first pixel of its first line."""
    assert png.startswith(b"\x89PNG")
    at, data = 8, b""
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += 12 + length
    red, green, blue = zlib.decompress(data)[1:4]
    return red, green, blue


@pytest.mark.parametrize(("scheme", "preferred"), [(LIGHT, 1), (DARK, 0)], ids=["light", "dark"])
def test_the_page_follows_the_preferred_colour_scheme(
    browser: Callable[..., bytes], folder: Path, tmp_path: Path,
    scheme: dict[str, str], preferred: int,
) -> None:  # fmt: skip
    picture = tmp_path / "page.png"
    option = f"--blink-settings=preferredColorScheme={preferred}"
    browser(folder / INDEX, f"--screenshot={picture}", option)
    red, green, blue = pixel(picture.read_bytes())
    expected = scheme["bg"] if len(scheme["bg"]) == 7 else "#ffffff"
    assert f"#{red:02x}{green:02x}{blue:02x}" == expected


@pytest.mark.parametrize("title", ["What to speed up", "Flaky jobs", "Why jobs fail",
                                   "What pull requests cost", "Waiting for runners"])  # fmt: skip
def test_hostile_names_are_in_every_section(folder: Path, title: str) -> None:
    page = (folder / "all.html").read_text(encoding="utf-8")
    section = page.partition(f">{title}</h2>")[2].partition("</section>")[0]
    assert html.escape(HOSTILE[0]).lower() in section.lower()


def test_no_answer_obeys_a_hostile_name(folder: Path) -> None:
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.csv")}
    texts["answers.txt"] = (folder / "answers.txt").read_text(encoding="utf-8")
    assert "hostile" in texts["answers.txt"] and len(texts) > 50
    for name, text in texts.items():
        assert not {each for each in text if each < " "} - {"\n"}, name
        assert not set("\x7f\u202e\u2066") & set(text), name
        assert not any(line.lstrip().startswith("::") for line in text.splitlines()), name


def test_the_summary_of_hostile_names_has_no_line_that_a_runner_obeys(folder: Path) -> None:
    text = (folder / "summary.md").read_text(encoding="utf-8")
    assert "hostile" in text
    for line in text.split("\n"):
        assert not line.lstrip().startswith("::") and "##[" not in line
        assert "<script" not in line and "@octocat" not in line and "\x1b" not in line
    assert len(text.encode()) < 1_000_000
