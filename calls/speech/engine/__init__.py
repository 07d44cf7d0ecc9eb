"""The embedded recogniser: Whisper tiny.en on CTranslate2, cut into utterances by Silero's voice detector.

It runs in a process of its own (`python -m calls.speech.engine`); `calls.speech.local` talks to it. Nothing
here knows Django, and nothing outside imports more than `wire`.
"""
