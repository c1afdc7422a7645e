"""Answers as Huawei gives them: the vendor's own samples, word for word, and what its schema allows."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from policies.model import Suggestion

# From the documentation of Image Moderation (V3), "Example Response" and "Example Request", as they stand there.
SUCCESS = """{
  "request_id" : "53f9719c3730d1169e47403d5c8a9473",
  "result" : {
    "category" : "porn",
    "details" : [ {
      "category" : "porn",
      "confidence" : 0.9934315,
      "label" : "sexy_female",
      "suggestion" : "review"
    }, {
      "category" : "porn",
      "confidence" : 0.99798274,
      "label" : "intimacy",
      "suggestion" : "review"
    } ],
    "suggestion" : "review"
  }
}"""
FAILURE = """{
  "error_code" : "AIS.0402",
  "error_msg" : "The image format is not supported."
}"""
BY_BASE64 = """{
      "event_type" : "head_image",
      "image" : "/9j/4AAQSkZJRgABAgEASABIAAD/4RFZRXhpZgAATU0AKgAAAAgABwESAAMAAAABAAEAAAEaAAUAAAABAAAA",
      "categories" : [ "porn", "terrorism" ]
    }"""
BY_URL = """{
      "event_type" : "head_image",
      "url" : "https://bucketname.obs.myhwclouds.com/ObjectName1",
      "categories" : [ "porn", "terrorism" ]
    }"""

# Every field that the schema and the SDK know.
EVERYTHING: dict[str, Any] = {
    "request_id": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "result": {
        "suggestion": "block",
        "category": "image_text",
        "ocr_text": "BUY NOW 广告 call 555",
        "details": [
            {
                "suggestion": "block",
                "category": "image_text",
                "confidence": 0.93,
                "label": "ad",
                "segments": [{"segment": "BUY NOW", "glossary_name": "ads"}, {"segment": "call 555"}],
            },
            {
                "suggestion": "review",
                "category": "image_text",
                "confidence": 1,
                "label": "qr_code",
                "qr_content": "https://scam.example/7",
                "qr_location": {"top_left_x": 10, "top_left_y": 20, "bottom_right_x": 110, "bottom_right_y": 120},
            },
            {
                "suggestion": "review",
                "category": "terrorism",
                "confidence": 0.71,
                "label": "gun",
                "face_location": [207, 522, 340, 567],
            },
            {"suggestion": "pass", "category": "porn", "confidence": 0.02, "label": "normal"},
        ],
    },
}

ORDER = (Suggestion.PASS, Suggestion.REVIEW, Suggestion.BLOCK)

words = st.text(max_size=12)
shares = st.floats(0, 1)
pixels = st.integers(0, 6000)
categories = st.sampled_from(["porn", "terrorism", "image_text", "politics"])
labels = st.sampled_from(["sexy_female", "bloody", "gun", "qr_code", "abuse", "something_new"])
places = st.fixed_dictionaries(
    dict.fromkeys(("top_left_x", "top_left_y", "bottom_right_x", "bottom_right_y"), pixels)
) | st.lists(pixels, min_size=4, max_size=4)
details: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "suggestion": st.sampled_from(["pass", "review", "block"]),
        "category": categories,
        "confidence": shares,
        "label": labels,
    },
    optional={
        "face_location": places,
        "qr_location": places,
        "qr_content": words,
        "segments": st.lists(st.fixed_dictionaries({"segment": words}, optional={"glossary_name": words}), max_size=2),
    },
)


@st.composite
def answers(draw: st.DrawFn, least: Suggestion = Suggestion.PASS) -> dict[str, Any]:
    """A valid response whose suggestion is its details' harshest, as the vendor says, and at least `least`."""
    parts: list[dict[str, Any]] = draw(st.lists(details, max_size=4))
    worst = max([least, *(Suggestion(part["suggestion"]) for part in parts)])
    named = [part["category"] for part in parts if part["suggestion"] == worst.value]
    result: dict[str, Any] = {"suggestion": worst.value, "category": draw(st.sampled_from(named or ["porn"]))}
    if draw(st.booleans()) or parts:
        result["details"] = parts
    if draw(st.booleans()):
        result["ocr_text"] = draw(words)
    return {"request_id": draw(st.text("0123456789abcdef", min_size=2, max_size=64)), "result": result}


def loaded(text: str) -> Any:
    """The JSON of a sample."""
    return json.loads(text)
