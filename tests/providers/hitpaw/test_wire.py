"""What HitPaw says, as the documents have it, and what of it we believe."""

from __future__ import annotations

import json
import random
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import Category, Frames, Suggestion, Verdict
from providers.errors import (
    BadCredentials,
    BadRequest,
    Denied,
    Garbled,
    ProviderError,
    QuotaSpent,
    RateLimited,
    ServerFault,
    TooLarge,
)
from providers.hitpaw import codes, wire
from providers.hitpaw.wire import RISKS, STATUSES, Progress, Stage, Submitted
from providers.http import Reply
from tests.providers.hitpaw.samples import DOCUMENTED, JOB, PAGES, in_the_page

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
SUBMISSION, TAKEN_ON, QUESTION, SHAPE, CONVERTING, LOW, HIGH, ERROR, NO_COINS = DOCUMENTED


def reply(body: Any, status: int = 200, **headers: str) -> Reply:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply("HitPaw", status, {k.replace("_", "-"): v for k, v in headers.items()}, text)


def progress(body: Any, status: int = 200, job: str = JOB) -> Progress:
    return wire.progress(codes.read(reply(body, status), NOW), job)


# --- the documents ---------------------------------------------------------------------------------------


def test_the_samples_are_those_of_the_vendors_page() -> None:
    page = next((p for p in PAGES if p.exists()), None)
    if page is None:
        pytest.skip("../shared/seeds is not here: the samples were not compared with the vendor's page")
    assert in_the_page(page.read_text(encoding="utf-8")) == DOCUMENTED


def test_the_documented_requests_are_ours() -> None:
    assert json.loads(wire.submission(SUBMISSION["file_url"])) == SUBMISSION
    assert json.loads(wire.question(QUESTION["job_id"])) == QUESTION
    assert json.loads(wire.presigning("a1b2.jpg", "image/jpeg", 3600)) == {
        "filename": "a1b2.jpg",
        "content_type": "image/jpeg",
        "expire_seconds": 3600,
    }


@pytest.mark.parametrize(("asked", "sent"), [(0, 60), (59, 60), (61, 61), (7200, 7200), (9999, 7200)])
def test_presigning_keeps_to_what_the_vendor_takes(asked: int, sent: int) -> None:
    assert json.loads(wire.presigning("a.jpg", "image/jpeg", asked))["expire_seconds"] == sent


def test_the_documented_answers_are_read() -> None:
    assert wire.submitted(codes.read(reply(TAKEN_ON), NOW)) == Submitted(JOB, 5)
    assert progress(CONVERTING) == Progress("CONVERTING", Stage.RUNNING)
    assert progress(LOW) == Progress("COMPLETED", Stage.ANSWERED, "low")
    assert progress(HIGH) == Progress("COMPLETED", Stage.ANSWERED, "high")
    assert progress(ERROR) == Progress("ERROR", Stage.FAILED)
    assert progress(SHAPE) == Progress("string", Stage.RUNNING, known=False)
    with pytest.raises(QuotaSpent, match="buy credits"):
        codes.read(reply(NO_COINS, 402), NOW)


def test_the_presigned_place_is_read() -> None:
    place = {
        "upload_url": "https://oss/x?s=1",
        "access_url": "https://cdn/x.jpg",
        "object_key": "x.jpg",
        "content_type": "image/jpeg",
        "expire_at": 1,
    }
    found = wire.shelf(codes.read(reply({"code": 0, "msg": "success", "data": place}), NOW))
    assert (found.upload_url, found.access_url, found.content_type) == tuple(
        place[n] for n in ("upload_url", "access_url", "content_type")
    )


# --- statuses and results ----------------------------------------------------------------------------------

ENDS = {
    "WAITING": Stage.RUNNING,
    "PENDING": Stage.RUNNING,
    "INPUT_PREPARING": Stage.RUNNING,
    "CONVERTING": Stage.RUNNING,
    "CONVERT_COMPLETED": Stage.RUNNING,
    "OUTPUT_SAVING": Stage.RUNNING,
    "OUTPUT_SAVED": Stage.RUNNING,
    "COMPLETED": Stage.EMPTY,
    "NSFW": Stage.ANSWERED,
    "ERROR": Stage.FAILED,
    "REJECT": Stage.FAILED,
    "ERROR_INTERRUPTION": Stage.BROKEN_OFF,
    "TIMEOUT": Stage.BROKEN_OFF,
    "CANCEL": Stage.BROKEN_OFF,
}


def standing(status: object, **found: object) -> dict[str, Any]:
    return {"code": 200, "data": {"job_id": JOB, "status": status, "res_data": found}}


@pytest.mark.parametrize(("status", "stage"), ENDS.items())
def test_each_of_the_fourteen_statuses(status: str, stage: Stage) -> None:
    assert len(STATUSES) == len(ENDS) == 14
    assert progress(standing(status, check_result="")).stage is stage
    assert progress(standing(status, check_result="")).known


@pytest.mark.parametrize("status", [s for s in ENDS if s not in ("COMPLETED", "NSFW")])
def test_a_result_counts_only_with_the_status_that_says_so(status: str) -> None:
    assert progress(standing(status, check_result="low")).risk == ""


@pytest.mark.parametrize("status", ["completed", "DONE", "COMPLETED ", "成功", "x" * 64])
def test_an_unknown_status_runs_on(status: str) -> None:
    assert progress(standing(status, check_result="low")) == Progress(status, Stage.RUNNING, known=False)


@pytest.mark.parametrize("result", ["", "LOW", "low ", "safe", None, 0, True, ["low"], {"low": 1}])
def test_a_result_that_is_none_of_the_three_is_none(result: object) -> None:
    assert progress(standing("COMPLETED", check_result=result)) == Progress("COMPLETED", Stage.EMPTY)


@pytest.mark.parametrize("found", [None, [], "low", {}, {"result": "low"}])
def test_a_completed_job_without_results(found: object) -> None:
    body = standing("COMPLETED")
    body["data"]["res_data"] = found
    assert progress(body).stage is Stage.EMPTY
    del body["data"]["res_data"]
    assert progress(body).stage is Stage.EMPTY


@pytest.mark.parametrize(("result", "risk"), [("", "NSFW"), ("low", "NSFW"), ("mid", "NSFW"), ("high", "high")])
def test_the_status_nsfw_is_a_review_at_least(result: str, risk: str) -> None:
    found = progress(standing("NSFW", check_result=result))
    assert found.risk == risk
    assert RISKS[found.risk][1] >= Suggestion.REVIEW


@pytest.mark.parametrize("job", [None, "", JOB.upper(), 7, "another"])
def test_the_answer_of_another_job_is_none(job: object) -> None:
    body = standing("COMPLETED", check_result="low")
    body["data"]["job_id"] = job
    with pytest.raises(Garbled, match="another job"):
        progress(body)


@pytest.mark.parametrize("status", [None, "", 7, ["COMPLETED"], "x" * 65, "A\nB"])
def test_a_status_that_is_no_word_is_garbled(status: object) -> None:
    with pytest.raises(Garbled, match="without a usable status"):
        progress(standing(status, check_result="low"))


@pytest.mark.parametrize(
    ("risk", "confidence", "suggestion"),
    [
        ("low", 0.1, Suggestion.PASS),
        ("mid", 0.5, Suggestion.REVIEW),
        ("high", 0.9, Suggestion.BLOCK),
        ("NSFW", 0.5, Suggestion.REVIEW),
    ],
)
def test_the_mapping(risk: str, confidence: float, suggestion: Suggestion) -> None:
    """Ruling 3; a change here wants a new number in `VERSIONS.mapping`."""
    assert wire.VERSIONS.mapping == "hitpaw-1"
    found = wire.verdict(risk, Frames(3, 9), job=JOB, cost=0.005)
    [label] = found.labels
    assert (label.category, label.name, label.confidence) == (Category.SEXUAL_EXPLICIT, risk, confidence)
    assert found.suggestion is suggestion
    assert found.assessed == {Category.SEXUAL_EXPLICIT}, "what it does not look for, it has not found clean"
    assert (found.request_id, found.cost, found.frames) == (JOB, 0.005, Frames(3, 9))


def test_a_word_that_is_no_risk_is_no_verdict() -> None:
    with pytest.raises(Garbled):
        wire.verdict("", Frames(), job=JOB, cost=0)


@pytest.mark.parametrize("job", [None, "", 7, "x" * 201, "a\x00", ["a"]])
def test_a_job_without_a_usable_id_is_garbled(job: object) -> None:
    with pytest.raises(Garbled, match="job_id"):
        wire.submitted({"job_id": job, "consume_coins": 5})


@pytest.mark.parametrize(
    ("coins", "counted"), [(5, 5), (0, 0), (7, 7), (None, 5), (-1, 5), ("5", 5), (True, 5), (10**9, 5)]
)
def test_a_price_that_is_none_is_counted_as_the_documented_one(coins: object, counted: int) -> None:
    assert wire.submitted({"job_id": JOB, "consume_coins": coins}).credits == counted


# --- mutations -----------------------------------------------------------------------------------------------

WORDS: tuple[Any, ...] = (
    *("low", "mid", "high", "COMPLETED", "NSFW", "ERROR", JOB, "", "LOW", "low ", "成功"),
    *(None, True, False, 200, 0, 200.0, -1, 10**30, 0.5, float("inf"), float("nan"), "200", "00", "0200"),
)
EACH = 500  # mutations of one seed: x 10 seeds x 2 laws = 10,000


def anything(chance: random.Random, depth: int = 2) -> Any:
    """Any JSON value: the words that matter, numbers, rubbish, and lists and objects of them."""
    kind = chance.randrange(8 if depth else 6)
    if kind < 4:
        return chance.choice(WORDS)
    if kind == 4:
        return chance.randrange(-(2**40), 2**40)
    if kind == 5:
        return "".join(map(chr, (chance.randrange(32, 0xD7FF) for _ in range(chance.randrange(12)))))
    inner = [anything(chance, depth - 1) for _ in range(chance.randrange(4))]
    return inner if kind == 6 else {chance.choice((*PLACES[-1], "code", "job_id", "x")): value for value in inner}


PLACES: list[tuple[str, ...]] = [
    (),
    ("code",),
    ("data",),
    ("data", "job_id"),
    ("data", "status"),
    ("data", "res_data"),
    ("data", "res_data", "check_result"),
]


def assert_it_is_no_pass_unless_clean(text: bytes, status: int) -> None:
    found = outcome(text, status)
    if found is not None and found.suggestion is Suggestion.PASS:
        assert is_a_clean_low(text, status), (text, status)


def planted(body: dict[str, Any], place: tuple[str, ...], value: object) -> Any:
    """`body` with `value` at `place`."""
    if not place:
        return value
    changed = deepcopy(body)
    inner = changed
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = value
    return changed


def outcome(text: bytes, status: int) -> Verdict | None:
    """The verdict that an answer is, or None; anything but a ProviderError fails the test."""
    try:
        found = wire.progress(codes.read(Reply("HitPaw", status, {}, text), NOW), JOB)
        if found.stage is not Stage.ANSWERED:
            return None
        return wire.verdict(found.risk, Frames(), job=JOB, cost=0)
    except ProviderError:
        return None


def is_a_clean_low(text: bytes, status: int) -> bool:
    """Whether the documents would call this answer a low one, read independently of the code under test."""
    try:
        body = json.loads(text)
        return (
            200 <= status < 300
            and str(body["code"]) in ("0", "00", "000", "200", "0200")
            and not isinstance(body["code"], bool | float)
            and body["data"]["job_id"] == JOB
            and body["data"]["status"] == "COMPLETED"
            and body["data"]["res_data"]["check_result"] == "low"
        )
    except (ValueError, KeyError, TypeError, IndexError):
        return False


@pytest.mark.parametrize("seed", range(10))
def test_no_mutation_of_an_answer_becomes_a_pass(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(EACH):
        changed: Any = chance.choice([CONVERTING, LOW, HIGH, ERROR, NO_COINS | {"data": HIGH["data"]}])
        for place in sorted(chance.choices(PLACES[1:], k=chance.randint(1, 2)), key=len, reverse=True):
            changed = planted(changed, place, anything(chance))
        status = chance.choice([200, 200, 200, 201, 204, 301, 400, 401, 402, 404, 429, 500, 502])
        assert_it_is_no_pass_unless_clean(json.dumps(changed).encode(), status)


@pytest.mark.parametrize("seed", range(10))
def test_no_torn_or_patched_answer_becomes_a_pass(seed: int) -> None:
    chance = random.Random(seed)
    texts = [json.dumps(body).encode() for body in (CONVERTING, LOW, HIGH, ERROR, NO_COINS)]
    for _ in range(EACH):
        text, start = chance.choice(texts), chance.randrange(400)
        torn = text[:start] + chance.randbytes(chance.randrange(7)) + text[start + chance.randrange(31) :]
        assert_it_is_no_pass_unless_clean(torn, chance.choice([200, 400, 502]))


@pytest.mark.parametrize("text", [b"", b"<html>", b"null", b"[]", b'"low"', b"{", b"\xff\xfe", b"[" * 99_999])
def test_garbage_is_garbled(text: bytes) -> None:
    with pytest.raises(Garbled):
        codes.read(Reply("HitPaw", 200, {}, text), NOW)


# --- codes -----------------------------------------------------------------------------------------------------

TABLE = [
    (100400000, BadCredentials),
    (100400001, codes.Unfetched),
    (100400002, BadRequest),
    (100401000, BadCredentials),
    (100403000, BadRequest),
    (100403001, BadCredentials),
    (100403002, BadCredentials),
    (100429000, RateLimited),
    (100500000, codes.Unreceived),
    (100500001, codes.Unreceived),
    (100500002, codes.Unreceived),
    (100500003, codes.Unreceived),
    (100500004, BadCredentials),
    (100500005, codes.Unreceived),
    (100500006, ServerFault),
    (100500007, ServerFault),
    (110400000, BadCredentials),
    (110400002, codes.NoSuchJob),
    (110400003, codes.JobFailed),
    (110400007, codes.Unfetched),
    (110400009, TooLarge),
    (110400012, codes.Unfetched),
    (110402000, QuotaSpent),
    (110402001, QuotaSpent),
    (110402004, QuotaSpent),
]


@pytest.mark.parametrize(("code", "error"), TABLE)
@pytest.mark.parametrize("status", [None, 200, 400, 500])
def test_the_code_decides_whatever_it_rides_on(code: int, error: type[ProviderError], status: int | None) -> None:
    assert len(TABLE) == len(codes.CODES)
    for body in ({"code": code, "message": "x"}, {"error_code": str(code), "msg": "x"}, {"code": str(code)}):
        with pytest.raises(ProviderError) as caught:
            codes.read(reply(body, status or int(str(code)[3:6])), NOW)
        assert type(caught.value) is error
        assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"code": 110402999}, QuotaSpent),
        (400, {"code": 100401777}, BadCredentials),
        (200, {"code": 110429001}, RateLimited),
        (400, {"code": 110500321}, codes.Unreceived),
        (400, {"code": 110400777}, BadRequest),
        (400, {"code": 110413000}, TooLarge),
        (200, {"code": 401}, BadCredentials),
        (200, {"code": 1}, Garbled),
        (200, {"code": True, "data": {}}, Garbled),
        (200, {"code": 200.0, "data": {}}, Garbled),
        (200, {"code": None, "data": {}}, Garbled),
        (200, {"data": {}}, Garbled),
        (200, {"code": 200, "data": None}, Garbled),
        (200, {"code": 200, "data": []}, Garbled),
        (200, {"code": 110200000, "data": {}}, Garbled),
        (500, {"code": 200, "data": {}}, ServerFault),
        (400, {"message": "no"}, Garbled),
        (401, b"", BadCredentials),
        (402, b"<html>", QuotaSpent),
        (404, b"<html>", Denied),
        (301, b"", Denied),
        (413, b"<html>", TooLarge),
        (429, b"<html>", RateLimited),
        (502, b"<html>", ServerFault),
        (503, {"message": "soon"}, ServerFault),
    ],
)
def test_what_no_table_lists(status: int, body: object, error: type[ProviderError]) -> None:
    with pytest.raises(ProviderError) as caught:
        codes.read(reply(body, status), NOW)
    assert type(caught.value) is error


@pytest.mark.parametrize("body", [{"code": 100429000}, {}, b"<html>"])
def test_how_long_to_wait_is_heard_on_any_body(body: object) -> None:
    with pytest.raises(RateLimited) as caught:
        codes.read(reply(body, 429, retry_after="17"), NOW)
    assert caught.value.retry_after == 17
    with pytest.raises(RateLimited) as caught:
        codes.read(reply(body, 429), NOW)
    assert caught.value.retry_after == codes.WAIT


@given(st.integers(), st.integers(200, 599), st.text(max_size=20))
def test_no_error_repeats_what_the_vendor_wrote(code: int, status: int, message: str) -> None:
    secret = f"canary{message}"
    said = ""
    try:
        codes.read(reply({"code": code, "message": secret, "data": {"x": secret}}, status), NOW)
    except ProviderError as error:
        said = f"{error}{error.__cause__}"
    assert "canary" not in said
