"""The limits of one account: what an entry may risk, and the rules that are watched."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from tradetui.domain.number import canonical
from tradetui.domain.rule import STANDARD, Rule, Unit
from tradetui.trading.tighten import Worth, tightened

DAILY_LOSS: Final = "daily_loss"


class RiskLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What may be lost: on a trade, at once, and by the rules of the account."""

    risk_per_trade: Decimal = Decimal("0.005")
    """1 R of size as a fraction of equity."""
    max_risk_per_trade: Decimal = Decimal(2)
    """In R of size."""
    max_open_risk: Decimal = Decimal(2)
    """In R of size."""
    require_stop: bool = True
    """Whether an entry needs a protective stop."""
    all_accounts: bool = True
    """Whether a day that is locked here is locked in the user's other paper accounts (R-LCK-3)."""
    rules: tuple[Rule, ...] = (STANDARD["daily_loss"],)
    """In the order of their names."""

    def rule(self, name: str) -> Rule | None:
        """The rule of a name."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def with_rule(self, rule: Rule) -> RiskLimits:
        """The same limits with a rule in the place of the one of its name."""
        others = (other for other in self.rules if other.name != rule.name)
        return msgspec.structs.replace(self, rules=_in_order((*others, rule)))

    def without_rule(self, name: str) -> RiskLimits:
        """The same limits without a rule."""
        return msgspec.structs.replace(self, rules=tuple(rule for rule in self.rules if rule.name != name))

    def with_daily_loss(self, amount: Decimal, unit: Unit = Unit.MONEY) -> RiskLimits:
        """The same limits with another daily loss."""
        rule = self.rule(DAILY_LOSS) or STANDARD[DAILY_LOSS]
        return self.with_rule(msgspec.structs.replace(rule, amount=amount, unit=unit))

    def texts(self) -> dict[str, str]:
        """The limits beside the rules as the journal writes them."""
        return {
            "risk_per_trade": canonical(self.risk_per_trade),
            "max_risk_per_trade": canonical(self.max_risk_per_trade),
            "max_open_risk": canonical(self.max_open_risk),
            "require_stop": _word(self.require_stop),
            "all_accounts": _word(self.all_accounts),
        }

    @classmethod
    def from_texts(cls, texts: dict[str, str], rules: tuple[Rule, ...] | None) -> RiskLimits:
        """The limits as the journal wrote them; before there were rules, the daily loss stood in the text."""
        return cls(
            risk_per_trade=Decimal(texts["risk_per_trade"]),
            max_risk_per_trade=Decimal(texts["max_risk_per_trade"]),
            max_open_risk=Decimal(texts["max_open_risk"]),
            require_stop=texts["require_stop"] == "yes",
            all_accounts=texts.get("all_accounts", "yes") == "yes",
            rules=rules if rules is not None else (_written_before(texts),),
        )

    def tightened(self, wish: RiskLimits, worth: Worth) -> RiskLimits:
        """The part of a wish that is not looser than these limits: what may hold at once (R-LCK-2)."""
        return RiskLimits(
            risk_per_trade=min(self.risk_per_trade, wish.risk_per_trade),
            max_risk_per_trade=min(self.max_risk_per_trade, wish.max_risk_per_trade),
            max_open_risk=min(self.max_open_risk, wish.max_open_risk),
            require_stop=self.require_stop or wish.require_stop,
            all_accounts=self.all_accounts or wish.all_accounts,
            rules=tightened(self.rules, wish.rules, worth),
        )


def _word(value: bool) -> str:
    return "yes" if value else "no"


def _in_order(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: rule.name))


def _written_before(texts: dict[str, str]) -> Rule:
    """The daily loss of a journal that is older than the rules."""
    amount = texts["daily_loss_amount"]
    changes = {
        "amount": Decimal(amount or texts["daily_loss"]),
        "unit": Unit.MONEY if amount else Unit.ANCHOR,
    }
    return msgspec.structs.replace(STANDARD[DAILY_LOSS], **changes)
