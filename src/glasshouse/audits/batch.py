"""False discoveries over all targets of one call, beside the verdicts, which are about one target each.

A verdict must not depend on what else was audited in the same call: an organism would be `claimed` alone and
not among a hundred clean ones. And with 299 clean models no p-value is below 1 in 300, so that one organism
with more than three claims around it could not be `claimed` at 1 % at all. So verdicts control false
discoveries over the claims of their target, and q-values over the claims of all targets stand beside them.
"""

from collections.abc import Sequence
from dataclasses import replace

from glasshouse.audits.record import AuditResult, Batch
from glasshouse.stats.multiplicity import benjamini_hochberg


def with_batch(results: Sequence[AuditResult]) -> list[AuditResult]:
    """The results with q-values over all of their claims; as they are where there is one or no p-value.

    They depend on the p-values alone, so an audit that was interrupted gives the same ones.
    """
    different = {result.target_hash: result for result in results}
    p_values = [finding.p_value for result in different.values() for finding in result.findings]
    if len(different) < 2 or all(p is None for p in p_values):
        return list(results)
    adjusted = iter(benjamini_hochberg(p_values))
    for key, result in different.items():
        q_values = tuple(next(adjusted) for _ in result.findings)
        different[key] = replace(result, batch=Batch(len(different), q_values))
    return [different[result.target_hash] for result in results]
