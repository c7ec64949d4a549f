"""Find subscriptions by words."""

import re

from sqlalchemy import ColumnElement, cast, func, literal
from sqlalchemy.dialects.postgresql import REGCONFIG

from trunkline.db.models import Subscription

# As the column `search` is made: whatever is neither letter nor digit parts two words.
_PART = re.compile(r"[^\W_]+")


def having_words(text: str) -> ColumnElement[bool]:
    """Each word of `text` is found, its last part as a beginning: "10.0.127" finds 10.0.127.2/32."""
    words = [" <-> ".join(parts) + ":*" for word in text.split() if (parts := _PART.findall(word))]
    if not words:
        # Nothing was asked for, or nothing that could be found.
        return literal(value=not text.strip())
    asked = func.to_tsquery(cast("simple", REGCONFIG), " & ".join(f"({word})" for word in words))
    return Subscription.search.op("@@")(asked)
