"""What is not built by html.py is text: no name becomes markup, an address or an attribute."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.html import DARK, LIGHT, Reader

from telemetry.report.formats.markup import Html, escape, join, link, tag
from telemetry.report.formats.page import POLICY, STYLE, page, table
from telemetry.report.github_pages import html_host, repository_page, run_page
from telemetry.terminal import Name, shortened

HOSTILE = st.text() | st.text(alphabet="<>&\"'`=/\\ \u202eax\n\x00!-")


@given(HOSTILE, HOSTILE)
def test_no_text_leaves_its_place(text: str, value: str) -> None:
    read = Reader(str(tag("p", text, Name(text), title=value, class_="x")))
    assert [name for name, _ in read.elements] == ["p", "bdi"]
    assert set(read.elements[0][1]) == {"title", "class"}


def test_texts_are_shown_unchanged() -> None:
    read = Reader(str(tag("p", "<b>&amp;\"'", title="\"'><x>&lt;")))
    assert read.text == "<b>&amp;\"'"
    assert read.elements == [("p", {"title": "\"'><x>&lt;"})]


def test_built_markup_is_not_escaped_again() -> None:
    assert str(tag("p", tag("b", "x"), [Html("<i>y</i>"), " ", 3, None])) == (
        "<p><b>x</b><i>y</i> 3</p>"
    )


@given(HOSTILE)
def test_control_and_bidi_characters_are_never_written(text: str) -> None:
    assert not re.search(
        "[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", escape(text)
    )


def test_a_long_name_is_cut_and_shows_that_it_was() -> None:
    shown = str(Name("x" * 10_000))
    assert len(shown) == 160 and shown.endswith("…")
    assert shortened("short", 5) == "short"


@pytest.mark.parametrize("element", ["script", "SCRIPT", "a b", "", "p>", "1"])
def test_only_elements_are_elements(element: str) -> None:
    with pytest.raises(ValueError, match="not an element"):
        tag(element)


@pytest.mark.parametrize("attribute", ["onclick", "ONLOAD", "a b", "x=y", ""])
def test_only_attributes_are_attributes(attribute: str) -> None:
    with pytest.raises(ValueError, match="not an attribute"):
        tag("p", **{attribute: "x"})


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "//evil",
        "data:text/html,x",
        " https://x/",
        "https://x/?q",
        "a/b.html",
    ],
)
def test_only_https_and_local_addresses_are_linked(address: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        link(address, "x")


def test_links_have_noopener() -> None:
    assert str(link("https://github.com/a/b", "x")) == (
        '<a href="https://github.com/a/b" rel="noopener">x</a>'
    )
    assert str(link(None, Name("<x>"))) == "<bdi>&lt;x&gt;</bdi>"


@pytest.mark.parametrize(
    ("api_host", "host"),
    [
        ("api.github.com", "github.com"),
        ("api.octo.ghe.com", "octo.ghe.com"),
        ("ghe.example.com", "ghe.example.com"),
        ("127.0.0.1:8123", "127.0.0.1:8123"),
        ("evil.com/x", None),
        ("a b", None),
        ("", None),
    ],
)
def test_the_host_of_pages_is_derived_from_that_of_the_api(api_host: str, host: str | None) -> None:
    assert html_host(api_host) == host


@pytest.mark.parametrize("name", ["acme", "a/b/c", "../x", "a/..", 'a/"><x>', "a/b\n", ""])
def test_an_invalid_repository_name_has_no_page(name: str) -> None:
    assert repository_page("api.github.com", name) is None


@pytest.mark.parametrize(
    ("address", "is_kept"),
    [
        ("https://github.com/acme/app/actions/runs/1", True),
        ("https://github.com/acme/app/actions/runs/1/job/22", True),
        ("https://github.com/acme/app/actions/runs/1/attempts/2", True),
        ("https://evil.com/acme/app/actions/runs/1", False),
        ("https://github.com.evil.com/acme/app/actions/runs/1", False),
        ("http://github.com/acme/app/actions/runs/1", False),
        ("https://github.com/acme/app/actions/runs/1?x=y", False),
        ("https://github.com/acme/../actions/runs/1", False),
        ("javascript:alert(1)//https://github.com/acme/app/actions/runs/1", False),
        (None, False),
    ],
)
def test_only_runs_and_jobs_of_the_host_are_linked_to(address: str | None, is_kept: bool) -> None:
    assert run_page("api.github.com", address) == (address if is_kept else None)


def test_every_table_heading_has_a_scope() -> None:
    read = Reader(str(table(("job", "runs"), [["a", "1"], ["b", "2"]], numbers=1)))
    scopes = [attributes["scope"] for name, attributes in read.elements if name == "th"]
    assert scopes == ["col", "col", "row", "row"]


def test_a_page_allows_itself_no_script_and_no_network() -> None:
    written = page("</title><script>", tag("p", "x"))
    metas = [attributes for name, attributes in Reader(written).elements if name == "meta"]
    assert {"http-equiv": "Content-Security-Policy", "content": POLICY} in metas
    assert POLICY.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "<script" not in written
    assert not re.search(r"url\((?!#)|@import|https?:", STYLE)


def luminance(colour: str) -> float:
    """Relative luminance of an sRGB colour (WCAG 2.2)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_text_and_shapes_have_enough_contrast(scheme: dict[str, str]) -> None:
    assert (
        scheme.keys() == LIGHT.keys() == {"bg", "card", "fg", "mut", "line", "ok", "bad", "other"}
    )
    for behind in ("bg", "card"):
        for words in ("fg", "mut", "ok", "bad"):
            assert contrast(scheme[words], scheme[behind]) >= 4.5, (words, behind)
        assert contrast(scheme["other"], scheme[behind]) >= 3, behind


def test_joined_texts_are_escaped() -> None:
    assert str(join("<", Html("<br>"), ">")) == "&lt;<br>&gt;"
