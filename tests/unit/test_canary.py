"""The canary search finds what is planted; otherwise every test that uses it proves nothing."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time

import pytest
from canary import _PIECE, Canary, Sighting

from jupyter_agent.scrub import forms


@pytest.fixture
def canary() -> Canary:
    return Canary.make(random.Random(7))


def test_it_is_the_same_for_the_same_seed_and_another_for_another(canary):
    assert Canary.make(random.Random(7)) == canary
    assert Canary.make(random.Random(8)) != canary
    assert len(canary.value) == 32


@pytest.mark.parametrize("form", forms(b"k" * 4 + b"Canary/+&' \"").keys())
def test_every_form_is_found(form):
    planted = Canary("k" * 4 + "Canary/+&' \"")
    data = b"before " + forms(planted.value.encode())[form] + b" after"
    assert form in planted.found_in(data)


def test_nothing_is_found_in_other_data(canary):
    other = Canary.make(random.Random(8)).value.encode()
    assert canary.found_in(b"".join(forms(other).values()) + random.Random(1).randbytes(9999)) == []


def test_it_is_found_in_files_of_every_kind_and_in_their_names(canary, tmp_path):
    value = canary.value
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "a.ipynb").write_text(f'{{"source": "x = {value}"}}')
    (tmp_path / "server.log").write_bytes(b"\xff\x00" + value.encode().hex().encode())
    (tmp_path / f"{value}.txt").write_text("")
    (tmp_path / "clean.txt").write_text("nothing here")
    assert set(canary.search_tree(tmp_path)) == {
        Sighting(str(tmp_path / "deep" / "er" / "a.ipynb"), "raw"),
        Sighting(str(tmp_path / f"{value}.txt"), "raw"),
        Sighting(str(tmp_path / "server.log"), "hex"),
    }


def test_it_is_found_in_a_database_after_it_was_deleted_from_it(canary, tmp_path):
    database = sqlite3.connect(tmp_path / "history.sqlite")
    database.execute("pragma secure_delete=off")
    database.execute("create table history (source text)")
    database.execute("insert into history values (?)", (canary.value,))
    database.commit()
    database.execute("delete from history")
    database.commit()
    database.close()
    assert canary.search_tree(tmp_path / "history.sqlite")


def test_it_is_found_across_the_pieces_in_which_a_large_file_is_read(canary, tmp_path):
    for before in (_PIECE - 1, _PIECE - 16, _PIECE - 31, 2 * _PIECE - 5):
        (tmp_path / "large").write_bytes(b"x" * before + canary.value.encode() + b"y" * 99)
        assert canary.search_tree(tmp_path / "large")


def test_a_folder_that_is_not_there_is_an_error_and_not_a_clean_result(canary, tmp_path):
    with pytest.raises(FileNotFoundError):
        canary.search_tree(tmp_path / "misspelled")


@pytest.mark.parametrize("where", ["cmdline", "environ"])
def test_it_is_found_in_a_process_unless_that_process_may_have_it(canary, where):
    arguments = [canary.value] if where == "cmdline" else []
    environment = {"PLANTED": canary.value} if where == "environ" else {}
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()", *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it runs now
        sighting = Sighting(f"/proc/{process.pid}/{where}", "raw")
        assert canary.search_proc() == [sighting]
        assert canary.search_proc(os.getuid()) == [sighting]
        assert canary.search_proc(os.getuid(), allowed={process.pid}) == []
        assert canary.search_proc(os.getuid() + 1) == []
        process.communicate(b"\n")


def test_a_value_that_is_found_by_chance_is_refused():
    with pytest.raises(ValueError, match="short"):
        Canary("tiny")


def test_a_failing_test_does_not_print_it(canary):
    assert canary.found_in(repr(canary).encode()) == []


def test_ten_megabytes_are_searched_in_a_second(canary, tmp_path):
    (tmp_path / "log").write_bytes(random.Random(1).randbytes(10 * _PIECE))
    begin = time.process_time()
    assert canary.search_tree(tmp_path) == []
    assert time.process_time() - begin < 1
