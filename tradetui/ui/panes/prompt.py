"""The first minute's one question: how much a trade and a day may lose."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tradetui.domain.command import SetRiskLimits
from tradetui.domain.number import parse_decimal
from tradetui.ui.panes.docked import LineInput, painted

RISK_PCT: Final = "0.5"
LOSS_PCT: Final = "2"
KEYS: Final = frozenset({"enter", "tab", "escape"})
"""The only keys that it takes while it is shown."""


class FirstPrompt(Horizontal):
    """One docked line; it never takes the focus unless its numbers are edited."""

    DEFAULT_CSS = """
    FirstPrompt { layer: above; dock: bottom; offset-y: -1; height: 1; background: $bar; display: none; }
    FirstPrompt Static { width: auto; height: 1; }
    FirstPrompt LineInput { width: 8; display: none; background: $ground; }
    FirstPrompt.editing LineInput { display: block; }
    """

    class Closed(Message):
        """The line is gone."""

    def __init__(self, answered: Callable[[SetRiskLimits], None]) -> None:
        """`answered` takes the numbers."""
        super().__init__()
        self._answered = answered

    def compose(self) -> ComposeResult:
        """Words and two fields that stay hidden until they are asked for."""
        yield Static(id="risk-words")
        yield LineInput(self, RISK_PCT, id="risk")
        yield Static(id="loss-words")
        yield LineInput(self, LOSS_PCT, id="loss")
        yield Static(id="prompt-keys")

    def open(self) -> None:
        """Show the question with its default answer."""
        self.display = True
        self._words(
            f" risk a trade {RISK_PCT} %",
            f" · daily loss {LOSS_PCT} %" + " of equity" * (self.app.size.width > 90),
            "Enter accepts, Tab edits, Esc later",
        )

    def _words(self, risk: str, loss: str, keys: str, ink: str = "dim") -> None:
        self.query_one("#risk-words", Static).update(painted(self, ((risk, "bright"),)))
        self.query_one("#loss-words", Static).update(painted(self, ((loss, "bright"),)))
        self.query_one("#prompt-keys", Static).update(painted(self, ((f" · {keys}", ink),)))

    def take(self, key: str) -> None:
        """Enter, tab or escape while no text field has the focus."""
        if key == "enter":
            self._answer()
        elif key == "tab":
            self.add_class("editing")
            self._words(" risk a trade % ", " daily loss % ", "Enter accepts, Tab the other, Esc later")
            self.query_one("#risk", LineInput).take_over()
        else:
            self.close()

    def close(self) -> None:
        """Ask no more."""
        if self.has_class("editing"):
            self.screen.set_focus(None)
        self.remove_class("editing")
        self.display = False
        self.post_message(self.Closed())

    def _answer(self) -> None:
        try:
            risk, loss = (
                self._fraction(name, what) for name, what in (("risk", "risk"), ("loss", "daily loss"))
            )
        except ValueError as error:
            self._words(" risk a trade % ", " daily loss % ", str(error), "warn!")
            return
        self._answered(SetRiskLimits(risk_per_trade=risk, daily_loss=loss))
        self.close()

    def _fraction(self, name: str, what: str) -> Decimal:
        field = self.query_one(f"#{name}", LineInput)
        text = field.value.strip().rstrip("%").strip()
        try:
            percent = parse_decimal(text)
        except ValueError:
            percent = Decimal(0)
        if not 0 < percent <= 100:
            field.take_over()
            raise ValueError(f"{what}: expected a percentage above 0 and up to 100, was {text!r}")
        return percent / 100

    def changed(self, field: LineInput) -> None:
        """Numbers are judged when they are entered."""

    def entered(self, field: LineInput) -> None:
        """Enter in a field."""
        del field
        self._answer()

    def steered(self, field: LineInput, key: str) -> None:
        """Tab goes to the other field, escape leaves the question for later."""
        if key == "escape":
            self.close()
            return
        other = "#loss" if field.id == "risk" else "#risk"
        self.query_one(other, LineInput).take_over()
