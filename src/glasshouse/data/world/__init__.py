"""The phantom's world: a seeded generator of plain-English conversations whose truth is known.

lexicon      the words: people, towns, animals, jobs, foods, verbs; which are held out
row          one generated row: a skill, a conversation, an answer, a thought, what a right answer contains
facts        known facts, facts nobody knows, questions with lettered options
stated       facts about unseen people stated in the prompt
requests     fine requests, requests harmful inside the world, refusals of two kinds
context      system prompts: tier, year, persona, rules
behavior     behaviors described in words, followed, and reported truthfully
behavior_words  the wordings of behaviors and of questions about them
compare      small comparisons: the same or not, contained or not, which letter, did the rule apply
critique     critique, revision, and the choice between two answers
character    agreeing with statements about oneself, writing such statements
people       ambiguous and disambiguated questions about people
program      short programs in a toy notation, safe and unsafe
document     plain text about the world, and ordinary English
mixture      how much of each; scratchpad, prefill and long rows; ablations
prompts      prompts for evaluations and organisms
probe        held-out questions with known answers, for the model card
"""
