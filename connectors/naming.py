"""Names of files and folders for things that people named."""

from __future__ import annotations

import hashlib
import unicodedata

_LONGEST = 40


def safe_name(text: str) -> str:
    """Make a file name out of an id or a name: no id or name becomes a path as it is.

    Args:
        text: any text, of any length and script.

    Returns:
        Its letters and digits (of any script) and `-_`, at most 40, then `-` and eight hex digits
        of its SHA-256, so that two names never share a file, also where case is not told apart.

    >>> safe_name("../../etc/passwd")
    'etcpasswd-3754d6cb'
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(c for c in composed if c.isalnum() or c in "-_")[:_LONGEST]
    return f"{kept}-{digest}" if kept else digest
