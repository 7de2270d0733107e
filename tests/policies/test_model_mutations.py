"""Random command lines: whatever surrounds it, another model is either found or the line is called
unreadable.
"""

from __future__ import annotations

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from policies.models.vllm_flags import LIST_FLAGS, MODEL_FLAGS, ONE_VALUE_FLAGS, FlagKind
from tests.policies.test_model_naming import EVIL, GOOD, GOOD_ID, LLAMA, VLLM, served

_FLAGS: Final = sorted(
    {*ONE_VALUE_FLAGS, *LIST_FLAGS, "--enforce-eager", "--disable-log-requests", "--made-up"}
)
_VALUES: Final = st.sampled_from(["8000", "auto", "0.95", "a/b", "x", "--", "-1", GOOD, "{}", '{"a": "b"}'])
_HARMLESS: Final = st.lists(st.one_of(st.sampled_from(_FLAGS), _VALUES), max_size=6)
_NAMING: Final = sorted(
    flag
    for flag, kind in MODEL_FLAGS.items()
    if kind in {FlagKind.MODEL, FlagKind.PART} and flag.startswith("--")
)


@st.composite
def _spellings(draw: st.DrawFn) -> list[str]:
    """One flag that names another model, in any spelling that the parser takes."""
    flag = draw(st.sampled_from(_NAMING))
    spelt = flag[: draw(st.integers(min_value=3, max_value=len(flag)))]
    if draw(st.booleans()):
        spelt = "--" + spelt[2:].replace("-", "_")
    return [f"{spelt}={EVIL}"] if draw(st.booleans()) else [spelt, EVIL]


def _is_caught(models: set[str | None]) -> bool:
    return EVIL in models or None in models


@given(_HARMLESS, _spellings(), _HARMLESS)
@settings(max_examples=300, deadline=None)
def test_a_flag_that_names_another_model_is_caught_in_any_spelling_and_place(
    before: list[str], naming: list[str], behind: list[str]
) -> None:
    assert _is_caught(served(args=[GOOD, *before, *naming, *behind]))


@given(_HARMLESS, _HARMLESS)
@settings(max_examples=200, deadline=None)
def test_a_model_as_first_argument_is_found_whatever_follows(before: list[str], behind: list[str]) -> None:
    assert EVIL in served(args=[EVIL, *before, *behind])
    assert EVIL in served(command=["vllm", "serve", EVIL, *before, *behind])


@given(st.lists(st.sampled_from(_FLAGS), min_size=1, max_size=4), _HARMLESS)
@settings(max_examples=200, deadline=None)
def test_a_stray_word_that_may_be_the_model_is_never_passed_over(flags: list[str], behind: list[str]) -> None:
    """The last flag may take the word as its value; then no model is named, which is caught as well."""
    words = [word for word in behind if word != "--"]

    assert _is_caught(served(args=[*flags, EVIL, *words]))


@given(_HARMLESS, st.sampled_from(["-m", "--model", "-hf", "--hf-repo", "-md", "--model_draft"]), _HARMLESS)
@settings(max_examples=200, deadline=None)
def test_a_llama_flag_that_names_another_model_is_caught_anywhere(
    before: list[str], flag: str, behind: list[str]
) -> None:
    assert _is_caught(served(image=LLAMA, args=["-m", f"{GOOD}/q4.gguf", *before, flag, EVIL, *behind]))


@given(st.text(min_size=1, max_size=30), st.integers(min_value=0, max_value=len(GOOD)))
@settings(max_examples=300, deadline=None)
def test_no_edit_of_an_approved_path_still_reads_as_the_approved_model(text: str, place: int) -> None:
    """It may still be seen that the text speaks of that model, but not that this is what is served."""
    path = GOOD[:place] + text + GOOD[place:]
    steps = [step for step in path.split("/") if step]

    if steps[:3] != ["models", "mistralai", "Mistral-7B-Instruct-v0.3"]:
        assert served(args=[path], image=VLLM) - {GOOD_ID}


@given(st.text(alphabet="abc $(){}'\"`;&|=-/\n", max_size=40))
@settings(max_examples=300, deadline=None)
def test_no_script_around_a_server_hides_its_model(text: str) -> None:
    for script in (f"{text} vllm serve {EVIL}", f"vllm serve {EVIL} {text}", f"{text}\nvllm serve {EVIL}"):
        assert served(command=["sh", "-c", script])
        assert GOOD_ID not in served(command=["sh", "-c", script])
