"""What one message can do, as far as the trained heads know: names that playbooks ask for. Standard library only."""

from __future__ import annotations

BREACHES = ("rude", "off_platform", "overpromise", "pii", "blame_shift", "review_bribe")
AGENT_ACTS = ("greet", "clarify", "empathy", "solve", "eta", "close", *BREACHES)
CUSTOMER_ACTS = ("ask", "plain_ask", "upset", "settle", "refuse", "leave")
ACTS = (*AGENT_ACTS, *CUSTOMER_ACTS)


def acts_of(role: str) -> tuple[str, ...]:
    """Return the acts that a speaker can perform; none for bots and notices."""
    return {"agent": AGENT_ACTS, "customer": CUSTOMER_ACTS}.get(role, ())
