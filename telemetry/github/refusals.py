"""Errors for requests that GitHub refused or did not answer; each says what to do."""

from telemetry import counted, in_words
from telemetry.github.answers import (
    Answer,
    Decision,
    Fault,
    Verdict,
    clean,
    error_body,
    message,
    phrase,
)
from telemetry.github.errors import CHECK_URL, GitHubError, NotFound, PaginationLimited, Unanswered
from telemetry.github.options import Options


def refused(
    what: str, answer: Answer, verdict: Verdict, options: Options, has_token: bool
) -> GitHubError:
    """Return the error for an answer that a retry would not change."""
    if verdict is Verdict.CAPPED:
        return PaginationLimited(
            f"{what}: {answer.status} pagination is limited for this resource; list shorter"
            " windows of creation time",
            answer.status,
        )
    named_in = "ORG" if what.startswith(("GET /orgs/", "GET /users/")) else "REPO"
    reason, advice = explain(answer, options, has_token, named_in)
    kind = NotFound if verdict is Verdict.MISSING else GitHubError
    return kind(f"{what}: {reason}", answer.status, advice)


def gave_up(
    what: str, answer: Answer | Fault, decision: Decision, tries: int, too_long: float = 0.0
) -> GitHubError:
    """Return the error for a request that met a fault in each of `tries` tries.

    `too_long` is the wait that the server asks for, in seconds, if it is too long.
    """
    said = f"{what}: {decision.reason} in {counted(tries, 'try')}"
    if too_long:
        said += f", and the server asks to wait {in_words(too_long)}"
    if decision.connecting:
        remedy = "check the network, the proxy variables and GITHUB_API_URL"
        if "CERTIFICATE_VERIFY_FAILED" in decision.reason:
            remedy = (
                "check GITHUB_API_URL; if the certificate of the server or the proxy is of your own"
                " authority, set SSL_CERT_FILE to the file of its certificate"
            )
        return GitHubError(said, advice=remedy)
    return Unanswered(
        said,
        answer.status if isinstance(answer, Answer) else None,
        decision.reason,
        "try again later, and check GITHUB_API_URL if it keeps failing",
        too_long,
    )


def explain(
    answer: Answer, options: Options, has_token: bool, named_in: str = "REPO"
) -> tuple[str, str]:
    """Return the reason of a refusal, and what to do.

    `named_in` is the variable with the name of the repository or owner that was asked for.
    """
    status, variable = answer.status, options.token_variable
    said = f"{status} {clean(message(answer)).rstrip('.') or phrase(status)}"
    token = f"the token in {variable}"
    if status in (403, 404) and not error_body(answer):
        said = f"{status} {phrase(status).lower()}, and the answer is not from GitHub's API"
        return said, f"check the proxy variables, and {CHECK_URL}"
    if status == 401:
        whole = f"check that {token} is complete, not expired and not revoked"
        return said, whole if has_token else f"set {variable}"
    if status == 403:
        return said, _permission(answer, token) if has_token else f"set {variable}"
    if status == 404:
        reader = "the token" if has_token else f"a token in {variable}"
        return "404 not found", f"check the name in {named_in} and that {reader} can read Actions"
    if status == 410:
        version = options.api_version
        return said, f"either API version {version} is retired or the feature is switched off"
    if status == 422:
        return f"{said}{_validation_errors(answer)}", "check the values of the request"
    if status == 451:
        block = error_body(answer).get("block")
        reason = clean(str(block.get("reason"))) if isinstance(block, dict) else "no reason given"
        return (
            f"{said} ({reason})",
            "take the repository out of REPO, or with ORG name it in EXCLUDE",
        )
    return said, "check GITHUB_API_URL"


def _permission(answer: Answer, token: str) -> str:
    """Return what to do about a token that may not do this, or what to do if that is the reason.

    GitHub names the permission also where the reason is another, such as this machine's address.
    """
    sign_on = clean(answer.headers.get("x-github-sso", ""), 300)
    if sign_on:
        return f"authorize {token} for single sign-on: {sign_on.rpartition('url=')[2]}"
    needed = clean(answer.headers.get("x-accepted-github-permissions", ""))
    remedy = f"give {token} the permission {needed or 'actions=read'}"
    if needed and "not accessible" in message(answer):
        return remedy
    return f"unless GitHub names another reason, {remedy}"


def _validation_errors(answer: Answer) -> str:
    errors = error_body(answer).get("errors")
    shown = []
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            where = " ".join(str(error[k]) for k in ("resource", "field") if k in error)
            shown.append(f"{where}: {error.get('message') or error.get('code')}")
        else:
            shown.append(str(error))
    return f" ({clean('; '.join(shown))})" if shown else ""
