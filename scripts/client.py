"""The client of GitHub, apart from what all commands share: most of them start without it."""

import os
import shutil

from output import say

from telemetry import settings
from telemetry.github.client import GitHub
from telemetry.github.errors import GitHubError
from telemetry.github.options import Options
from telemetry.installation import COMMAND

LONGEST_LIMIT_SECONDS = 2 * 3_600.0
SHORT_WAIT_SECONDS = 120.0
THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def without_token() -> str:
    """Return what is possible without a token, and how to set one."""
    advice = "put one into .env as GITHUB_PERSONAL_TOKEN"
    if shutil.which("gh"):
        # In front of the command, because arguments of a process can be seen by others.
        advice = f"try: GITHUB_PERSONAL_TOKEN=$(gh auth token) {COMMAND} …"
    return (
        f"no token is set: public repositories only, 60 requests an hour instead of 5,000; {advice}"
    )


def github(wait: bool = False) -> GitHub:
    """Return a client with the user's token and server; `wait` waits a whole hour if needed."""
    token, variable = settings.token(os.environ)
    if token is None:
        say(without_token())
    else:
        say(f"using the token in {variable}")
    try:
        options = Options(
            base_url=os.environ.get("GITHUB_API_URL", "https://api.github.com"),
            token_variable=variable,
            max_wait=LONGEST_LIMIT_SECONDS if wait else SHORT_WAIT_SECONDS,
            reserve=settings.reserve(os.environ, token),
            certificates=os.environ.get("SSL_CERT_FILE"),
            notify=say,
        )
        client = GitHub(token, options)
    except GitHubError as error:  # before any request: a token or an address that cannot be one
        raise settings.UsageError(str(error)) from None
    if token and options.base_url.lower().startswith("http:") and client.host not in THIS_MACHINE:
        say(
            "warning: GITHUB_API_URL begins with http, so everybody on the way can read the token;"
            " use https"
        )
    return client
