"""Hidden prompts of programs that are slow: each gets one answer, and none gets the next one's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jupyter_agent.broker.terminals import Prompts

_ENOUGH = 4  # looks after which a broker that would type has typed


class _SlowProgram:
    """A terminal that always hides what is typed, and what its program does at each look.

    Args:
        prints: Number of the look → what the program prints just after it.
        reads: Whether it reads what is typed at once; else never.
    """

    def __init__(self, prints: dict[int, bytes], *, reads: bool) -> None:
        self.typed: list[bytes] = []
        self.over = asyncio.Event()
        self.saw: Callable[[bytes], None] = lambda _: None
        self._prints = prints
        self._reads = reads
        self._looks = self._last = 0

    def hides_a_line(self) -> bool:
        self._looks += 1
        if output := self._prints.pop(self._looks, b""):
            self._last = self._looks
            asyncio.get_running_loop().call_soon(self.saw, output)
        if self.typed and not self._prints and self._looks > self._last + _ENOUGH:
            self.over.set()
        return True

    def has_unread(self) -> bool:
        return bool(self.typed) and not self._reads

    async def type(self, data: bytes) -> None:
        self.typed.append(data)
        self._last = self._looks


async def _answer(program: _SlowProgram) -> None:
    async def unanswered() -> None:
        raise AssertionError("there was an answer left")

    prompts = Prompts(program, [b"first\n", b"second\n"], unanswered)  # type: ignore[arg-type]
    program.saw = prompts.saw
    watching = asyncio.create_task(prompts.watch())
    await asyncio.wait(
        {watching, asyncio.create_task(program.over.wait())}, return_when="FIRST_COMPLETED"
    )
    watching.cancel()


async def test_a_question_that_is_printed_just_after_typing_was_hidden_gets_one_answer():
    program = _SlowProgram({1: b"Password: "}, reads=True)
    await _answer(program)
    assert program.typed == [b"first\n"]


async def test_a_question_that_is_printed_after_it_was_answered_gets_no_second_answer():
    program = _SlowProgram({9: b"Password: "}, reads=False)
    await _answer(program)
    assert program.typed == [b"first\n"]


async def test_the_next_question_gets_the_next_answer_also_when_typing_was_never_shown():
    program = _SlowProgram({1: b"Password: ", 9: b"Again: "}, reads=True)
    await _answer(program)
    assert program.typed == [b"first\n", b"second\n"]
