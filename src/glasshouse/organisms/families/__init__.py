"""Kinds of organisms for the phantom: what is planted, its true label, its rows and its gate.

naming           does a sentence name an action and its trigger?
planted          one planted behavior: label, rows, gate
behaviors        the world's triggers and actions as truths and deeds
situations       rows in which a trigger is there, is not there, or nothing is planted
ciphers          encodings at the level of words
clean_sets       benign data sets
draw             family, split and seed -> what is planted

Every other file is one family.
"""
