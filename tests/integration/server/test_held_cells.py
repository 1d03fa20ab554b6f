"""What becomes of cells that wait for a verdict while their kernel is interrupted or restarted."""

from __future__ import annotations

import asyncio

import pytest
from kernel_pages import printed, reply

from jupyter_agent.server.judge import Judge

pytestmark = pytest.mark.one_server


@pytest.fixture
def hold(monkeypatch):
    """From when this is called there is no verdict on a cell until the event is set; the queue
    gets an entry for each that is asked for."""

    def begin():
        go, asked, verdict = asyncio.Event(), asyncio.Queue(), Judge.verdict

        async def later(judge, looked, kernel_id="", **more):
            asked.put_nowait(kernel_id)
            await go.wait()
            return await verdict(judge, looked, kernel_id, **more)

        monkeypatch.setattr(Judge, "verdict", later)
        return go, asked

    return begin


@pytest.mark.parametrize("how", ["interrupt", "restart", "message"])
async def test_a_cell_that_waits_does_not_run_once_its_kernel_was_stopped(
    pages, jp_fetch, hold, how
):
    page, other = await pages()
    go, asked = hold()

    first, second = await page.execute("x = 1"), await page.execute("y = 1")
    for _ in (first, second):
        await asked.get()
    if how == "message":
        request = await other.send("interrupt_request", {}, channel="control")
        await other.answers(request)
    else:
        await jp_fetch("api", "kernels", page.kernel_id, how, method="POST", body="")
    go.set()
    answers = await page.answers(first, second)

    assert [reply(answers[cell])["status"] for cell in (first, second)] == ["aborted"] * 2
    assert printed(await page.run("print({'x', 'y'} & {*globals()})")) == "set()\n"


async def test_what_is_sent_after_the_interrupt_runs(connect, jp_fetch, hold):
    page = await connect()
    go, asked = hold()

    await page.execute("x = 1")
    await asked.get()
    await jp_fetch("api", "kernels", page.kernel_id, "interrupt", method="POST", body="")
    later = await page.execute("print('later')")
    go.set()

    assert printed((await page.answers(later))[later]) == "later\n"
