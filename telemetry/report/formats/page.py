"""The frame of a report: style sheet, security policy, figures with their tables, tiles.

It works without scripts and without a network, in light and dark, on paper and on a phone. Colour
is never the only sign: failures are hatched and labelled; on paper they are outlined, because
browsers print a pattern as large images.
"""

import html
from collections.abc import Sequence

from telemetry.report.figures import Row, and_more
from telemetry.report.formats.markup import Child, Html, join, link, tag
from telemetry.report.github_pages import run_page
from telemetry.report.tables import Column, Table

MOST_ROWS = 25

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--card:#f6f8fa;--fg:#1f2328;--mut:#59636e;--line:#d1d9e0;
--ok:#0969da;--bad:#bc4c00;--other:#818b98}
@media screen and (prefers-color-scheme:dark){:root{--bg:#0d1117;--card:#151b23;--fg:#f0f6fc;
--mut:#9198a1;--line:#3d444d;--ok:#4493f8;--bad:#f0883e;--other:#656c76}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:64rem;background:var(--bg);color:var(--fg);
font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}
section+h1,.scroll+h1{margin-top:3rem}
h2{font-size:1.2rem;margin:2.5rem 0 .5rem;padding-top:.5rem;border-top:1px solid var(--line)}
a{color:var(--ok)}
p,ol,ul{margin:.5rem 0}
nav a{margin-right:1rem;white-space:nowrap}
.muted,footer{color:var(--mut)}
.notice{border-left:4px solid var(--bad);background:var(--card);padding:.5rem 1rem;margin:1rem 0}
.findings{padding-left:1.5rem;font-size:1.05rem}
.findings li{margin:.75rem 0}
.findings small{display:block}
.findings bdi{border:1px solid var(--line);border-radius:4px;padding:0 .2em}
.worse{color:var(--bad)}
.better{color:var(--ok)}
.grid+.scroll{margin-top:1rem}
.grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr))}
.tiles{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,11rem),1fr));
padding:0;list-style:none}
.tiles li,figure{background:var(--card);border:1px solid var(--line);border-radius:6px;
padding:.75rem}
.tiles b{display:block;font-size:1.5rem;line-height:1.3}
.tiles small{display:block}
figure{margin:0;min-width:0}
figure.wide{margin:1rem 0;max-width:36rem}
figcaption{font-weight:600;margin-bottom:.5rem}
svg{display:block;width:100%;max-width:36rem;height:auto}
.spark{width:6rem;margin-left:auto}
.t{font-size:11px;fill:var(--mut)}
.strong{fill:var(--fg)}
.g{stroke:var(--line);fill:none}
.line{fill:none;stroke:var(--ok);stroke-width:2}
.band{fill:var(--ok);opacity:.2}
.stroke{stroke:var(--ok);stroke-width:3;opacity:.3}
.dot{fill:var(--ok)}
.mark{stroke:var(--fg);stroke-dasharray:4 3}
.fill,.ok{fill:var(--ok)}
.bad{fill:url(#hatched-failed)}
.other{fill:var(--other)}
.wait{fill:url(#hatched-waiting)}
.track,.h0{fill:var(--line);opacity:.5}
.h1{fill:var(--ok);opacity:.25}.h2{fill:var(--ok);opacity:.45}.h3{fill:var(--ok);opacity:.65}
.h4{fill:var(--ok);opacity:.82}.h5{fill:var(--ok)}
#hatched-failed rect{fill:var(--bad)}
#hatched-failed path{stroke:var(--card);stroke-width:1.5}
#hatched-waiting path{stroke:var(--mut);stroke-width:1.5}
.patterns{position:absolute;width:0;height:0}
.key{display:inline-block;width:1rem;height:.7rem;vertical-align:baseline}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;color:var(--mut)}
th,td{padding:.25rem .5rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
.n1 :nth-child(n+2):is(th,td),.n2 :nth-child(n+3):is(th,td),
.n3 :nth-child(n+4):is(th,td){text-align:right}
.n1 td,.n2 td:nth-child(n+3),.n3 td:nth-child(n+4){white-space:nowrap}
thead th{color:var(--mut);font-weight:600}
tbody th{font-weight:400;min-width:8rem}
th,td{overflow-wrap:normal}
bdi,a{overflow-wrap:anywhere}
table:not([class]) td:last-child{min-width:14rem}
.scroll{overflow-x:auto}
details{margin:.5rem 0}
summary{color:var(--mut);cursor:pointer}
pre{overflow-x:auto;background:var(--card);border:1px solid var(--line);padding:.75rem;
font:12px/1.45 ui-monospace,monospace}
code{font-family:ui-monospace,monospace;font-size:.9em}
@media print{.bad{fill:var(--bad);stroke:var(--fg)}.wait{fill:none;stroke:var(--mut)}
body{max-width:none;padding:0}figure,.tiles li,tr{break-inside:avoid}nav{display:none}
h2{break-after:avoid}}
"""


def page(title: str, *body: Child) -> str:
    """Return the whole document; `title` is escaped like any text."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Html(STYLE)),
    )
    document = tag("html", head, tag("body", _patterns(), *body), lang="en")
    return f"<!doctype html>\n{document}\n"


def _patterns() -> Html:
    """Return the hatched fills of the classes bad and wait, so that colour is not the only sign."""
    return tag(
        "svg",
        _pattern("hatched-failed", tag("rect", width=6, height=6)),
        _pattern("hatched-waiting"),
        class_="patterns",
        aria_hidden="true",
    )


def _pattern(name: str, *ground: Html) -> Html:
    stripes = tag("path", d="M-1 1L1 -1M0 6L6 0M5 7L7 5")
    return tag(
        "pattern", *ground, stripes, id=name, width=6, height=6, patternUnits="userSpaceOnUse"
    )


def section(name: str, title: str, *body: Child) -> Html:
    return tag("section", tag("h2", title, id=name), *body)


def figure(title: Child, chart: Html, data: Html, wide: bool = False, note: Child = None) -> Html:
    """Return a chart under its takeaway, with its figures in a folded table."""
    return tag(
        "figure",
        tag("figcaption", title),
        chart,
        None if note is None else tag("p", note, class_="muted"),
        tag("details", tag("summary", "The figures"), data),
        class_="wide" if wide else None,
    )


def table(headings: Sequence[str], rows: Sequence[Sequence[Child]], numbers: int = 0) -> Html:
    """Return a table; first cells are row headings, the last `numbers` columns right-aligned."""
    words = len(headings) - numbers
    head = tag("tr", [tag("th", heading, scope="col") for heading in headings])
    lines = [
        tag("tr", tag("th", row[0], scope="row"), [tag("td", cell) for cell in row[1:]])
        for row in rows
    ]
    side = f"n{words}" if numbers else None
    whole = tag("table", tag("thead", head), tag("tbody", lines), class_=side)
    return tag("div", whole, class_="scroll")


def tile(name: str, figure: str, change: str, kind: str | None) -> Html:
    """Return a headline figure; `kind` is better, worse, or None if neither is known."""
    verdicts = {"better": "▲ better", "worse": "▼ worse"}
    words = tag("span", change, class_=kind or "muted")
    mark = tag("small", verdicts[kind], class_=kind) if kind else None
    return tag("li", name, tag("b", figure), tag("small", words), mark)


def legend(class_: str, words: str) -> Html:
    """Return a sample of a colour or pattern, and its meaning."""
    sample = tag(
        "svg", tag("rect", width=16, height=11, class_=class_), viewBox="0 0 16 11", class_="key",
        aria_hidden="true",
    )  # fmt: skip
    return join(sample, f" {words} ")


def program(text: str) -> Html:
    """Return a program text with its line breaks."""
    return tag("pre", tag("code", Html(html.escape(text))))


def only_words(words: str) -> list[Child]:
    """Return the text shown if there is nothing to show."""
    return [tag("p", words, class_="muted")]


def rows_left_out(number: int, shown: int, what: str) -> Child:
    """Return how many rows a table or chart omits; None if it omits none."""
    left = number - shown
    return tag("p", and_more(left, what), class_="muted") if left > 0 else None


def listing(columns: Table, rows: Sequence[Row], api_host: str, most: int = MOST_ROWS) -> Html:
    """Return the first rows as a table, and how many are omitted.

    Names and times link to their pages on GitHub.
    """

    def cell(column: Column, row: Row) -> Child:
        address = run_page(api_host, row[column.address]) if column.address else None
        return link(address, column.text(row))

    shown = [[cell(column, row) for column in columns.columns] for row in rows[:most]]
    omitted = rows_left_out(len(rows), most, columns.rows_are)
    return join(table(columns.headings, shown, columns.numbers), omitted)


def ranked(
    words: Child,
    chart: Html,
    columns: Table,
    rows: Sequence[Row],
    api_host: str,
    note: Child = None,
) -> list[Child]:
    """Return a chart of a ranking and, folded, its first rows and how many are omitted."""
    return [figure(words, chart, listing(columns, rows, api_host), wide=True, note=note)]
