"""Each message that was sent to a model is stored once, however many prompts it was part of.

A conversation's next prompt repeats the ones before it. So `replies.messages` lists ids of `turns`, triggers keep
count of who uses which, and a turn that no reply uses any more is deleted.
"""

from bot.store.database import Transaction

_ADD = "INSERT OR IGNORE INTO turns (digest, message) SELECT digest_of(value), value FROM json_each(?)"
_REFER = """UPDATE replies SET messages = (SELECT json_group_array(id) FROM (
    SELECT turns.id FROM json_each(?) AS place JOIN turns ON turns.digest = digest_of(place.value)
    ORDER BY place.key)) WHERE id = ?"""


async def put_messages(transaction: Transaction, reply_id: int, messages: str) -> None:
    """`messages`: a JSON array of objects; they are the reply's prompt from now on."""
    await transaction.change(_ADD, (messages,))
    await transaction.change(_REFER, (messages, reply_id))
