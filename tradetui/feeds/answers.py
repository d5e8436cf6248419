"""No answer of an exchange fills the memory, whatever it says of its own length.

What is counted is what comes out of the decompressor, piece by piece: a body of a few kilobytes can inflate
to gigabytes. The largest real answers, lists of all instruments, have 20 MB. Of an answer that is an error
the beginning is enough, and the headers count: it may ask for a pause.
"""

from __future__ import annotations

from typing import Final

from aiohttp import ClientResponse

from tradetui.errors import FeedError

MOST_BYTES: Final = 64 * 1024 * 1024
_MOST_OF_AN_ERROR: Final = 64 * 1024


class AnswerTooLarge(FeedError):
    """An answer by REST that is larger than any that can be meant."""


class BoundedAnswer(ClientResponse):
    """An answer that is read no further than a bound."""

    async def read(self) -> bytes:
        """The body; raises AnswerTooLarge."""
        if self._body is not None:
            return self._body
        is_error, parts, size = self.status >= 400, [], 0
        most = _MOST_OF_AN_ERROR if is_error else MOST_BYTES
        try:
            async for part in self.content.iter_any():
                parts.append(part)
                size += len(part)
                if size > most:
                    self.close()
                    break
        except BaseException:
            self.close()
            raise
        if size > most and not is_error:
            raise AnswerTooLarge(f"an answer too large: more than {most >> 20} MiB")
        self._body = b"".join(parts)
        return self._body
