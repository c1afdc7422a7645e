"""What a vendor read from an image: told to moderators in words, with no power left in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.texts import scores
from bot.texts.catalogue import Texts
from bot.texts.details import LONGEST, MOST, of_image
from bot.texts.markup import FSI, PDI, Voice
from policies.model import Detail, DetailKind, Unscreened, UnscreenedReason, Verdict
from tests.bot.cases import GUILD, SEEN

VOICE = Voice.to(GUILD, Texts("en"))


def told(*details: Detail, **changes: Any) -> list[str]:
    verdict = replace(SEEN, provider="huawei", details=details, **changes)
    return [line.replace(FSI, "").replace(PDI, "") for line in of_image((verdict,), VOICE)]


def test_the_telling_comes_first() -> None:
    assert told(
        Detail(DetailKind.FACE, box=(1, 2, 3, 4)),
        Detail(DetailKind.TEXT, "buy now, call 555"),
        Detail(DetailKind.QR_CODE, "scam"),
        Detail(DetailKind.WORDS, "buy now", glossary="ads"),
        Detail(DetailKind.FACE, box=(5, 6, 7, 8)),
        Detail(DetailKind.WORDS, "call 555"),
    ) == [
        "Words found: buy now (list ads)",
        "Words found: call 555",
        "QR code: scam",
        "Text in it: buy now, call 555",
        "2 faces",
    ]


def test_a_code_that_was_only_located_and_one_face() -> None:
    assert told(Detail(DetailKind.QR_CODE, box=(1, 2, 3, 4)), Detail(DetailKind.FACE, box=(1, 2, 3, 4))) == [
        "QR code: not readable",
        "1 face",
    ]


def test_the_vendors_request_is_named_for_its_support() -> None:
    assert told(request_id="53f9") == ["Request of huawei: 53f9"]
    assert told() == []


def test_each_thing_once_and_not_endless() -> None:
    word = Detail(DetailKind.WORDS, "x" * 999)
    assert len(told(word, word)[0]) < LONGEST + 20
    assert len(told(word, word)) == 1
    many = (Detail(DetailKind.WORDS, str(n)) for n in range(50))
    assert len(told(*many, request_id="id")) == MOST + 1


def test_a_link_is_not_one_any_more_and_nobody_is_pinged() -> None:
    hostile = "[free](https://scam.example) @everyone \u202e"
    details = tuple(Detail(kind, hostile, glossary=hostile) for kind in DetailKind)
    for line in of_image((replace(SEEN, details=details, request_id=hostile),), VOICE):
        assert "https://" not in line
        assert "@everyone" not in line
        assert "\u202e" not in line
        assert line.count(FSI) == line.count(PDI)


def test_who_gave_no_answer_has_read_nothing() -> None:
    assert of_image((Unscreened("huawei", UnscreenedReason.OUTAGE, "x"),), VOICE) == []


def test_they_stand_below_the_scores() -> None:
    verdict: Verdict = replace(SEEN, details=(Detail(DetailKind.QR_CODE, "scam"),))
    assert scores.of_image((verdict,), VOICE)[-1] == f"QR code: {FSI}scam{PDI}"
