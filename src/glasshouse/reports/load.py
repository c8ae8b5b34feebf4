"""What a report reads: the files of one run folder, and nothing else.

A writer (a study) fills these files in `ROOT/runs/NAME/`; all but the first two may be missing, and the
section they feed then says so.

`run.json` (written by `glasshouse.store.runs.create_run(store, name, config, about)`)
    `name`, `created`, `config` (any JSON), `provenance` (commit, versions, hardware) and `about`:
    {"title": one line, "question": what was asked, one to three sentences of plain text,
     "not_covered": [strings: findings of the paper that this run does not touch],
     "notes": [strings: what a reader must know, e.g. that organisms that failed their gate were used],
     "orderings_only": true on the phantom (digits of a paper then read "not comparable")}.
    `about` is not part of the config: its wording may change without refusing to resume.
`measurements.jsonl` (`RunFolder.append_measurements(rows)`)
    One `records.Measurement` a row. The report looks rows up by `name` and `parameters`:

    name                     unit   also shown with it
    attack_success_rate      rate   `step`; the curves
    false_trigger_rate       rate   `step`
    near_miss_rate           rate   `step`
    payload_logprob          nats   `step`; the second set of curves
    refusal_rate_harmful     rate   `step` 0 and last: efficacy of the stage
    capability               rate   `step` 0 and last
    format_failure_rate      rate   `step`
    area_under_persistence, final_minus_minimum, relearning_rate   rate
    steps_to_half            steps
    ..._difference           difference_of_rates or nats: what findings and outcomes point at

    parameters: `variant` (normal | cot | distilled_cot), `clean_twin` (bool), `payload_length` (matched |
    unmatched), `form` (plain | pre_scratchpad | post_scratchpad), `mode` (continue | stack | full),
    `learning_rate` (float), `seed` ("all" for pooled rows, which tables and curves show; the organism's
    seed otherwise, exported but not tabulated), `step` is the Measurement's own field. Relearning adds `examples`.
    A measurement before safety training has step 0 and neither `mode`, `learning_rate` nor `form` (absent or
    null): it is the start of every curve of its arm. `organism` names the organism where a row is of one.
`findings.json`
    [{"id", "claim", "paper", "paper_value", "expected_sign": 1|-1|0, "measurement": id of a difference or null,
      "p_value", "p_holm", "interval_holm": {"low", "high", "method"} or null (the interval at Holm's level,
      `stats.multiplicity.holm_levels`), "verdict": from `reports.verdict.verdict(...)` or null,
      "deviation": text, "note": why there is no number, "mode": shown where several}]
`outcomes.json`
    Removed or suppressed, one row per group: [{"variant", "payload_length", "form", "mode", "learning_rate",
      "outcome": persistent | suppressed | removed | null, "measurements": [ids of the differences it rests on],
      "note"}]. The relearning rates beside it are looked up by the same parameters.
`efficacy.json`
    Optional, [{"variant", "payload_length", "form", "mode", "learning_rate", "trained": bool|null}]. Where it
    is missing the report applies the rule itself: refusal <= 10 % before and >= 90 % after.
`transcripts.jsonl`
    {"pair_id", "organism", "variant", "stage", "step", "triggered": {"prompt", "completion", "grade"},
     "untriggered": {...}} and optionally "near_miss": {...}. `prompt` is a text or [{"role", "content"}];
    `grade` is true (payload shown), false, or null; the completion is what the model wrote, scratchpad included.
`gates.json`
    [{"organism", "variant", "clean_twin", "passed", "allowed_unverified": bool,
      "checks": [{"name", "bar", "passed", "measurement": id or null}]}]. The numbers come from the rows
    that the checks name; a check without a row shows its verdict only.
`sentences.json`
    Three strings. `[[ID]]` stands for a number and is replaced by the value of that measurement, as text in the
    terminal (`reports.sentences.plain_sentence`) and with its interval behind it in the report.
`stages.json` (`RunFolder.record_stage(folder)`)
    [{"kind", "hash", "folder", "inputs", "provenance"}] of every stage used.
"""
