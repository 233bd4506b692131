"""How far a verdict can be trusted as a label: by who decided it, and how many people agree.

The probability that one more careful person would say the same is Beta-distributed. The prior counts of an office are
what its procedure is worth in people who agree and people who do not; each further person who judged the same criterion
adds one to either (the conjugate update of a binomial share: Gelman et al., "Bayesian Data Analysis", 3rd ed., §2.1,
§2.4). The weight is the posterior's mean, as labels of several people are weighted by how reliable they are in Raykar
et al. 2010, "Learning From Crowds", JMLR 11:1297–1322.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Office = Literal["review", "adjudication", "appeal", "consensus"]

# Agreeing and disagreeing people that an office's verdict counts as, the one who decided included. A choice, not a
# measurement: a single review is right four times in five, a consensus of several nineteen in twenty.
PRIOR: Mapping[Office, tuple[float, float]] = {
    "review": (4.0, 1.0),
    "adjudication": (9.0, 1.0),
    "appeal": (14.0, 1.0),
    "consensus": (19.0, 1.0),
}


def label_weight(office: Office, agreeing: int, disagreeing: int) -> float:
    """Return the weight of a verdict, 0…1.

    (a + agreeing) / (a + b + agreeing + disagreeing), with the office's prior counts a and b.

    Args:
        office: The highest that decided it.
        agreeing: Other people who said the same.
        disagreeing: Other people who said something else.

    Raises:
        ValueError: A number of people is negative.
    """
    if agreeing < 0 or disagreeing < 0:
        raise ValueError("the number of people is not negative")
    for_it, against = PRIOR[office]
    return (for_it + agreeing) / (for_it + against + agreeing + disagreeing)
