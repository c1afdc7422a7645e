"""What is asked: no more than is wanted, and nothing that the answer depends on left out of the key."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.model import Category, Context
from providers.base import Ask
from providers.huawei.question import COVERS, NARROWED, question
from providers.huawei.settings import CATEGORIES, HuaweiSettings, ImageTextConfig

SETTINGS = HuaweiSettings(ak="AK", sk="SK", project_id="p")
LISTS = ImageTextConfig(black=("广告词库",), white=("fine",))

asks = st.builds(
    Ask,
    context=st.sampled_from(Context),
    categories=st.frozensets(st.sampled_from(Category)),
    language=st.sampled_from(["zh", "zh-TW", "en", "ar", "de", "pt_BR", "", "EN-us"]),
    options=st.just(()) | st.lists(st.sampled_from(CATEGORIES)).map(lambda some: ((NARROWED, ",".join(some)),)),
)
wanted = st.lists(st.sampled_from(CATEGORIES), min_size=1, unique=True).map(tuple)


def test_a_whole_request() -> None:
    settings = replace(SETTINGS, biz_type="strict", image_text_config=LISTS)
    body = json.loads(question(Ask(context=Context.HEAD_IMAGE, language="ar"), settings).body(still=b"\x00\xffpic"))
    assert b64decode(body.pop("image")) == b"\x00\xffpic"
    assert body == {
        "event_type": "head_image",
        "categories": ["porn", "terrorism", "image_text"],
        "language": "ar",
        "biz_type": "strict",
        "image_text_config": {"black_glossary_names": ["广告词库"], "white_glossary_names": ["fine"]},
    }


def test_by_url_there_is_no_image() -> None:
    body = json.loads(question(Ask(), SETTINGS).body(url="https://relay.example/é?a=b"))
    assert body["url"] == "https://relay.example/é?a=b"
    assert "image" not in body


@pytest.mark.parametrize("context", Context)
def test_the_context_is_the_event_type(context: Context) -> None:
    assert question(Ask(context=context), SETTINGS).fields()["event_type"] == context.value


@pytest.mark.parametrize(
    ("said", "asked"),
    [("zh", "zh"), ("zh-TW", "zh"), ("EN", "en"), ("ar_EG", "ar"), ("de", "en"), ("", "en"), ("english", "en")],
)
def test_a_language_that_it_does_not_read_is_asked_in_the_usual_one(said: str, asked: str) -> None:
    assert question(Ask(language=said), SETTINGS).language == asked
    assert question(Ask(language="fr"), replace(SETTINGS, language="zh")).language == "zh"


def test_language_and_word_lists_go_along_only_where_text_is_read() -> None:
    asked = question(Ask(language="ar"), replace(SETTINGS, categories=("porn",), image_text_config=LISTS))
    assert asked.fields() == {"event_type": "group_message", "categories": ["porn"]}


@pytest.mark.parametrize(
    ("categories", "asked"),
    [
        ({Category.SEXUAL_SUGGESTIVE}, ("porn",)),
        ({Category.VIOLENCE_GRAPHIC}, ("terrorism",)),
        ({Category.OFFENSIVE_TEXT, Category.SEXUAL_EXPLICIT}, ("porn", "image_text")),
        ({Category.HATE, Category.SELF_HARM, Category.OTHER}, ()),
        (set(Category), CATEGORIES),
    ],
)
def test_no_category_is_paid_for_that_nobody_wants(categories: set[Category], asked: tuple[str, ...]) -> None:
    assert question(Ask(categories=frozenset(categories)), SETTINGS).categories == asked


@pytest.mark.parametrize(
    ("option", "asked"),
    [("porn", ("porn",)), ("terrorism,porn", ("porn", "terrorism")), ("", ()), ("politics", ())],
)
def test_options_only_narrow(option: str, asked: tuple[str, ...]) -> None:
    assert question(Ask(options=((NARROWED, option),)), SETTINGS).categories == asked


def test_a_policy_of_the_console_decides_by_itself_what_is_looked_for() -> None:
    """Narrowing would say of a category that it was not looked for, or charge for what was not asked."""
    settings = replace(SETTINGS, biz_type="ads", categories=("image_text",))
    asked = question(Ask(categories=frozenset({Category.SEXUAL_EXPLICIT}), options=((NARROWED, "porn"),)), settings)
    assert asked.categories == ("image_text",)
    assert asked.assesses == {Category.ADVERTISING, Category.OFFENSIVE_TEXT}


@given(asks, wanted)
def test_what_is_asked_is_wanted_allowed_and_assessed(ask: Ask, allowed: tuple[str, ...]) -> None:
    asked = question(ask, replace(SETTINGS, categories=allowed))
    assert set(asked.categories) <= set(allowed)
    assert len(set(asked.categories)) == len(asked.categories)
    for category in asked.categories:
        assert COVERS[category] & ask.categories
        assert COVERS[category] <= asked.assesses
    if not ask.options:
        reachable = frozenset[Category]().union(*(COVERS[c] for c in allowed))
        assert ask.categories & reachable <= asked.assesses


@given(asks, asks, wanted)
def test_two_asks_share_a_key_where_they_make_the_same_request_and_only_there(
    one: Ask, two: Ask, allowed: tuple[str, ...]
) -> None:
    settings = replace(SETTINGS, categories=allowed)
    first, second = question(one, settings), question(two, settings)
    assert (first.key == second.key) == (first.body(still=b"x") == second.body(still=b"x"))


def test_settings_that_change_the_answer_change_the_key() -> None:
    keys = {
        question(Ask(), settings).key
        for settings in (
            SETTINGS,
            replace(SETTINGS, biz_type="a"),
            replace(SETTINGS, biz_type="b"),
            replace(SETTINGS, image_text_config=ImageTextConfig(black=("x",))),
            replace(SETTINGS, image_text_config=ImageTextConfig(white=("x",))),
        )
    }
    assert len(keys) == 5


@given(st.binary(max_size=200), asks)
def test_the_body_is_json_that_carries_the_very_bytes(still: bytes, ask: Ask) -> None:
    asked = question(ask, replace(SETTINGS, image_text_config=LISTS))
    body = json.loads(asked.body(still=still))
    assert b64decode(body.pop("image"), validate=True) == still
    assert body == asked.fields()
