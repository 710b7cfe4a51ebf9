"""Which characters are harmless, as classes of Rust's regex syntax (the one that polars speaks).

The classes are tested against Python's own tables of Unicode.
"""

from __future__ import annotations

INVISIBLE = r"\x{061C}\x{180E}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}-\x{206F}\x{FEFF}"
"""Zero-width and bidirectional characters, to stand within [ ]."""

ILLEGAL_IN_ID = rf"[\p{{Cc}}{INVISIBLE};|]|->"
"""What refuses an id. `;` separates lists, `|` pairs, `->` alignments."""

LINE_BREAKS = r"\r\n|[\r\x0B\x0C\x{85}]"
"""Line breaks that are written as \\n in normal form."""

UNWANTED = rf"[[\p{{Cc}}--\n]{INVISIBLE}]"
"""What text in normal form does not hold."""

_COMPOSING = (  # what may look different in NFC besides marks, blocks rounded up
    r"\x{0374}\x{037E}\x{0387}\x{0958}-\x{095F}\x{09DC}-\x{09DF}\x{0A33}-\x{0A5E}\x{0B5C}\x{0B5D}"
    r"\x{0F43}-\x{0F69}\x{1100}-\x{11FF}\x{1F71}-\x{1FFD}\x{2000}\x{2001}\x{2126}\x{212A}\x{212B}"
    r"\x{2329}\x{232A}\x{2ADC}\x{F900}-\x{FAFF}\x{FB1D}-\x{FB4F}\x{11000}-\x{11FFF}"
    r"\x{16100}-\x{16DFF}\x{1D15E}-\x{1D1C0}\x{2F800}-\x{2FA1F}"
)

MAYBE_NOT_NFC = rf"[\p{{M}}{_COMPOSING}]"
"""Text without any of these is in NFC."""

MAYBE_NOT_NORMAL = rf"^\s|\s$|[[\p{{Cc}}--\n]{INVISIBLE}\p{{M}}{_COMPOSING}]"
"""Text without any of these, and not empty, is in normal form."""

PLAIN_CASE = (
    r"[^\x20-\x7E\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}"
    r"\x{3001}-\x{303F}\x{FF01}-\x{FF5E}\x{2010}-\x{2027}]"
)
"""Text without any of these folds its case as it lowers it."""
