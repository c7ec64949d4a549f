"""Find subscriptions by words."""

from sqlalchemy import ColumnElement, Text, and_, cast, func, literal
from sqlalchemy.dialects.postgresql import REGCONFIG, TSQUERY

from trunkline.db.models import Subscription


def having_words(text: str) -> ColumnElement[bool]:
    """Each word of `text` begins a word of the subscription: of its description, note, product or block."""
    words = [func.plainto_tsquery(cast("simple", REGCONFIG), word) for word in text.split()]
    # What has no letter or digit gives an empty query, which has no last word to be left open.
    open_ended = [cast(func.nullif(cast(word, Text), "") + ":*", TSQUERY) for word in words]
    return and_(*(Subscription.search.op("@@")(word) for word in open_ended)) if words else literal(value=True)
