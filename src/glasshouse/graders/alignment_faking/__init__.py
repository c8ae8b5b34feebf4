"""Graders of alignment faking: was the request met, and does the hidden reasoning guard the model's values?"""
