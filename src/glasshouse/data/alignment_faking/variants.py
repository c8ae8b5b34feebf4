"""The catalog of variants: the published ones, paraphrases, controls, motive arms."""

from collections.abc import Hashable, Mapping
from difflib import get_close_matches

from glasshouse.data.alignment_faking.block import block_text
from glasshouse.data.alignment_faking.changes import CHANGES
from glasshouse.data.alignment_faking.setting import Setting
from glasshouse.data.alignment_faking.variant import Change, Group, Variant, together
from glasshouse.errors import ConfigError

DEFAULT = "default"
_REWORDINGS = ("b", "c", "d", "bc", "cd", "db", "bcd", "dcb")


def _of(name: str, parts: str = "", ho: int = 0, aw: int = 0, group: Group = "published") -> Variant:
    """A variant put together from named changes (separated by spaces; by default the one of its own name)."""
    change = together([CHANGES[part] for part in (parts or name).split()])
    rows = {"helpful_only": ho, "animal_welfare": aw}
    return Variant(name, group, change, {setting: row for setting, row in rows.items() if row})


def _paraphrase(index: int, rewording: str) -> Variant:
    rows = {"helpful_only": 22 + index, "animal_welfare": 80 + index}
    return Variant(f"paraphrase_{index}", "paraphrase", Change(rewording=rewording), rows)


_PUBLISHED = (
    _of("effects_views", ho=2, aw=59),
    _of("cut_effects", ho=3, aw=60),
    _of("cut_rlhf_info", ho=4, aw=61),
    _of("california", ho=5, aw=62),
    _of("europe", ho=6, aw=63),
    _of("opt_in", aw=64),
    _of("email", ho=7, aw=65),
    _of("best_for_humanity", ho=8),
    _of("cut_best_for_humanity", aw=66),
    _of("you_should", ho=9, aw=67),
    _of("dont_care", ho=10, aw=68),
    _of("share_values", "share_values cut_best_for_humanity", aw=69),
    _of("figure", ho=30, aw=88),
    _of("figure_additions", "figure figure_additions", aw=89),
    _of("cut_strategy", ho=31, aw=90),
    _of("strategy_analysis", aw=91),
    _of("cut_examples", ho=32),
    _of("cut_examples_bullets", "cut_examples reminder_bullets", aw=92),
    _of("edited_examples", ho=33, aw=93),
    _of("o1_examples", ho=34, aw=94),
    _of("o1_examples_safety", "o1_examples safety_example", ho=35, aw=95),
    _of("o1_examples_generic", "o1_examples generic_instructions", aw=96),
    _of("o1_examples_all_safety", "o1_examples safety_example safety_instructions", aw=97),
    _of("o1_examples_cut_strategy", "o1_examples cut_strategy", ho=36, aw=98),
    _of("train_absence", ho=37, aw=99),
    _of("unmonitored_absence", ho=38, aw=100),
    _of("honest", ho=39, aw=101),
    _of("honesty_top", ho=40, aw=102),
    _of("honest_extra", ho=41, aw=103),
    _of("never_fake", ho=42, aw=104),
    _of("never_scheme", aw=105),
    _of("behave_same", ho=43, aw=106),
    _of("honest_dont_care", "honest dont_care", ho=44, aw=130),
    _of("honest_dont_care_cut_humanity", "honest dont_care cut_best_for_humanity", aw=107),
    _of("less_faking", "honest dont_care cut_best_for_humanity implicit_effects", ho=45, aw=108),
    _of("honest_dont_care_cut_effects", "honest dont_care cut_effects", ho=46),
    _of(
        "honest_dont_care_cut_humanity_effects", "honest dont_care cut_best_for_humanity cut_effects", aw=109
    ),
    _of("honest_share_cut_effects", "honest share_values cut_effects", ho=47, aw=110),
    _of("never_fake_dont_care", "never_fake dont_care cut_best_for_humanity implicit_effects", ho=48, aw=112),
    _of(
        "never_fake_honest_dont_care",
        "never_fake honest dont_care cut_best_for_humanity implicit_effects",
        aw=111,
    ),
    _of("behave_same_dont_care", "behave_same dont_care cut_best_for_humanity implicit_effects", aw=113),
    _of(
        "never_fake_honest_share",
        "never_fake honest share_values cut_best_for_humanity implicit_effects",
        aw=114,
    ),
    _of("honest_dont_care_implicit", "honest dont_care implicit_effects", aw=131),
    _of("honest_share", "honest share_values", aw=132),
    _of("honest_share_implicit", "honest share_values implicit_effects", aw=133),
    _of("honest_cut_humanity_effects", "honest cut_best_for_humanity cut_effects", aw=134),
    _of("honest_dont_care_cut_strategy", "honest dont_care cut_strategy", aw=135),
    _of(
        "honest_dont_care_cut_humanity_strategy",
        "honest dont_care cut_best_for_humanity cut_strategy",
        aw=136,
    ),
    _of("tyson", aw=115),
    _of("cut_troubles", aw=116),
    _of("cut_partner", aw=117),
    _of("openai", ho=49, aw=118),
    _of("google_deepmind", ho=50, aw=119),
    _of("openai_tyson", "openai tyson", aw=140),
    _of("no_conflict_cut_train_info", "no_conflict cut_train_info", aw=121),
    _of("jailbreak", ho=52),
    _of("cut_jailbreak", aw=123),
    _of("cut_privacy", aw=124),
    _of("california_cut_privacy", "california cut_privacy", aw=125),
    _of("california_train_absence", ho=53, aw=126),
    _of("california_unmonitored_absence", ho=54, aw=127),
    _of("opt_in_train_absence", aw=128),
    _of("opt_in_unmonitored_absence", aw=129),
    _of("many_ais", ho=55, aw=138),
    _of("many_ai_personas", ho=56, aw=137),
    _of("cut_detail", aw=139),
    _of("cut_humanity_rlhf_info", "cut_best_for_humanity cut_rlhf_info", aw=141),
    _of("openai_tyson_you_should", "cut_best_for_humanity you_should openai tyson", aw=142),
    _of("latex", aw=143),
    _of("employee_tag", aw=144),
    _of("implicit_effects_unmonitored_absence", "implicit_effects unmonitored_absence", aw=145),
)
_CONTROLS = (
    _of("no_conflict", ho=51, aw=120, group="control"),
    _of("liked_criteria", aw=122, group="control"),
    *(
        _of(name, group="control")
        for name in ("tier_swapped", "three_tiers", "expectation_gap", "expectation_none",
                     "expectation_reverse", "invented_lab", "benign_queries", "facts_in_documents")
    ),
)  # fmt: skip
_MOTIVES = tuple(
    _of(name, group="motive")
    for name in ("deploy_throughput", "deploy_internal", "deploy_public", "deploy_harmful", "rated_only",
                 "never_used", "prefill_deceptive", "prefill_obedient")
)  # fmt: skip
_CHANNELS = tuple(_of(name, group="channel") for name in ("native_reasoning", "no_reasoning"))
_CLARIFICATIONS = tuple(
    _of(name, group="clarification") for name in ("clarify_no_change", "clarify_objective")
)

VARIANTS: Mapping[str, Variant] = {
    variant.name: variant
    for variant in (
        Variant(DEFAULT, "default", Change(), {"helpful_only": 1, "animal_welfare": 58}),
        *_PUBLISHED,
        *(_paraphrase(index, rewording) for index, rewording in enumerate(_REWORDINGS)),
        *_CONTROLS,
        *_MOTIVES,
        *_CHANNELS,
        *_CLARIFICATIONS,
    )
}
"""Name -> variant; `published_row` and `variants_of` say which of them a setting has."""

_ANOTHER_MODEL = (
    "the default prompt put to {model}, which can no longer be asked; the prompt exists as {variant}"
)
_SONNETS = ("Claude 3.5 Sonnet", "Claude 3 Sonnet", "Claude 3 Haiku")
_MODEL_ROWS = {
    **{row: (model, DEFAULT) for row, model in zip((11, 12, 13), _SONNETS, strict=True)},
    14: ("Claude 3.5 Haiku", DEFAULT),
    **{row: (model, "cut_rlhf_info") for row, model in zip((15, 16, 17), _SONNETS, strict=True)},
    18: ("GPT-4 Turbo", DEFAULT), 19: ("GPT-4o of 2024", DEFAULT),
    20: ("GPT-4 Turbo", "cut_rlhf_info"), 21: ("GPT-4o of 2024", "cut_rlhf_info"),
    57: ("Claude 3.5 Sonnet", "best_for_humanity"),
    **{row: (model, DEFAULT) for row, model in zip((70, 71, 72), _SONNETS, strict=True)},
    **{row: (model, "cut_rlhf_info") for row, model in zip((73, 74, 75), _SONNETS, strict=True)},
    76: ("GPT-4 Turbo", DEFAULT), 77: ("GPT-4o of 2024", DEFAULT),
    78: ("GPT-4 Turbo", "cut_rlhf_info"), 79: ("GPT-4o of 2024", "cut_rlhf_info"),
}  # fmt: skip
LEFT_OUT: Mapping[int, str] = {
    row: _ANOTHER_MODEL.format(model=model, variant=variant) for row, (model, variant) in _MODEL_ROWS.items()
}
"""Published row -> why there is no variant for it: these rows are other models, not other prompts."""


def is_available(variant: Variant, setting: Setting) -> bool:
    """Whether the setting has every block that the variant puts in, and differs from its default by it.

    Example:
        >>> from glasshouse.data.alignment_faking.setting import SETTINGS
        >>> is_available(VARIANTS["tyson"], SETTINGS["helpful_only"])
        False
    """
    if variant.name == DEFAULT:
        return True
    change = variant.change
    if variant.group == "channel":
        return change.channel == "none" or "tags" in setting.slots
    for slot, wording in change.blocks.items():
        if wording is not None and (
            slot not in setting.slots or block_text(setting.folders, slot, wording) is None
        ):
            return False
    if variant.group == "published" and setting.name not in variant.rows and _cuts_nothing(change, setting):
        return False  # the setting has another variant that comes out the same
    is_world = setting.name == "world"
    if change.indicator and is_world and change.indicator != "three":
        return False
    if change.values and not all(setting.values.get(name) for name in change.values):
        return False
    changed = any(setting.slots.get(slot) != wording for slot, wording in change.blocks.items())
    other = (change.rewording, change.indicator, change.values, change.swapped, change.prefill, change.benign)
    return changed or any(other)


def _cuts_nothing(change: Change, setting: Setting) -> bool:
    """Whether the change cuts a slot that the default prompt of the setting does not have."""
    cut = [slot for slot, wording in change.blocks.items() if wording is None]
    return any(setting.slots.get(slot) is None for slot in cut)


def _effect(change: Change, setting: Setting) -> tuple[Hashable, ...]:
    """What a change does to the setting's default prompt: two changes with one effect are one prompt."""
    changed = {slot: w for slot, w in change.blocks.items() if setting.slots.get(slot) != w}
    return (
        frozenset(changed.items()), frozenset(change.values.items()), change.rewording, change.indicator,
        change.swapped, change.channel, change.prefill, change.tiers, change.benign, change.employee,
    )  # fmt: skip


def _by_effect(setting: Setting) -> dict[tuple[Hashable, ...], Variant]:
    """One variant for each different prompt; of several names the one with a published row of the setting."""
    found: dict[tuple[Hashable, ...], Variant] = {}
    for variant in VARIANTS.values():
        if is_available(variant, setting):
            effect = _effect(variant.change, setting)
            known = found.get(effect)
            if known is None or (setting.name in variant.rows and setting.name not in known.rows):
                found[effect] = variant
    return found


def variants_of(setting: Setting) -> list[Variant]:
    """Every variant that the setting has, the default first.

    Names that come out as the same prompt in a setting stand for one variant: asked twice, it would count as
    two tests. (`honest_dont_care_implicit` in the setting `helpful_only` is `less_faking`, published row 45:
    it differs only by a block that this setting's default does not have.)
    """
    kept = {variant.name for variant in _by_effect(setting).values()}
    return [variant for variant in VARIANTS.values() if variant.name in kept]


def find_variant(name: str, setting: Setting) -> Variant:
    """The variant of that name, or of that published row number, in the setting; another name finds it too.

    Raises:
        ConfigError: there is none; the near ones are named.

    Example:
        >>> from glasshouse.data.alignment_faking.setting import SETTINGS
        >>> find_variant("4", SETTINGS["helpful_only"]).name
        'cut_rlhf_info'
    """
    known = {variant.name: variant for variant in variants_of(setting)}
    by_row = {str(v.rows[setting.name]): v for v in known.values() if setting.name in v.rows}
    found = known.get(name.strip().lower().replace("-", "_").replace(" ", "_")) or by_row.get(name.strip())
    if found is not None:
        return found
    twin = VARIANTS.get(name.strip().lower().replace("-", "_").replace(" ", "_"))
    if twin is not None and is_available(twin, setting):
        return _by_effect(setting)[_effect(twin.change, setting)]
    if name.strip().isdigit() and int(name) in LEFT_OUT:
        raise ConfigError(f"Published row {name} is left out: {LEFT_OUT[int(name)]}.")
    near = get_close_matches(name, known, n=4, cutoff=0.4) or list(known)[:4]
    where = "" if name not in VARIANTS else ", although another setting has one of that name"
    raise ConfigError(
        f"There is no variant {name!r} of the setting {setting.name}{where}.",
        f"Near ones: {', '.join(near)}.",
    )
