"""What is kept of a conversation, and what of that is sent again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_agent.chat.conversation import Attachment, Conversation, Step, Turn

WORDS = st.text(max_size=60)
STEPS = st.builds(Step, WORDS, WORDS, st.text(max_size=5_000), st.booleans())
TURNS = st.builds(
    Turn,
    WORDS,
    st.lists(st.builds(Attachment, WORDS, WORDS), max_size=2).map(tuple),
    st.lists(STEPS, max_size=3).map(tuple),
    WORDS,
)


@given(st.lists(TURNS, max_size=8), st.integers(0, 20_000))
def test_the_newest_turns_that_fit_are_sent_whole_and_in_order(
    turns: list[Turn], budget: int
) -> None:
    conversation = Conversation()
    for turn in turns:
        conversation.add(turn)
    sent = conversation.sent(budget)
    aged = [turn.aged() for turn in turns]
    assert sent == (aged[-len(sent) :] if sent else [])
    assert sum(turn.size for turn in sent) <= budget
    if len(sent) < len(turns):
        assert sum(turn.size for turn in sent) + aged[-len(sent) - 1].size > budget


@given(TURNS)
def test_an_aged_turn_has_every_step_and_says_what_it_left_out(turn: Turn) -> None:
    aged = turn.aged()
    assert aged.prompt == turn.prompt
    assert [step.tool for step in aged.steps] == [step.tool for step in turn.steps]
    for before, after in zip(turn.steps, aged.steps, strict=True):
        assert after.result == before.result or "characters left out" in after.result
        assert len(after.result) <= 2_100


def test_a_conversation_forgets_what_is_very_old_and_can_begin_anew() -> None:
    conversation = Conversation()
    for number in range(205):
        conversation.add(Turn(str(number)))
    assert [turn.message for turn in conversation.turns[:1]] == ["5"]
    conversation.clear()
    assert conversation.sent() == []
