"""Secrets that their surroundings disguised by accident: escapes, colours, odd blanks, wrapping.

A text that shows a sign of a disguise is looked at a second time, as a view in which the disguise
is undone. Whatever is found there is translated back: a span always lies in the original text and
covers the original characters, whatever stands between them.

A sign is looked for in the same pass as the rules' keywords, so a text without any pays nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from typing import Final, NamedTuple


def _nothing(_found: str) -> str:
    return ""


class Sign(NamedTuple):
    """One sort of disguise.

    Args:
        in_bytes: Shows in UTF-8 that there may be something to undo. Without lookarounds, because
            hyperscan runs it too.
        first: Characters with which everything begins that is replaced, as the inside of a class.
            An expression that begins with a class skips what is not in it at memory's speed; one
            that begins with alternatives or looks behind itself tries all of them at each place.
        rest: The rest of what is replaced in the text. It looks back at the first character.
        replacement: What one match of ``first`` and ``rest`` stands for.
        needles: One of these stands in everything that ``in_bytes`` matches.
        longest: For what may stand in a text a thousand times: the most bytes that ``in_bytes``
            matches. It is noticed once in a text and then looked for once in each block. Else 0.
    """

    in_bytes: bytes
    first: str
    rest: str
    replacement: Callable[[str], str]
    needles: tuple[bytes, ...]
    longest: int = 0

    @property
    def removed(self) -> bool:
        """Whether every match just goes away."""
        return self.replacement is _nothing


def _blank(_found: str) -> str:
    return " "


def _decoded(found: str) -> str:
    return chr(int(found.lstrip("\\%ux"), 16))


@lru_cache(maxsize=512)  # a page has thousands of the same few
def _unescaped(found: str) -> str:
    from html import unescape  # noqa: PLC0415  (rare; import time)

    plain = unescape(found)
    # Names outside HTML stay, and nothing may grow.
    return plain if len(plain) == 1 else found


def _narrow(found: str) -> str:
    # Unicode, "Halfwidth and Fullwidth Forms": U+FF01-FF5E mirror U+0021-007E.
    return chr(ord(found) - 0xFEE0)


def _last(found: str) -> str:
    return found[-1]


_CONTROLS: Final = {"n": "\n", "r": "\n", "t": "\t"}


def _control(found: str) -> str:
    return _CONTROLS[found[-1]]


_INLINE: Final = ("b", "strong", "em", "i", "u", "code", "tt", "kbd", "mark", "font", "span")
_TAGS: Final = {
    **dict.fromkeys(_INLINE, ""),
    **dict.fromkeys(("p", "div", "li", "br", "tr", "dt", "h1", "h2", "h3", "h4"), "\n"),
    **dict.fromkeys(("td", "th"), " | "),
    "dd": ": ",
}
_TAG_NAME: Final = re.compile(r"</?(\w+)")


def _tag(found: str) -> str:
    name = _TAG_NAME.findall(found.lower())[0]
    if found[1] == "/":
        return " " if name in _INLINE else ""
    return _TAGS[name]


_INVISIBLE: Final = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u180e"
INVISIBLE: Final = Sign(
    # Soft hyphen, zero-width and direction marks, word joiners, byte order mark.
    rb"\xc2\xad|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa0-\xa4\xa6-\xa9]|\xef\xbb\xbf|\xe1\xa0\x8e",
    _INVISIBLE,
    f"(?<=[{_INVISIBLE}])",
    _nothing,
    (b"\xc2\xad", b"\xe2\x80", b"\xe2\x81", b"\xef\xbb", b"\xe1\xa0"),
)
# ECMA-48 control sequences. Each expression begins with one character, which ``re`` looks for at
# memory's speed.
ANSI: Final = Sign(
    rb"\x1b(?:\[[0-9;]{0,16}[A-Za-z]|\]8;)",
    r"\x1b",
    r"(?<=\x1b)(?:\[[0-9;]{0,16}[A-Za-z]|\]8;[^\x07\x1b\n]{0,400}(?:\x07|\x1b\\))",
    _nothing,
    (b"\x1b",),
    longest=19,
)
# The same as they are written in source code.
ANSI_WRITTEN: Final = Sign(
    rb"\\(?:x1[bB]|033|e|u001[bB])\[[0-9;]{0,16}[A-Za-z]",
    r"\\",
    r"(?<=\\)(?:x1[bB]|033|e|u001[bB])\[[0-9;]{0,16}[A-Za-z]",
    _nothing,
    (b"\\",),
    longest=24,
)
_BLANKS: Final = "\u00a0\u2002-\u200a\u202f\u3000"
BLANKS: Final = Sign(
    # French puts a no-break space before a colon.
    rb"\xc2\xa0|\xe2\x80[\x82-\x8a\xaf]|\xe3\x80\x80",
    _BLANKS,
    f"(?<=[{_BLANKS}])",
    _blank,
    (b"\xc2\xa0", b"\xe2\x80", b"\xe3\x80\x80"),
)
FULL_WIDTH: Final = Sign(
    rb"\xef\xbc[\x90-\x99\xa1-\xba\xbf]|\xef\xbd[\x81-\x9a]",
    "\uff01-\uff5e",
    "(?<=[\uff01-\uff5e])",
    _narrow,
    (b"\xef\xbc", b"\xef\xbd"),
)
HEXADECIMAL: Final = Sign(
    rb"\\(?:u00|x)[2-7][0-9A-Fa-f]",
    r"\\",
    r"(?<=\\)(?:u00|x)[2-7][0-9A-Fa-f]",
    _decoded,
    (b"\\",),
)
PERCENT: Final = Sign(
    rb"%[2-7][0-9A-F]|%[2-7][a-f]", "%", "(?<=%)[2-7][0-9A-Fa-f]", _decoded, (b"%",)
)
ENTITY: Final = Sign(
    rb"&(?:#[0-9]{2,5}|#[xX][0-9A-Fa-f]{2,4}|amp|quot|apos|lt|gt|nbsp|equals|colon|lowbar|commat);",
    "&",
    r"(?<=&)(?:#[0-9]{2,5}|#[xX][0-9A-Fa-f]{2,4}|amp|quot|apos|lt|gt|nbsp|equals|colon|lowbar|commat);",
    _unescaped,
    (b"&",),
)
# What may stand between two literals that make one value.
_PLUS: Final = rb"(?:\s{0,4}\+\s{0,40}|\s{0,4}\\?\r?\n\s{0,40}(?:\+\s{0,4})?|\s{1,4})"
_VALUE: Final = rb"[A-Za-z0-9_+/=.@!#$%^&*~-]"
# What begins the next argument of a shell, and continues no value: an address, an option, a path.
_ARGUMENT: Final = (
    r"[A-Za-z]{2,10}://|--?[A-Za-z]|[/$@]|\.{1,2}/|localhost\b|"
    r"(?:[A-Za-z0-9-]{1,40}\.){1,4}[a-z]{2,8}(?::\d|[/\x22\x27])"
)
LITERALS: Final = Sign(
    _VALUE
    + rb"[\x22\x27]"
    + _PLUS
    + rb"[rRbBuUfF]{0,2}[\x22\x27]"
    + _VALUE
    + rb"|"
    # A literal in a field of an f-string.
    + rb"[A-Za-z0-9_-]\{[\x22\x27][A-Za-z0-9_-]",
    r"\x22\x27{",
    # What stands behind most quotation marks ends it here.
    f"(?=[\\s+\\\\])(?<={_VALUE.decode()}[\\x22\\x27])(?:"
    r"(?:\s{0,4}\+\s{0,40}|\s{0,4}\r?\n\s{0,40}(?:\+\s{0,4})?)[rRbBuUfF]{0,2}[\x22\x27]|"
    # So a shell's arguments stand, too.
    r"(?:\s{0,4}\\\r?\n\s{0,40}(?:\+\s{0,4})?|\s{1,4})[rRbBuUfF]{0,2}[\x22\x27]"
    f"(?!{_ARGUMENT}))(?={_VALUE.decode()})|"
    r"(?<=[A-Za-z0-9_-]\{)[\x22\x27](?=[A-Za-z0-9_-])|(?<=[A-Za-z0-9_-][\x22\x27])\}",
    _nothing,
    (b"'", b'"'),
)
MARKDOWN: Final = Sign(
    # **Password:** x, **Password**: x, `password`: x, password is **x**, ghp\\_x
    rb"(?:[:=]\*\*|\*\*\x20?[:=]|[a-z]``?\x20?[:=]|(?:is|[:=])\x20(?:\*\*|__))"
    rb"[^\n\x200-9!#$%&@]{0,20}[\x200-9!#$%&@][^\n\x200-9!#$%&@*]{0,20}[0-9!#$%&@]|"
    rb"[A-Za-z0-9]\\[_*-][A-Za-z0-9]",
    r":=*_`\\<",
    r"(?<=[:=])\*\*|(?<=\*)\*(?=\s?[:=])|(?:(?<=[:=s] \*)\*|(?<=[:=s] _)_)"
    r"|(?<=[a-z]`)(?=\s?[:=])|(?<=`)`(?!`)|(?<=\w\*)\*(?=\W|$)|(?<=\\)[_*-]|(?<=<)wbr>",
    lambda found: found[-1] if found[0] == "\\" else re.sub(r"\*\*|__|`|<wbr>", "", found),
    (b"**", b"__", b"`", b"\\"),
)
CONTINUED: Final = Sign(
    # A backslash at the end of a line in the middle of a word; a soft break of RFC 2045.
    # And one behind an equals sign, where all of the value stands in the next line.
    rb"[A-Za-z0-9_+/=-](?:\\|=)\r?\n[ \t]{0,16}[A-Za-z0-9_+/=-]|"
    rb"=[ \t]{1,2}\\\r?\n[ \t]{0,40}[A-Za-z0-9\x22\x27]",
    r"\\=",
    # (Looking for the line's end first ends most of it.)
    r"(?=[\r\n])(?:(?:(?<=[A-Za-z0-9_+/=-]\\)\r?\n[ \t]{0,16}|"
    # What ends with "=" is base64 as well, and the next line another setting.
    # So is a plain word that something follows.
    r"(?<=[A-Za-z0-9_+/=-]=)\r?\n[ \t]{0,16}(?![A-Za-z_][\w.-]{0,40}[\"']?\s?(?::|=(?!3D))|"
    r"[A-Z]?[a-z]{1,30}[\s,;:!?]))(?=[A-Za-z0-9_+/=-])|"
    r"(?:(?<==[ \t]\\)|(?<==[ \t]{2}\\))\r?\n[ \t]{0,40}(?=[A-Za-z0-9\"']))",
    _nothing,
    (b"\\\n", b"=\n", b"\\\r", b"=\r"),
)
_CELLS: Final = "tr|td|th"
TAGS: Final = Sign(
    # <b>Password</b>: <code>x</code>, <td>password</td><td>x</td>; and <b>x</b> is the password.
    rb"(?:(?i:pass|pwd|mdp|kennwort|contrase|senha|clave|wachtwoord|heslo|parol|secret|"
    rb"api.?key|(?:access|api|auth|bearer|bot|refresh).?token|>token)|\xd0\xbe\xd0\xbb\xd1\x8c|\xe5\xaf\x86\xe7\xa0\x81|\xe3\x83\xaf\xe3\x83\xbc\xe3\x83\x89)"
    rb"[^<>\n]{0,30}</?(?i:b|strong|em|i|u|code|tt|kbd|mark|font|span|p|div|li|br|tr|d[dt]|h[1-4]|"
    rb"t[dh])[ >/]|</(?i:b|strong|code|em|span|kbd|td)>[^<>\n]{1,30}(?i:passw)",
    "<",
    # Cells of a row may stand in a line each.
    rf"(?<=<)/?(?i:(?:{_CELLS})(?:\s[^<>\n]{{0,120}})?>\s{{0,40}}|"
    rf"(?:{'|'.join(_TAGS)})(?:\s[^<>\n]{{0,120}})?/?>)",
    _tag,
    (b"<",),
)
SLASHES: Final = Sign(rb"[A-Za-z:]\\/[\\A-Za-z0-9]", r"\\", r"(?<=\\)/", _last, (b"\\/",))

SIGNS: Final = (
    INVISIBLE,
    ANSI,
    ANSI_WRITTEN,
    BLANKS,
    FULL_WIDTH,
    HEXADECIMAL,
    PERCENT,
    ENTITY,
    LITERALS,
    MARKDOWN,
    CONTINUED,
    TAGS,
    SLASHES,
)

LINE_ENDS: Final = Sign(b"", r"\\", r"(?<=\\)[nrt]", _control, ())
"""Written line ends. They are everywhere in code, so only a keyword right behind one counts."""
EVERY: Final = (*SIGNS, LINE_ENDS)

Chosen = int
"""Some of ``EVERY``, a bit for each: sets of them would be most of what short stretches cost."""


BEFORE: Final = 320
AFTER: Final = 640
"""Bytes around a sign that are looked at once more; a longer secret is found by its beginning."""
BLOCK: Final = 512
"""Bytes. Places are told apart by such blocks only."""


def blocks(sign: Sign, data: bytes, begin: int, end: int) -> Iterator[int]:
    """The blocks of a stretch of a text in which a sign with a ``longest`` ends, at most once each.

    Args:
        sign: The sign.
        data: UTF-8.
        begin: Where the stretch begins.
        end: One past its end.
    """
    search = _expression(sign.in_bytes).search
    while match := search(data, begin, end):
        block = match.end() // BLOCK
        yield block
        begin = max(match.start() + 1, (block + 1) * BLOCK - sign.longest)


def ends(sign: Sign, data: bytes, begin: int) -> int | None:
    """Where the first sign of this sort from a place on ends, if there is one."""
    match = _expression(sign.in_bytes).search(data, begin)
    return match.end() if match else None


@cache
def _expression(in_bytes: bytes) -> re.Pattern[bytes]:
    return re.compile(in_bytes)


def stretches(
    data: bytes, shown: Iterable[tuple[int, int]], line_ends: Iterable[int]
) -> list[tuple[int, int, Chosen]]:
    """The bytes worth a second look, and what to undo there.

    They lie around each sign and are joined where they touch.

    Args:
        data: UTF-8.
        shown: Index into ``SIGNS`` and block of each sign that the text shows.
        line_ends: Offsets around which written line ends are to be undone.
    """
    blocks: dict[int, Chosen] = {}
    for at in line_ends:
        blocks[at // BLOCK] = 1 << len(SIGNS)
    for index, block in shown:
        blocks[block] = blocks.get(block, 0) | 1 << index
    found: list[tuple[int, int, Chosen]] = []
    begin = end = chosen = 0
    for block in sorted(blocks):
        if chosen and block * BLOCK - BEFORE > end:
            found.append((_start_of_word(data, begin), _start_of_word(data, end), chosen))
            chosen = 0
        if not chosen:
            begin = block * BLOCK - BEFORE
        chosen |= blocks[block]
        end = (block + 1) * BLOCK + AFTER
    if chosen:
        found.append((_start_of_word(data, begin), _start_of_word(data, end), chosen))
    return found


def _start_of_word(data: bytes, at: int) -> int:
    # Half a word would look like another one, and half a character is none.
    if at <= 0 or at >= len(data):
        return max(0, min(at, len(data)))
    for blank in (b"\n", b" "):
        found = data.find(blank, at, at + 100)
        if found >= 0:
            return found
    if at + 100 >= len(data):  # and nothing but the text's end is left
        return len(data)
    while at < len(data) and data[at] & 0xC0 == 0x80:
        at += 1
    return at
