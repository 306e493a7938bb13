"""Addresses of GitHub's pages that a report may link to; each is checked strictly."""

import re

OWNER_AND_NAME = r"[\w-][\w.-]*/(?!\.{1,2}(?:/|$))[\w.-]+"


def html_host(api_host: str) -> str | None:
    """Return the host of the pages for a host of the API; None if it is not a valid host.

    github.com and the hosts of ghe.com have the API on a subdomain, others below a path ("Getting
    started with the REST API").
    """
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?", api_host):
        return None
    if api_host == "api.github.com" or re.fullmatch(r"api\.[a-z0-9-]+\.ghe\.com", api_host):
        return api_host.removeprefix("api.")
    return api_host


def repository_page(api_host: str, repository: str) -> str | None:
    """Return the page of a repository; None if host or name is invalid."""
    host = html_host(api_host)
    if host is None or not re.fullmatch(OWNER_AND_NAME, repository, re.ASCII):
        return None
    return f"https://{host}/{repository}"


def run_page(api_host: str, html_url: str | None) -> str | None:
    """Return GitHub's address of a run, attempt or job if it is on this host, else None."""
    host = html_host(api_host)
    if host is None or html_url is None:
        return None
    form = rf"https://{re.escape(host)}/{OWNER_AND_NAME}/actions/runs/\d+(/(job|attempts)/\d+)?"
    return html_url if re.fullmatch(form, html_url, re.ASCII) else None


def comparison_page(
    api_host: str, repository: str, since: str | None, until: str | None
) -> str | None:
    """The page of the commits after one up to another. None where they are none, or the same."""
    page = repository_page(api_host, repository)
    if page is None or since is None or until is None or since == until:
        return None
    if not re.fullmatch(r"[0-9a-f]{7,64}", since) or not re.fullmatch(r"[0-9a-f]{7,64}", until):
        return None
    return f"{page}/compare/{since}...{until}"
